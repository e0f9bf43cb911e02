"""What else the widget does for a customer: the wait, a rating, a copy, a photo, a word when there is an answer; in
their own language."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, Request, Route, expect
from standin import Standin, Talk, application, serving

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
PUSH = {"key": "BHiOV4YkK9NWOKgr6OSrrWPgfeU8aKN1Pth9IFFrvWHM_qWpfY8qsb5oBZ1OABoKz8N0MDykjTDK_o_W2LoINJk"}
PHOTOS = {"types": ["image/jpeg"], "max_bytes": 6_000_000}
# A browser without the internet has no push service: what it would answer, and everything else is the browser's own.
SUBSCRIBED = """PushManager.prototype.subscribe = async function (options) {
  window.asked = { only: options.userVisibleOnly, key: options.applicationServerKey };
  return { toJSON: () => ({ endpoint: "https://push.example/1", keys: { p256dh: "k", auth: "a" } }) }; };
Notification.requestPermission = async () => "granted";"""


@pytest_asyncio.fixture(loop_scope="module")
async def standin() -> Standin:
    return Standin(answering=True)


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


async def ask(page: Page, text: str = "How long do I have to return a tent?") -> None:
    await page.locator("textarea").fill(text)
    await page.locator("textarea").press("Enter")
    await expect(page.locator("[role=log] .bot")).not_to_have_count(0)


async def frames(standin: Standin, kind: str, count: int = 1) -> list[dict[str, Any]]:
    for _ in range(200):
        if len(found := [frame for frame in standin.frames if frame["type"] == kind]) >= count:
            return found
        await asyncio.sleep(0.02)
    raise AssertionError(f"no frame {kind}")


async def fulfil(route: Route, request: Request, body: str) -> None:
    await route.fulfill(content_type="text/html", body=body)


# --- words ---


async def test_it_speaks_the_language_it_is_told_and_the_words_it_is_given(
    visit: Any, address: str, standin: Standin
) -> None:
    standin.offers = {"wait": {"state": "open", "seconds": 7200}}
    page = await visit(f"{address}/?locale=de-AT")
    await expect(page.locator(".ask")).to_contain_text("Mit einem Menschen sprechen Übliche Wartezeit: 2 Stunden")
    assert await page.locator("html").get_attribute("lang") == "de-AT"
    await ask(page)
    message = page.locator("[role=log] .bot")
    assert await message.get_attribute("lang") == "en"  # what it says is in the language of its source
    hostile = "<img src=x onerror=alert(1)>"
    strings = json.dumps({"ask": hostile, "nothing": "x"}).replace('"', "&quot;").replace("<", "&lt;")
    said = f'data-mount="body" data-locale="fr" data-strings="{strings}"'
    body = f'<html lang="xx"><script src="{address}/widget.js" {said}>'
    await page.route("**/other", partial(fulfil, body=f"<!doctype html>{body}</script>"))
    await page.goto(f"{address}/other")
    await expect(page.locator(".ask b")).to_have_text(hostile)
    await expect(page.locator("textarea")).to_have_attribute("placeholder", "Votre question")


async def test_auto_follows_the_browser_and_an_unknown_language_is_english(
    visit: Any, address: str, standin: Standin
) -> None:
    page = await visit(f"{address}/?locale=zz", locale="pl-PL")
    await expect(page.locator(".ask b")).to_have_text("Talk to a person")
    for locale, words in (("auto", "Rozmowa z człowiekiem"), ("ja", "Talk to a person")):
        body = f'<!doctype html><script src="{address}/widget.js" data-mount="body" data-locale="{locale}"></script>'
        await page.route("**/other", partial(fulfil, body=body))
        await page.goto(f"{address}/other")
        await expect(page.locator(".ask b")).to_have_text(words)


# --- the wait, the greeting, what is marked ---


@pytest.mark.parametrize(
    ("wait", "words"),
    [
        ({"state": "open", "seconds": 240}, "Usual wait: 4 minutes"),
        ({"state": "open"}, "They answer in this chat"),
        ({"state": "closed", "opens_at": "2126-11-25T09:00:00+00:00"}, "People answer from"),
        ({"state": "closed", "opens_at": "2020-11-25T09:00:00+00:00"}, "They answer in this chat"),
        ({"state": "closed", "opens_at": "soon"}, "They answer in this chat"),
        (None, "They answer in this chat"),
    ],
)
async def test_the_button_states_the_wait_that_is_known_and_no_other(
    visit: Any, address: str, standin: Standin, wait: Any, words: str
) -> None:
    standin.offers = {"wait": wait}
    page = await visit(address)
    await talk_of(standin)
    await expect(page.locator(".ask small")).to_contain_text(words)


async def test_what_a_machine_wrote_is_marked_for_machines_too(visit: Any, address: str, standin: Standin) -> None:
    standin.offers = {"greeting": "Good morning."}
    page = await visit(address)
    talk = await talk_of(standin)
    await expect(page.locator(".hail")).to_have_text("Good morning.")
    await ask(page)
    await standin.take_over(talk.id, "Maya")
    await standin.say(talk.id, "Maya", "Hello, Maya here.", "k")
    await expect(page.locator("[role=log] .agent")).to_have_count(1)
    marks = await page.locator("[role=log] .msg").evaluate_all("(all) => all.map((e) => e.dataset.automated)")
    assert marks == ["false", "true", "false"]
    assert await page.locator("meta[name=automated]").get_attribute("content")


async def test_it_shows_that_a_person_writes(visit: Any, address: str, standin: Standin) -> None:
    page = await visit(address)
    talk = await talk_of(standin)
    typing = {"type": "typing", "name": "Maya"}
    await standin.broadcast(talk, typing)  # nobody has taken over: nobody is there to write
    await standin.take_over(talk.id, "Maya")
    await expect(page.locator(".ask")).to_contain_text("Maya is with you")
    await expect(page.locator(".writing")).to_have_count(0)
    await standin.broadcast(talk, typing)
    await expect(page.locator(".agent.writing")).to_contain_text("Maya")
    await standin.say(talk.id, "Maya", "Hello.", "k")
    await expect(page.locator(".writing")).to_have_count(0)


# --- ratings ---


async def test_a_rating_is_asked_for_once_in_passing_and_survives_a_lost_connection(
    visit: Any, address: str, standin: Standin
) -> None:
    page = await visit("about:blank")
    await page.clock.install()
    await page.goto(address)
    await ask(page)
    await expect(page.locator(".rate")).to_be_hidden()
    focused = "document.activeElement.shadowRoot.activeElement.tagName"
    assert await page.evaluate(focused) == "TEXTAREA"
    await page.clock.fast_forward(13_000)
    group = page.get_by_role("group", name="How helpful was this? 1 is not at all, 5 is very.")
    await expect(group).to_be_visible()
    assert await page.evaluate(focused) == "TEXTAREA"  # it asks, and takes nothing
    standin.silent = True
    await page.get_by_role("button", name="4 of 5").click()
    await expect(page.locator(".rate")).to_have_text("Thank you. Noted.")
    (first,) = await frames(standin, "feedback")
    standin.silent = False
    await page.reload()
    again = (await frames(standin, "feedback", 2))[1]
    assert first == again
    assert (first["score"], first["turn"]) == (4, next(iter(standin.turns)))
    await page.clock.fast_forward(13_000)
    await expect(page.locator(".rate")).to_be_hidden()


async def test_a_closed_conversation_is_rated_as_a_whole_and_writing_on_takes_the_question_away(
    visit: Any, address: str, standin: Standin
) -> None:
    page = await visit(address)
    talk = await talk_of(standin)
    await standin.take_over(talk.id, "Maya")
    await standin.close(talk.id, "Maya")
    await expect(page.locator(".rate")).to_be_visible()
    await page.locator("textarea").fill("One more thing")
    await expect(page.locator(".rate")).to_be_hidden()
    await standin.close(talk.id, "Maya")
    await page.get_by_role("button", name="5 of 5").click()
    assert [(frame["turn"], frame["score"]) for frame in await frames(standin, "feedback")] == [("", 5)]
    await page.reload()
    await expect(page.locator(".line")).to_have_count(3)
    await asyncio.sleep(0.2)
    await expect(page.locator(".rate")).to_be_hidden()  # once is enough


# --- a copy, a photo ---


async def test_the_conversation_can_be_saved_with_who_said_what_and_on_what_grounds(
    visit: Any, address: str, standin: Standin
) -> None:
    page = await visit(address)
    talk = await talk_of(standin)
    await ask(page)
    await standin.take_over(talk.id, "Maya")
    await standin.say(talk.id, "Maya", "I have noted it.", "k")
    await expect(page.locator("[role=log] .agent")).to_have_count(1)
    await page.get_by_role("button", name="More").click()
    async with page.expect_download() as coming:
        await page.get_by_role("button", name="Save this conversation").click()
    download = await coming.value
    assert download.suggested_filename.startswith("chat-")
    assert download.suggested_filename.endswith(".txt")
    text = (await asyncio.to_thread(Path(await download.path()).read_bytes)).decode()
    said = [
        "Fernhill Outdoor",
        "You (",
        "How long do I have to return a tent?",
        "Automated assistant (",
        "[1] Returns and refunds, https://help.fernhill.example/returns",
        "Maya is here now.",
        "Maya (",
        "I have noted it.",
    ]
    places = [text.find(each) for each in said]
    assert -1 not in places
    assert places == sorted(places)


async def test_a_photo_is_drawn_anew_sent_once_and_shown_again_after_a_reload(
    visit: Any, address: str, standin: Standin
) -> None:
    standin.offers = {"photos": PHOTOS}
    page = await visit(address)
    talk = await talk_of(standin)
    secret = PNG[:33] + b"\x00\x00\x00\x0btEXtplace\x0050N1E" + b"\x00" * 4 + PNG[33:]  # a place, as cameras write it
    photo = {"name": "zip.png", "mimeType": "image/png", "buffer": secret}
    await page.locator("input[type=file]").set_input_files(files=[photo])  # type: ignore[list-item]  # a dict of its form
    await expect(page.locator("[role=log] .customer img")).to_have_count(1)
    await expect(page.locator(".customer")).to_have_count(1)
    ((kind, body),) = standin.photos.values()
    assert (kind, body[:3]) == ("image/jpeg", b"\xff\xd8\xff")
    assert b"50N1E" not in body
    assert [event.kind for event in talk.events] == ["received"]
    await page.reload()
    await page.get_by_role("button", name="Show the photo").click()
    await expect(page.locator("[role=log] img")).to_have_attribute("alt", "Photo")
    await expect(page.get_by_text("[photo.jpg]")).to_have_count(0)


async def test_a_photo_that_was_refused_says_why_and_one_that_is_none_is_not_sent(
    visit: Any, address: str, standin: Standin
) -> None:
    standin.offers, standin.takes_photos = {"photos": PHOTOS}, 413
    page = await visit(address)
    await talk_of(standin)
    files = page.locator("input[type=file]")
    await files.set_input_files(files=[{"name": "x.png", "mimeType": "image/png", "buffer": PNG}])  # type: ignore[list-item]  # a dict of its form
    await expect(page.locator(".state.bad")).to_contain_text("Not sent. A photo may have 6 MB at most.")
    standin.takes_photos = 201
    await page.get_by_role("button", name="Send again").click()
    await expect(page.locator("[role=log] .customer img")).to_have_count(1)
    await files.set_input_files(files=[{"name": "x.heic", "mimeType": "image/heic", "buffer": b"none"}])  # type: ignore[list-item]  # a dict of its form
    await expect(page.locator(".bar")).to_contain_text("This picture cannot be read. A JPEG or PNG can.")
    assert len(standin.photos) == 1


# --- being told ---


async def test_a_customer_may_ask_to_be_told_and_stop_it(visit: Any, address: str, standin: Standin) -> None:
    standin.offers = {"push": PUSH}
    page = await visit("about:blank")
    await page.add_init_script(SUBSCRIBED)
    await page.goto(address)
    await talk_of(standin)
    await page.get_by_role("button", name="More").click()
    await page.get_by_role("button", name="Tell me when you answer").click()
    (wish,) = await frames(standin, "push")
    assert wish["subscription"]["endpoint"] == "https://push.example/1"
    assert wish["words"] == "You have a new answer"
    assert await page.evaluate("window.asked") == {"only": True, "key": PUSH["key"]}
    stop = page.get_by_role("button", name="You are told when we answer. Stop that")
    await ask(page)
    seen = (await frames(standin, "seen"))[-1]
    assert seen["seq"] <= 2
    await stop.click()
    assert (await frames(standin, "push", 2))[1]["subscription"] is None
    await expect(page.get_by_role("button", name="Tell me when you answer")).to_be_visible()


async def test_a_browser_that_forbids_it_says_so_and_one_that_is_not_offered_it_has_no_button(
    visit: Any, address: str, standin: Standin
) -> None:
    page = await visit(address)
    await talk_of(standin)
    await page.get_by_role("button", name="More").click()
    await expect(page.get_by_role("button", name="Tell me when you answer")).to_be_hidden()
    standin.offers = {"push": PUSH}
    await page.add_init_script('Notification.requestPermission = async () => "denied";')
    await page.reload()
    await page.get_by_role("button", name="More").click()
    await page.get_by_role("button", name="Tell me when you answer").click()
    await expect(page.locator(".bar")).to_contain_text("Your browser does not allow notifications here.")


async def test_the_worker_shows_the_notification_when_no_page_is_in_sight(
    visit: Any, address: str, standin: Standin
) -> None:
    page = await visit(address)
    await page.context.grant_permissions(["notifications"], origin=address)
    shown = """async ([page, data]) => {
      const registration = await navigator.serviceWorker.register("/push.js?page=" + encodeURIComponent(page));
      const worker = registration.installing || registration.waiting || registration.active;
      while (worker.state !== "activated") await new Promise((done) => setTimeout(done, 20));
      return registration.scope; }"""
    scope = await page.evaluate(shown, ["/chat/elsewhere", ""])
    browser = await page.context.new_cdp_session(page)
    versions: list[dict[str, Any]] = []
    browser.on("ServiceWorker.workerRegistrationUpdated", lambda said: versions.extend(said["registrations"]))
    await browser.send("ServiceWorker.enable")
    for _ in range(100):
        if versions:
            break
        await asyncio.sleep(0.02)
    data = json.dumps({"title": "Fernhill", "body": "You have a new answer", "tag": "frontdesk"})
    given = {"origin": address, "registrationId": versions[-1]["registrationId"], "data": data}
    await browser.send("ServiceWorker.deliverPushMessage", given)
    notices = """async () => (await (await navigator.serviceWorker.getRegistration()).getNotifications())
      .map(({ title, body, tag }) => ({ title, body, tag }))"""
    for _ in range(100):
        if found := await page.evaluate(notices):
            break
        await asyncio.sleep(0.02)
    assert found == [{"title": "Fernhill", "body": "You have a new answer", "tag": "frontdesk"}]
    assert scope == f"{address}/"
