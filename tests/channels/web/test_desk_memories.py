"""What is known of a customer, on their page, in a real browser: seen, put right, ended, forgotten, written down."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from axe import serious
from overseen import PEOPLE, Place, application, place, week
from playwright.async_api import Page, expect
from standin import Standin, serving

from memory import audit_entries
from memory.audit_entries import Wanted
from memory.facts import keeping
from memory.facts.superseding import Claim

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

SAID = datetime.now(UTC) - timedelta(days=40)


@pytest_asyncio.fixture(loop_scope="module")
async def where(tmp_path: Path) -> AsyncIterator[Place]:
    async with place(tmp_path) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def address(where: Place) -> AsyncIterator[str]:
    async with serving(application(where, dict(PEOPLE), standin=Standin())) as url:
        yield url


async def known(where: Place) -> str:
    """The customer, of whom six things were said."""
    priya = await week(where)
    rows: list[tuple[Any, ...]] = [
        ("fact", "home", "York", "Lives in York.", 0, 0.9),
        ("fact", "home", "Leeds", "Lives in Leeds.", 20, 0.9),
        ("fact", "plan", "Basic", "Is on the Basic plan.", 1, 0.5),
        ("preference", "contact_channel", "email", "Prefers to be reached by email.", 2, 0.9),
        ("instruction", "delivery", "with the neighbour", "Leave deliveries with the neighbour.", 3, 0.9),
        ("outcome", "given", "refund £30", "Was given: refund £30.", 4, 0.9),
    ]
    claims = [
        Claim(f"m-{n}", priya, kind, about, value, text, at := SAID + timedelta(days=day), at, None, "customer",
              "c-1", n + 1, sure)
        for n, (kind, about, value, text, day, sure) in enumerate(rows)
    ]  # fmt: skip
    await where.store.write(lambda c: keeping.keep(c, where.vault, priya, claims, SAID))
    return priya


async def enter(visit: Any, address: str, customer: str, **options: Any) -> Page:
    page: Page = await visit(f"{address}/desk/login.css", **options)
    await page.request.post(f"{address}/desk/login", form={"key": "key-maya"}, max_redirects=0)
    await page.goto(f"{address}/desk/customers/{customer}")
    await expect(page.get_by_role("region", name="What is known")).to_contain_text("Lives in Leeds.")
    return page


async def acts(where: Place) -> list[str]:
    entries = await where.store.read(lambda c: audit_entries.entries(c, Wanted(), limit=50))
    return [entry.act for entry in entries if entry.act.startswith("memory.")]


async def test_what_is_known_is_shown_with_its_source_and_what_ended_it(
    visit: Any, address: str, where: Place, tmp_path: Path
) -> None:
    page = await enter(visit, address, await known(where), width=1280)
    section = page.get_by_role("region", name="What is known")
    for words in ("Standing instructions", "Leave deliveries with the neighbour.", "Not sure: the customer guessed"):
        await expect(section).to_contain_text(words)
    await expect(section.get_by_role("link", name="Where it was said: Lives in Leeds.")).to_have_attribute(
        "href", "../?c=c-1"
    )
    await section.get_by_text("What holds no longer (1)").click()
    await expect(section).to_contain_text("something newer took its place")
    assert await serious(page) == []
    await section.screenshot(path=tmp_path / "known.png")
    assert await acts(where) == ["memory.shown"]


async def test_on_a_telephone_nothing_scrolls_sideways(visit: Any, address: str, where: Place, tmp_path: Path) -> None:
    page = await enter(visit, address, await known(where), width=400)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await page.get_by_role("region", name="What is known").screenshot(path=tmp_path / "narrow.png")


async def test_a_memory_is_put_right_and_forgotten_and_both_are_in_the_audit(
    visit: Any, address: str, where: Place
) -> None:
    priya = await known(where)
    page = await enter(visit, address, priya)
    section = page.get_by_role("region", name="What is known")
    await section.get_by_role("button", name="Correct: Lives in Leeds.").click()
    await section.get_by_label("What is right").fill("Hull")
    await section.get_by_label("Why").fill("Said on the telephone.")
    await section.get_by_role("button", name="Correct it").click()
    await expect(section).to_contain_text("Lives in Hull.")
    await section.get_by_role("button", name="Forget: Prefers to be reached by email.").click()
    await expect(section).to_contain_text("is not taken from the same message again")
    await section.get_by_role("button", name="Forget it").click()
    await expect(section).not_to_contain_text("Prefers to be reached by email.")
    await section.get_by_role("button", name="No longer so: Leave deliveries with the neighbour.").click()
    await section.get_by_role("button", name="End it").click()
    await expect(section.get_by_text("Standing instructions", exact=True)).to_have_count(0)
    held = await where.store.read(lambda c: keeping.of(c, where.vault, [priya], datetime.now(UTC)))
    assert sorted(memory.text for memory in held) == [
        "Is on the Basic plan.",
        "Lives in Hull.",
        "Was given: refund £30.",
    ]
    assert {"memory.corrected", "memory.forgotten", "memory.ended"} <= set(await acts(where))


async def test_what_was_said_elsewhere_is_written_down_and_what_may_not_be_is_refused(
    visit: Any, address: str, where: Place
) -> None:
    priya = await known(where)
    page = await enter(visit, address, priya)
    section = page.get_by_role("region", name="What is known")
    await section.get_by_role("button", name="Add what is known").click()
    await section.get_by_label("Kind").select_option("A standing instruction")
    await section.get_by_label("About").select_option("name")
    await section.get_by_label("What holds").fill("is diabetic")
    await section.get_by_role("button", name="Write it down").click()
    await expect(page.get_by_role("alert")).to_contain_text("not kept as memories")
    await section.get_by_label("What holds").fill("Dr Rao")
    await section.get_by_role("button", name="Write it down").click()
    await expect(section).to_contain_text("Wants to be called Dr Rao.")
