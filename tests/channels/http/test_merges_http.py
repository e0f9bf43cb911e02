"""Who is one person, over HTTP: seen, decided, joined and taken back; and by whom."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from agent.merging import Merging
from channels.http import merges, problems
from channels.http.auth import Keys
from channels.web.ports import Identity
from memory import controls
from memory.identity import linking
from memory.messages import Inbound
from memory.migrate import migrate
from memory.receive import NewIds, receive
from memory.seal import MasterKey
from memory.store import open_store
from memory.vault import Vault

KEYS = Keys(
    (
        ("key-ada", Identity("ada", "admin")),
        ("key-maya", Identity("maya", "agent")),
        ("key-vera", Identity("vera", "viewer")),
        ("key-crm", Identity("crm", "service")),
    )
)
NOW = datetime.now(UTC)


async def kept(_customer: str, text: str) -> str:
    return text.replace("Zoe", "<PERSON_1>")


@pytest.fixture
async def merging(store_url: str) -> AsyncIterator[Merging]:
    """Three customers, and a suggestion between the first two."""
    migrate(store_url)
    store, vault = open_store(store_url), Vault(MasterKey.from_secret("0f" * 32))
    for n, (inbox, sender) in enumerate(
        [("sms", "+442079460018"), ("email", "zoe@mail.example"), ("sms", "+442079460019")]
    ):
        inbound = Inbound(inbox, inbox, f"M{n}", sender, "Hello", NOW)
        await store.write(lambda c, i=inbound, n=n: receive(c, vault, i, NewIds(f"c-{n}", f"p-{n}", f"k-{n}"), NOW))
    await store.write(
        lambda c: linking.propose(c, "p-0", "p-1", ["typed_phone", "name"], strong=False, id="l-1", now=NOW)
    )
    yield Merging(store, vault, kept)
    await store.close()


def client(merging: Merging, key: str = "key-maya") -> httpx.AsyncClient:
    app = FastAPI()
    problems.install(app)
    app.include_router(merges.router(merging, KEYS.require))
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk.example", headers=headers)


def ids(found: Any, what: str = "members") -> set[str]:
    return {each["id"] for each in found[what]}


async def test_a_suggestion_is_seen_with_its_evidence_accepted_and_taken_back(merging: Merging) -> None:
    async with client(merging) as http:
        shown = (await http.get("/v1/customers/p-1/merges")).json()
        (link,) = shown["suggested"]
        assert (link["other"], link["evidence"], link["score"]) == ("p-0", ["name", "typed_phone"], 0.68)
        assert link["known_as"] == ["•••0018"], "masked, as everywhere"
        assert shown["members"] == [
            {"id": "p-1", "known_as": [{"kind": "email", "masked": "z•••@mail.example", "proof": ""}]}
        ]
        body = {"link": "l-1", "decision": "accept", "why": "Zoe said so"}
        joined = (await http.post("/v1/customers/p-1/merges", json=body)).json()
        assert ids(joined) == {"p-0", "p-1"}
        assert [(each["by"], each["why"]) for each in joined["merged"]] == [("maya", "<PERSON_1> said so")]
        again = await http.post("/v1/customers/p-0/merges", json=body)
        assert (again.status_code, again.json()["code"]) == (409, "merge_refused")
        url = "/v1/customers/p-0/merges/l-1"
        assert (await http.delete(url)).status_code == 422, "a reason is needed"
        parted = (await http.delete(url, params={"why": "a mistake"})).json()
        assert ids(parted) == {"p-0"}
        assert [each["state"] for each in parted["ended"]] == ["undone"]


async def test_a_refused_suggestion_is_kept_as_refused(merging: Merging) -> None:
    async with client(merging) as http:
        found = (await http.post("/v1/customers/p-0/merges", json={"link": "l-1", "decision": "refuse"})).json()
        assert (found["suggested"], [each["state"] for each in found["ended"]]) == ([], ["refused"])


async def test_an_admin_joins_by_hand_and_is_told_of_a_legal_hold(merging: Merging) -> None:
    await merging.store.write(lambda c: controls.put(c, "hold/p-2", {"on": True}, "ada", "a law suit", NOW))
    async with client(merging, "key-ada") as http:
        body = {"other": "p-2", "why": "the same passport"}
        joined = (await http.post("/v1/customers/p-0/merges", json=body)).json()
        assert ids(joined) == {"p-0", "p-2"}
        assert [each["holds"] for each in joined["merged"]] == [["p-2"]]


@pytest.mark.parametrize(
    ("key", "status"), [("key-maya", 403), ("key-vera", 403), ("key-crm", 403), ("nobody", 401)]
)  # fmt: skip
async def test_nobody_else_joins_by_hand(merging: Merging, key: str, status: int) -> None:
    async with client(merging, key) as http:
        answer = await http.post("/v1/customers/p-0/merges", json={"other": "p-2", "why": "because"})
        assert answer.status_code == status


@pytest.mark.parametrize("key", ["key-vera", "key-crm", "nobody"])
async def test_only_agents_see_who_is_one_person(merging: Merging, key: str) -> None:
    async with client(merging, key) as http:
        assert (await http.get("/v1/customers/p-0/merges")).status_code in (401, 403)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422), ({"link": "l-1", "other": "p-2"}, 422), ({"link": "l-1", "decision": "perhaps"}, 422),
        ({"link": "l-none"}, 404), ({"other": "p-0", "why": "x"}, 422), ({"other": "p-gone", "why": "x"}, 404),
        ({"other": "p-2"}, 422), ({"link": "x" * 41}, 422), ({"link": "l-1", "more": 1}, 422),
    ],
)  # fmt: skip
async def test_what_makes_no_sense_is_refused_and_changes_nothing(
    merging: Merging, body: dict[str, str], status: int
) -> None:
    async with client(merging, "key-ada") as http:
        assert (await http.post("/v1/customers/p-0/merges", json=body)).status_code == status
        assert len((await http.get("/v1/customers/p-0/merges")).json()["suggested"]) == 1
        assert (await http.get("/v1/customers/p-gone/merges")).status_code == 404
