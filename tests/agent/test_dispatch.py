"""Doorbells wake, buses carry; both adapters of each to the same tests, Redis as a real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from redis.asyncio import Redis
from services import RedisServer

from agent.dispatch.in_process import InProcessBus, InProcessDoorbell
from agent.dispatch.redis import RedisBus, RedisDoorbell
from agent.dispatch.signals import Signal, Watch
from agent.ports import Bus, Doorbell

ADAPTERS = ["in process", pytest.param("redis", marks=pytest.mark.server)]


@pytest.fixture(params=ADAPTERS)
async def dispatch(request: pytest.FixtureRequest) -> AsyncIterator[Callable[[], tuple[Doorbell, Bus]]]:
    opened: list[Any] = []
    if request.param == "redis":
        server: RedisServer = request.getfixturevalue("redis_server")

        def make() -> tuple[Doorbell, Bus]:
            client = Redis.from_url(server.url)
            pair = RedisDoorbell(client, f"worker-{len(opened)}"), RedisBus(client)
            opened.extend([*pair, client])
            return pair
    else:
        pair = InProcessDoorbell(), InProcessBus()

        def make() -> tuple[Doorbell, Bus]:
            return pair

    yield make
    for each in opened:
        await (each.aclose() if isinstance(each, Redis) else each.close())


async def test_a_ring_wakes_a_worker(dispatch: Callable[[], tuple[Doorbell, Bus]]) -> None:
    (bell, _), (other, _) = dispatch(), dispatch()
    await other.ring("c-1")
    async with asyncio.timeout(10):
        assert await bell.wait() == "c-1"


async def test_a_signal_reaches_those_who_watch_its_conversation_and_nobody_else(
    dispatch: Callable[[], tuple[Doorbell, Bus]],
) -> None:
    (_, here), (_, there) = dispatch(), dispatch()
    async with here.watch("c-1") as one, here.watch("c-2") as two, here.watch(None) as everyone:
        await _until_heard(there, one)
        await _drain(everyone)
        delta = Signal("delta", "c-1", "t-1", 3, "Hello ☕")
        await there.publish("c-1", delta)
        assert await one.next(5) == delta
        assert await two.next(0.2) is None
        assert await everyone.next(0.2) is None
        await there.publish("c-1", Signal("changed", "c-1"))
        assert await one.next(5) == await everyone.next(5) == Signal("changed", "c-1")


async def _until_heard(bus: Bus, watch: Watch) -> None:
    """A subscription takes a moment to hold on a server."""
    for _ in range(50):
        await bus.publish("c-1", Signal("changed", "c-1"))
        if await watch.next(0.2) is not None:
            await _drain(watch)
            return
    raise AssertionError("never heard")


async def _drain(watch: Watch) -> None:
    while await watch.next(0.3) is not None:
        pass


async def test_a_watcher_that_falls_behind_is_told_so(dispatch: Callable[[], tuple[Doorbell, Bus]]) -> None:
    watch = Watch()
    for n in range(400):
        watch.put(Signal("delta", "c-1", text=str(n)))
    assert watch.missed
    assert (await watch.next(1)).text == "144"  # type: ignore[union-attr]  # the newest 256 are kept


async def test_rings_and_signals_survive_a_flush_and_a_restart_of_redis(redis_server: RedisServer) -> None:
    client = Redis.from_url(redis_server.url)
    bell, bus = RedisDoorbell(client, "w"), RedisBus(client)
    try:
        await bell.ring("c-0")
        async with asyncio.timeout(10):
            assert await bell.wait() == "c-0"
        async with bus.watch("c-1") as watch:
            await _until_heard(bus, watch)
            redis_server.flush()
            async with asyncio.timeout(10):
                while True:
                    await bell.ring("c-1")
                    if await _rung(bell) == "c-1":
                        break
            await asyncio.to_thread(redis_server.restart)
            async with asyncio.timeout(20):
                await _until_heard(bus, watch)
                await bell.ring("c-2")
                while await bell.wait() != "c-2":
                    pass
    finally:
        await bell.close()
        await bus.close()
        await client.aclose()


async def _rung(bell: Doorbell) -> str | None:
    try:
        async with asyncio.timeout(1):
            return await bell.wait()
    except TimeoutError:
        return None


async def test_while_redis_is_away_a_ring_still_wakes_this_process(redis_server: RedisServer) -> None:
    client = Redis.from_url(redis_server.url, socket_connect_timeout=1)
    bell = RedisDoorbell(client, "w")
    redis_server.kill()
    try:
        await bell.ring("c-9")
        async with asyncio.timeout(10):
            assert await bell.wait() == "c-9"
    finally:
        await bell.close()
        await client.aclose()
