"""From the login page to the organisation's login service and into the desk, in a real browser; and out of both."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from axe import serious
from fastapi import FastAPI
from login_service import CLIENT, SECRET, LoginService, login_service
from overseen import PEOPLE, SCENE, Place, place
from playwright.async_api import expect
from standin import Standin, serving

from channels.oidc.provider import Provider
from channels.oidc.settings import Oidc
from channels.web import desk as desk_pages
from channels.web.desk import Login
from channels.web.desk.overseeing import Overseen
from memory.audit_entries import Wanted

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(loop_scope="module")
async def service() -> AsyncIterator[LoginService]:
    async with login_service() as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def where(tmp_path: Path) -> AsyncIterator[Place]:
    async with place(tmp_path) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def address(where: Place, service: LoginService) -> AsyncIterator[str]:
    roles = {"admin": ["leads"], "agent": ["support"]}
    settings = Oidc(issuer=service.issuer, client_id=CLIENT, roles=roles, label="Log in with Fernhill")  # type: ignore[arg-type]  # as TOML gives it
    app, login = FastAPI(), Login(Provider(settings, SECRET))
    seen = Overseen(where.oversight, SCENE)
    desk_pages.mount(app, Standin(), PEOPLE.get, "Fernhill Outdoor", "a secret", overseen=seen, login=login)
    async with serving(app) as url:
        yield url


async def acts(where: Place) -> list[tuple[str, str, str]]:
    return [(e.actor, e.act, str(e.detail["why"])) for e in await where.oversight.audit(Wanted(act="login"))]


async def test_the_organisations_login_opens_the_desk_and_logging_out_leaves_both(
    visit: Any, address: str, where: Place, service: LoginService
) -> None:
    service.person["groups"] = ["leads"]
    page = await visit(f"{address}/desk")
    assert await serious(page) == []
    await page.get_by_role("link", name="Log in with Fernhill").click()
    await expect(page.locator(".me")).to_have_text("maya@shop.example, admin")
    await page.goto(f"{address}/desk/audit")
    await expect(page.locator(".rows tbody tr")).to_contain_text("by the login service")
    left = []
    page.on("request", lambda request: left.append(request.url))
    await page.get_by_role("button", name="Log out").click()
    await page.wait_for_url(f"{service.issuer}/bye?**")
    await page.goto(f"{address}/desk/controls")
    await expect(page.get_by_label("Your key")).to_be_visible()
    assert await acts(where) == [("maya@shop.example", "login", "by the login service")]


async def test_who_has_no_role_reads_why_and_may_use_a_key(
    visit: Any, address: str, where: Place, service: LoginService
) -> None:
    service.person["groups"] = ["warehouse"]
    page = await visit(f"{address}/desk/login")
    await page.get_by_role("link", name="Log in with Fernhill").click()
    await expect(page.get_by_role("alert")).to_contain_text("none of your groups has a role at this desk")
    assert await serious(page) == []
    await page.get_by_label("Your key").fill("key-maya")
    await page.get_by_role("button", name="Open the desk").click()
    await expect(page.locator(".me")).to_have_text("Maya, agent")
    assert await acts(where) == [
        ("Maya", "login", "by key"),
        ("maya@shop.example", "login.refused", "no role"),
    ]


async def test_many_wrong_keys_are_one_line_of_the_audit(visit: Any, address: str, where: Place) -> None:
    page = await visit(f"{address}/desk/login")
    for _ in range(4):
        await page.request.post(f"{address}/desk/login", form={"key": "guess"})
    assert await acts(where) == [("nobody known", "login.refused", "a key or a login that opens nothing here")]
