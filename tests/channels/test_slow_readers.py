"""Customers whose browsers stop reading: they are let go, cost little, hurt nobody, and find everything on return."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import orjson
import psutil
import pytest
import websockets
from agent_support import office
from fastapi import FastAPI, WebSocket
from listening import listening
from sqlalchemy import Connection

from agent.dispatch.signals import Signal
from channels.websocket import ChatSocket
from memory.log import Head

pytestmark = pytest.mark.slow

DEAF, OTHERS = 25, 25
EVENTS, CHARACTERS = 250, 18_000  # 4.5 MB for each: more than any buffer between two ends of a loopback takes


async def opened(url: str, hello: dict[str, Any] | None = None, *, deaf: bool = False) -> tuple[Any, dict[str, Any]]:
    """A socket and its welcome. A deaf one has a small window and takes nothing more."""
    raw = socket.create_connection((url.split(":")[1].strip("/"), int(url.rsplit(":", 1)[1])))
    if deaf:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    at = f"{url.replace('http', 'ws')}/chat"
    given: dict[str, Any] = {"max_queue": 1} if deaf else {}
    made = await websockets.connect(at, sock=raw, max_size=2**24, compression=None, **given)
    await made.send(orjson.dumps({"type": "hello", **(hello or {})}).decode())
    return made, orjson.loads(await made.recv())


async def events_of(made: Any, count: int) -> list[int]:
    found: list[int] = []
    async with asyncio.timeout(60):
        while len(found) < count:
            frame = orjson.loads(await made.recv())
            if frame["type"] == "event":
                found.append(frame["seq"])
    return found


async def test_those_who_read_nothing_are_let_go_and_lose_nothing(tmp_path: Any) -> None:
    async with office(f"sqlite:///{tmp_path}/log.db") as shop:
        runtime, app, ended = shop.runtime, FastAPI(), []

        @app.websocket("/chat")
        async def chat(socket: WebSocket) -> None:
            await ChatSocket(socket, runtime, "web", send_s=1.0).run()
            ended.append(socket)

        async with listening(app, ws_per_message_deflate=False) as url:
            deaf = [await opened(url, deaf=True) for _ in range(DEAF)]
            others = [await opened(url) for _ in range(OTHERS)]
            before = psutil.Process().memory_info().rss
            said = [welcome["conversation"] for _, welcome in deaf]
            for conversation in said:
                await runtime.store.write(lambda c, of=conversation: _talk(c, runtime.vault, of))
                await runtime.bus.publish(conversation, Signal("changed", conversation))
            for _, welcome in others:
                await shop.runtime.desk.take_over(welcome["conversation"], "Maya")
                await shop.runtime.desk.say(welcome["conversation"], "Maya", "Still with you.", "k1")
            heard = await asyncio.gather(*(events_of(made, 2) for made, _ in others))
            assert all(len(each) == 2 for each in heard)  # the others are served while these block
            async with asyncio.timeout(60):
                while len(ended) < DEAF:  # noqa: ASYNC110  (the server's side ends without telling anybody)
                    await asyncio.sleep(0.1)
            grown = psutil.Process().memory_info().rss - before
            figure = f"{EVENTS * CHARACTERS / 1e6:.1f} MB each, {grown / DEAF / 1e6:.2f} MB a socket"
            print(f"{DEAF} deaf readers: {figure}")  # noqa: T201  (a figure to note, as soak runs print theirs)
            assert grown / DEAF < 2e6  # of 4.5 MB; the store's own cache is in it
            _, welcome = deaf[0]
            hello = {"conversation": welcome["conversation"], "token": welcome["token"], "after": 0}
            back, _ = await opened(url, hello)
            assert await events_of(back, EVENTS) == list(range(1, EVENTS + 1))
            for made in (back, *(made for made, _ in (*deaf, *others))):
                made.transport.abort()


def _talk(connection: Connection, vault: Any, conversation: str) -> None:
    head = Head.lock(connection, vault, conversation)
    for n in range(EVENTS):
        head.append("said", head.row["opened_at"], f"{n} " + "x" * CHARACTERS, meta={"person": "Maya"})
    head.save()
