"""The desk's page of retention in a real browser: what would go is shown, and goes only after a word."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import retention_support
from axe import serious
from fastapi import FastAPI
from langgraph.checkpoint.memory import InMemorySaver
from overseen import PEOPLE, SCENE
from playwright.async_api import Page, expect
from retention_support import Past
from standin import Standin, application, serving

from agent.oversight import Oversight
from agent.redaction import NoDetector
from agent.retention import Retention
from channels.web import desk as desk_pages
from channels.web.desk.overseeing import Overseen
from memory import controls, schema
from memory.erasure.holds import hold_name
from memory.migrate import migrate
from memory.retention.rules import Rule
from memory.seal import MasterKey
from memory.store import open_store
from memory.vault import Vault

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

CHECKED = datetime(2026, 11, 27, tzinfo=UTC).date()
RULES = (
    Rule("conversation", 730, "erase", "*", "*", "our own decision", CHECKED),
    Rule("conversation", 365, "erase", "EU", "*", "GDPR 5(1)(e), our assessment", CHECKED),
    Rule("attachment", 90, "redact"),
)


@pytest_asyncio.fixture(loop_scope="module")
async def past(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Past]:
    monkeypatch.setattr(retention_support, "NOW", datetime.now(UTC))
    url = f"sqlite:///{tmp_path}/log.db"
    migrate(url)
    store = open_store(url)
    yield Past(store, Vault(MasterKey.from_secret("0f" * 32)))
    await store.close()


async def shown(past: Past, retention: Retention) -> FastAPI:
    app = FastAPI()
    seen = Overseen(Oversight(past.store, past.vault, InMemorySaver(), NoDetector()), SCENE, retention=retention)
    desk_pages.mount(app, Standin(), PEOPLE.get, "Fernhill Outdoor", "a secret of the tests", overseen=seen)
    return app


async def enter(visit: Any, address: str, key: str = "key-ada", **options: Any) -> Page:
    page: Page = await visit(f"{address}/desk/login.css", **options)
    await page.request.post(f"{address}/desk/login", form={"key": key}, max_redirects=0)
    await page.goto(f"{address}/desk/retention")
    return page


async def test_what_would_go_is_shown_with_what_stays_and_goes_after_a_word(visit: Any, past: Past) -> None:
    french, held = await past.talk(1, 400), await past.talk(2, 800)
    await past.talk(3, 900)
    young = await past.talk(4, 10)
    await past.place(french.customer, "FR")
    name = hold_name(held.customer)
    await past.write(lambda c: controls.put(c, name, {"on": True}, "ben", "a claim", datetime.now(UTC), "admin"))
    async with serving(await shown(past, past.retention(*RULES, clock=lambda: datetime.now(UTC)))) as address:
        page = await enter(visit, address, width=1280, height=1000)
        due = page.get_by_role("region", name="Over their time")
        await expect(due.locator("tbody tr")).to_have_count(2)
        await expect(due.first).to_contain_text("1: a legal hold")
        await expect(page.locator(".sheet")).to_contain_text("Conversations, EU: erased after 365 days")
        await expect(page.locator(".sheet")).to_contain_text("GDPR 5(1)(e), our assessment (2026-11-27)")
        await expect(page.locator(".sheet")).to_contain_text("There was no run yet.")
        assert await serious(page) == []
        if folder := os.environ.get("RETENTION_SHOTS"):
            await page.screenshot(path=f"{folder}/retention.png")
        await page.get_by_role("button", name="Remove them now").click()
        await page.get_by_role("button", name="Remove them", exact=True).click()
        await expect(page.locator(".sheet")).to_contain_text("Write PURGE as it stands here")
        assert await past.count(schema.conversations) == 4
        await page.get_by_label("Write PURGE to go on").fill("PURGE")
        await page.get_by_role("button", name="Remove them", exact=True).click()
        await expect(page.get_by_role("region", name="Last runs").first).to_contain_text("2 conversations")
        assert {row["id"] for row in await past.rows(schema.conversations)} == {held.conversation, young.conversation}
        wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0


async def test_without_rules_it_says_that_nothing_is_ever_purged(visit: Any, past: Past) -> None:
    async with serving(await shown(past, past.retention())) as address:
        page = await enter(visit, address, width=360)
        await expect(page.locator(".sheet")).to_contain_text("There are no rules, so nothing is ever purged.")
        assert await serious(page) == []
        wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0


async def test_only_an_admin_has_the_page(visit: Any, past: Past) -> None:
    async with serving(await shown(past, past.retention(*RULES))) as address:
        page = await enter(visit, address, "key-maya")
        assert not page.url.endswith("/retention")


async def test_a_thread_shows_that_old_words_were_removed_and_not_empty_bubbles(visit: Any) -> None:
    standin = Standin()
    talk = standin.open(customer="Priya")
    await standin.append(talk, "received", "")
    await standin.append(talk, "noted", "", by="retention", removed=1)
    await standin.append(talk, "received", "Something new")
    async with serving(application(standin, keys=PEOPLE)) as address:
        page: Page = await visit(f"{address}/desk/login.css")
        await page.request.post(f"{address}/desk/login", form={"key": "key-maya"}, max_redirects=0)
        await page.goto(f"{address}/desk/")
        await page.locator(".entry", has_text="Something new").click()
        log = page.locator(".thread .log")
        await expect(log.locator(".msg").first).to_contain_text("Removed: kept no longer")
        await expect(log.locator(".line")).to_contain_text("Old messages were removed")
        await expect(log.locator(".note")).to_have_count(0)
