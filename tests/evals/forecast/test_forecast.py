"""Promises of `frontdesk report`: shares with honest intervals, and what is known kept apart from what is guessed."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evals.forecast import figures, page
from evals.forecast.figures import share
from evals.forecast.gaps import unanswered
from evals.forecast.rows import load
from evals.forecast.running import Fate, Outcome
from knowledge.embedding import LocalEmbedder
from knowledge.encoders import HashingEncoder


@pytest.fixture
async def embedder() -> AsyncIterator[LocalEmbedder]:
    embedder = LocalEmbedder(HashingEncoder())
    yield embedder
    await embedder.close()


BASE = Outcome(
    id="1",
    conversation="c",
    inbox="Shop",
    tags=("a",),
    fate="answered",
    reason="",
    question="When?",
    history=(("bot", "Hello"),),
    reply="On Monday.",
    sources=("hours.md",),
    said="Monday",
    said_by="person",
    expected="answer",
    sure=True,
    linked=("hours.md",),
    right=True,
    gap=False,
    ms=5.0,
)


def outcome(number: int, fate: Fate, **fields: Any) -> Outcome:
    return replace(BASE, **{"id": str(number), "conversation": str(number), "fate": fate, **fields})


def test_a_share_has_an_interval_that_holds_it() -> None:
    found = share([outcome(n, "answered" if n % 4 else "refused") for n in range(200)], lambda o: o.fate == "answered")
    assert (found.count, found.of, found.share) == (150, 200, 0.75)
    assert found.low is not None
    assert found.high is not None
    assert 0.66 < found.low < 0.75 < found.high < 0.84


def test_rows_of_one_conversation_are_not_taken_for_independent_ones() -> None:
    apart = [outcome(n, "answered" if n < 20 else "refused") for n in range(40)]
    together = [replace(each, conversation=str(n // 10)) for n, each in enumerate(apart)]
    narrow, wide = (share(rows, lambda o: o.fate == "answered") for rows in (apart, together))
    assert narrow.low is not None
    assert wide.low is not None
    assert wide.low < narrow.low


def test_never_in_three_times_is_no_proof_of_never() -> None:
    none = share([outcome(n, "answered") for n in range(3)], lambda o: o.fate == "refused")
    assert (none.share, none.low) == (0.0, 0.0)
    assert none.high is not None
    assert 0.5 < none.high < 0.6
    assert share([], lambda o: True).share is None


def test_guesses_count_for_shares_and_not_for_agreement() -> None:
    rows = [
        outcome(1, "answered"),
        outcome(2, "answered", right=False),
        outcome(3, "handed over", right=None),
        outcome(4, "handed over", expected="handoff", linked=(), right=None),
        outcome(5, "refused", sure=False, linked=(), right=None),
    ]
    assert figures.fates(rows)["refused"].count == 1
    agreement = {name: (each.count, each.of) for name, each in figures.agreement(rows).items()}
    assert list(agreement.values()) == [(1, 1), (2, 3), (1, 2)]


def test_inboxes_and_tags_stand_by_size() -> None:
    rows = [outcome(n, "answered", inbox="Big" if n else "Small", tags=("x", "x")) for n in range(5)]
    assert list(figures.groups(rows, lambda o: [o.inbox])) == ["Big", "Small"]
    assert figures.groups(rows, lambda o: o.tags)["x"]["answered"].of == 5


async def test_what_was_not_answered_stands_together_by_meaning(embedder: LocalEmbedder) -> None:
    rows = [
        outcome(1, "refused", question="do you sell kayaks", gap=True),
        outcome(2, "answered", question="do you sell tents"),
        outcome(3, "refused", question="do you repair zips", gap=True),
        outcome(4, "asked back", question="do you sell kayaks", gap=True),
    ]
    found = await unanswered(rows, embedder)
    assert (found[0].question, found[0].count, found[0].rows) == ("do you sell kayaks", 2, ("1", "4"))
    assert await unanswered(rows[1:2], embedder) == []


def test_the_page_says_the_finding_and_takes_hostile_words_as_words() -> None:
    hostile = '<script>alert(1)</script><img src=x onerror="alert(2)">'
    rows = [outcome(1, "answered", question=hostile, reply=hostile, said=hostile, inbox=hostile, tags=(hostile,))]
    rows += [outcome(n, "refused", gap=True) for n in (2, 3)]
    shares, agreement = figures.fates(rows), figures.agreement(rows)
    inboxes = figures.groups(rows, lambda o: [o.inbox])
    html = page.html(hostile, shares, agreement, inboxes, inboxes, [], rows)
    assert "33 % of what customers asked would have been answered" in html
    assert "<img" not in html
    assert html.count("<script>") == 1


def write(path: Path, *rows: Any) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


GOOD = {"id": "1", "turns": [{"role": "customer", "text": "Hi"}]}


def test_broken_rows_are_named_and_the_rest_is_run(tmp_path: Path) -> None:
    path = write(
        tmp_path / "past.jsonl",
        GOOD,
        "{",
        GOOD,
        {"id": "2", "turns": []},
        {"id": "3", "turns": [{"role": "agent", "text": "Hello"}]},
        {"id": "4", "turns": [{"role": "customer", "text": 5}]},
        {"id": "5", "turns": [{"role": "customer", "text": "Hi"}], "expect": None},
    )
    loaded = load(path)
    assert [row["id"] for row in loaded.rows] == ["1", "5"]
    assert [number for number, _ in loaded.skipped] == [2, 3, 4, 5, 6]
    assert "came before" in loaded.skipped[1][1]


def test_a_file_without_transcripts_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no transcripts"):
        load(write(tmp_path / "empty.jsonl"))
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(json.dumps(GOOD).encode())[:-9])
    with pytest.raises(ValueError, match="cannot be unpacked"):
        load(tmp_path / "cut.jsonl.gz")
