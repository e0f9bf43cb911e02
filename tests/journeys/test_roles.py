"""Who may do what, over every route there is: a route that somebody adds without a guard fails here."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from journeys_support import KEY, house

pytestmark = pytest.mark.model

SERVICE = '[keys.crm]\nkey = "crm-key"\nrole = "service"\n'
KEYS = {"admin": KEY, "agent": "bob-key", "viewer": "eve-key", "service": "crm-key"}
# What a provider, a customer or a probe reaches without a key; signatures and tokens of their own guard these.
OPEN = re.compile(r"^/(healthz|readyz|metrics|v1/(webhooks|chat|unsubscribe|visits)/.*|chat/.*|widget.*)?$")
# A viewer's only POSTs: they read, with a body.
READS = {
    ("POST", "/v1/search"),
    ("POST", "/v1/collections/{name}/rankings"),
    ("POST", "/v1/collections/{name}/fetch"),
}
ADMINS = {
    ("DELETE", "/v1/customers/{customer}"),
    ("GET", "/v1/customers/{customer}/export"),
    ("PUT", "/v1/customers/{customer}/hold"),
    ("DELETE", "/v1/controls/{name}"),
    ("GET", "/v1/audit"),
    ("GET", "/v1/audit/verified"),
}
OF_CUSTOMERS = re.compile(r"^/v1/(conversations|approvals|customers|turns|tasks|audit|figures|corrections|controls)")


async def test_every_route_asks_who_comes_and_what_they_may(tmp_path: Path) -> None:
    async with house(tmp_path, SERVICE) as acme, httpx.AsyncClient(base_url=acme.url) as client:
        paths = (await client.get("/openapi.json")).json()["paths"]
        routes = [(method.upper(), path) for path, methods in paths.items() for method in methods]
        guarded = [route for route in routes if not OPEN.match(route[1])]
        assert set(guarded) >= ADMINS, "a route named here is gone"

        async def asked(role: str, method: str, path: str) -> int:
            headers = {"Authorization": f"Bearer {KEYS[role]}"} if role else {}
            there = re.sub(r"\{[^}]+\}", "nobody-0", path)
            return (await client.request(method, there, headers=headers)).status_code

        found = {(role, *route): await asked(role, *route) for role in ("", *KEYS) for route in guarded}
        said = {where: status for where, status in found.items() if status >= 500}
        assert said == {}, "no call may break the server"
        assert {r for r in guarded if found["", *r] != 401} == set(), "open to anybody"
        acts = [r for r in guarded if r[0] != "GET" and r not in READS]
        assert {r for r in acts if found["viewer", *r] != 403} == set(), "a viewer acts"
        assert {r for r in ADMINS if found["agent", *r] != 403} == set(), "an agent does what an admin does"
        private = [r for r in guarded if OF_CUSTOMERS.match(r[1])]
        assert {r for r in private if found["service", *r] != 403} == set(), "a program reads what customers wrote"
        assert {r for r in guarded if found["admin", *r] in (401, 403)} == set(), "an admin is kept out"
