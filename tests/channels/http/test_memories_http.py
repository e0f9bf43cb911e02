"""What is known of a customer over HTTP: seen, added, put right, ended, forgotten; by whom, and of nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from agent.guardrails.pii import PiiSpan, PiiUnavailable
from agent.remembering.curating import Curating
from channels.http import memories, problems
from channels.http.auth import Keys
from channels.web.ports import Identity
from memory import audit, schema
from memory.facts import keeping
from memory.facts.superseding import Claim
from memory.messages import Inbound
from memory.migrate import migrate
from memory.receive import NewIds, receive
from memory.seal import MasterKey
from memory.store import open_store
from memory.vault import Vault

KEYS = Keys((("key-maya", Identity("maya", "agent")), ("key-vic", Identity("vic", "viewer"))))
BEFORE = datetime.now(UTC) - timedelta(days=3)


class Places:
    """Finds two towns."""

    works = True

    async def find(self, texts: Any) -> list[list[PiiSpan]]:
        if not self.works:
            raise PiiUnavailable("told not to work")
        return [
            [PiiSpan(at, at + len(town), "LOCATION", 0.9) for town in ("Leeds", "York") if (at := text.find(town)) >= 0]
            for text in texts
        ]


def claim(id: str, customer: str, value: str, **fields: Any) -> Claim:
    given: dict[str, Any] = {
        "id": id, "customer": customer, "kind": "fact", "attribute": "home", "value": value,
        "text": f"Lives in {value}.", "said_at": BEFORE, "valid_from": BEFORE, "confidence": 0.9,
        "conversation": f"c-{customer[-1]}", "seq": 1,
    }  # fmt: skip
    return Claim(**{**given, **fields})


@pytest.fixture
async def curating(store_url: str) -> AsyncIterator[Curating]:
    migrate(store_url)
    store, vault = open_store(store_url), Vault(MasterKey.from_secret("0f" * 32))
    for n in (1, 2):
        inbound = Inbound("sms", "sms", f"SM{n}", f"+44163296000{n}", "hello", BEFORE)
        ids = NewIds(f"c-{n}", f"p-{n}", f"k-{n}")
        await store.write(lambda c, i=inbound, new=ids: receive(c, vault, i, new, BEFORE))

    def known(c: Any) -> None:
        book = vault.book(c, "p-1", to_write=True)
        leeds = book.pseudonym_for("LOCATION", "Leeds")
        vault.keep(c, "p-1", book)
        keeping.keep(c, vault, "p-1", [claim("m-1", "p-1", leeds)], BEFORE)
        keeping.keep(c, vault, "p-2", [claim("m-2", "p-2", "Hull")], BEFORE)

    await store.write(known)
    yield Curating(store, vault, Places())
    await store.close()


def client(curating: Curating, key: str = "key-maya") -> httpx.AsyncClient:
    app = FastAPI()
    problems.install(app)
    app.include_router(memories.router(curating, KEYS.require))
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk.example", headers=headers)


async def acts(curating: Curating) -> list[str]:
    rows = await curating.store.read(lambda c: list(c.execute(schema.audit.select()).mappings()))
    return [row["act"] for row in rows if row["act"].startswith("memory.")]


async def test_an_agent_sees_real_values_with_where_they_were_said_and_the_look_is_audited(curating: Curating) -> None:
    async with client(curating) as http:
        found = (await http.get("/v1/customers/p-1/memories")).json()["memories"]
    (home,) = found
    assert (home["text"], home["value"], home["in_force"]) == ("Lives in Leeds.", "Leeds", True)
    assert home["source"] == {"conversation": "c-1", "seq": 1, "role": "customer"}
    assert await acts(curating) == ["memory.shown"]


async def test_a_correction_takes_the_others_place_and_keeps_it_to_be_shown(curating: Curating) -> None:
    async with client(curating) as http:
        done = await http.patch("/v1/customers/p-1/memories/m-1", json={"value": "York", "why": "said by telephone"})
        assert done.status_code == 200
        (home,) = (await http.get("/v1/customers/p-1/memories")).json()["memories"]
        assert (home["id"], home["text"], home["origin"]) == (done.json()["id"], "Lives in York.", "desk")
        every = (await http.get("/v1/customers/p-1/memories", params={"ended": True})).json()["memories"]
        assert [(each["id"], each["ended_why"]) for each in every if not each["in_force"]] == [("m-1", "corrected")]
        again = await http.patch("/v1/customers/p-1/memories/m-1", json={"value": "Hull"})
        assert (again.status_code, again.json()["code"]) == (422, "refused")
    rows = await curating.store.read(lambda c: list(c.execute(schema.memories.select()).mappings()))
    assert not any(b"York" in bytes(row["body"]) for row in rows)
    assert "memory.corrected" in await acts(curating)
    assert await curating.store.read(audit.verify) is None


async def test_what_the_desk_adds_is_stored_with_pseudonyms_and_shown_with_values(curating: Curating) -> None:
    async with client(curating) as http:
        body = {"kind": "instruction", "attribute": "delivery", "value": "with the porter in York"}
        assert (await http.post("/v1/customers/p-1/memories", json=body)).status_code == 201
        texts = [each["text"] for each in (await http.get("/v1/customers/p-1/memories")).json()["memories"]]
    assert "Leave deliveries with the porter in York." in texts
    kept = await curating.store.read(lambda c: keeping.standing(c, curating.vault, ["p-1"], datetime.now(UTC)))
    assert [each.value for each in kept] == ["with the porter in <LOCATION_2>"]


async def test_ended_and_forgotten_are_not_the_same(curating: Curating) -> None:
    async with client(curating) as http:
        assert (await http.post("/v1/customers/p-1/memories/m-1/end", json={})).status_code == 200
        every = (await http.get("/v1/customers/p-1/memories", params={"ended": True})).json()["memories"]
        assert [each["in_force"] for each in every] == [False]
        gone = await http.delete("/v1/customers/p-1/memories/m-1", params={"why": "asked"})
        assert gone.json()["forgotten"] >= 1
        every = (await http.get("/v1/customers/p-1/memories", params={"ended": True})).json()["memories"]
        assert every == []
        assert (await http.delete("/v1/customers/p-1/memories/m-1")).json()["code"] == "unknown_memory"


async def test_nobody_reaches_a_memory_of_another_customer(curating: Curating) -> None:
    async with client(curating) as http:
        for ask in (
            http.patch("/v1/customers/p-1/memories/m-2", json={"value": "York"}),
            http.post("/v1/customers/p-1/memories/m-2/end", json={}),
            http.delete("/v1/customers/p-1/memories/m-2"),
        ):
            answer = await ask
            assert (answer.status_code, answer.json()["code"]) == (404, "unknown_memory")
        assert (await http.get("/v1/customers/p-9/memories")).json()["code"] == "unknown_customer"


@pytest.mark.parametrize("value", ["", "   ", "x" * 301, "is allergic to nuts", "the password is hunter2"])
async def test_what_may_not_be_remembered_is_refused(curating: Curating, value: str) -> None:
    async with client(curating) as http:
        answer = await http.post("/v1/customers/p-1/memories", json={"kind": "fact", "value": value})
    assert answer.status_code == 422


async def test_a_filter_that_does_not_work_keeps_nothing(curating: Curating) -> None:
    curating.detector.works = False  # type: ignore[attr-defined]
    async with client(curating) as http:
        answer = await http.post("/v1/customers/p-1/memories", json={"kind": "fact", "value": "lives in York"})
    assert answer.status_code == 422
    assert "privacy filter" in answer.json()["detail"]
    assert await curating.store.read(lambda c: len(list(c.execute(schema.memories.select())))) == 2


async def test_a_viewer_sees_nothing(curating: Curating) -> None:
    async with client(curating, "key-vic") as http:
        assert (await http.get("/v1/customers/p-1/memories")).status_code == 403
        assert (await http.delete("/v1/customers/p-1/memories/m-1")).status_code == 403


async def test_what_is_known_of_one_person_under_two_customers_is_shown_and_curated_as_one(curating: Curating) -> None:
    def one_person(c: Any) -> None:
        c.execute(schema.customers.update().where(schema.customers.c.id == "p-2").values(merged_into="p-1"))

    await curating.store.write(one_person)
    async with client(curating) as http:
        found = (await http.get("/v1/customers/p-1/memories", params={"ended": True})).json()["memories"]
        assert sorted((each["customer"], each["text"]) for each in found) == [
            ("p-1", "Lives in Leeds."),
            ("p-2", "Lives in Hull."),
        ]
        assert len([each for each in found if each["in_force"]]) == 1  # nobody has two homes
        assert (await http.delete("/v1/customers/p-1/memories/m-2")).json()["forgotten"] == 1
        (left,) = (await http.get("/v1/customers/p-2/memories")).json()["memories"]
        assert left["id"] == "m-1"
