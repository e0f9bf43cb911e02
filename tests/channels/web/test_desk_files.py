"""Files of a message at the desk: pictures show, everything is saved under its own name, refused ones say why."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, Route, expect
from standin import Standin, application, serving

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
FILES = [
    {"id": "a-1", "name": "boot.png", "type": "image/png", "size": len(PIXEL), "verdict": "kept", "picture": True},
    {"id": "a-2", "name": "bill <b>.pdf", "type": "application/pdf", "size": 1_234_567, "verdict": "kept"},
    {"id": "a-3", "name": "run.exe", "type": "application/octet-stream", "size": 4, "verdict": "refused: a program"},
]


@pytest_asyncio.fixture(loop_scope="module")
async def desk(visit: Any) -> AsyncIterator[Page]:
    standin = Standin()
    async with serving(application(standin)) as url:
        talk = standin.open(customer="Priya")
        await standin.append(talk, "received", "See the pictures.", attachments=FILES)
        page: Page = await visit(f"{url}/desk", width=1360, height=800)

        async def picture(route: Route) -> None:
            await route.fulfill(body=PIXEL, content_type="image/png")

        await page.route("**/desk/attachments/a-1?inline", picture)
        await page.get_by_label("Your key").fill("key-maya")
        await page.get_by_role("button", name="Open the desk").click()
        await page.locator(".entry", has_text="See the pictures.").click()
        yield page


async def test_files_are_below_their_message(desk: Page) -> None:
    files = desk.get_by_role("list", name="Files").get_by_role("listitem")
    await expect(files).to_have_count(3)
    shown = files.nth(0).get_by_role("img", name="boot.png")
    await expect(shown).to_have_js_property("naturalWidth", 1)
    link = files.nth(1).get_by_role("link", name="bill <b>.pdf")
    assert (await link.get_attribute("href"), await link.get_attribute("download")) == (
        "attachments/a-2",
        "bill <b>.pdf",
    )
    await expect(files.nth(1)).to_contain_text("1.2 MB, application/pdf")
    await expect(files.nth(2)).to_contain_text("run.exe (4 bytes, application/octet-stream) was refused: a program")
    await expect(files.nth(2).get_by_role("link")).to_have_count(0)
