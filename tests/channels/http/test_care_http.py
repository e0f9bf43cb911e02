"""The care of the knowledge over HTTP: for viewers, with sane periods; and as Prometheus reads it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from knowing_support import Shelves, WordEmbedder, passage

from agent.knowing.care import Care
from channels.care_metrics import FINDINGS, FRESH_S, OUT_OF_DATE, CareMetrics
from channels.http import care, problems
from channels.http.auth import Keys
from channels.web.ports import Identity
from knowledge.errors import LibraryUnavailable
from memory.migrate import migrate
from memory.store import open_store

KEYS = Keys((("eve-key", Identity("eve", "viewer")), ("bot-key", Identity("crm", "service"))))
EVE = {"Authorization": "Bearer eve-key"}
LAST_YEAR = (datetime.now(UTC) - timedelta(days=400)).date().isoformat()


@pytest.fixture
def shelves() -> Shelves:
    return Shelves(
        passage("returns", "Returns are free within 30 days.", "Returns"),
        passage("policy", "Returns are free within 14 days.", "Returns policy"),
        passage("past", "It was free.", "Christmas", valid_until=LAST_YEAR),
        passage("past", "It was cheap.", "Christmas", n=1, valid_until=LAST_YEAR),
    )


@pytest.fixture
async def caring(tmp_path: Path, shelves: Shelves) -> AsyncIterator[Care]:
    url = f"sqlite:///{tmp_path}/log.db"
    migrate(url)
    store = open_store(url)
    yield Care(store, WordEmbedder(), shelves, "help")
    await store.close()


@pytest.fixture
async def http(caring: Care) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    problems.install(app)
    app.include_router(care.router(caring, KEYS.require))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x", headers=EVE) as client:
        yield client


async def test_a_check_names_what_it_found_and_where(http: httpx.AsyncClient) -> None:
    found = (await http.get("/v1/knowledge/check")).json()
    assert found["counts"] == {"stale": 1, "duplicate": 0, "contradiction": 1}
    (each,) = found["contradictions"]
    assert (each["left"]["document"], each["right"]["document"]) == ("policy", "returns")
    assert each["left"]["text"] == "Returns are free within 14 days."
    assert found["stale"][0] | {"passages": 2, "why": "expired"} == found["stale"][0]


async def test_a_check_may_be_made_as_of_another_day(http: httpx.AsyncClient) -> None:
    found = (await http.get("/v1/knowledge/check", params={"on": "2000-01-01"})).json()
    assert found["counts"]["stale"] == 0
    assert found["on"] == "2000-01-01"


async def test_the_gaps_of_a_quiet_month_are_none(http: httpx.AsyncClient) -> None:
    found = (await http.get("/v1/knowledge/gaps")).json()
    assert (found["questions"], found["gaps"]) == (0, [])


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("gaps", {"since": "2030-01-01"}),
        ("gaps", {"since": "2020-01-01", "until": "2024-01-01"}),
        ("gaps", {"since": "yesterday"}),
        ("gaps", {"limit": "0"}),
        ("check", {"on": "someday"}),
        ("check", {"soon_days": "-1"}),
        ("check", {"collection": "x" * 65}),
    ],
)
async def test_what_makes_no_sense_is_refused(http: httpx.AsyncClient, path: str, params: dict[str, str]) -> None:
    assert (await http.get(f"/v1/knowledge/{path}", params=params)).status_code == 422


@pytest.mark.parametrize("path", ["gaps", "check"])
async def test_it_is_for_people_with_a_key(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.get(f"/v1/knowledge/{path}", headers={"Authorization": ""})).status_code == 401
    assert (await http.get(f"/v1/knowledge/{path}", headers={"Authorization": "Bearer bot-key"})).status_code == 403


async def test_prometheus_reads_the_last_look_and_never_waits_for_one(caring: Care, shelves: Shelves) -> None:
    clock = [0.0]
    shown = CareMetrics(caring, clock=lambda: clock[0])
    await shown.look()
    assert FINDINGS.labels("help", "contradiction")._value.get() == 1
    assert OUT_OF_DATE.labels("help", "expired")._value.get() == 2
    read = shelves.fetched
    shelves.held.clear()
    shelves.changed += 1
    shown.refresh()
    await asyncio.sleep(0)
    assert shelves.fetched == read
    clock[0] += FRESH_S
    shown.refresh()
    shown.refresh()
    assert shown._look is not None
    await shown._look
    assert OUT_OF_DATE.labels("help", "expired")._value.get() == 0


async def test_a_library_that_is_away_leaves_the_gauges_as_they_were(caring: Care, shelves: Shelves) -> None:
    shown = CareMetrics(caring)
    await shown.look()
    shelves.fault = LibraryUnavailable("it is away")
    await shown.look()
    assert FINDINGS.labels("help", "contradiction")._value.get() == 1
