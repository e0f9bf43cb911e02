from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.gateway.breaker import Breaker, Permit


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(clock=clock, threshold=3, rest_s=5.0, max_rest_s=20.0)


def admitted(breaker: Breaker) -> Permit:
    permit = breaker.admit()
    assert permit is not None
    return permit


def fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        breaker.failed(admitted(breaker))


def test_failures_in_a_row_open_it(breaker: Breaker) -> None:
    fail(breaker, 3)
    assert breaker.state == "open"
    assert breaker.admit() is None
    assert breaker.rests_s() == 5.0


def test_a_success_between_failures_keeps_it_closed(breaker: Breaker) -> None:
    for _ in range(10):
        fail(breaker, 2)
        breaker.succeeded(admitted(breaker))
    assert breaker.state == "closed"


def test_after_its_rest_one_call_probes(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 5
    assert breaker.state == "half_open"
    assert admitted(breaker).probe
    assert breaker.admit() is None


def test_a_probe_that_succeeds_closes_it(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 5
    breaker.succeeded(admitted(breaker))
    assert breaker.state == "closed"
    fail(breaker, 2)
    assert breaker.state == "closed"


def test_a_probe_that_fails_makes_the_rest_longer_up_to_a_limit(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    rests = []
    for _ in range(4):
        rests.append(breaker.rests_s())
        clock.now += breaker.rests_s()
        fail(breaker, 1)
    assert rests == [5.0, 10.0, 20.0, 20.0]


def test_a_probe_that_speaks_lets_the_others_in_on_probation(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 5
    breaker.first_token(admitted(breaker))
    other = admitted(breaker)
    breaker.failed(other)
    assert breaker.state == "open"


def test_a_probe_that_is_abandoned_leaves_room_for_the_next(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 5
    breaker.released(admitted(breaker))
    assert admitted(breaker).probe


def test_calls_from_before_the_opening_change_nothing(breaker: Breaker, clock: Clock) -> None:
    early, late = admitted(breaker), admitted(breaker)
    fail(breaker, 3)
    breaker.succeeded(early)
    assert breaker.state == "open"
    clock.now += 5
    breaker.succeeded(admitted(breaker))
    fail(breaker, 2)
    breaker.failed(late)
    assert breaker.state == "closed"


def test_a_rest_that_was_asked_for_is_no_failure(breaker: Breaker, clock: Clock) -> None:
    breaker.limited(admitted(breaker), 30)
    assert breaker.state == "closed"
    assert breaker.admit() is None
    clock.now += 30
    assert not admitted(breaker).probe
    assert breaker.admit() is not None


def test_the_longest_rest_asked_for_counts(breaker: Breaker) -> None:
    first, second = admitted(breaker), admitted(breaker)
    breaker.limited(first, 30)
    breaker.limited(second, 2)
    assert breaker.rests_s() == 30


@given(
    st.lists(st.sampled_from(["call_ok", "call_bad", "call_limited", "call_left", "speak_bad", "wait"]), max_size=60)
)
def test_it_never_stays_shut_for_longer_than_its_longest_rest(steps: list[str]) -> None:
    clock = Clock()
    breaker = Breaker(clock=clock, threshold=3, rest_s=5.0, max_rest_s=20.0)
    for step in steps:
        if step == "wait":
            clock.now += 3
            continue
        permit = breaker.admit()
        if permit is None:
            continue
        if step == "speak_bad":
            breaker.first_token(permit)
        if step == "call_ok":
            breaker.succeeded(permit)
        elif step == "call_limited":
            breaker.limited(permit, 7)
        elif step == "call_left":
            breaker.released(permit)
        else:
            breaker.failed(permit)
    assert breaker.rests_s() <= 20
    clock.now += breaker.rests_s()
    breaker.succeeded(admitted(breaker))
    assert breaker.state == "closed"
