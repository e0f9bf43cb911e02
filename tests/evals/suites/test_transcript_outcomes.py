"""What a conversation's row says, so that runs can be compared and pages made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from evals.pages.errors import render
from evals.suites.transcripts import Row, outcome

GIVEN: dict[str, Any] = {
    "turns": [{"role": "agent", "text": "Hello"}, {"role": "customer", "text": "Can I <b>return</b> it?"}],
    "expect": {"route": "answer", "passages": ["returns"], "reply": "Within 60 days."},
}
ROW = Row(
    id="1",
    expected="answer",
    route="answer",
    handoff_only=False,
    ms=10.0,
    reply="Within 60 days.",
    hit=True,
    first=True,
    recall5=1.0,
    token_f1=1.0,
    sentences=1,
    grounded=1,
    leaks=0,
    floor=0.8,
    cosine=0.7,
    sources=("returns",),
    reason="",
)


@pytest.mark.parametrize(
    ("changes", "right"),
    [
        ({}, 1.0),
        ({"hit": False}, 0.0),
        ({"hit": None}, 1.0),
        ({"route": "other", "hit": False}, 0.0),
        ({"route": "handoff", "hit": False}, 0.0),
        ({"route": "other", "hit": False, "handoff_only": True}, 1.0),
        ({"route": "handoff", "hit": False, "handoff_only": True}, 0.0),
    ],
)
def test_right_is_the_route_and_the_source_or_the_handover_alone(changes: dict[str, Any], right: float) -> None:
    assert outcome(GIVEN, replace(ROW, **changes))["right"] == right


def test_the_page_shows_what_was_expected_beside_what_came() -> None:
    made = outcome(GIVEN, replace(ROW, route="other", reply="", hit=False, reason="floor: no passage is close"))
    orjson.dumps(made)
    shown = render({"suite": "transcripts", "data": "d", "n": 1, "metrics": {}, "config": {}, "seconds": 1.0}, [made])
    assert "1 of 1 not right" in shown
    assert "answer → other" in shown
    assert "Within 60 days." in shown
    assert "floor: no passage is close" in shown
    assert "&lt;b&gt;return&lt;/b&gt;" in shown
