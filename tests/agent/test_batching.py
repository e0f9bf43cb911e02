"""Work of many conversations in one run, off the event loop."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence

import pytest

from agent.batching import Batched


class Counting:
    """Doubles numbers, and remembers which came together and in which thread."""

    def __init__(self, slow_s: float = 0.0) -> None:
        self.runs: list[list[int]] = []
        self.threads: set[int] = set()
        self._slow_s = slow_s

    def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.threads.add(threading.get_ident())
        self.runs.append(list(numbers))
        time.sleep(self._slow_s)
        if any(number < 0 for number in numbers):
            raise ValueError("a negative number")
        return [2 * number for number in numbers]


async def test_each_gets_its_own_answer_and_those_who_wait_go_together() -> None:
    work = Counting(slow_s=0.02)
    batched = Batched(work, name="double")
    assert await asyncio.gather(*(batched(n) for n in range(20))) == [2 * n for n in range(20)]
    assert len(work.runs) <= 2
    assert work.threads.isdisjoint({threading.get_ident()})
    await batched.close()


async def test_a_run_takes_no_more_than_its_most() -> None:
    work = Counting()
    batched = Batched(work, name="double", most=3)
    await asyncio.gather(*(batched(n) for n in range(8)))
    assert max(map(len, work.runs)) <= 3
    await batched.close()


async def test_one_that_fails_does_not_fail_its_neighbours() -> None:
    batched = Batched(Counting(), name="double")
    found = await asyncio.gather(*(batched(n) for n in (1, -2, 3)), return_exceptions=True)
    assert found[0] == 2
    assert isinstance(found[1], ValueError)
    assert found[2] == 6
    await batched.close()


async def test_the_event_loop_goes_on_while_it_works() -> None:
    batched = Batched(Counting(slow_s=0.2), name="double")
    working = asyncio.create_task(batched(1))
    ticks = 0
    while not working.done():
        await asyncio.sleep(0.005)
        ticks += 1
    assert ticks > 5
    await batched.close()


async def test_one_that_was_given_up_does_not_hold_up_the_others() -> None:
    batched = Batched(Counting(slow_s=0.02), name="double")
    given_up = asyncio.create_task(batched(1))
    await asyncio.sleep(0)
    given_up.cancel()
    assert await batched(4) == 8
    await batched.close()


async def test_answers_that_are_missing_are_an_error_and_not_a_wait_for_ever() -> None:
    batched: Batched[int, int] = Batched(lambda numbers: [], name="none")
    with pytest.raises(ValueError, match="0 answers"):
        await asyncio.wait_for(batched(1), 5)
    await batched.close()


async def test_after_closing_it_says_so() -> None:
    batched = Batched(Counting(), name="double")
    await batched.close()
    with pytest.raises(RuntimeError):
        await asyncio.wait_for(batched(1), 5)
