"""That a person writes at the desk shows in the customer's chat, and that looking does not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import expect
from standin import Standin, application, serving

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


async def test_the_customer_sees_that_the_person_writes_once_they_do(visit: Any) -> None:
    standin = Standin()
    async with serving(application(standin)) as address:
        customer = await visit(address)
        await customer.get_by_label("Your message").fill("Is my pole covered?")
        await customer.get_by_label("Your message").press("Enter")
        await expect(customer.locator("[role=log] .customer")).to_have_count(1)
        desk = await visit(f"{address}/desk", width=1360, height=800)
        await desk.get_by_label("Your key").fill("key-maya")
        await desk.get_by_role("button", name="Open the desk").click()
        await desk.locator(".entry", has_text="Is my pole").click()
        await desk.get_by_role("button", name="Take over").click()
        await expect(customer.locator(".ask")).to_contain_text("Maya is with you")
        await asyncio.sleep(0.3)
        await expect(customer.locator(".writing")).to_have_count(0)
        await desk.get_by_label("Your answer or note").press_sequentially("Yes, it")
        await expect(customer.locator(".agent.writing")).to_contain_text("Maya")
