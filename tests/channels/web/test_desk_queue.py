"""The queue at the desk in a real browser: due times, passing on, presence, keys, requests for rights, and speed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from axe import serious
from playwright.async_api import Page, expect
from standin import KEYS, Standin, Talk, application, furnish, serving

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(loop_scope="module")
async def standin() -> Standin:
    return Standin()


@pytest_asyncio.fixture(loop_scope="module")
async def address(standin: Standin) -> AsyncIterator[str]:
    async with serving(application(standin, keys=dict(KEYS))) as url:
        yield url


async def enter(visit: Any, address: str, key: str = "key-maya", **options: Any) -> Page:
    page: Page = await visit(f"{address}/desk", **{"width": 1360, "height": 800, **options})
    await page.get_by_label("Your key").fill(key)
    await page.get_by_role("button", name="Open the desk").click()
    await expect(page.locator(".queue .shape")).to_be_hidden()
    return page


async def waiting(standin: Standin, words: str, due: timedelta, **fields: Any) -> Talk:
    now = datetime.now(UTC)
    talk = standin.open(**{"customer": "Priya", "owner": "queue", "waiting_since": now, "due_at": now + due, **fields})
    await standin.append(talk, "received", words)
    return talk


def button(page: Page, name: str) -> Any:
    return page.get_by_role("button", name=name, exact=True)


async def test_who_is_due_first_stands_on_top_and_what_is_late_says_so(
    visit: Any, address: str, standin: Standin
) -> None:
    await waiting(standin, "The second", timedelta(minutes=12, seconds=30))
    await waiting(standin, "The first", -timedelta(minutes=3, seconds=30), team="Returns", person="Maya")
    gone_on = await waiting(standin, "The third", timedelta(hours=3), owner="bot")
    desk = await enter(visit, address)
    entries = desk.locator(".queue .entries").first.locator(".entry")
    await expect(entries).to_have_count(3)
    assert [words.split("\n")[0] for words in await entries.locator(".entry-words").all_inner_texts()] == [
        "The first", "The second", "The third",
    ]  # fmt: skip
    await expect(entries.nth(0).locator(".due")).to_have_text("late by 3 min")
    await expect(entries.nth(0).locator(".entry-why")).to_contain_text("Returns, for Maya")
    await expect(entries.nth(1).locator(".due")).to_have_text("due in 12 min")
    await desk.goto(f"{address}/desk/?c={gone_on.id}")
    await expect(desk.locator(".about .muted")).to_contain_text("The assistant goes on with this customer")


async def test_a_conversation_is_passed_to_a_colleague_and_to_a_team(
    visit: Any, address: str, standin: Standin
) -> None:
    standin.present["Sam"] = "here"
    talk = await waiting(standin, "Is it covered?", timedelta(minutes=5))
    desk = await enter(visit, address)
    await desk.locator(".entry").click()
    await button(desk, "Take over").click()
    await button(desk, "Pass on").click()
    choice = desk.get_by_label("Pass it to")
    assert await choice.locator("option").all_inner_texts() == ["Returns (team)", "Sam, here, 0 open"]
    await choice.select_option(label="Sam, here, 0 open")
    await button(desk, "Pass it on").click()
    await expect(desk.locator(".about .muted")).to_contain_text("Sam answers this customer.")
    await expect(desk.locator(".line").last).to_contain_text("Maya passed it to Sam")
    assert talk.person == "Sam"
    colleague = await enter(visit, address, "key-sam")
    await colleague.locator(".entry").click()
    await button(colleague, "Pass on").click()
    await button(colleague, "Pass it on").click()
    await expect(colleague.locator(".about .muted")).to_contain_text("waits for a person (Returns)")
    await expect(colleague.locator(".passing")).to_be_hidden()


async def becomes(check: Callable[[], bool]) -> None:
    """Until it is so: the desk tells its server a moment after it shows."""
    async with asyncio.timeout(5):
        while not check():  # noqa: ASYNC110  (what it waits for happens in the page's server)
            await asyncio.sleep(0.02)


async def test_who_is_here_says_so_and_may_be_away(visit: Any, address: str, standin: Standin) -> None:
    desk = await enter(visit, address)
    await expect(button(desk, "You are here")).to_have_attribute("aria-pressed", "true")
    await becomes(lambda: standin.present.get("Maya") == "here")
    await button(desk, "You are here").click()
    await expect(button(desk, "You are away")).to_be_visible()
    await becomes(lambda: standin.present.get("Maya") == "away")
    viewer = await enter(visit, address, "key-vera")
    await expect(viewer.locator(".presence")).to_have_count(0)
    assert "Vera" not in standin.present


async def test_writing_is_a_sign_of_the_owner(visit: Any, address: str, standin: Standin) -> None:
    talk = await waiting(standin, "Hello?", timedelta(minutes=5))
    desk = await enter(visit, address)
    await desk.locator(".entry").click()
    await button(desk, "Take over").click()
    await desk.get_by_label("Your answer or note").press_sequentially("Hello Priya")
    await expect(desk.locator(".composer .grow")).to_contain_text("11 characters")
    await becomes(lambda: standin.signs == [(talk.id, "Maya")])


async def test_everything_is_done_with_alt_and_a_letter(visit: Any, address: str, standin: Standin) -> None:
    await waiting(standin, "The first", timedelta(minutes=1))
    await waiting(standin, "The second", timedelta(minutes=9))
    desk = await enter(visit, address)
    await expect(desk.locator(".entry")).to_have_count(2)
    await desk.keyboard.press("Alt+j")
    await expect(desk.locator(".thread .log .text").first).to_have_text("The first")
    await desk.keyboard.press("Alt+j")
    await expect(desk.locator(".thread .log .text").first).to_have_text("The second")
    await desk.keyboard.press("Alt+t")
    await expect(button(desk, "Give back")).to_be_visible()
    await desk.keyboard.press("Alt+r")
    await desk.keyboard.type("Hello")
    await desk.keyboard.press("Alt+p")
    await expect(desk.get_by_label("Pass it to")).to_be_visible()
    await desk.keyboard.press("Alt+g")
    await expect(button(desk, "Take over")).to_be_visible()
    await desk.keyboard.press("Alt+q")
    await expect(desk.locator(".entry:focus")).to_have_count(1)
    await expect(desk.get_by_label("Your answer or note")).to_have_value("Hello")


async def test_a_request_is_checked_extended_and_ended(visit: Any, address: str, standin: Standin) -> None:
    talk = await waiting(standin, "Please delete my data", timedelta(hours=1))
    now = datetime.now(UTC)
    standin.rights.ask(
        "erasure", talk, "Please delete my data", now - timedelta(days=2), now + timedelta(days=28, hours=1)
    )
    standin.rights.ask(
        "objection", talk, "<b>No</b> marketing", now - timedelta(days=40), now - timedelta(days=9, hours=1)
    )
    desk = await enter(visit, address)
    await desk.get_by_role("link", name="Requests").click()
    erasure, objection = desk.locator(".task").nth(0), desk.locator(".task").nth(1)
    await expect(erasure).to_contain_text("Wants their data erased")
    await expect(erasure.locator(".due")).to_have_text("due in 28 days")
    await expect(objection.locator(".due")).to_have_text("late by 9 days")
    await expect(objection).to_contain_text("<b>No</b> marketing")
    await expect(erasure.get_by_role("button", name="Done")).to_have_count(0)  # not before the identity is checked
    assert await serious(desk) == []
    await erasure.get_by_role("button", name="Extend").click()
    await erasure.get_by_label("Why").fill("three systems")
    await erasure.get_by_role("button", name="Extend by two months").click()
    await expect(erasure).to_contain_text("extended")
    await erasure.get_by_role("button", name="Identity checked").click()
    await erasure.get_by_role("button", name="Identity checked").click()
    await expect(desk.get_by_role("alert")).to_contain_text("Say how you made sure who asks.", ignore_case=True)
    await erasure.get_by_label("How").fill("called back on the known number")
    await erasure.get_by_role("button", name="Identity checked").click()
    await expect(erasure).to_contain_text("checked by Maya: called back on the known number")
    await erasure.get_by_role("button", name="Done").click()
    await erasure.get_by_role("button", name="It is done").click()
    await expect(desk.locator(".task")).to_have_count(1)
    await expect(desk.get_by_role("region", name="Ended requests")).to_contain_text("Wants their data erased")


async def test_who_only_looks_sees_requests_and_changes_none(visit: Any, address: str, standin: Standin) -> None:
    talk = await waiting(standin, "Please delete my data", timedelta(hours=1))
    now = datetime.now(UTC)
    standin.rights.ask("access", talk, "What data do you have about me?", now, now + timedelta(days=30))
    desk = await enter(visit, address, "key-vera")
    await desk.goto(f"{address}/desk/tasks")
    await expect(desk.locator(".task")).to_have_count(1)
    await expect(desk.locator(".task button")).to_have_count(0)


async def test_without_requests_the_page_says_what_will_be_here(visit: Any, address: str) -> None:
    desk = await enter(visit, address)
    await desk.goto(f"{address}/desk/tasks")
    await expect(desk.locator(".empty")).to_contain_text("Nothing to do.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nothing_on_the_desk_is_a_serious_obstacle(
    visit: Any, address: str, standin: Standin, scheme: str
) -> None:
    await furnish(standin)
    await waiting(standin, "Late one", -timedelta(minutes=3), priority="high", team="Returns")
    desk = await enter(visit, address, color_scheme=scheme)
    await desk.locator(".entry", has_text="Larkspur").click()
    await button(desk, "Take over").click()
    await button(desk, "Pass on").click()
    await expect(desk.get_by_label("Pass it to")).to_be_visible()
    assert await serious(desk) == []


async def test_a_phone_passes_on_and_reads_requests_without_scrolling_sideways(
    visit: Any, address: str, standin: Standin
) -> None:
    talk = await waiting(standin, "Is it covered?", timedelta(minutes=5))
    standin.rights.ask("access", talk, "x" * 200, datetime.now(UTC), datetime.now(UTC) + timedelta(days=30))
    desk = await enter(visit, address, width=320, height=640)
    await desk.locator(".entry").click()
    await button(desk, "Pass on").click()
    await expect(desk.get_by_label("Pass it to")).to_be_visible()
    assert await desk.evaluate("document.documentElement.scrollWidth") == 320
    await desk.goto(f"{address}/desk/tasks")
    await expect(desk.locator(".task")).to_be_visible()
    assert await desk.evaluate("document.documentElement.scrollWidth") == 320


async def test_two_hundred_conversations_are_there_at_the_first_look(
    visit: Any, address: str, standin: Standin
) -> None:
    for number in range(200):
        await waiting(standin, f"Question {number}", timedelta(minutes=number))
    started = time.monotonic()
    desk = await enter(visit, address)
    await expect(desk.locator(".entry")).to_have_count(200)
    print(f"200 conversations drawn {time.monotonic() - started:.2f} s after the login page was asked for")  # noqa: T201
