"""The desk's pages of oversight in a real browser, over a real store."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from axe import serious
from overseen import PEOPLE, Place, application, place, week
from playwright.async_api import Download, Page, expect
from sqlalchemy import update
from standin import Standin, serving

from channels.web.ports import Identity
from memory import controls
from memory.audit_entries import Wanted
from memory.consent import standing
from memory.schema import audit

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

EMAIL = "priya.raghunathan@mail.example"


@pytest_asyncio.fixture(loop_scope="module")
async def where(tmp_path: Path) -> AsyncIterator[Place]:
    async with place(tmp_path) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def people() -> dict[str, Identity]:
    return dict(PEOPLE)


@pytest_asyncio.fixture(loop_scope="module")
async def standin() -> Standin:
    return Standin()


@pytest_asyncio.fixture(loop_scope="module")
async def address(where: Place, people: dict[str, Identity], standin: Standin) -> AsyncIterator[str]:
    async with serving(application(where, people, standin=standin)) as url:
        yield url


async def enter(visit: Any, address: str, to: str, key: str = "key-ada", **options: Any) -> Page:
    page: Page = await visit(f"{address}/desk/login.css", **options)  # the lightest page of this address
    await page.request.post(f"{address}/desk/login", form={"key": key}, max_redirects=0)
    await page.goto(f"{address}/desk/{to}")
    await expect(page.locator(".sheet h2")).to_be_visible()
    await expect(page.locator(".sheet .shape")).to_have_count(0)
    return page


def button(page: Page, name: str) -> Any:
    return page.get_by_role("button", name=name, exact=True)


async def said(where: Place, act: str) -> list[str]:
    return [entry.subject for entry in await where.oversight.audit(Wanted(act=act))]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), pytest.param("dark", 360, marks=pytest.mark.slow)])
async def test_no_page_has_a_serious_fault_or_scrolls_sideways(
    visit: Any, address: str, where: Place, scheme: str, width: int
) -> None:
    priya = await week(where)
    page = await enter(visit, address, "figures", color_scheme=scheme, width=width)
    elsewhere: list[str] = []
    page.on("request", lambda request: elsewhere.append(request.url))
    for name in ("figures", "customers", f"customers/{priya}", "controls", "audit"):
        await page.goto(f"{address}/desk/{name}")
        await expect(page.locator(".sheet .shape")).to_have_count(0)
        if name == "figures":
            await expect(page.locator(".chart svg").first).to_be_visible()
        assert await serious(page) == [], name
        wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, name
    assert [u for u in elsewhere if not u.startswith((address, "ws:", "data:", "blob:"))] == []


async def test_the_figures_say_what_they_found_and_show_their_numbers(visit: Any, address: str, where: Place) -> None:
    await week(where)
    page = await enter(visit, address, "figures")
    volume = page.locator("[data-figure=volume]")
    await expect(volume.locator("h3")).to_contain_text("messages came in")
    await expect(volume).to_contain_text("than in the 7 days before")
    await expect(volume.locator("svg")).to_be_visible()
    await volume.locator("summary").click()
    await expect(volume.locator("tbody tr")).to_have_count(7)
    before = await volume.locator("h3").text_content()
    await page.get_by_label("Channel").select_option("sms")
    await expect(volume).to_contain_text("All by SMS")
    await button(page, "24 hours").click()
    await expect(volume).to_contain_text("24 hours before")
    assert await volume.locator("h3").text_content() != before
    await page.get_by_label("Channel").select_option("")
    await page.get_by_label("Inbox").select_option("mail")
    await expect(volume).to_contain_text("All by email")


async def test_without_anything_the_pages_say_what_will_be_there(visit: Any, address: str) -> None:
    page = await enter(visit, address, "figures")
    await expect(page.locator("[data-figure=volume]")).to_contain_text("When there are messages, they show here.")
    await page.goto(f"{address}/desk/customers")
    await expect(page.locator(".sheet")).to_contain_text("When somebody writes on any channel, they appear")
    await page.goto(f"{address}/desk/audit")
    await expect(page.locator(".rows tbody tr")).to_have_count(1)  # this login
    await page.goto(f"{address}/desk/customers/p-nobody")
    await expect(page.locator(".sheet")).to_contain_text("There is no such customer here, or they were erased.")


async def test_everything_is_stopped_with_a_reason_and_started_again(visit: Any, address: str, where: Place) -> None:
    page = await enter(visit, address, "controls")
    await button(page, "Stop everything").click()
    form = page.locator(".confirm")
    await expect(form).to_contain_text("Nothing leaves on any channel, not even answers")
    await button(page, "Stop everything").click()
    await expect(page.get_by_role("alert")).to_contain_text("say why")
    assert await where.oversight.controls() == []
    await form.get_by_label("Why").fill("Wrong prices went out.")
    await button(page, "Stop everything").click()
    await expect(page.locator("[data-control=stop]")).to_contain_text(
        re.compile(r"Stopped since 20\S+ \S+ by Ada: Wrong prices went out\.")
    )
    assert await where.store.read(lambda c: controls.stopped(c, inbox="web", channel="chat")) == "stop"
    await expect(button(page, "Start everything")).to_be_focused()
    await button(page, "Start everything").click()
    await page.locator(".confirm").get_by_label("Why").fill("Prices are right again.")
    await button(page, "Start everything").click()
    await expect(page.locator("[data-control=stop]")).to_contain_text("Running since")
    assert await where.store.read(lambda c: controls.stopped(c, inbox="web", channel="chat")) == ""
    assert await said(where, "control_set") == ["stop", "stop"]


async def test_a_switch_turned_elsewhere_shows_here(visit: Any, address: str) -> None:
    first, second = await enter(visit, address, "controls"), await enter(visit, address, "controls")
    await button(first, "Stop SMS").click()
    await first.locator(".confirm").get_by_label("Why").fill("An outage.")
    await button(first, "Stop SMS").click()
    await expect(second.locator("[data-control='stop/channel/sms']")).to_contain_text("by Ada: An outage.")


async def test_autonomy_throttles_and_words_are_set_and_given_back(visit: Any, address: str, where: Place) -> None:
    page = await enter(visit, address, "controls")
    await page.get_by_label("Complaints in web").select_option("draft")
    await expect(page.locator(".confirm")).to_contain_text("Complaints in web. Draft: a person writes")
    await page.locator(".confirm").get_by_label("Why").fill("They are delicate.")
    await button(page, "Change it").click()
    await expect(page.locator("[data-control='autonomy/web/complaint']")).to_contain_text("by Ada: They are delicate.")
    await button(page, "Change For each customer").click()
    await page.get_by_label("Limit: For each customer").fill("often")
    await page.locator(".confirm").get_by_label("Why").fill("x")
    await button(page, "Set the limit").click()
    await expect(page.get_by_role("alert")).to_contain_text("such as 3/day")
    await page.get_by_label("Limit: For each customer").fill("1/day, 2/week")
    await button(page, "Set the limit").click()
    await expect(page.locator("[data-control='throttle/customer']")).to_contain_text("1/day, 2/week")
    await button(page, "Change greeting").click()
    await page.get_by_label("The words of greeting").fill("Good day from {organisation}.")
    await page.locator(".confirm").get_by_label("Why").fill("Warmer.")
    await button(page, "Change the words").click()
    await expect(page.locator("[data-control='template/greeting']")).to_contain_text("Good day from {organisation}.")
    found = {row["name"]: row["value"] for row in await where.oversight.controls()}
    assert found == {
        "autonomy/web/complaint": {"level": "draft"},
        "throttle/customer": {"limits": ["1/day", "2/week"]},
        "template/greeting": {"text": "Good day from {organisation}."},
    }
    await button(page, "Back to the setting of greeting").click()
    await page.locator(".confirm").get_by_label("Why").fill("No longer.")
    await button(page, "Use the setting").click()
    await expect(page.locator("[data-control='template/greeting']")).to_contain_text("Hello. What can I help you with?")
    assert "template/greeting" not in {row["name"] for row in await where.oversight.controls()}


async def test_an_agent_may_stop_and_a_viewer_only_sees(visit: Any, address: str, where: Place) -> None:
    maya = await enter(visit, address, "controls", "key-maya")
    await expect(page_links(maya)).to_have_text(["Conversations", "Requests", "Figures", "Customers", "Controls"])
    await expect(maya.get_by_label("Complaints in web")).to_have_count(0)
    await button(maya, "Stop web").click()
    await maya.locator(".confirm").get_by_label("Why").fill("Nonsense came out.")
    await button(maya, "Stop web").click()
    await expect(maya.locator("[data-control='stop/inbox/web']")).to_contain_text("by Maya: Nonsense came out.")
    await expect(button(maya, "Start web")).to_have_count(0)
    vera = await enter(visit, address, "controls", "key-vera")
    await expect(page_links(vera)).to_have_text(["Conversations", "Requests", "Figures", "Controls"])
    await expect(vera.locator(".sheet button")).to_have_count(0)
    for hidden in ("audit", "customers", "customers/p-1"):
        await vera.goto(f"{address}/desk/{hidden}")
        await expect(vera.locator(".queue")).to_be_visible()
    assert await said(where, "control_set") == ["stop/inbox/web"]


async def read(download: Download) -> str:
    return await asyncio.to_thread((await download.path()).read_text, encoding="utf-8")


def page_links(page: Page) -> Any:
    return page.get_by_role("navigation", name="Pages").get_by_role("link")


async def test_a_customer_is_found_by_their_whole_address_alone(visit: Any, address: str, where: Place) -> None:
    priya = await week(where)
    page = await enter(visit, address, "customers", "key-maya")
    field = page.get_by_label("Telephone, email address or id")
    await field.fill("priya")
    await field.press("Enter")
    await expect(page.locator(".sheet")).to_contain_text("Nobody is known by exactly that.")
    await field.fill(EMAIL.upper())
    await field.press("Enter")
    await expect(page.locator(".rows tbody tr")).to_have_count(1)
    assert EMAIL not in await page.content()
    await page.get_by_role("link", name="p•••@mail.example").click()
    await expect(page).to_have_url(f"{address}/desk/customers/{priya}")
    await expect(page.locator(".sheet")).to_contain_text("An admin gives the data out, or removes it.")
    await expect(button(page, "Erase")).to_have_count(0)


async def test_who_looks_at_a_masked_address_is_in_the_audit(visit: Any, address: str, where: Place) -> None:
    priya = await week(where)
    page = await enter(visit, address, f"customers/{priya}", "key-maya")
    assert EMAIL not in await page.content()
    await button(page, "Show the whole Email address").click()
    await expect(page.locator(".identity")).to_have_text(EMAIL)
    (entry,) = await where.oversight.audit(Wanted(act="customer.revealed"))
    assert (entry.actor, entry.subject, entry.detail) == ("Maya", f"customer:{priya}", {"kind": "email"})


async def test_a_consent_is_recorded_with_what_shows_it(visit: Any, address: str, where: Place) -> None:
    priya = await week(where)
    page = await enter(visit, address, f"customers/{priya}", "key-maya")
    await button(page, "Record a consent").click()
    await page.locator(".confirm").get_by_label("Channel").select_option("email")
    await button(page, "Record a consent").click()
    await expect(page.get_by_role("alert")).to_contain_text("say how the customer consented")
    await page.get_by_label("How, when and where it was said").fill("Asked for the newsletter on the telephone.")
    await button(page, "Record a consent").click()
    await expect(page.locator(".sheet")).to_contain_text("The ledger (3)")
    assert await where.store.read(lambda c: standing(c, priya, "email", "marketing")) == "in"
    await page.get_by_text("The ledger (3)").click()
    await expect(page.get_by_role("region", name="The ledger")).to_contain_text("Asked for the newsletter")
    await button(page, "Record a withdrawal").click()
    await page.locator(".confirm").get_by_label("Channel").select_option("sms")
    await button(page, "Record a withdrawal").click()
    await expect(page.locator(".sheet")).to_contain_text("The ledger (4)")
    assert await where.store.read(lambda c: standing(c, priya, "sms", "marketing")) == "out"


async def test_an_export_is_a_page_and_a_file(visit: Any, address: str, where: Place) -> None:
    priya = await week(where)
    page = await enter(visit, address, f"customers/{priya}")
    async with page.expect_download() as coming:
        await page.get_by_role("link", name="Export as JSON").click()
    found = json.loads(await read(await coming.value))
    assert found["held"]["identities"][0]["value"] == EMAIL
    async with page.expect_download() as coming:
        await page.get_by_role("link", name="Export to read").click()
    download = await coming.value
    assert download.suggested_filename == f"{priya}.html"
    assert EMAIL in await read(download)
    assert await said(where, "customer.exported") == [f"customer:{priya}"] * 2


async def test_an_erasure_asks_once_takes_a_word_and_shows_the_proof(visit: Any, address: str, where: Place) -> None:
    priya = await week(where)
    page = await enter(visit, address, f"customers/{priya}")
    await button(page, "Erase").click()
    await expect(page.locator(".confirm")).to_contain_text("This removes 1 conversation")
    await button(page, "Erase for good").click()
    await expect(page.locator(".confirm")).to_contain_text("Write ERASE as it stands here")
    await page.get_by_label("Write ERASE to go on").fill("ERASE")
    await page.locator(".confirm").get_by_label("Why").fill("Asked for it.")
    await button(page, "Erase for good").click()
    await expect(page.locator(".sheet h2")).to_have_text("Erased", timeout=30_000)
    await expect(page.locator(".sheet")).to_contain_text(f"Customer {priya} was erased at")
    await expect(page.locator(".sheet")).to_contain_text("of their opt-outs under a keyed hash")
    await expect(page.locator(".sheet")).to_contain_text("Nothing that was known of them was found in any store.")
    assert priya not in {line.id for line in await where.oversight.customers()}
    await page.reload()
    await expect(page.locator(".sheet")).to_contain_text("There is no such customer here, or they were erased.")


async def test_a_legal_hold_keeps_a_customer(visit: Any, address: str, where: Place) -> None:
    priya = await week(where)
    page = await enter(visit, address, f"customers/{priya}")
    await button(page, "Put a legal hold").click()
    await page.locator(".confirm").get_by_label("Why").fill("A claim is open.")
    await button(page, "Put a legal hold").click()
    await expect(page.locator(".sheet")).to_contain_text("by Ada: A claim is open.")
    await expect(button(page, "Erase")).to_have_count(0)
    await button(page, "Lift the legal hold").click()
    await page.locator(".confirm").get_by_label("Why").fill("Settled.")
    await button(page, "Lift the legal hold").click()
    await expect(button(page, "Erase")).to_be_visible()


async def test_the_audit_is_filtered_and_says_whether_it_is_whole(visit: Any, address: str, where: Place) -> None:
    await week(where)
    page = await enter(visit, address, "audit")
    await expect(page.locator(".sheet")).to_contain_text("The chain is whole")
    await page.get_by_label("On what").fill("stop/")
    await page.get_by_label("On what").press("Enter")
    await expect(page.locator(".rows tbody tr")).to_have_count(1)
    await expect(page.locator(".rows tbody tr")).to_contain_text("The provider has an outage.")
    async with page.expect_download() as coming:
        await page.get_by_role("link", name="Download as CSV").click()
    lines = (await read(await coming.value)).splitlines()
    assert len(lines) == 2
    assert "stop/inbox/sms" in lines[1]
    await where.store.write(lambda c: c.execute(update(audit).where(audit.c.seq == 2).values(actor="Eve")).rowcount)
    await page.reload()
    await expect(page.locator(".sheet")).to_contain_text("Entry 2 does not fit the chain")


async def test_a_conversation_leads_to_its_customer(visit: Any, address: str, where: Place, standin: Standin) -> None:
    customer, _ = await where.talk("ben@mail.example", "mail", timedelta(hours=1), "Is it back?")
    talk = standin.open(customer=customer)
    await standin.append(talk, "received", "Is it back?")
    page = await enter(visit, address, "controls", "key-maya", width=1360)
    await page.goto(f"{address}/desk/?c={talk.id}")
    await page.get_by_role("tab", name="Customer").click()
    await page.get_by_role("link", name="Consent, memory and data of this customer").click()
    await expect(page.locator(".sheet h2")).to_have_text("b•••@mail.example")


async def test_hostile_words_stay_words(visit: Any, address: str, where: Place) -> None:
    hostile = "<img src=x onerror=alert(1)> {{7*7}} </script>"
    customer, _ = await where.talk("evil@mail.example", "mail", timedelta(hours=1), hostile)
    page = await enter(visit, address, f"customers/{customer}")
    await expect(page.get_by_role("link", name=hostile)).to_be_visible()
    await page.goto(f"{address}/desk/customers/%3Cb%3E%22%7B%7B7*7%7D%7D")
    await expect(page.locator(".sheet")).to_contain_text("There is no such customer here")


async def test_a_key_that_was_withdrawn_opens_nothing_more(
    visit: Any, address: str, where: Place, people: dict[str, Identity]
) -> None:
    page = await enter(visit, address, "controls")
    await button(page, "Stop everything").click()
    await page.locator(".confirm").get_by_label("Why").fill("x")
    del people["key-ada"]
    await button(page, "Stop everything").click()
    await expect(page.get_by_label("Your key")).to_be_visible()
    assert await where.oversight.controls() == []
    answer = await page.request.get(f"{address}/desk/audit.csv")
    assert "Your key" in await answer.text()
