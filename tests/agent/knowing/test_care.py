"""Gaps come from the log with what the knowledge has near them; a check is made once for a state of the knowledge."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from knowing_support import Shelves, WordEmbedder, passage
from sqlalchemy import insert

from agent.knowing.care import Care
from knowledge.checking.looking import Look
from knowledge.checking.validity import Ages
from knowledge.errors import LibraryUnavailable
from memory.messages import Inbound
from memory.migrate import migrate
from memory.receive import NewIds, receive
from memory.schema import turns
from memory.seal import MasterKey
from memory.store import Store, open_store
from memory.vault import Vault

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TODAY = date(2026, 11, 24)
RETURNS = passage("returns", "Returns are free within 30 days.", "Returns")
POLICY = passage("policy", "Returns are free within 14 days.", "Returns policy")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    url = f"sqlite:///{tmp_path}/log.db"
    migrate(url)
    opened = open_store(url)
    yield opened
    await opened.close()


async def unanswered(store: Store, *texts: str) -> None:
    """Each asked by somebody of their own."""
    vault = Vault(MasterKey.from_secret("0f" * 32))

    def work(connection: object) -> None:
        for n, text in enumerate(texts):
            inbound = Inbound("web", "chat", f"m-{n}", f"guest-{n}", text, NOW)
            ids = NewIds(f"c-{n}", f"p-{n}", f"k-{n}")
            receive(connection, vault, inbound, ids, NOW)  # type: ignore[arg-type]
            row = {"id": f"t-{n}", "conversation_id": f"c-{n}", "from_seq": 1, "to_seq": 1, "epoch": 0, "attempt": 1}
            row |= {"status": "committed", "holder": "x", "started_at": NOW, "route": "other"}
            record = {"said": [{"text": text}], "query": text, "template": "unknown"}
            connection.execute(insert(turns), {**row, "record": record})  # type: ignore[attr-defined]

    await store.write(work)


def care(store: Store, shelves: Shelves, embedder: WordEmbedder | None = None) -> Care:
    return Care(store, embedder or WordEmbedder(), shelves, "help", {"shop": "shop", "web": "help"})


async def test_gaps_show_what_comes_near(store: Store) -> None:
    await unanswered(store, "Are returns of kayaks free?", "Are returns of kayaks free", "Is the moon cheese?")
    found = await care(store, Shelves(RETURNS, POLICY)).gaps(NOW - timedelta(days=1), NOW + timedelta(hours=1))
    assert (found.questions, found.customers, found.groups) == (3, 3, 2)
    assert [gap.has_article for gap in found.gaps] == [True, False]
    assert found.gaps[0].nearest[0].document in ("returns", "policy")


async def test_no_question_is_embedded_twice(store: Store) -> None:
    await unanswered(store, "Are returns of kayaks free?", "Is the moon cheese?")
    embedder = WordEmbedder()
    caring = care(store, Shelves(RETURNS), embedder)
    for _ in range(2):
        await caring.gaps(NOW - timedelta(days=1), NOW + timedelta(hours=1))
    assert sorted(embedder.asked) == ["Are returns of kayaks free?", "Is the moon cheese?"]


async def test_a_check_is_made_again_only_when_something_changed(store: Store) -> None:
    shelves = Shelves(RETURNS, POLICY)
    caring = care(store, shelves)
    first, again = await asyncio.gather(caring.check(TODAY), caring.check(TODAY))
    assert first is again
    assert len(first.contradictions) == 1
    assert shelves.fetched == 2
    await caring.check(TODAY + timedelta(days=1))
    await caring.check(TODAY + timedelta(days=1), look=Look(Ages(soon_days=5)))
    assert shelves.fetched == 6
    shelves.held.pop()
    shelves.changed += 1
    assert (await caring.check(TODAY)).contradictions == ()


async def test_a_library_that_is_down_is_said_and_forgotten(store: Store) -> None:
    shelves = Shelves(RETURNS, POLICY)
    caring = care(store, shelves)
    shelves.fault = LibraryUnavailable("it is away")
    with pytest.raises(LibraryUnavailable):
        await caring.check(TODAY)
    shelves.fault = None
    assert (await caring.check(TODAY)).passages == 2


async def test_every_collection_is_named_once_the_default_first(store: Store) -> None:
    assert care(store, Shelves()).all_collections == ("help", "shop")
