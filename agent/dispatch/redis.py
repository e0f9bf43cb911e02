"""Doorbell and bus on Redis, for several processes. Redis may be emptied or away: rings and signals are then late,
never lost, because sweeper and sockets read the database."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

import orjson
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from agent.dispatch.in_process import InProcessDoorbell, Watchers
from agent.dispatch.signals import Signal, Watch

_log = structlog.get_logger(__name__)

_STREAM, _GROUP = "frontdesk:doorbell", "workers"
_CHANNEL = "frontdesk:bus:"
# The stream only wakes; what fell off its end is found by the sweeper.
_STREAM_LENGTH = 10_000
_BLOCK_MS = 1_000
_RETRY_S = 0.5


class RedisDoorbell:
    """A stream read by one consumer group: each ring wakes one worker of one process.

    While Redis is away a ring stays in this process, so that its own worker goes on.
    """

    def __init__(self, client: Redis, consumer: str) -> None:
        self._redis = client
        self._consumer = consumer
        self._local = InProcessDoorbell()
        self._reader: asyncio.Task[None] | None = None

    async def ring(self, conversation: str) -> None:
        try:
            await self._redis.xadd(_STREAM, {"c": conversation}, maxlen=_STREAM_LENGTH, approximate=True)
        except (RedisError, OSError) as error:
            _log.warning("doorbell_unavailable", error=type(error).__name__)
            await self._local.ring(conversation)

    async def wait(self) -> str:
        if self._reader is None:
            self._reader = asyncio.create_task(self._read(), name="doorbell")
        return await self._local.wait()

    async def close(self) -> None:
        if self._reader is not None:
            self._reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reader

    async def _read(self) -> None:
        while True:
            try:
                for conversation in await self._next():
                    await self._local.ring(conversation)
            except ResponseError:  # the group is not there: first start, or Redis was emptied
                await self._make_group()
            except (RedisError, OSError):
                await asyncio.sleep(_RETRY_S)

    async def _next(self) -> list[str]:
        answer: Any = await self._redis.xreadgroup(
            _GROUP, self._consumer, {_STREAM: ">"}, count=64, block=_BLOCK_MS, noack=True
        )
        streams = answer.values() if isinstance(answer, dict) else [entries for _, entries in answer or ()]
        return [fields[b"c"].decode() for entries in streams for _, fields in _flat(entries)]

    async def _make_group(self) -> None:
        with contextlib.suppress(RedisError, OSError):
            await self._redis.xgroup_create(_STREAM, _GROUP, id="0", mkstream=True)
            return
        await asyncio.sleep(_RETRY_S)


def _flat(entries: Any) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """The entries of one stream, whether the protocol wrapped them once more (RESP3) or not."""
    return entries[0] if entries and isinstance(entries[0], list) else entries


class RedisBus:
    """Publishes to a channel for each conversation and listens to those that are watched in this process."""

    def __init__(self, client: Redis) -> None:
        self._redis = client
        self._watchers = Watchers()
        self._pubsub = client.pubsub(ignore_subscribe_messages=True)
        self._wanted: set[str] = set()
        self._listener: asyncio.Task[None] | None = None

    async def publish(self, conversation: str, signal: Signal) -> None:
        body = orjson.dumps(asdict(signal))
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.publish(_CHANNEL + conversation, body)
                if signal.type == "changed":
                    pipe.publish(_CHANNEL, body)
                await pipe.execute()
        except (RedisError, OSError) as error:
            _log.warning("bus_unavailable", error=type(error).__name__)
            self._watchers.deliver(signal)

    @asynccontextmanager
    async def watch(self, conversation: str | None) -> AsyncIterator[Watch]:
        watch, first = self._watchers.add(conversation)
        channel = _CHANNEL + (conversation or "")
        if first:
            self._wanted.add(channel)
            await self._tell(self._pubsub.subscribe(channel))
        if self._listener is None:
            self._listener = asyncio.create_task(self._listen(), name="bus")
        try:
            yield watch
        finally:
            if self._watchers.remove(conversation, watch):
                self._wanted.discard(channel)
                await self._tell(self._pubsub.unsubscribe(channel))

    async def close(self) -> None:
        if self._listener is not None:
            self._listener.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listener
        with contextlib.suppress(RedisError, OSError):
            await self._pubsub.aclose()  # type: ignore[no-untyped-call]  # redis has no type for it

    @staticmethod
    async def _tell(call: Any) -> None:
        """A subscription that fails now is made again by the listener."""
        with contextlib.suppress(RedisError, OSError):
            await call

    async def _listen(self) -> None:
        while True:
            try:
                message = await self._pubsub.get_message(timeout=_BLOCK_MS / 1000) if self._wanted else None
                if message is None:
                    await asyncio.sleep(0 if self._wanted else 0.05)
                    continue
                self._deliver(message)
            except (RedisError, OSError, RuntimeError):
                await asyncio.sleep(_RETRY_S)
                if self._wanted:
                    await self._tell(self._pubsub.subscribe(*self._wanted))

    def _deliver(self, message: dict[str, Any]) -> None:
        signal = Signal(**orjson.loads(message["data"]))
        everyone = message["channel"].decode() == _CHANNEL
        if everyone:
            self._watchers.deliver_to_all(signal)
        else:
            self._watchers.deliver_to(signal)
