"""What the desk promises the people who answer, in a real browser on a real socket."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect
from standin import KEYS, Standin, Talk, application, furnish, serving
from starlette.types import Receive, Scope, Send

from channels.web.ports import Identity

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script> {{7*7}} ${7*7} `</template>`"


@pytest_asyncio.fixture(loop_scope="module")
async def standin() -> Standin:
    return Standin()


@pytest_asyncio.fixture(loop_scope="module")
async def keys() -> dict[str, Identity]:
    return dict(KEYS)


@pytest_asyncio.fixture(loop_scope="module")
async def address(standin: Standin, keys: dict[str, Identity]) -> AsyncIterator[str]:
    async with serving(application(standin, keys=keys)) as url:
        yield url


async def enter(visit: Any, address: str, key: str = "key-maya", **options: Any) -> Page:
    page: Page = await visit(f"{address}/desk", **{"width": 1360, "height": 800, **options})
    await page.get_by_label("Your key").fill(key)
    await page.get_by_role("button", name="Open the desk").click()
    await expect(page.locator(".queue .shape")).to_have_count(1)
    await expect(page.locator(".queue .shape")).to_be_hidden()
    return page


async def asked(standin: Standin, text: str = "Is my pole covered?", **fields: Any) -> Talk:
    talk = standin.open(**{"customer": "Priya", **fields})
    await standin.append(talk, "received", text)
    return talk


async def opened(page: Page, words: str) -> None:
    await page.locator(".entry", has_text=words).click()
    await expect(page.locator(".thread .log .msg").first).to_be_visible()


def button(page: Page, name: str) -> Any:
    return page.get_by_role("button", name=name, exact=True)


def answer(page: Page) -> Any:
    return page.get_by_label("Your answer or note")


@pytest.mark.parametrize("key", ["wrong", "key-robot", "key-maya\u202e", "x" * 5000])
async def test_only_a_persons_key_opens_the_desk(visit: Any, address: str, key: str) -> None:
    page = await visit(f"{address}/desk/?c=anything")
    await page.get_by_label("Your key").fill(key)
    await page.get_by_role("button", name="Open the desk").click()
    await expect(page.get_by_role("alert")).to_contain_text("This key does not open the desk.")


async def test_a_conversation_is_taken_over_answered_and_given_back(visit: Any, address: str, standin: Standin) -> None:
    customer = await visit(address)
    desk = await enter(visit, address)
    await customer.get_by_label("Your message").fill("My zip is stiff. Can a person look at it?")
    await customer.get_by_label("Your message").press("Enter")
    await customer.locator(".ask").click()
    await expect(desk.locator(".entry")).to_contain_text("My zip is stiff.")
    await expect(desk.locator(".entry")).to_contain_text("The customer asked for a person")
    await expect(desk).to_have_title("(1) Desk")
    await opened(desk, "My zip is stiff.")
    await expect(desk.locator(".about")).to_contain_text("This customer waits for a person.")
    await button(desk, "Take over").click()
    await expect(customer.locator(".ask")).to_contain_text("Maya is with you")
    await expect(desk.locator(".composer")).to_contain_text("Goes to Visitor by live chat, from Maya.")
    await answer(desk).fill("Hello, a stiff zip is a fault.")
    await expect(desk.locator(".composer")).to_contain_text("30 characters")
    await button(desk, "Send to Visitor").click()
    await expect(customer.locator("[role=log] .agent .text")).to_have_text("Hello, a stiff zip is a fault.")
    await expect(desk.locator(".thread .agent .text")).to_have_text("Hello, a stiff zip is a fault.")
    await expect(answer(desk)).to_have_value("")
    await customer.get_by_label("Your message").fill("Thank you")
    await customer.get_by_label("Your message").press("Enter")
    await expect(desk.locator(".thread .customer .text").last).to_have_text("Thank you")
    await answer(desk).fill("You are welcome.")
    await answer(desk).press("Control+Enter")
    await expect(customer.locator("[role=log] .agent .text").last).to_have_text("You are welcome.")
    await button(desk, "Give back").click()
    await expect(desk.locator(".about")).to_contain_text("The assistant answers this customer.")
    await expect(customer.locator(".ask")).to_contain_text("Talk to a person")
    await expect(desk).to_have_title("Desk")
    (talk,) = standin.talks.values()
    assert [event.kind for event in talk.events if event.kind == "said"] == ["said", "said"]


async def test_what_happens_is_seen_within_a_second(visit: Any, address: str, standin: Standin) -> None:
    talk = await asked(standin)
    desk = await enter(visit, address)
    await opened(desk, "pole")
    began = time.monotonic()
    await standin.append(talk, "received", "And the pegs?")
    await desk.locator(".thread .log", has_text="And the pegs?").wait_for()
    assert time.monotonic() - began < 1.0


async def test_two_people_never_both_own_a_conversation(visit: Any, address: str, standin: Standin) -> None:
    await asked(standin)
    maya, sam = await enter(visit, address), await enter(visit, address, "key-sam")
    await opened(maya, "pole")
    await opened(sam, "pole")
    standin.deaf = True  # Sam's screen has not heard of it yet
    await button(maya, "Take over").click()
    await expect(button(maya, "Give back")).to_be_visible()
    await button(sam, "Take over").click()
    await expect(sam.get_by_role("alert")).to_contain_text("Maya has this conversation. (not_yours)")
    await expect(sam.locator(".composer")).to_contain_text("Maya answers this customer. You can leave a note")
    await expect(button(sam, "Take over")).to_be_hidden()
    await expect(button(sam, "Send to Priya")).to_be_hidden()


async def test_a_note_stays_within_the_team(visit: Any, address: str, standin: Standin) -> None:
    talk = await asked(standin)
    desk = await enter(visit, address)
    await opened(desk, "pole")
    await answer(desk).fill("Looks like the 2025 batch.")
    await button(desk, "Save as note").click()
    await expect(desk.locator(".note")).to_contain_text("Note by Maya")
    await expect(desk.locator(".note-text")).to_have_text("Looks like the 2025 batch.")
    await expect(answer(desk)).to_have_value("")
    assert [event.kind for event in talk.events] == ["received", "noted"]


async def test_what_the_gate_refuses_is_said_and_the_text_is_kept(visit: Any, address: str, standin: Standin) -> None:
    talk = await asked(standin, channel="sms", customer="+447700900412")
    standin.gate = "The customer opted out of SMS"
    desk = await enter(visit, address)
    await opened(desk, "pole")
    await button(desk, "Take over").click()
    await answer(desk).fill("Hello 👋 " * 20)
    await expect(desk.locator(".composer")).to_contain_text("159 characters, 3 SMS parts")
    await button(desk, "Send to +447700900412").click()
    bar = desk.get_by_role("alert")
    await expect(bar).to_contain_text("What you wrote is kept. The customer opted out of SMS. (refused)")
    await expect(answer(desk)).to_have_value("Hello 👋 " * 20)
    standin.gate = None
    await button(desk, "Send to +447700900412").click()
    await expect(bar).to_be_hidden()
    assert len([event for event in talk.events if event.kind == "said"]) == 1


async def test_a_draft_can_be_approved_edited_or_rejected(visit: Any, address: str, standin: Standin) -> None:
    desk = await enter(visit, address)
    for how, press in (("approve", "Approve and send"), ("edit", "Send the edited text"), ("reject", "Reject")):
        talk = await asked(standin, f"Please {how} this", customer=how)
        await standin.park(talk, f"Please {how} this", "You have 60 days.", ["returns"])
        await expect(desk.locator(".entry", has_text=f"Please {how}")).to_contain_text("Draft to approve")
        await opened(desk, f"Please {how}")
        draft = desk.get_by_label("The draft")
        await expect(draft).to_have_value("You have 60 days.")
        if how == "edit":
            await draft.fill("You have 90 days.")
        await button(desk, press).click()
        await expect(draft).to_have_count(0)
        assert standin.waiting == {}
    said = {t.customer: [e.text for e in t.events if e.kind == "replied"] for t in standin.talks.values()}
    assert said == {"approve": ["You have 60 days."], "edit": ["You have 90 days."], "reject": []}
    await expect(desk.locator(".thread .log")).to_contain_text("Maya rejected the draft")


async def test_an_edit_of_a_draft_is_not_lost_when_something_happens(
    visit: Any, address: str, standin: Standin
) -> None:
    talk = await asked(standin)
    await standin.park(talk, "q", "You have 60 days.", ["returns"])
    desk = await enter(visit, address)
    await opened(desk, "pole")
    await desk.get_by_label("The draft").fill("Half an edit")
    await standin.append(talk, "noted", "unrelated", person="Sam")
    await expect(desk.locator(".note")).to_be_visible()
    await expect(desk.get_by_label("The draft")).to_have_value("Half an edit")


async def test_an_edit_of_a_draft_that_became_obsolete_is_kept(visit: Any, address: str, standin: Standin) -> None:
    talk = await asked(standin)
    other = await asked(standin, "another question", customer="Other")
    turn = await standin.park(talk, "q", "You have 60 days.", ["returns"])
    desk = await enter(visit, address)
    await opened(desk, "pole")
    await desk.get_by_label("The draft").fill("Long and careful")
    await opened(desk, "another question")
    await expect(answer(desk)).to_have_value("")
    await opened(desk, "pole")
    await expect(desk.get_by_label("The draft")).to_have_value("Long and careful")
    del standin.waiting[turn]
    await standin.append(talk, "received", "Never mind")
    await expect(desk.get_by_label("The draft")).to_have_count(0)
    await expect(answer(desk)).to_have_value("Long and careful")
    await expect(desk.get_by_role("alert")).to_contain_text(
        "The draft is out of date. Your edit is in the field below."
    )
    assert other.owner == "bot"


async def test_what_was_begun_in_one_conversation_waits_there(visit: Any, address: str, standin: Standin) -> None:
    await asked(standin, "first question", customer="One")
    await asked(standin, "second question", customer="Two")
    desk = await enter(visit, address)
    await opened(desk, "first question")
    await answer(desk).fill("for One only")
    await opened(desk, "second question")
    await expect(answer(desk)).to_have_value("")
    await opened(desk, "first question")
    await expect(answer(desk)).to_have_value("for One only")


async def test_what_was_begun_survives_a_reload_and_not_a_send(visit: Any, address: str, standin: Standin) -> None:
    await asked(standin)
    desk = await enter(visit, address)
    await opened(desk, "pole")
    await answer(desk).fill("Half an answer")
    await desk.reload()
    await expect(answer(desk)).to_have_value("Half an answer")
    await button(desk, "Save as note").click()
    await expect(answer(desk)).to_have_value("")
    await desk.reload()
    await expect(desk.locator(".note-text")).to_have_text("Half an answer")
    await asyncio.sleep(0.5)
    await expect(answer(desk)).to_have_value("")


async def test_a_viewer_looks_and_cannot_act(visit: Any, address: str, standin: Standin) -> None:
    await asked(standin)
    desk = await enter(visit, address, "key-vera")
    await opened(desk, "pole")
    await expect(desk.locator(".composer")).to_contain_text("Your key lets you look.")
    await expect(answer(desk)).to_be_hidden()
    for name in ("Take over", "Close", "Give back", "Save as note"):
        await expect(button(desk, name)).to_be_hidden()


async def test_a_key_that_was_withdrawn_opens_nothing_any_more(
    visit: Any, address: str, standin: Standin, keys: dict[str, Identity]
) -> None:
    talk = await asked(standin)
    desk = await enter(visit, address)
    await opened(desk, "pole")
    del keys["key-maya"]
    await button(desk, "Take over").click()
    await expect(desk.get_by_label("Your key")).to_be_visible()
    assert talk.owner == "bot"
    await desk.goto(f"{address}/desk/")
    await expect(desk.get_by_label("Your key")).to_be_visible()


async def test_the_cookie_does_not_show_the_key_and_scripts_cannot_read_it(visit: Any, address: str) -> None:
    desk = await enter(visit, address)
    page = await desk.context.request.get(f"{address}/desk/")
    assert (page.headers["x-frame-options"], page.headers["x-content-type-options"]) == ("DENY", "nosniff")
    (cookie,) = await desk.context.cookies()
    assert "key-maya" not in cookie["value"]
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Lax"
    assert cookie["path"] == "/desk"
    await button(desk, "Log out").click()
    await expect(desk.get_by_label("Your key")).to_be_visible()
    assert await desk.context.cookies() == []


async def test_a_store_that_is_away_is_said_and_the_desk_recovers_by_itself(
    visit: Any, address: str, standin: Standin
) -> None:
    talk = await asked(standin)
    desk = await enter(visit, address)
    await opened(desk, "pole")
    standin.down = True
    await standin.append(talk, "received", "while away")
    bar = desk.get_by_role("alert")
    await expect(bar).to_contain_text("What customers write is kept.")
    await expect(bar).to_contain_text("The database cannot be reached. (store_unavailable)")
    await expect(desk.locator(".thread .customer .text")).to_have_text("Is my pole covered?")
    standin.down = False
    await standin.append(talk, "received", "back again")
    await expect(desk.locator(".thread .customer .text")).to_have_text(
        ["Is my pole covered?", "while away", "back again"]
    )
    await expect(bar).to_be_hidden()


async def test_hostile_text_stays_text(visit: Any, address: str, standin: Standin) -> None:
    talk = await asked(standin, HOSTILE, customer=HOSTILE, reason=HOSTILE)
    source = {"n": 1, "title": HOSTILE, "quote": HOSTILE, "url": "javascript:alert(3)"}
    await standin.append(talk, "replied", HOSTILE, sources=[source], turn="t_x")
    await standin.hand_over(talk, HOSTILE)
    desk = await enter(visit, address)
    await desk.locator(".entry").click()
    await expect(desk.locator(".thread .text")).to_have_text([HOSTILE, HOSTILE])
    await expect(desk.locator(".entry-words")).to_have_text(HOSTILE)
    await desk.locator("details.source summary").click()
    await expect(desk.locator("details.source blockquote")).to_have_text(HOSTILE)
    assert await desk.locator(".desk img, .desk script, .desk a[href^=javascript]").count() == 0


async def test_who_waits_stands_on_top_the_urgent_before_the_patient(
    visit: Any, address: str, standin: Standin
) -> None:
    await furnish(standin)
    desk = await enter(visit, address)
    who = await desk.locator(".entry-who").all_inner_texts()
    assert who == ["+44 7700 900412", "Priya Raghunathan", "Amara Osei", "jonas.berg@example.com", "Visitor"]
    heads = await desk.locator(".queue .section").all_inner_texts()
    assert heads == [
        "Waiting for a person (2)",
        "Drafts to approve (1)",
        "With a person (1)",
        "With the assistant (1)",
    ]
    first = desk.locator(".entry").first
    await expect(first).to_contain_text("Urgent")
    await expect(first).to_contain_text("waits 4 min")


async def test_what_helps_is_there_and_goes_into_the_answer(visit: Any, address: str, standin: Standin) -> None:
    await furnish(standin)
    desk = await enter(visit, address)
    await opened(desk, "Larkspur")
    panel = desk.get_by_role("tabpanel")
    await expect(panel).to_contain_text("The customer asked for a person.")
    await button(desk, "Put it in the answer").click()
    await expect(answer(desk)).to_have_value("A tent that was pitched outdoors can be exchanged, not refunded.")
    await desk.get_by_role("tab", name="Suggestion").focus()
    await desk.keyboard.press("ArrowRight")
    await expect(desk.get_by_role("tab", name="Passages")).to_be_focused()
    await expect(panel).to_contain_text("Returns and refunds › How long you have")
    await expect(panel).to_contain_text("Score 0.71")
    await button(desk, "How it was made").click()
    await expect(panel).to_contain_text("grounded: pass (0.99). said by the sources")


async def test_the_keyboard_alone_is_enough(visit: Any, address: str, standin: Standin) -> None:
    await furnish(standin)
    desk = await enter(visit, address)
    await desk.locator(".entry").first.focus()
    await desk.keyboard.press("ArrowDown")
    await desk.keyboard.press("Enter")
    await expect(desk.locator(".about h2")).to_have_text("Priya Raghunathan")
    await expect(desk.locator(".entry[aria-current=true] .entry-who")).to_have_text("Priya Raghunathan")
    await button(desk, "Take over").focus()
    await desk.keyboard.press("Enter")
    await expect(button(desk, "Give back")).to_be_visible()
    await answer(desk).focus()
    await desk.keyboard.type("Hello")
    await desk.keyboard.press("Control+Enter")
    await expect(desk.locator(".thread .agent .text")).to_have_text("Hello")


async def test_a_phone_shows_one_column_at_a_time(visit: Any, address: str, standin: Standin) -> None:
    await furnish(standin)
    desk = await enter(visit, address, width=320, height=640)
    panes = {name: desk.locator(f".{name}.pane") for name in ("queue", "thread", "aid")}

    async def only(name: str) -> None:
        for each, pane in panes.items():
            await (expect(pane).to_be_visible() if each == name else expect(pane).to_be_hidden())
        assert await desk.evaluate("document.documentElement.scrollWidth") == 320

    await only("queue")
    await opened(desk, "Larkspur")
    await only("thread")
    box = await answer(desk).bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 640
    await button(desk, "Help").click()
    await only("aid")
    await button(desk, "Queue").click()
    await only("queue")


async def test_an_empty_desk_says_what_will_be_here(visit: Any, address: str) -> None:
    desk = await enter(visit, address)
    await expect(desk.locator(".queue .empty")).to_contain_text("When a customer writes on any channel")
    await expect(desk.locator(".thread > .empty")).to_contain_text("Choose a conversation from the queue.")


async def test_the_address_opens_the_same_conversation_after_a_reload(
    visit: Any, address: str, standin: Standin
) -> None:
    await asked(standin, "first question", customer="One")
    await asked(standin, "second question", customer="Two")
    desk = await enter(visit, address)
    await opened(desk, "first question")
    await desk.wait_for_url("**c=*")  # the address follows what is drawn
    await desk.reload()
    await expect(desk.locator(".about h2")).to_have_text("One")
    await desk.goto(f"{address}/desk/?c=gone")
    await expect(desk.get_by_role("alert")).to_contain_text("There is no such conversation. (unknown_conversation)")
    await expect(desk.locator(".entry")).to_have_count(2)


async def test_a_long_conversation_opens_at_its_end(visit: Any, address: str, standin: Standin) -> None:
    talk = await asked(standin, "the very first")
    for n in range(450):
        await standin.append(talk, "received", f"message {n}")
    desk = await enter(visit, address)
    await opened(desk, "the very first")
    await expect(desk.get_by_text("message 449", exact=True)).to_be_in_viewport()
    await expect(desk.get_by_text("Earlier messages are not shown.")).to_have_count(1)
    await expect(desk.locator(".thread .msg")).to_have_count(400)
    log = desk.locator(".thread .scroll")
    await answer(desk).fill("one\ntwo\nthree\nfour\nfive")
    await expect(desk.get_by_text("message 449", exact=True)).to_be_in_viewport(ratio=1)
    await log.evaluate("(e) => { e.scrollTop = 100; }")
    await asyncio.sleep(0.2)
    await standin.append(talk, "received", "unread")
    await expect(desk.locator(".thread .msg")).to_have_count(401)
    await asyncio.sleep(0.2)
    assert await log.evaluate("(e) => e.scrollTop") == 100


async def test_nothing_is_fetched_from_elsewhere(visit: Any, address: str, standin: Standin) -> None:
    await asked(standin)
    elsewhere: list[str] = []
    desk = await visit("about:blank")
    desk.on("request", lambda request: elsewhere.append(request.url) if not request.url.startswith(address) else None)
    await desk.goto(f"{address}/desk")
    await desk.get_by_label("Your key").fill("key-maya")
    await button(desk, "Open the desk").click()
    await opened(desk, "pole")
    assert [url for url in elsewhere if not url.startswith("data:")] == []


@pytest.mark.parametrize("stripped", [True, False])
async def test_the_desk_works_below_a_sub_path(visit: Any, standin: Standin, stripped: bool) -> None:
    inner = application(standin)

    async def proxied(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await inner(scope, receive, send)
        elif scope["path"].startswith("/support/"):
            path = scope["path"].removeprefix("/support") if stripped else scope["path"]
            await inner({**scope, "path": path, "root_path": "/support"}, receive, send)

    await asked(standin)
    async with serving(proxied) as url:
        desk = await enter(visit, f"{url}/support")
        await opened(desk, "pole")
        await button(desk, "Take over").click()
        await expect(button(desk, "Give back")).to_be_visible()


async def test_a_tab_that_closes_leaves_nobody_listening(visit: Any, address: str, standin: Standin) -> None:
    await asked(standin)
    desk = await enter(visit, address)
    assert len(standin.listeners) == 1
    await desk.context.close()
    for _ in range(150):
        if not standin.listeners:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the closed tab still listens")
