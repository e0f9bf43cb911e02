"""`frontdesk search` and POST /v1/search: what is filtered, and what is no longer in force."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from typer.testing import CliRunner

from channels.cli import app
from channels.http import problems
from channels.http.knowledge import router
from knowledge.edge_library import EdgeLibrary
from knowledge.embedding import LocalEmbedder
from knowledge.encoders import HashingEncoder, load
from knowledge.entries import Entry, embedding_text
from knowledge.passages import Passage

ENCODER = load("hashing")
TODAY = datetime.now(UTC).date()
HELD = {
    "now-uk": {"region": "uk", "valid_until": str(TODAY)},
    "now-ie": {"region": "ie"},
    "now-de": {"region": "de", "valid_until": "soon"},
    "over": {"region": "uk", "valid_until": str(TODAY - timedelta(days=1))},
    "early": {"region": "uk", "valid_from": str(TODAY + timedelta(days=1))},
}


async def library(folder: Path) -> EdgeLibrary:
    made = await EdgeLibrary.open(folder, embedder=ENCODER.name, dim=ENCODER.dim)
    entries = []
    for id, metadata in HELD.items():
        passage = Passage(id, id, "Refunds", f"Refunds take {len(id)} days.", "", metadata=metadata)
        vector = ENCODER.encode([embedding_text(passage)])
        entries.append(Entry(passage, vector[0], vector[:0], "h"))
    await made.upsert("help", entries)
    return made


@pytest.fixture
async def config(tmp_path: Path) -> Path:
    await (await library(tmp_path / "qdrant")).close()
    written = tmp_path / "frontdesk.toml"
    written.write_text(f'[qdrant]\npath = "{tmp_path}/qdrant"\n[models.embedding]\nmodel = "hashing"\n')
    return written


def found(config: Path, *words: str) -> set[str]:
    done = CliRunner().invoke(app, ["search", "refunds", *words, "--config", str(config), "--json", "-"])
    assert done.exit_code == 0, done.output
    return {each["id"] for each in json.loads(done.output)["passages"]}


def test_a_key_given_twice_is_one_of_and_another_key_must_match_too(config: Path) -> None:
    assert found(config) == {"now-uk", "now-ie", "now-de"}
    assert found(config, "--filter", "region=uk", "--filter", "region=ie") == {"now-uk", "now-ie"}
    assert found(config, "--filter", "region=uk", "--filter", "language=en") == set()
    assert found(config, "--filter", "region=uk", "--include-expired") == {"now-uk", "over", "early"}


def test_a_filter_without_a_value_or_with_a_hostile_key_is_one_clear_line(config: Path) -> None:
    for wrong, said in (("region", "KEY=VALUE"), ("a.b=c", "no metadata key"), ("=x", "no metadata key")):
        done = CliRunner().invoke(app, ["search", "refunds", "--filter", wrong, "--config", str(config)])
        assert done.exit_code != 0
        assert said in done.output + str(done.exception)


async def test_over_http_a_search_takes_lists_a_day_and_all_that_ever_held(tmp_path: Path) -> None:
    held, embedder, served = await library(tmp_path / "qdrant"), LocalEmbedder(HashingEncoder(ENCODER.dim)), FastAPI()
    problems.install(served)
    served.include_router(router(held, embedder, lambda role: lambda: role))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(served), base_url="http://frontdesk") as client:

        async def asked(**body: object) -> set[str]:
            answer = await client.post("/v1/search", json={"query": "refunds", **body})
            return {each["id"] for each in answer.raise_for_status().json()["passages"]}

        assert await asked() == {"now-uk", "now-ie", "now-de"}
        assert await asked(filters={"region": ["uk", "ie"]}) == {"now-uk", "now-ie"}
        assert await asked(filters={"region": "uk"}, on=str(TODAY - timedelta(days=1))) == {"now-uk", "over"}
        assert await asked(include_expired=True) == set(HELD)
        for wrong in ({"filters": {"a.b": "c"}}, {"filters": {"region": ["x"] * 201}}, {"on": "soon"}, {"query": ""}):
            assert (await client.post("/v1/search", json={"query": "x", **wrong})).status_code in (400, 422)
    await embedder.close()
    await held.close()
