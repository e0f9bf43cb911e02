"""Several serving processes on one listening socket: started, replaced when one dies, stopped together."""

from __future__ import annotations

import multiprocessing
import signal
import socket
import threading
from collections.abc import Callable
from multiprocessing.context import SpawnProcess

# A child that dies sooner than this after its start is not replaced at once, so that a fault does not spin.
_PAUSE_S = 2.0


def supervise(child: Callable[[socket.socket], None], bound: socket.socket, count: int, grace_s: float) -> None:
    """Runs `count` processes of `child` until SIGTERM or SIGINT, then stops them, and ends when they have ended.

    `child` must be importable by name: each process starts fresh, sharing nothing but the socket.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    running = [_start(child, bound) for _ in range(count)]
    while not stop.wait(_PAUSE_S):
        running = [process if process.is_alive() else _start(child, bound) for process in running]
    for process in running:
        process.terminate()
    for process in running:
        process.join(grace_s)
        if process.is_alive():
            process.kill()


def _start(child: Callable[[socket.socket], None], bound: socket.socket) -> SpawnProcess:
    process = multiprocessing.get_context("spawn").Process(target=child, args=(bound,))
    process.start()
    return process
