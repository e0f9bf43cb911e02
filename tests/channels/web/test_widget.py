"""What the chat widget promises a customer, in a real browser on a real socket."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from playwright.async_api import Page, expect
from standin import Standin, Talk, application, serving
from starlette.types import Receive, Scope, Send

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script> \u202e & \"'`${7*7} javascript:alert(3)"


@pytest_asyncio.fixture(loop_scope="module")
async def standin() -> Standin:
    return Standin()


@pytest_asyncio.fixture(loop_scope="module")
async def address(standin: Standin) -> AsyncIterator[str]:
    async with serving(application(standin, with_desk=False)) as url:
        yield url


def field(page: Page) -> Any:
    return page.get_by_label("Your message")


async def say(page: Page, text: str) -> None:
    await field(page).fill(text)
    await field(page).press("Enter")


async def talk_of(standin: Standin) -> Talk:
    """The one conversation, once its visitor is connected."""
    for _ in range(200):
        if standin.talks and (talk := next(iter(standin.talks.values()))).sockets:
            return talk
        await asyncio.sleep(0.02)
    raise AssertionError("no visitor connected")


async def texts(page: Page) -> list[str]:
    return await page.locator("[role=log] .text").all_inner_texts()


async def stream(standin: Standin, talk: Talk, pieces: list[str], turn: str = "t1") -> None:
    for piece in pieces:
        await standin.broadcast(talk, {"type": "delta", "turn": turn, "text": piece})
        await asyncio.sleep(0.01)


async def test_the_first_line_says_that_it_is_automated(visit: Any, address: str) -> None:
    page = await visit(address)
    await expect(page.locator(".first")).to_contain_text("automated assistant of Fernhill Outdoor")
    await expect(page).to_have_title("Fernhill Outdoor chat")


async def test_a_question_is_answered_with_sources_that_open_the_exact_sentence(
    visit: Any, address: str, standin: Standin
) -> None:
    standin.answering = True
    page = await visit(address)
    await say(page, "How long do I have to return a tent?")
    await expect(page.locator("[role=log] .bot .text")).to_contain_text("within 60 days of delivery")
    source = page.get_by_role("link", name="1 Returns and refunds", exact=True)
    await source.click()
    await expect(page.locator(".evidence")).to_contain_text("You can return unused items within 60 days of delivery.")
    link = page.get_by_role("link", name="Open the article")
    there = "https://help.fernhill.example/returns#:~:text=You%20can%20return%20unused%20items%20within%2060%20days"
    assert str(await link.get_attribute("href")).startswith(there)
    assert await source.get_attribute("href") == await link.get_attribute("href")
    await source.click()
    await expect(page.locator(".evidence")).to_be_hidden()
    await page.get_by_role("link", name="Source 2: Tents and shelters").click()
    await expect(page.locator(".evidence")).to_contain_text("exchanged, not refunded")
    await expect(page.get_by_role("link", name="Open the article")).to_have_count(0)


async def test_forty_deltas_make_one_announcement(visit: Any, address: str, standin: Standin) -> None:
    page = await visit(address)
    await say(page, "hello")
    talk = await talk_of(standin)
    await expect(page.locator("[role=log] .customer")).to_have_count(1)
    await page.evaluate(
        """() => {
        window.announced = [];
        const find = (root) => root.querySelector("[role=log]") ||
          [...root.querySelectorAll("*")].map((e) => e.shadowRoot && find(e.shadowRoot)).find(Boolean);
        window.logElement = find(document);
        new MutationObserver((records) => records.forEach((r) => window.announced.push(
          [...r.addedNodes].map((n) => n.textContent).join("|")))).observe(
          window.logElement, { childList: true, subtree: true, characterData: true });
    }"""
    )
    pieces = [f"word{n} " for n in range(40)]
    await stream(standin, talk, pieces)
    await expect(page.locator(".provisional .text")).to_contain_text("word39")
    assert await page.evaluate("window.announced.length") == 0
    await standin.append(talk, "replied", "".join(pieces), turn="t1")
    await expect(page.locator("[role=log] .bot")).to_have_count(1)
    assert await page.evaluate("window.announced.length") == 1
    assert await page.evaluate("window.logElement.getAttribute('aria-live')") == "polite"
    await expect(page.locator(".provisional")).to_have_count(0)


async def test_deltas_are_void_after_a_restart(visit: Any, address: str, standin: Standin) -> None:
    page = await visit(address)
    talk = await talk_of(standin)
    await stream(standin, talk, ["The wrong ", "half"])
    await expect(page.locator(".provisional .text")).to_have_text("The wrong half")
    await standin.broadcast(talk, {"type": "restart", "turn": "t1"})
    await expect(page.get_by_text("The wrong half")).to_have_count(0)
    await stream(standin, talk, ["The right ", "whole.", " And more."])
    await expect(page.locator(".provisional .text")).to_have_text("The right whole. And more.")
    await standin.append(talk, "replied", "The right whole.", turn="t1")
    await expect(page.locator("[role=log] .bot .text")).to_have_text("The right whole.")
    await expect(page.locator(".msg")).to_have_count(1)


async def test_a_restart_of_another_turn_changes_nothing(visit: Any, address: str, standin: Standin) -> None:
    page = await visit(address)
    talk = await talk_of(standin)
    await stream(standin, talk, ["Half a reply"])
    await standin.broadcast(talk, {"type": "restart", "turn": "another"})
    await stream(standin, talk, [" goes on"])
    await expect(page.locator(".provisional .text")).to_have_text("Half a reply goes on")


async def test_a_takeover_in_the_middle_of_a_reply_leaves_no_word_of_it(
    visit: Any, address: str, standin: Standin
) -> None:
    page = await visit(address)
    talk = await talk_of(standin)
    await stream(standin, talk, ["Half a reply"])
    await expect(page.locator(".provisional")).to_have_count(1)
    await standin.take_over(talk.id, "Maya")
    await standin.say(talk.id, "Maya", "Hello, Maya here.", "k1")
    await expect(page.locator("[role=log] .agent .text")).to_have_text("Hello, Maya here.")
    await expect(page.get_by_text("Half a reply")).to_have_count(0)
    await expect(page.locator(".agent .who")).to_contain_text("Maya")
    await expect(page.locator(".ask")).to_contain_text("Maya is with you")


async def test_what_was_missed_while_away_arrives_once_and_in_order(visit: Any, address: str, standin: Standin) -> None:
    page = await visit(address)
    talk = await talk_of(standin)
    await standin.append(talk, "replied", "one", turn="t1")
    await expect(page.locator("[role=log] .bot")).to_have_count(1)
    await stream(standin, talk, ["never finished"], "t2")
    await standin.cut()
    await standin.append(talk, "replied", "two", turn="t2")
    await standin.append(talk, "replied", "three", turn="t3")
    await expect(page.locator("[role=log] .bot")).to_have_count(3)
    assert await texts(page) == ["one", "two", "three"]
    assert standin.hellos[-1] == {"type": "hello", "conversation": talk.id, "token": talk.token, "after": 1}
    await expect(page.get_by_text("never finished")).to_have_count(0)


async def test_a_page_that_slept_asks_again_from_where_it_stood(visit: Any, address: str, standin: Standin) -> None:
    page = await visit(address)
    talk = await talk_of(standin)
    await standin.append(talk, "replied", "before")
    await expect(page.get_by_text("before")).to_be_visible()
    (socket,) = talk.sockets
    talk.sockets.discard(socket)  # the server has given it up, the browser does not know
    await standin.append(talk, "replied", "while asleep")
    await page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    await expect(page.get_by_text("while asleep")).to_be_visible()
    assert [hello["after"] for hello in standin.hellos] == [0, 1]


async def test_a_gap_is_seen_and_filled(visit: Any, address: str, standin: Standin) -> None:
    page = await visit(address)
    talk = await talk_of(standin)
    await standin.append(talk, "replied", "one")
    standin.hide = {2}
    await standin.append(talk, "replied", "two")
    await standin.append(talk, "replied", "three")
    await expect(page.locator("[role=log] .bot")).to_have_count(3)
    assert await texts(page) == ["one", "two", "three"]
    assert [hello["after"] for hello in standin.hellos] == [0, 1]


async def test_a_gap_that_nobody_can_fill_does_not_loop(visit: Any, address: str, standin: Standin) -> None:
    page = await visit(address)
    talk = await talk_of(standin)
    await standin.append(talk, "replied", "one")
    standin.lost = {2}
    await standin.append(talk, "replied", "two")
    await standin.append(talk, "replied", "three")
    await expect(page.locator("[role=log] .bot")).to_have_count(2)
    await asyncio.sleep(0.5)
    assert await texts(page) == ["one", "three"]
    assert len(standin.hellos) == 2


async def test_an_event_sent_twice_is_shown_once(visit: Any, address: str, standin: Standin) -> None:
    page = await visit(address)
    talk = await talk_of(standin)
    for _ in range(2):
        await standin.broadcast(
            talk, {"type": "event", "seq": 1, "prev": 0, "kind": "message", "role": "bot", "text": "once"}
        )
    await standin.append(talk, "noted")
    await standin.append(talk, "replied", "again")
    await expect(page.get_by_text("again")).to_be_visible()
    assert await texts(page) == ["once", "again"]


async def test_a_message_without_acknowledgement_is_sent_again_under_the_same_id(
    visit: Any, address: str, standin: Standin
) -> None:
    page = await visit(address)
    await talk_of(standin)
    standin.lose_acks = 1
    await say(page, "Is anybody there?")
    for _ in range(200):
        if len([frame for frame in standin.frames if frame["type"] == "message"]) == 2:
            break
        await asyncio.sleep(0.02)
    first, second = (frame for frame in standin.frames if frame["type"] == "message")
    assert first == second
    await expect(page.locator(".customer")).to_have_count(1)
    talk = next(iter(standin.talks.values()))
    assert [event.text for event in talk.events] == ["Is anybody there?"]
    await asyncio.sleep(0.2)
    assert json.loads(await kept(page))["outbox"] == []


async def kept(page: Page) -> str:
    return str(await page.evaluate("localStorage.getItem(Object.keys(localStorage)[0])"))


async def test_text_survives_losing_the_server_and_a_reload(visit: Any, address: str, standin: Standin) -> None:
    page = await visit(address)
    talk = await talk_of(standin)
    standin.refusing = True
    await standin.cut()
    await say(page, "Sent while away")
    await field(page).fill("Half a thought")
    await expect(page.locator(".bar")).to_contain_text("You are not connected. What you write is kept here.")
    await expect(page.locator(".bar")).to_contain_text(re.compile(r"Trying again (in \d+ s|now)"))
    await expect(page.locator(".customer .state")).to_contain_text("Kept here")
    await page.reload()
    await expect(field(page)).to_have_value("Half a thought")
    await expect(page.get_by_text("Sent while away")).to_be_visible()
    await expect(page.locator(".bar")).to_be_visible()
    standin.refusing = False
    await page.get_by_role("button", name="Try now").click()
    await expect(page.locator(".bar")).to_be_hidden()
    await expect(page.locator("[role=log] .customer .text")).to_have_text("Sent while away")
    assert [event.text for event in talk.events] == ["Sent while away"]
    await expect(page.locator(".customer")).to_have_count(1)


async def test_a_short_break_is_not_worth_a_word(visit: Any, address: str, standin: Standin) -> None:
    page = await visit(address)
    await talk_of(standin)
    await page.evaluate(
        """() => { window.shown = 0; const host = [...document.querySelectorAll("*")].find((e) => e.shadowRoot);
        const bar = host.shadowRoot.querySelector(".bar");
        new MutationObserver(() => { window.shown += !bar.hidden; }).observe(bar, { attributes: true }); }"""
    )
    await standin.cut()
    for _ in range(300):
        if len(standin.hellos) == 2:
            break
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    assert len(standin.hellos) == 2
    assert await page.evaluate("window.shown") == 0


async def test_a_conversation_that_is_not_ours_is_let_go_and_the_text_is_not(
    visit: Any, address: str, standin: Standin
) -> None:
    page = await visit(address)
    old = await talk_of(standin)
    await standin.append(old, "replied", "from before")
    await expect(page.get_by_text("from before")).to_be_visible()
    del standin.talks[old.id]
    standin.refusing = True
    for socket in list(old.sockets):
        await socket.close(1012)
    await say(page, "still wanted")
    standin.refusing = False
    await page.evaluate("dispatchEvent(new Event('online'))")
    await expect(page.locator("[role=log] .customer .text")).to_have_text("still wanted")
    await expect(page.get_by_text("from before")).to_have_count(0)
    (fresh,) = standin.talks.values()
    assert [event.text for event in fresh.events] == ["still wanted"]


async def test_a_refused_message_says_why_and_can_be_edited(visit: Any, address: str, standin: Standin) -> None:
    page = await visit(address)
    await talk_of(standin)
    standin.reject = {"code": "too_long", "message": "The message has 9,000 characters; 8,000 is the most."}
    await say(page, "far too long")
    await expect(page.locator(".state.bad")).to_contain_text(
        "Not sent. The message is too long; 8,000 characters is the most."
    )
    standin.reject = None
    await page.get_by_role("button", name="Edit").click()
    await expect(field(page)).to_have_value("far too long")
    await expect(field(page)).to_be_focused()
    await expect(page.locator(".customer")).to_have_count(0)
    await say(page, "short")
    await expect(page.locator("[role=log] .customer .text")).to_have_text("short")


async def test_a_passing_fault_is_retried_without_the_customer(visit: Any, address: str, standin: Standin) -> None:
    page = await visit(address)
    await talk_of(standin)
    standin.reject = {"code": "store_unavailable", "message": "That was not kept. Send it again in a moment."}
    await say(page, "patient")
    await expect(page.locator(".bar")).to_contain_text("Your message is kept here and goes out again in a moment.")
    standin.reject = None
    await expect(page.locator("[role=log] .customer .text")).to_have_text("patient")


async def test_hostile_text_stays_text(visit: Any, address: str, standin: Standin) -> None:
    page = await visit(address)
    talk = await talk_of(standin)
    await say(page, HOSTILE)
    await stream(standin, talk, [HOSTILE[:20], HOSTILE[20:]])
    await expect(page.locator(".provisional .text")).to_have_text(HOSTILE)
    source = {"n": 1, "title": HOSTILE, "quote": HOSTILE, "url": "javascript:alert(4)", "source": "data:text/html,x"}
    await standin.append(talk, "replied", f"{HOSTILE} [1]", sources=[source], turn="t1")
    await standin.take_over(talk.id, HOSTILE)
    await standin.say(talk.id, HOSTILE, HOSTILE, "k")
    await expect(page.locator("[role=log] .msg")).to_have_count(3)
    await page.locator(".sources a").click()
    await expect(page.locator(".evidence blockquote")).to_have_text(HOSTILE)
    assert await page.locator("[role=log] img, [role=log] script").count() == 0
    hrefs = await page.locator("[role=log] a").evaluate_all("(all) => all.map((each) => each.getAttribute('href'))")
    assert all(href.startswith("#evidence-") for href in hrefs), hrefs
    assert (await texts(page))[0] == HOSTILE


async def test_only_addresses_of_the_web_become_links(visit: Any, address: str, standin: Standin) -> None:
    page = await visit(address)
    talk = await talk_of(standin)
    await standin.append(talk, "replied", 'See https://help.example/a?b=1. Not ftp://x or https://e"onclick=alert(1)')
    links = page.locator("[role=log] a")
    await expect(links).to_have_count(2)
    assert await links.nth(0).get_attribute("href") == "https://help.example/a?b=1"
    assert await links.nth(1).get_attribute("href") == "https://e/"
    assert await links.nth(0).get_attribute("rel") == "noopener noreferrer nofollow"


async def test_nothing_is_wider_than_a_screen_of_320_pixels(visit: Any, address: str, standin: Standin) -> None:
    page = await visit(address, width=320, height=480)
    talk = await talk_of(standin)
    await say(page, "w" * 300)
    sources = [{"n": n, "title": "T" * 80, "quote": "q" * 200, "url": "https://x.example/" + "u" * 99} for n in (1, 2)]
    await standin.append(talk, "replied", f"https://x.example/{'y' * 200} and {'z' * 300} [1]", sources=sources)
    await page.locator(".sources a").first.click()
    await standin.take_over(talk.id, "N" * 60)
    await expect(page.locator(".ask")).to_contain_text("NNN")
    wide = await page.evaluate(
        """() => { const host = [...document.querySelectorAll("*")].find((e) => e.shadowRoot);
        return [...host.shadowRoot.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > 321
          && !e.closest(".vh")).map((e) => e.className + e.tagName).concat(
          document.documentElement.scrollWidth > 320 ? ["page"] : []); }"""
    )
    assert wide == []
    box = await field(page).bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 480


async def test_a_person_is_one_press_away_and_always_in_the_same_place(
    visit: Any, address: str, standin: Standin
) -> None:
    page = await visit(address)
    talk = await talk_of(standin)
    ask = page.locator(".ask")
    before = await ask.bounding_box()
    await page.keyboard.press("Tab")
    await expect(ask).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(ask).to_contain_text("A person has been asked")
    await expect(page.locator("[role=log] .line")).to_contain_text("A person has been asked and answers here.")
    after = await ask.bounding_box()
    assert before is not None
    assert after is not None
    assert (before["y"], before["x"] + before["width"]) == (after["y"], after["x"] + after["width"])
    await page.keyboard.press("Enter")
    await asyncio.sleep(0.1)
    assert [frame["type"] for frame in standin.frames].count("person") == 1
    await standin.take_over(talk.id, "Maya")
    await standin.release(talk.id, "Maya")
    await expect(ask).to_contain_text("Talk to a person")
    await expect(ask).to_have_attribute("aria-disabled", "false")


async def test_a_wish_for_a_person_survives_a_broken_connection(visit: Any, address: str, standin: Standin) -> None:
    page = await visit(address)
    talk = await talk_of(standin)
    standin.refusing = True
    await standin.cut()
    await page.locator(".ask").click()
    await expect(page.locator(".ask")).to_contain_text("Asking for a person")
    standin.refusing = False
    await page.evaluate("dispatchEvent(new Event('online'))")
    await expect(page.locator(".ask")).to_contain_text("A person has been asked")
    assert talk.owner == "queue"


async def test_a_reader_who_scrolled_up_is_left_in_peace(visit: Any, address: str, standin: Standin) -> None:
    page = await visit(address)
    talk = await talk_of(standin)
    for n in range(30):
        await standin.append(talk, "replied", f"line {n}")
    await expect(page.get_by_text("line 29")).to_be_in_viewport()
    scroll = page.locator(".scroll")
    await scroll.evaluate("(e) => { e.scrollTop = 0; }")
    await asyncio.sleep(0.1)
    await standin.append(talk, "replied", "news")
    await expect(page.get_by_role("button", name="New message")).to_be_visible()
    assert await scroll.evaluate("(e) => e.scrollTop") == 0
    await page.get_by_role("button", name="New message").click()
    await expect(page.get_by_text("news")).to_be_in_viewport()


async def test_a_long_reply_never_pushes_its_own_beginning_out_of_sight(
    visit: Any, address: str, standin: Standin
) -> None:
    page = await visit(address, width=400, height=500)
    talk = await talk_of(standin)
    await say(page, "tell me everything")
    await stream(standin, talk, ["Beginning. "] + ["many words follow here. " for _ in range(60)])
    who = page.locator(".provisional .who")
    await expect(who).to_be_in_viewport()
    await standin.append(talk, "replied", "Beginning. " + "many words follow here. " * 60, turn="t1")
    await expect(page.locator("[role=log] .bot .who")).to_be_in_viewport()


async def test_every_message_names_its_sender_in_words(visit: Any, address: str, standin: Standin) -> None:
    page = await visit(address)
    talk = await talk_of(standin)
    await say(page, "mine")
    await expect(page.locator("[role=log] .customer")).to_have_count(1)
    await standin.append(talk, "replied", "its")
    await standin.take_over(talk.id, "Maya")
    await standin.say(talk.id, "Maya", "hers", "k")
    await expect(page.locator("[role=log] .agent")).to_have_count(1)
    tree = await page.locator("[role=log]").aria_snapshot()
    for words in ("You:", "Automated assistant", "Maya"):
        assert words in tree


async def test_controls_are_large_enough_to_hit(visit: Any, address: str, standin: Standin) -> None:
    standin.answering = True
    page = await visit(address, width=360, height=640)
    await say(page, "How long do I have to return a tent?")
    await page.locator(".sources a").first.click()
    small = await page.evaluate(
        """() => { const host = [...document.querySelectorAll("*")].find((e) => e.shadowRoot);
        return [...host.shadowRoot.querySelectorAll("button, a, textarea")].filter((e) => e.offsetParent)
          .map((e) => [e.className + e.textContent, e.getBoundingClientRect()])
          .filter(([, box]) => box.width < 24 || box.height < 24).map(([name]) => name); }"""
    )
    assert small == []


@pytest.mark.parametrize("stripped", [True, False])
async def test_the_page_works_below_a_sub_path(visit: Any, standin: Standin, stripped: bool) -> None:
    standin.answering = True
    inner = application(standin, with_desk=False)

    async def proxied(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await inner(scope, receive, send)
        elif scope["path"].startswith("/support/"):
            path = scope["path"].removeprefix("/support") if stripped else scope["path"]
            await inner({**scope, "path": path, "root_path": "/support"}, receive, send)

    async with serving(proxied) as url:
        page = await visit(f"{url}/support/")
        await say(page, "Delivery to Norway?")
        await expect(page.locator("[role=log] .bot .text")).to_contain_text("4 to 6 working days")


async def test_one_tag_embeds_it_in_another_site(visit: Any, address: str, standin: Standin) -> None:
    standin.answering = True
    shop = FastAPI()

    @shop.get("/")
    async def front() -> HTMLResponse:
        return HTMLResponse(
            "<!doctype html><title>Shop</title><style>* { font-size: 40px !important; color: red } "
            "button { display: none }</style><h1>Shop</h1>"
            f'<script src="{address}/widget.js" data-inbox="web" data-name="Fernhill Outdoor"></script>'
        )

    async with serving(shop) as url:
        page = await visit(url)
        launch = page.get_by_role("button", name="Chat")
        await expect(launch).to_be_visible()
        assert standin.hellos == []
        await launch.press("Enter")
        await expect(field(page)).to_be_focused()
        await say(page, "Delivery to Norway?")
        await expect(page.locator("[role=log] .bot .text")).to_contain_text("4 to 6 working days")
        assert await page.locator(".bot .text").evaluate("(e) => getComputedStyle(e).fontSize") == "16px"
        await field(page).press("Escape")
        await expect(launch).to_be_focused()
        talk = await talk_of(standin)
        await standin.append(talk, "replied", "One more thing")
        await expect(launch).to_have_text("Chat · 1 new")


async def test_a_chat_that_does_not_exist_says_so(visit: Any, address: str) -> None:
    other = FastAPI()

    @other.get("/")
    async def front() -> HTMLResponse:
        return HTMLResponse(f'<!doctype html><script src="{address}/widget.js" data-inbox="nowhere"></script>')

    async with serving(other) as url:
        page = await visit(url)
        await page.get_by_role("button", name="Chat").click()
        await expect(page.locator(".bar")).to_contain_text("There is no such chat.")
        await expect(field(page)).to_be_disabled()
        await expect(page.get_by_role("button", name="Try now")).to_have_count(0)


async def test_dark_mode_follows_the_system(visit: Any, address: str) -> None:
    for scheme, page_colour in (("light", "rgb(255, 255, 255)"), ("dark", "rgb(18, 23, 29)")):
        page = await visit(address, color_scheme=scheme)
        assert await page.locator(".chat").evaluate("(e) => getComputedStyle(e).backgroundColor") == page_colour


async def test_a_long_conversation_opens_at_its_end_and_the_rest_is_there_for_the_asking(
    standin: Standin, address: str, visit: Any
) -> None:
    page: Page = await visit(f"{address}/")
    await say(page, "Hello")
    talk = await talk_of(standin)
    for n in range(230):
        await standin.append(talk, "said", text=f"Part {n}.", person="Maya")
    await page.reload()
    await expect(page.get_by_text("Part 229.", exact=True)).to_be_visible()
    await expect(page.locator("[role=log] .text")).to_have_count(200)
    assert "Part 29." not in await texts(page)
    await page.get_by_role("button", name="Show earlier messages").click()
    await expect(page.get_by_text("Part 0.", exact=True)).to_be_attached()
    await expect(page.get_by_role("button", name="Show earlier messages")).to_have_count(0)
    assert [text for text in await texts(page) if text.startswith("Part ")] == [f"Part {n}." for n in range(230)]
