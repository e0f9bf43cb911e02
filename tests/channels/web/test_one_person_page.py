"""Who is one person, on a customer's page: seen with its evidence, decided, and taken back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from overseen import Place, application, place
from playwright.async_api import Page, expect
from standin import serving

from channels.web.desk.merging import evidence, proof
from memory.identity import linking
from memory.identity.members import members

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

HOUR = timedelta(hours=1)
PHONE, MAIL = "+442079460018", "zoe@mail.example"


@pytest_asyncio.fixture(loop_scope="module")
async def where(tmp_path: Path) -> AsyncIterator[Place]:
    async with place(tmp_path) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def address(where: Place) -> AsyncIterator[str]:
    async with serving(application(where)) as url:
        yield url


async def two(where: Place) -> tuple[str, str]:
    """A customer by text and one by mail, and the suggestion that they are one."""
    one, _ = await where.talk(PHONE, "sms", HOUR, "Where is my tent?")
    other, _ = await where.talk(MAIL, "mail", HOUR, f"Call me on {PHONE}")
    await where.store.write(
        lambda c: linking.propose(c, one, other, ["typed_phone"], strong=False, id="l-1", now=datetime.now(UTC))
    )
    return one, other


async def enter(visit: Any, address: str, customer: str, key: str = "key-maya", **size: Any) -> Page:
    page: Page = await visit(f"{address}/desk/login.css", **size)  # the lightest page of this address
    await page.request.post(f"{address}/desk/login", form={"key": key}, max_redirects=0)
    await page.goto(f"{address}/desk/customers/{customer}")
    await expect(section(page)).to_be_visible()
    return page


def section(page: Page) -> Any:
    return page.get_by_role("region", name="Same person")


async def test_a_suggestion_says_why_is_accepted_and_taken_back(visit: Any, address: str, where: Place) -> None:
    one, other = await two(where)
    page = await enter(visit, address, other)
    await expect(section(page)).to_contain_text("Perhaps the same: 60%")
    await expect(section(page)).to_contain_text("One wrote the other's telephone into a conversation.")
    await expect(section(page).get_by_role("link", name="•••0018")).to_be_visible()
    await page.get_by_role("button", name="Same person as •••0018").click()
    await expect(section(page)).to_contain_text("It can be taken back.")
    await page.get_by_role("button", name="Join them").click()
    await expect(section(page)).to_contain_text("Joined")
    assert set(await where.store.read(lambda c: members(c, one))) == {one, other}
    await expect(page.get_by_role("region", name="Known as")).to_contain_text("Confirmed by the channel")
    await page.get_by_role("button", name="Take back the merge with •••0018").click()
    await page.get_by_label("Why").fill("It is her sister's telephone.")
    await page.get_by_role("button", name="Take it back", exact=True).click()
    await expect(section(page)).to_contain_text("Nobody else is known to be the same person.")
    await expect(section(page)).to_contain_text("Kept apart or taken back (1)")
    assert await where.store.read(lambda c: members(c, one)) == (one,)


async def test_a_suggestion_is_refused(visit: Any, address: str, where: Place) -> None:
    one, _ = await two(where)
    page = await enter(visit, address, one)
    await page.get_by_role("button", name="Somebody else than z•••@mail.example").click()
    await page.get_by_role("button", name="Keep apart").click()
    await expect(section(page)).to_contain_text("Nobody else is known to be the same person.")


async def test_an_admin_joins_by_hand_with_a_reason_and_an_agent_cannot(visit: Any, address: str, where: Place) -> None:
    one, _ = await where.talk(PHONE, "sms", HOUR, "Where is my tent?")
    other, _ = await where.talk(MAIL, "mail", HOUR, "Hello")
    page = await enter(visit, address, one)
    await expect(section(page)).to_contain_text("Nobody else")
    await expect(page.get_by_role("button", name="Join with another customer")).to_have_count(0)
    page = await enter(visit, address, one, "key-ada")
    await page.get_by_role("button", name="Join with another customer").click()
    await page.get_by_label("The other customer's id").fill(other)
    await page.get_by_role("button", name="Join them").click()
    await expect(page.get_by_role("alert")).to_contain_text("say why")
    await page.get_by_label("Why").fill("The same passport.")
    await page.get_by_role("button", name="Join them").click()
    await expect(section(page)).to_contain_text("The same passport.")
    await expect(section(page)).to_contain_text("by Ada")


async def test_evidence_is_one_sentence() -> None:
    assert evidence(()) == "No reason is known."
    assert evidence(("name", "typed_email")) == (
        "The same name was said and one wrote the other's address into a conversation."
    )
    assert evidence(("<b>new</b>",)) == "<b>new</b>."
    assert (proof(""), proof("signed")) == ("", "Signed by your own system")
