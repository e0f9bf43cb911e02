"""`/v1/unsubscribe/{token}`: leaving marketing mail. A POST does it, without login or redirect; a GET only asks.

RFC 8058 section 3.1 and 3.2: mail programs POST `List-Unsubscribe=One-Click` as a form; link scanners GET everything.
"""

import html
import uuid
from datetime import UTC, datetime

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from agent.runtime import Runtime
from channels.leaving import customer_of
from channels.web.look import tokens
from memory.consent import record_consent, standing

CHANNEL, PURPOSE = "email", "marketing"
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'",
}
_STYLE = (
    "body{margin:0;background:var(--page);color:var(--text);font:16px/1.5 system-ui,sans-serif}"
    "main{max-width:68ch;margin:0 auto;padding:48px 16px}"
    "button{min-height:44px;padding:0 20px;border:0;border-radius:10px;background:var(--accent);"
    "color:var(--on-accent);font:inherit}"
)


def router(runtime: Runtime, organisation: str) -> APIRouter:
    """The token in the address is the only proof that is asked for."""
    routes = APIRouter(prefix="/v1/unsubscribe", tags=["unsubscribe"])
    name = html.escape(organisation)

    @routes.get("/{token}", include_in_schema=False)
    async def ask(token: str) -> HTMLResponse:
        if customer_of(runtime.vault, token) is None:
            return _unknown()
        return _page(
            "Stop marketing email",
            f"<p>{name} sends you no more marketing email. Answers to your own messages still reach you.</p>"
            "<form method=post><button>Unsubscribe</button></form>",
        )

    @routes.post("/{token}")
    async def leave(token: str) -> HTMLResponse:
        customer = customer_of(runtime.vault, token)
        if customer is None:
            return _unknown()
        await runtime.store.write(lambda c: unsubscribe(c, customer, f"k-{uuid.uuid4().hex}", datetime.now(UTC)))
        return _page("You are unsubscribed", f"<p>{name} sends you no more marketing email.</p>")

    return routes


def unsubscribe(connection: Connection, customer: str, id: str, now: datetime) -> None:
    """Into the ledger, once: a second click adds nothing."""
    if standing(connection, customer, CHANNEL, PURPOSE) != "out":
        record_consent(
            connection,
            id=id,
            customer=customer,
            channel=CHANNEL,
            purpose=PURPOSE,
            state="out",
            evidence={"by": "one click"},
            now=now,
        )


def _unknown() -> HTMLResponse:
    words = "<p>This link is not one of ours, or it was cut off. Copy it whole from the email.</p>"
    return _page("This link does not work", words, 404)


def _page(title: str, body: str, status: int = 200) -> HTMLResponse:
    meta = "<meta charset=utf-8><meta name=viewport content=width=device-width>"
    head = f"<!doctype html><html lang=en>{meta}<title>{title}</title><style>{tokens()}{_STYLE}</style>"
    return HTMLResponse(f"{head}<main><h1>{title}</h1>{body}</main>", status, headers=_HEADERS)
