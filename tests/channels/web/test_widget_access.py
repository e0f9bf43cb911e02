"""The widget without a mouse, without sight of it, and with little room: what a screen reader is told at each step."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from axe import serious, violations
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from playwright.async_api import Page, expect
from standin import SOURCES, Standin, Talk, application, serving

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

INSIDE = "(e) => { let a = document.activeElement; while (a?.shadowRoot) a = a.shadowRoot.activeElement; return a; }"


@pytest_asyncio.fixture(loop_scope="module")
async def standin() -> Standin:
    made = Standin()
    made.offers = {"wait": {"state": "open", "seconds": 240}, "photos": {"types": [], "max_bytes": 1}}
    return made


@pytest_asyncio.fixture(loop_scope="module")
async def address(standin: Standin) -> AsyncIterator[str]:
    async with serving(application(standin, with_desk=False)) as url:
        yield url


async def talk_of(standin: Standin) -> Talk:
    for _ in range(200):
        if standin.talks and (talk := next(iter(standin.talks.values()))).sockets:
            return talk
        await asyncio.sleep(0.02)
    raise AssertionError("no visitor connected")


async def focused(page: Page) -> str:
    """The accessible name, or the placeholder, of what has the focus."""
    name = "it ? it.getAttribute('aria-label') || it.placeholder || it.textContent : ''"
    script = f"() => {{ const it = ({INSIDE})(); return {name}; }}"
    return str(await page.evaluate(script))


async def tab_to(page: Page, words: str) -> None:
    for _ in range(20):
        await page.keyboard.press("Tab")
        if words in await focused(page):
            return
    raise AssertionError(f"the keyboard never reached {words!r}")


@asynccontextmanager
async def a_shop(body: str) -> AsyncIterator[str]:
    """The address of a page of somebody else's that has the widget on it."""
    shop = FastAPI()
    shop.add_api_route("/", lambda: HTMLResponse(body))
    async with serving(shop) as url:
        yield url


async def test_ask_stream_handoff_and_reconnect_by_keyboard_alone(visit: Any, address: str, standin: Standin) -> None:
    page = await visit(address)
    talk = await talk_of(standin)
    chat = page.get_by_role("region", name="Fernhill Outdoor")
    log = page.get_by_role("log")

    await tab_to(page, "Write your question")
    await page.keyboard.type("How long do I have to return a tent?")
    await page.keyboard.press("Enter")
    await expect(page.locator("[role=log] .customer")).to_have_count(1)
    await expect(chat).to_match_aria_snapshot(
        """
        - region "Fernhill Outdoor":
          - heading "Fernhill Outdoor" [level=1]
          - 'button "Talk to a person Usual wait: 4 minutes"'
          - button "More"
          - region "Conversation":
            - paragraph: /You are talking to an automated assistant of Fernhill Outdoor/
            - log "Messages":
              - paragraph: "You:"
              - text: How long do I have to return a tent?
            - paragraph: Automated assistant
            - text: Writing
          - text: Your message
          - button "Send a photo"
          - textbox "Your message"
          - button "Send" [disabled]
        """
    )

    for piece in ("You can return ", "unused items"):
        await standin.broadcast(talk, {"type": "delta", "turn": "t1", "text": piece})
    await expect(page.locator(".provisional")).to_contain_text("You can return unused items")
    await expect(log).to_match_aria_snapshot(
        """
        - log "Messages":
          - paragraph: "You:"
          - text: How long do I have to return a tent?
        """
    )
    assert await focused(page) == "Write your question"

    sources = [{"n": 1, **SOURCES["returns"]}]
    await standin.append(talk, "replied", "You can return unused items [1].", turn="t1", sources=sources)
    await expect(log).to_match_aria_snapshot(
        """
        - log "Messages":
          - paragraph: "You:"
          - text: How long do I have to return a tent?
          - paragraph: /Automated assistant ?:/
          - text: You can return unused items
          - 'link "Source 1: Returns and refunds"'
          - text: .
          - list "Sources":
            - listitem:
              - link "1 Returns and refunds"
        """
    )
    assert await focused(page) == "Write your question"

    await page.keyboard.press("Shift+Tab")
    while "Returns and refunds" not in await focused(page):
        await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator(".evidence")).to_contain_text("within 60 days of delivery")
    assert "Returns and refunds" in await focused(page)

    while "Talk to a person" not in await focused(page):
        await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator(".ask")).to_contain_text("A person has been asked")
    await standin.take_over(talk.id, "Maya")
    await standin.say(talk.id, "Maya", "Hello, Maya here.", "k1")
    await expect(log).to_match_aria_snapshot(
        """
        - log "Messages":
          - paragraph: A person has been asked and answers here.
          - paragraph: Maya is here now.
          - paragraph: /Maya ?:/
          - text: Hello, Maya here.
        """
    )
    await expect(chat.get_by_role("button", name="Maya is with you A person, not the assistant")).to_be_disabled()
    assert "Maya is with you" in await focused(page)

    standin.refusing = True
    await standin.cut()
    await tab_to(page, "Write your question")
    await page.keyboard.type("Are you still there?")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_have_text("You are not connected. What you write is kept here.")
    await expect(chat).to_match_aria_snapshot(
        """
        - region "Fernhill Outdoor":
          - status: You are not connected. What you write is kept here.
          - button "Try now"
          - region "Conversation":
            - paragraph: "You:"
            - text: Are you still there?
            - paragraph: Kept here. It goes out when you are connected again.
        """
    )
    assert await focused(page) == "Write your question"
    standin.refusing = False
    while "Try now" not in await focused(page):
        await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator("[role=log] .customer").last).to_contain_text("Are you still there?")
    await expect(page.get_by_role("status")).to_have_count(0)
    assert [event.text for event in talk.events if event.kind == "received"][-1] == "Are you still there?"


@pytest.mark.parametrize(("height", "text_px"), [(568, 16), (568, 32), (300, 16), (300, 32), (256, 20)])
async def test_the_input_and_the_last_message_stay_in_sight_with_little_room(
    visit: Any, address: str, standin: Standin, height: int, text_px: int
) -> None:
    page = await visit("about:blank", width=320, height=568)
    browser = await page.context.new_cdp_session(page)
    await browser.send("Page.setFontSizes", {"fontSizes": {"standard": text_px, "fixed": text_px}})
    await page.goto(address)
    talk = await talk_of(standin)
    for n in range(6):
        await standin.append(talk, "replied", f"Reply number {n} of some length, so that there is a page of them.")
    await expect(page.get_by_text("Reply number 5")).to_be_visible()
    await page.locator("textarea").fill("Half a thought that is longer than a line")
    await page.set_viewport_size({"width": 320, "height": height})  # the keyboard opens
    await page.wait_for_function(f"() => innerHeight === {height}")
    await expect(page.locator("textarea")).to_be_in_viewport(ratio=1)
    await expect(page.get_by_role("button", name="Send", exact=True)).to_be_in_viewport(ratio=1)
    await expect(page.locator(".ask")).to_be_in_viewport(ratio=1)
    last = page.locator("[role=log] .msg").last
    await expect(last).to_be_in_viewport()
    seen = await last.evaluate(
        """(e) => { const box = e.getBoundingClientRect();
        const scroll = e.getRootNode().querySelector(".scroll").getBoundingClientRect();
        return Math.min(box.bottom, scroll.bottom) - Math.max(box.top, scroll.top); }"""
    )
    assert seen >= 1.5 * text_px  # a line of it, at the least
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    await standin.append(talk, "replied", "And one more.")
    await expect(page.get_by_text("And one more.")).to_be_in_viewport()


async def test_text_follows_the_readers_own_size_and_not_the_sites(visit: Any, address: str, standin: Standin) -> None:
    page = await visit("about:blank")
    browser = await page.context.new_cdp_session(page)
    await browser.send("Page.setFontSizes", {"fontSizes": {"standard": 24, "fixed": 24}})
    body = f'<!doctype html><style>html{{font-size:62.5%}}</style><script src="{address}/widget.js" data-mount="body">'
    async with a_shop(f"{body}</script>") as url:
        await page.goto(url)
        assert await page.locator("textarea").evaluate("(e) => getComputedStyle(e).fontSize") == "24px"


async def test_what_arrives_never_moves_the_focus(visit: Any, address: str, standin: Standin) -> None:
    page = await visit(address)
    talk = await talk_of(standin)
    more = page.get_by_role("button", name="More")
    await more.focus()
    await standin.append(talk, "received", "mine", id="x")
    await standin.broadcast(talk, {"type": "delta", "turn": "t1", "text": "half"})
    await standin.append(talk, "replied", "whole", turn="t1")
    await standin.take_over(talk.id, "Maya")
    await standin.broadcast(talk, {"type": "typing", "name": "Maya"})
    await standin.say(talk.id, "Maya", "Hello", "k")
    await standin.close(talk.id, "Maya")
    await expect(page.locator(".rate")).to_be_visible()
    await standin.cut()
    for _ in range(100):
        if len(standin.hellos) == 2:
            break
        await asyncio.sleep(0.02)
    await expect(more).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_page_of_the_chat_has_a_serious_fault(visit: Any, address: str, standin: Standin, scheme: str) -> None:
    standin.offers["greeting"] = "Good morning."
    page = await visit(address, color_scheme=scheme)
    talk = await talk_of(standin)
    assert await serious(page) == []
    sources = [{"n": n, **SOURCES[name]} for n, name in enumerate(("returns", "tents"), 1)]
    await standin.append(talk, "received", "How long do I have to return a tent?")
    await standin.append(talk, "replied", "60 days [1], but see [2].", sources=sources, turn="t1")
    await page.locator(".sources a").first.click()
    await page.get_by_role("button", name="More").click()
    await standin.take_over(talk.id, "Maya")
    await standin.say(talk.id, "Maya", "Hello, Maya here.", "k")
    await standin.append(talk, "received", "Une autre question, s'il vous plaît: quand est-ce que le colis arrive?")
    await standin.close(talk.id, "Maya")
    await expect(page.locator(".rate")).to_be_visible()
    standin.refusing = True
    await standin.cut()
    await expect(page.locator(".bar")).to_be_visible()
    assert await serious(page) == []


async def test_the_floating_widget_on_a_strangers_page_has_no_serious_fault(
    visit: Any, address: str, standin: Standin
) -> None:
    head = '<!doctype html><html lang="en"><title>Shop</title><main><h1>Shop</h1></main>'
    async with a_shop(f'{head}<script src="{address}/widget.js" data-name="Fernhill Outdoor"></script>') as url:
        page = await visit(url)
        assert await serious(page) == []
        await page.get_by_role("button", name="Chat").press("Enter")
        await talk_of(standin)
        assert await serious(page) == []


async def test_axe_does_look_inside_the_widget(visit: Any, address: str, standin: Standin) -> None:
    page = await visit(address)
    await page.evaluate(
        """() => { const host = [...document.querySelectorAll("*")].find((e) => e.shadowRoot);
        host.shadowRoot.querySelector(".column").append(document.createElement("button")); }"""
    )
    assert "button-name" in {each["id"] for each in await violations(page)}
