"""Marketing mail is left in one click: RFC 8058, and what its readers and link scanners do."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from agent_support import Office, office
from fastapi import FastAPI

from channels.http.unsubscribe import router
from channels.leaving import WayOut, customer_of, missing, token
from channels.render import Letter, render
from memory import consent
from memory.receive import Receipt

ADDRESS = "1 Fell Road\nKeswick CA12 5AB"


@pytest_asyncio.fixture
async def shop(store_url: str) -> AsyncIterator[Office]:
    async with office(store_url) as opened:
        yield opened


@pytest_asyncio.fixture
async def written(shop: Office) -> Receipt:
    return await shop.receive("Hello")


def client(shop: Office) -> httpx.AsyncClient:
    app = FastAPI()
    app.include_router(router(shop.runtime, "Acme & Sons"))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://acme.example")


async def standing(shop: Office, customer: str) -> str:
    return await shop.store.read(lambda c: consent.standing(c, customer, "email", "marketing"))


def link(shop: Office, customer: str) -> str:
    return f"/v1/unsubscribe/{token(shop.runtime.vault, customer)}"


@pytest.mark.parametrize(
    "sent",
    [
        {"data": {"List-Unsubscribe": "One-Click"}},
        {"files": {"List-Unsubscribe": (None, "One-Click")}},
        {"content": b""},
        {"content": b"\x00\xff nonsense", "headers": {"Content-Type": "application/pdf"}},
    ],
)
async def test_a_post_does_it_in_whatever_form_without_login_or_redirect(
    shop: Office, written: Receipt, sent: dict[str, object]
) -> None:
    async with client(shop) as http:
        answer = await http.post(link(shop, written.customer), **sent)  # type: ignore[arg-type]  # httpx's many forms
    assert answer.status_code == 200
    assert "Location" not in answer.headers
    assert "set-cookie" not in answer.headers
    assert await standing(shop, written.customer) == "out"


async def test_looking_never_does_it_and_offers_the_button(shop: Office, written: Receipt) -> None:
    async with client(shop) as http:
        page = await http.get(link(shop, written.customer))
        await http.head(link(shop, written.customer))
    assert page.status_code == 200
    assert "<form method=post>" in page.text
    assert "Acme &amp; Sons" in page.text
    assert await standing(shop, written.customer) == "unknown"


async def test_a_second_click_adds_nothing_to_the_ledger(shop: Office, written: Receipt) -> None:
    async with client(shop) as http:
        for _ in range(3):
            assert (await http.post(link(shop, written.customer))).status_code == 200
    assert len(await shop.store.read(lambda c: consent.ledger(c, written.customer))) == 1


@pytest.mark.parametrize("forged", ["x", "p-1.0", "p-1.", ".", "p-1." + "a" * 64, "p-1.é", "a" * 5000, "..%2f..%2fetc"])
async def test_a_link_we_did_not_make_is_a_page_that_says_so(shop: Office, forged: str) -> None:
    async with client(shop) as http:
        for answer in (await http.get(f"/v1/unsubscribe/{forged}"), await http.post(f"/v1/unsubscribe/{forged}")):
            assert answer.status_code == 404


async def test_another_customers_proof_opens_nothing(shop: Office, written: Receipt) -> None:
    other = await shop.receive("Hello", sender="+441632960002")
    proof = token(shop.runtime.vault, other.customer).partition(".")[2]
    assert customer_of(shop.runtime.vault, f"{written.customer}.{proof}") is None
    assert customer_of(shop.runtime.vault, token(shop.runtime.vault, other.customer)) == other.customer


async def test_marketing_mail_carries_both_headers_the_address_and_a_link_in_words(
    shop: Office, written: Receipt
) -> None:
    way_out = WayOut(shop.runtime.vault, "https://acme.example/help/", ADDRESS, "Acme & Sons")
    mail = way_out.added(render("Spring sale.", (), "email", letter=Letter("m-1", "acme.example")), written.customer)
    url = f"https://acme.example/help/v1/unsubscribe/{token(shop.runtime.vault, written.customer)}"
    assert mail.headers["List-Unsubscribe"] == f"<{url}>"
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail.text.endswith(f"Acme & Sons, 1 Fell Road Keswick CA12 5AB\nUnsubscribe: {url}")
    assert "Acme &amp; Sons" in mail.html
    assert f'href="{url}"' in mail.html
    assert mail.parts == (mail.text,)


@pytest.mark.parametrize(
    ("url", "address", "names"),
    [
        ("https://a.example", ADDRESS, ""),
        ("https://a.example", " ", "organisation.postal_address"),
        ("http://a.example", ADDRESS, "server.public_url"),
        (None, ADDRESS, "server.public_url"),
    ],
)
def test_what_marketing_mail_still_needs_is_named(url: str | None, address: str, names: str) -> None:
    said = missing(url, address)
    assert (names in said) if names else not said
