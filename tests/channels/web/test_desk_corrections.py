"""What a person says of an answer is one press away from it, says what it does, and can be gone back on."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect
from standin import Standin, furnish
from test_desk import address, button, enter, keys, standin

from agent.correcting import Wish

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
__all__ = ["address", "keys", "standin"]  # fixtures, asked for by name


async def found(visit: Any, address: str, standin: Standin) -> Any:
    """The desk with a conversation open that was answered from passages."""
    await furnish(standin)
    desk = await enter(visit, address)
    await desk.locator(".entry", has_text="Priya").click()
    await expect(desk.locator(".thread .log .msg").first).to_be_visible()
    return desk


async def test_a_passage_is_corrected_where_it_is_read(visit: Any, address: str, standin: Standin) -> None:
    desk = await found(visit, address, standin)
    await desk.get_by_role("tab", name="Passages").click()
    passage = desk.locator(".passage").first
    await passage.get_by_role("button", name="Correct it").click()
    await passage.get_by_label("What it should say").fill("You have 60 days.")
    await passage.get_by_role("button", name="Save the correction").click()
    await expect(passage.get_by_role("status")).to_have_text("Saved. It holds everywhere within a minute.")
    ((_, wish, person),) = standin.corrected
    assert (wish.kind, wish.text, person) == ("passage", "You have 60 days.", "Maya")


async def test_blocking_says_what_it_will_do_and_can_be_left(visit: Any, address: str, standin: Standin) -> None:
    desk = await found(visit, address, standin)
    await desk.get_by_role("tab", name="Passages").click()
    passage = desk.locator(".passage").first
    await passage.get_by_role("button", name="Block the source").click()
    await expect(passage).to_contain_text("No answer uses")
    await passage.get_by_role("button", name="Cancel").click()
    await expect(passage.get_by_role("button", name="Block the source")).to_be_visible()
    assert standin.corrected == []
    await passage.get_by_role("button", name="Block the source").click()
    await passage.get_by_label("Why").fill("It is last year's.")
    await passage.get_by_role("button", name="Block it").click()
    await expect(passage.get_by_role("status")).to_be_visible()
    assert standin.corrected[0][1].why == "It is last year's."


async def test_an_answer_is_marked_wrong_or_pinned_from_its_record(visit: Any, address: str, standin: Standin) -> None:
    desk = await found(visit, address, standin)
    await button(desk, "How it was made").first.click()
    panel = desk.get_by_role("tabpanel", name="Record")
    await panel.get_by_role("button", name="This answer is wrong").click()
    await panel.get_by_role("button", name="Mark it wrong").click()
    await expect(panel.get_by_role("status")).to_be_visible()
    assert standin.corrected[0][1] == Wish("wrong", should="other")


async def test_the_passages_of_any_answer_are_corrected_from_its_record(
    visit: Any, address: str, standin: Standin
) -> None:
    desk = await found(visit, address, standin)
    await button(desk, "How it was made").first.click()
    passage = desk.get_by_role("tabpanel", name="Record").locator(".passage").first
    await passage.get_by_role("button", name="Correct it").click()
    await passage.get_by_label("What it should say").fill("You have 60 days.")
    await passage.get_by_role("button", name="Save the correction").click()
    await expect(passage.get_by_role("status")).to_be_visible()
    ((turn, wish, _),) = standin.corrected
    assert (turn, wish.kind, wish.passage) == ("t_returns", "passage", "returns.md")
