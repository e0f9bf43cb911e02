"""A browser for the module, and pages that report what a console would."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
Visit = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def visit(browser: Browser) -> AsyncIterator[Visit]:
    """`await visit(url, width=…, height=…)` is a fresh visitor's page. Script errors and CSP reports fail the test."""
    contexts = []
    faults: list[str] = []

    async def open_page(url: str, *, width: int = 1000, height: int = 700, **options: Any) -> Page:
        context = await browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(8000)
        page.on("pageerror", lambda error: faults.append(f"{error.name}: {error.message}"))
        page.on("console", lambda said: "Content Security Policy" in said.text and faults.append(said.text))
        page.on("dialog", lambda dialog: faults.append(f"a dialog opened: {dialog.message}"))
        await page.goto(url)
        return page

    yield open_page
    for context in contexts:
        await context.close()
    assert not faults, faults
