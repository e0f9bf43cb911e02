"""What a turn knew, as the desk shows it beside the answer."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect
from standin import Standin, furnish
from test_desk import address, button, enter, keys, standin

from channels.web.desk.context import known, left_out

__all__ = ["address", "keys", "standin"]  # fixtures, asked for by name

BILL: dict[str, Any] = {
    "budget_tokens": 4000,
    "tokens": 1312,
    "blocks": [
        {"kind": "message", "tokens": 6, "source": "event 41", "why": "what is answered"},
        {
            "kind": "customer",
            "tokens": 18,
            "source": "customer",
            "why": "who writes",
            "text": "known by email (signed), phone (not proven); on chat; region GB; tier gold",
        },
        {
            "kind": "instruction",
            "tokens": 9,
            "source": "event 3, customer",
            "why": "they told us so in this conversation",
            "text": "Please <b>never</b> call me before ten.",
        },
        {"kind": "passage", "tokens": 210, "source": "returns#1", "why": "found, score 0.912"},
        {"kind": "passage", "tokens": 180, "source": "returns#2", "why": "found, score 0.700"},
        {"kind": "window", "tokens": 40, "source": "event 38", "why": "said a moment ago"},
        {"kind": "window", "tokens": 44, "source": "event 40", "why": "said a moment ago"},
        {
            "kind": "slot",
            "tokens": 3,
            "source": "event 2, customer",
            "why": "said to the letter",
            "text": "order ORD-1",
        },
    ],
    "left_out": [
        {"kind": "passage", "tokens": 300, "source": "returns#3", "why": "no room: 300 tokens, 12 were left"},
        {"kind": "passage", "tokens": 280, "source": "returns#4", "why": "no room: 280 tokens, 12 were left"},
        {"kind": "slot", "tokens": 4, "source": "event 40, bot", "why": "its line is in the window"},
    ],
}


def test_each_block_is_a_line_and_those_listed_elsewhere_are_one() -> None:
    assert list(known(BILL["blocks"])) == [
        "The message: event 41, 6 tokens",
        "Who writes: known by email (signed), phone (not proven); on chat; region GB; tier gold "
        "(customer: who writes; 18 tokens)",
        "Asked of us: Please <b>never</b> call me before ten. "
        "(event 3, customer: they told us so in this conversation; 9 tokens)",
        "Passages: 2, returns#1 to returns#2, 390 tokens",
        "Said last: 2, event 38 to 40, 84 tokens",
        "Said to the letter: order ORD-1 (event 2, customer: said to the letter; 3 tokens)",
    ]


def test_what_was_left_out_is_told_by_kind_and_reason() -> None:
    assert list(left_out(BILL["left_out"])) == [
        "Passages: 2, 580 tokens. No room in the budget.",
        "Said to the letter: 4 tokens. Its line is in the window.",
    ]
    many = [{"kind": "slot", "tokens": 300, "source": "1200 of them", "why": "its line is in the window"}]
    assert list(left_out(many)) == ["Said to the letter: 1,200, 300 tokens. Its line is in the window."]


@pytest.mark.parametrize("rows", [[], [{}], [{"kind": "new", "tokens": None}]])
def test_a_record_of_another_version_is_still_shown(rows: list[dict[str, Any]]) -> None:
    assert len(list(known(rows))) == len(list(left_out(rows))) == len(rows)


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("width", [1280, 400])
async def test_the_record_says_what_the_turn_knew_and_what_it_left_out(
    visit: Any, address: str, standin: Standin, width: int
) -> None:
    await furnish(standin)
    for record in standin.turns.values():
        record["record"]["context"] = BILL
    desk = await enter(visit, address)
    await desk.locator(".entry", has_text="Priya").click()
    await button(desk, "How it was made").first.click()
    await desk.set_viewport_size({"width": width, "height": 900})
    panel = desk.get_by_role("tabpanel", name="Record")
    await expect(panel).to_contain_text("1,312 of at most 4,000 tokens")
    await expect(panel).to_contain_text("Please <b>never</b> call me before ten.")
    await expect(panel).to_contain_text("Passages: 2, 580 tokens. No room in the budget.")
    assert await panel.evaluate("e => e.scrollWidth <= e.clientWidth"), "nothing is wider than its column"
    if folder := os.environ.get("SCREENSHOTS"):
        await panel.get_by_text("What it knew").scroll_into_view_if_needed()
        await desk.screenshot(path=str(Path(folder) / f"context-{width}.png"))
