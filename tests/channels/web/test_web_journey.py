"""A customer and a person, in two browsers, on the real server with the sample's help centre."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect
from services import frontdesk_environment

pytestmark = [pytest.mark.browser, pytest.mark.model, pytest.mark.asyncio(loop_scope="module")]

ARTICLES = {
    "returns.md": "# Returns\n\n## How long you have\n\nYou can return unworn clothing within 60 days of delivery.\n",
    "norway.md": "# Delivery to Norway\n\nParcels to Norway take 4 to 6 working days and cost 89 NOK.\n",
}
CONFIG = {
    "organisation": {"name": "Fernhill Outdoor"},
    "keys": {"Maya": {"key": "the-key-of-maya", "role": "agent"}},
    "inboxes": {"web": {"kind": "websocket"}},
}


async def say(page: Page, text: str) -> None:
    await page.get_by_label("Your message").fill(text)
    await page.get_by_label("Your message").press("Enter")


async def test_a_question_a_handoff_an_answer_and_back_again(
    visit: Any, frontdesk_process: Any, tmp_path: Path
) -> None:
    server = frontdesk_process("serve", CONFIG)
    articles = tmp_path / "help"
    articles.mkdir()
    for name, text in ARTICLES.items():
        (articles / name).write_text(text, encoding="utf-8")
    ingest = [sys.executable, "-m", "channels.cli", "ingest", str(articles), "--config", str(server.config_path)]
    await asyncio.to_thread(
        subprocess.run, ingest, check=True, cwd=server.folder, env=frontdesk_environment(), capture_output=True
    )
    await server.start()

    customer = await visit(server.url)
    await say(customer, "How long do I have to return unworn clothing?")
    reply = customer.locator("[role=log] .bot").last
    await expect(reply.locator(".text")).to_contain_text("within 60 days of delivery", timeout=20_000)
    await reply.locator(".sources a").first.click()
    await expect(reply.locator("blockquote")).to_contain_text("60 days of delivery")
    await expect(customer.locator(".provisional, .writing")).to_have_count(0)

    await customer.locator(".ask").click()
    await expect(customer.locator(".ask")).to_contain_text("A person has been asked", timeout=20_000)

    desk = await visit(f"{server.url}/desk", width=1360, height=800)
    await desk.get_by_label("Your key").fill("the-key-of-maya")
    await desk.get_by_role("button", name="Open the desk").click()
    await desk.locator(".entry", has_text="How long do I have").click()
    await desk.get_by_role("button", name="Take over").click()
    await expect(customer.locator(".ask")).to_contain_text("Maya is with you")
    await desk.get_by_label("Your answer or note").fill("Sixty days, and I have made a note of it.")
    await desk.get_by_role("button", name=re.compile("^Send to")).click()
    await expect(customer.locator("[role=log] .agent .text")).to_have_text("Sixty days, and I have made a note of it.")

    await customer.reload()
    await expect(customer.locator("[role=log] .agent .text")).to_have_text("Sixty days, and I have made a note of it.")
    said = await customer.locator("[role=log] .bot").count()
    await say(customer, "How much is delivery to Norway?")
    await expect(desk.locator(".thread .customer .text").last).to_have_text("How much is delivery to Norway?")
    await asyncio.sleep(1)
    assert await customer.locator("[role=log] .bot").count() == said

    await desk.get_by_role("button", name="Give back").click()
    answered = customer.locator("[role=log] .bot .text").last
    await expect(answered).to_contain_text("89 NOK", timeout=20_000)
    await expect(answered).to_contain_text(re.compile("automated", re.IGNORECASE))
    await expect(customer.locator(".ask")).to_contain_text("Talk to a person")
