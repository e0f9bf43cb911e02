"""What may be said of the wait for a person."""

from __future__ import annotations

from datetime import UTC, datetime

from agent.waits import Wait, usual


def test_the_wait_that_is_said_is_one_that_three_of_four_did_not_exceed() -> None:
    assert usual([10.0] * 4) is None
    assert usual([30, 60, 90, 600, 1]) == 120
    assert usual([1.0] * 5) == 60
    assert Wait("open", 240).frame() == {"state": "open", "seconds": 240}
    opens = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
    assert Wait("closed", opens_at=opens).frame() == {"state": "closed", "opens_at": "2026-11-30T09:00:00+00:00"}
