"""The desk's page about the knowledge, in a real browser, over a real log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from axe import serious
from fastapi import FastAPI
from knowing_support import Shelves, WordEmbedder, passage
from overseen import PEOPLE, SCENE, Place, place
from playwright.async_api import Page, expect
from sqlalchemy import insert
from standin import Standin, serving

from agent.knowing.care import Care
from channels.web import desk as desk_pages
from channels.web.desk.marking import joined
from channels.web.desk.overseeing import Overseen
from memory.schema import turns

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

ASKED = ("Do you sell kayaks?", "do you sell kayaks", "Which kayaks do you sell?", "Are returns of a tent free?")
COPIED = "Unused items go back with their tags on and in the box they came in, please."
CENTRE = (
    passage("returns.md", "Returns are free within 30 days.", "How to return", "Time"),
    passage("policy.md", "Post it to us. Returns are free within 14 days.", "Returns policy"),
    passage("packing.md", COPIED, "Packing"),
    passage("parcels.md", COPIED, "Packing a return"),
    passage("christmas.md", "Presents may come back in January.", "Christmas 2025", valid_until="2026-01-31"),
)


@pytest_asyncio.fixture(loop_scope="module")
async def where(tmp_path: Path) -> AsyncIterator[Place]:
    async with place(tmp_path) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def shelves() -> Shelves:
    return Shelves()


@pytest_asyncio.fixture(loop_scope="module")
async def address(where: Place, shelves: Shelves) -> AsyncIterator[str]:
    care, app = Care(where.store, WordEmbedder(), shelves, "help"), FastAPI()
    seen = Overseen(where.oversight, SCENE, care)
    desk_pages.mount(app, Standin(), PEOPLE.get, "Fernhill Outdoor", "a secret of the tests", overseen=seen)
    async with serving(app) as url:
        yield url


async def unanswered(where: Place) -> list[str]:
    """Conversations whose question was not answered."""
    made = []
    for n, text in enumerate(ASKED):
        _, talk = await where.talk(f"guest-{n}@mail.example", ("web", "mail")[n % 2], timedelta(days=n), text)
        row = {"id": f"t-{n}", "conversation_id": talk, "from_seq": 1, "to_seq": 1, "epoch": 0, "attempt": 1}
        row |= {"status": "committed", "holder": "x", "started_at": datetime.now(UTC) - timedelta(days=n)}
        record = {"said": [{"text": text}], "query": text, "template": "unknown"}
        await where.store.write(
            lambda c, row=row, record=record: c.execute(insert(turns), {**row, "record": record}).rowcount
        )
        made.append(talk)
    return made


async def enter(visit: Any, address: str, key: str = "key-vera", **options: Any) -> Page:
    page: Page = await visit(f"{address}/desk/login.css", **options)
    await page.request.post(f"{address}/desk/login", form={"key": key}, max_redirects=0)
    await page.goto(f"{address}/desk/knowledge")
    await expect(page.locator(".sheet h2")).to_have_text("Knowledge")
    await expect(page.locator(".sheet .shape")).to_have_count(
        0, timeout=30_000
    )  # the first grouping loads scikit-learn
    return page


async def test_without_anything_the_page_says_what_will_be_there(visit: Any, address: str) -> None:
    page = await enter(visit, address)
    await expect(page.locator(".sheet")).to_contain_text("No question of these 30 days was left without an answer.")
    await expect(page.locator(".sheet")).to_contain_text("There is no knowledge yet.")
    assert await serious(page) == []


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
async def test_the_page_has_no_serious_fault_and_does_not_scroll_sideways(
    visit: Any, address: str, where: Place, shelves: Shelves, scheme: str, width: int
) -> None:
    await unanswered(where)
    shelves.held.extend(CENTRE)
    page = await enter(visit, address, color_scheme=scheme, width=width)
    assert await serious(page) == []
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0


async def test_a_gap_shows_who_asked_what_comes_near_and_leads_to_the_conversation(
    visit: Any, address: str, where: Place, shelves: Shelves
) -> None:
    talks = await unanswered(where)
    shelves.held.extend(CENTRE)
    page = await enter(visit, address)
    await expect(page.locator(".sheet h3").first).to_have_text(
        "4 questions of 4 customers in the last 30 days not answered"
    )
    kayaks, tents = page.locator(".gap").nth(0), page.locator(".gap").nth(1)
    await expect(kayaks).to_contain_text("3 questions of 3 customers")
    await expect(kayaks).to_contain_text("No article is about it.")
    await expect(tents).to_contain_text("There are articles about it, but they lack this:")
    await expect(tents).to_contain_text("How to return › Time")
    await kayaks.locator("summary").click()
    link = kayaks.get_by_role("link").first
    leads_to = str(await link.get_attribute("href"))
    assert any(talk in leads_to for talk in talks)
    await page.get_by_role("button", name="7 days").click()
    await expect(page.locator(".sheet h3").first).to_contain_text("in the last 7 days")


async def test_findings_show_both_sentences_with_what_differs_marked(
    visit: Any, address: str, shelves: Shelves
) -> None:
    shelves.held.extend(CENTRE)
    page = await enter(visit, address)
    contradiction = page.locator(".contradiction")
    await expect(contradiction.locator("h4")).to_have_text("Contradiction: 14 days or 30 days")
    assert await contradiction.locator("mark").all_text_contents() == ["14 days", "30 days"]
    await expect(page.locator(".stale")).to_contain_text("held until 2026-01-31; never cited any more")
    await expect(page.locator(".duplicate")).to_contain_text("Packing a return (parcels.md)")


async def test_words_of_customers_and_articles_stay_words(
    visit: Any, address: str, where: Place, shelves: Shelves
) -> None:
    hostile = "<img src=x onerror=alert(1)> costs £1."
    shelves.held.extend([passage("a.md", hostile, hostile), passage("b.md", hostile.replace("1.", "2."), hostile)])
    page = await enter(visit, address)
    await expect(page.locator(".contradiction")).to_contain_text("<img src=x onerror=alert(1)>")
    assert await page.locator(".sheet img").count() == 0


@pytest.mark.parametrize(
    ("spans", "found"),
    [
        ([], []),
        ([(2, 4), (0, 1)], [(0, 1), (2, 4)]),
        ([(0, 3), (2, 5)], [(0, 5)]),
        ([(-5, 2), (8, 99)], [(0, 2), (8, 10)]),
        ([(4, 4), (20, 30), (5, 3)], []),
    ],
)
async def test_marked_spans_stay_within_the_text(spans: list[tuple[int, int]], found: list[tuple[int, int]]) -> None:
    assert joined(spans, 10) == found
