"""Where a source is shown, a person can check it: title, section and the very sentence, in the chat and at the desk."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import expect
from standin import Standin, application, furnish, serving
from test_desk import button, enter

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

TEXT = "Keep the box. You can return unused items within 60 days of delivery. Post it to us."
SAID = "You can return unused items within 60 days of delivery."


@pytest_asyncio.fixture(loop_scope="module")
async def standin() -> Standin:
    return Standin()


@pytest_asyncio.fixture(loop_scope="module")
async def address(standin: Standin) -> Any:
    async with serving(application(standin)) as url:
        yield url


def cited(standin: Standin) -> None:
    """The furnished answer's record, as a real turn's: the first passage whole, with the sentence's span."""
    record = standin.turns["t_returns"]["record"]
    found = record["found"][0]
    found["text"] = TEXT
    start = TEXT.index(SAID)
    span = {"passage": found["passage"], "start": start, "end": start + len(SAID)}
    record["draft"] = {**record["draft"], "sentences": [{"text": SAID, "citations": [span]}]}


@pytest.mark.parametrize("key", ["key-maya", "key-vera"])
async def test_the_desk_marks_the_cited_sentence_in_its_passage(
    visit: Any, address: str, standin: Standin, key: str
) -> None:
    await furnish(standin)
    cited(standin)
    desk = await enter(visit, address, key)
    await desk.locator(".entry", has_text="Priya").click()
    await button(desk, "How it was made").first.click()
    passage = desk.get_by_role("tabpanel", name="Record").locator(".passage")
    await expect(passage).to_have_count(1)
    await expect(passage.locator("h3")).to_have_text("Returns and refunds › How long you have")
    await expect(passage.locator(".passage-text")).to_have_text(TEXT)
    assert await passage.locator("mark").all_text_contents() == [SAID]
    tools = passage.get_by_role("button", name="Correct it")
    await expect(tools).to_have_count(1 if key == "key-maya" else 0)


async def test_a_source_in_the_desks_thread_names_its_section(visit: Any, address: str, standin: Standin) -> None:
    await furnish(standin)
    desk = await enter(visit, address)
    await desk.locator(".entry", has_text="Priya").click()
    source = desk.locator("details.source").first
    await expect(source.locator("summary")).to_contain_text("Returns and refunds › How long you have")
    await source.locator("summary").click()
    await expect(source.locator("blockquote")).to_have_text(SAID)


async def test_the_chat_tells_title_section_and_sentence_before_and_after_a_press(
    visit: Any, address: str, standin: Standin
) -> None:
    standin.answering = True
    page = await visit(address)
    await page.get_by_label("Your message").fill("How long do I have to return a tent?")
    await page.keyboard.press("Enter")
    source = page.get_by_role("link", name="1 Returns and refunds", exact=True)
    await expect(source).to_have_attribute("title", f"Returns and refunds › How long you have: {SAID}")
    await source.click()
    await expect(page.locator(".evidence strong")).to_have_text("Returns and refunds › How long you have")
    await expect(page.locator(".evidence blockquote")).to_have_text(SAID)
    await expect(page.locator(".evidence a")).to_have_count(1)
    other = page.get_by_role("link", name="2 Tents and shelters", exact=True)
    assert str(await other.get_attribute("href")).startswith("#")  # a path is no address
