"""Work at its time: done once by one process, whatever dies, and whatever the clock says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from agent.chores import Chore, Chores, last_slot
from memory import chores
from memory.errors import StoreUnavailable
from memory.migrate import migrate
from memory.store import Store, open_store

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    migrate(store_url)
    opened = open_store(store_url)
    yield opened
    await opened.close()


class Hands:
    """Does nothing, and counts it."""

    def __init__(self) -> None:
        self.done: list[datetime] = []
        self.fails: Exception | None = None

    async def work(self, now: datetime) -> None:
        await asyncio.sleep(0)
        if self.fails:
            raise self.fails
        self.done.append(now)


def process(store: Store, hands: Hands, name: str, now: list[datetime]) -> Chores:
    chore = Chore("purge", lambda at: last_slot(time(3, 30), LONDON, at), hands.work, lease_s=60)
    return Chores(store, name, [chore], clock=lambda: now[0])


@pytest.mark.parametrize(
    ("now", "slot"),
    [
        (datetime(2026, 11, 24, 3, 30, tzinfo=UTC), datetime(2026, 11, 24, 3, 30, tzinfo=UTC)),
        (datetime(2026, 11, 24, 3, 29, tzinfo=UTC), datetime(2026, 11, 23, 3, 30, tzinfo=UTC)),
        (datetime(2026, 7, 1, 2, 29, tzinfo=UTC), datetime(2026, 6, 30, 2, 30, tzinfo=UTC)),
        (datetime(2026, 7, 1, 2, 31, tzinfo=UTC), datetime(2026, 7, 1, 2, 30, tzinfo=UTC)),
    ],
)
def test_a_slot_is_the_newest_time_of_day_there(now: datetime, slot: datetime) -> None:
    assert last_slot(time(3, 30), LONDON, now) == slot


async def test_several_processes_do_it_once_a_day_together(store: Store) -> None:
    hands, now = Hands(), [NOW]
    processes = [process(store, hands, f"p{n}", now) for n in range(4)]
    for day in range(3):
        now[0] = NOW + timedelta(days=day)
        for _ in range(2):
            await asyncio.gather(*(each.look() for each in processes))
    assert hands.done == [NOW + timedelta(days=day) for day in range(3)]


async def test_what_failed_is_tried_again_and_what_died_is_taken_over(store: Store) -> None:
    hands, now = Hands(), [NOW]
    one, two = process(store, hands, "one", now), process(store, hands, "two", now)
    hands.fails = StoreUnavailable("away")
    await one.look()
    hands.fails = None
    await two.look()
    assert len(hands.done) == 1
    now[0] = NOW + timedelta(days=1)
    taken = await store.write(
        lambda c: chores.take(c, "purge", "dead", now=now[0], lease_s=60, undone_since=now[0] - timedelta(hours=1))
    )
    assert taken
    await two.look()
    assert len(hands.done) == 1, "another has it"
    now[0] += timedelta(seconds=61)
    await two.look()
    assert len(hands.done) == 2


async def test_a_clock_that_was_a_year_ahead_does_not_stop_it_for_a_year(store: Store) -> None:
    hands, now = Hands(), [NOW + timedelta(days=365)]
    here = process(store, hands, "one", now)
    await here.look()
    assert len(hands.done) == 1
    now[0] = NOW
    await here.look()
    assert len(hands.done) == 2
    await store.write(
        lambda c: chores.take(c, "purge", "x", now=NOW + timedelta(days=400), lease_s=60, undone_since=None)
    )
    now[0] = NOW + timedelta(days=1)
    await here.look()
    assert len(hands.done) == 3, "a lease that a wrong clock gave holds nobody up"


async def test_a_holder_that_lost_its_lease_cannot_keep_or_finish_it(store: Store) -> None:
    take = {"lease_s": 60.0, "undone_since": None}
    await store.write(lambda c: chores.take(c, "purge", "one", now=NOW, **take))  # type: ignore[arg-type]
    later = NOW + timedelta(seconds=61)
    assert await store.write(lambda c: chores.take(c, "purge", "two", now=later, **take))  # type: ignore[arg-type]
    assert not await store.write(lambda c: chores.keep(c, "purge", "one", now=later, lease_s=60))
    await store.write(lambda c: chores.finish(c, "purge", "one", later))
    assert await store.read(lambda c: chores.done_at(c, "purge", later)) is None
    assert await store.write(lambda c: chores.keep(c, "purge", "two", now=later, lease_s=60))


async def test_it_starts_and_stops_with_its_process(store: Store) -> None:
    hands = Hands()
    here = process(store, hands, "one", [NOW])
    here.look_s = 0.01
    here.start()
    for _ in range(200):
        if hands.done:
            break
        await asyncio.sleep(0.01)
    await here.stop()
    assert hands.done == [NOW]
    idle = Chores(store, "two", [])
    idle.start()
    await idle.stop()
