"""CPU work off the event loop, together for whoever asks at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")
MOST = 64
"""Items a run: what a turn waits for at most is one run before its own."""


class Batched(Generic[Item, Answer]):
    """`work` in one thread of its own. Who comes while it runs goes into the next run, together; so the event loop
    never waits, and a crowd pays for the crossing of threads once."""

    def __init__(self, work: Callable[[Sequence[Item]], Sequence[Answer]], *, name: str, most: int = MOST) -> None:
        self._work = work
        self._most = most
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._waiting: list[tuple[Item, asyncio.Future[Answer]]] = []
        self._runner: asyncio.Task[None] | None = None

    async def __call__(self, item: Item) -> Answer:
        """`work`'s answer to this item, or its exception: an item that fails does not fail its neighbours."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            taken, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            items = [item for item, future in taken if not future.done()]
            waiting = [future for _, future in taken if not future.done()]
            try:
                found = await loop.run_in_executor(self._thread, self._answers, items)
            except RuntimeError as error:  # the thread was closed meanwhile
                found = [error] * len(items)
            for future, answer in zip(waiting, found, strict=True):
                _settle(future, answer)

    def _answers(self, items: Sequence[Item]) -> list[Answer | Exception]:
        try:
            found = list(self._work(items))
            if len(found) == len(items):
                return list(found)
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to the one who asked
            if len(items) == 1:
                return [error]
        else:
            if len(items) == 1:
                return [ValueError(f"{len(found)} answers to one item")]
        return [answer for item in items for answer in self._answers([item])]

    async def close(self) -> None:
        """Waits for what runs; whoever asks later gets RuntimeError."""
        await asyncio.to_thread(self._thread.shutdown)


def _settle(future: asyncio.Future[Answer], answer: Answer | Exception) -> None:
    if future.done():
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
