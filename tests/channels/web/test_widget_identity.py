"""The chat widget with a visitor whom the page signs for, in a real browser."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import expect
from standin import Standin, application, serving
from starlette.websockets import WebSocket

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


def token(subject: str, serial: int = 0) -> str:
    """As the page has one; nobody here checks its signature."""
    body = base64.urlsafe_b64encode(json.dumps({"sub": subject, "n": serial}).encode()).decode().rstrip("=")
    return f"e30.{body}.sig"


class Checking(Standin):
    """Says no to one subject's tokens."""

    refused: str = ""

    async def chat(self, socket: WebSocket, inbox: str) -> None:
        taken = socket.receive_json

        async def checked(mode: str = "text") -> Any:
            frame = await taken()
            if self.refused and self.refused in str(frame.get("identity", "")):
                self.hellos.append(frame)
                words = "Sign in again, then go on here. (the identity has expired)"
                await socket.send_json({"type": "error", "code": "identity_refused", "message": words})
                await socket.close(1008)
                raise asyncio.CancelledError
            return frame

        socket.receive_json = checked  # type: ignore[method-assign]
        try:
            await super().chat(socket, inbox)
        except asyncio.CancelledError:
            return


@pytest_asyncio.fixture(loop_scope="module")
async def standin() -> Checking:
    return Checking()


@pytest_asyncio.fixture(loop_scope="module")
async def address(standin: Checking) -> AsyncIterator[str]:
    async with serving(application(standin, with_desk=False)) as url:
        yield url


async def hellos(standin: Standin, count: int) -> list[dict[str, Any]]:
    for _ in range(400):
        if len(standin.hellos) >= count:
            return standin.hellos
        await asyncio.sleep(0.02)
    raise AssertionError(f"{len(standin.hellos)} hellos, not {count}")


async def identify(page: Any, given: str | None) -> None:
    await page.evaluate("(token) => frontdesk.identify(token)", given)


async def test_a_visitor_without_an_identity_brings_none(visit: Any, address: str, standin: Checking) -> None:
    await visit(address)
    (hello,) = await hellos(standin, 1)
    assert "identity" not in hello


async def test_signing_in_keeps_the_conversation_and_signing_out_leaves_it(
    visit: Any, address: str, standin: Checking
) -> None:
    page = await visit(address)
    await hellos(standin, 1)
    (talk,) = standin.talks.values()
    await standin.append(talk, "replied", "before")
    await expect(page.locator("[role=log] .bot")).to_have_count(1)
    await identify(page, token("jo"))
    second = (await hellos(standin, 2))[1]
    assert (second["conversation"], second["identity"]) == (talk.id, token("jo"))
    await identify(page, token("jo", 2))
    assert (await hellos(standin, 3))[2]["conversation"] == talk.id, "a fresh token of the same user changes nothing"
    await identify(page, None)
    fourth = (await hellos(standin, 4))[3]
    assert (fourth["conversation"], fourth["token"]) == (None, None)
    assert "identity" not in fourth
    await expect(page.locator("[role=log] .bot")).to_have_count(0)


async def test_another_user_of_the_browser_sees_nothing_of_the_first(
    visit: Any, address: str, standin: Checking
) -> None:
    page = await visit(address)
    await hellos(standin, 1)
    await identify(page, token("jo"))
    await hellos(standin, 2)
    standin.refusing = True
    await page.evaluate("() => dispatchEvent(new Event('offline'))")
    await page.get_by_label("Your message").fill("a secret of Jo's")
    await page.get_by_label("Your message").press("Enter")
    standin.refusing = False
    await identify(page, token("kim"))
    last = (await hellos(standin, 3))[-1]
    assert (last["conversation"], last["identity"]) == (None, token("kim"))
    await asyncio.sleep(0.4)
    assert [frame for frame in standin.frames if frame.get("text")] == [], "nor is it sent in their name"
    await expect(page.get_by_text("a secret of Jo's")).to_have_count(0)


async def test_a_refused_token_is_said_and_the_page_can_bring_another(
    visit: Any, address: str, standin: Checking
) -> None:
    page = await visit(address)
    await hellos(standin, 1)
    standin.refused = token("jo")
    await page.evaluate("() => { self.told = 0; addEventListener('frontdesk:identity', () => self.told++) }")
    await identify(page, token("jo"))
    await expect(page.get_by_text("Sign in again, then go on here.")).to_be_visible()
    await asyncio.sleep(1.5)
    assert len(standin.hellos) == 2, "it does not try the same token for ever, nor without one"
    assert await page.evaluate("self.told") == 1
    await identify(page, token("jo", 2))
    assert (await hellos(standin, 3))[2]["identity"] == token("jo", 2)
    await expect(page.get_by_text("Sign in again, then go on here.")).to_be_hidden()
