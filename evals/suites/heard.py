"""What the suites `handoff`, `sentiment` and `urgency` have in common: messages through triage as in a turn, with the
shipped heads or with one fitted to the rows of --train."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from channels.commands.progress import progress
from evals import intervals
from evals.command import Asked
from evals.labelled import read

if TYPE_CHECKING:
    from agent.ports import Embedder
    from agent.state import Triage
    from agent.understanding.moods.moods import Moods

_BATCH = 64


@dataclass(frozen=True, slots=True)
class Suite:
    """One suite: the field of its rows with the values it may have, the head that a --train fits, what a triage says
    in the field's terms with its confidence and reason, and the figures of wanted against found."""

    name: str
    values: tuple[Any, ...]
    head: str
    told: Callable[[Triage], tuple[Any, float, str]]
    metrics: Callable[[Sequence[Any], Sequence[Any]], dict[str, float | None]]


async def run(asked: Asked, suite: Suite) -> dict[str, Any]:
    """The report. Raises ValueError for a row without text or with another value."""
    from agent.understanding.moods.moods import shipped
    from knowledge.embedding import open_embedder

    began, rows = time.perf_counter(), read(asked.data, suite.name, suite.values)
    embedder = await open_embedder(asked.settings.models.embedding.model)
    try:
        moods, taught = shipped(), 0
        if asked.train is not None:
            examples = read(asked.train, suite.name, suite.values)
            moods, taught = await _taught(suite, examples, embedder, moods), len(examples)
        with progress("reading", "messages") as show:
            found = await _triaged([row["text"] for row in rows], embedder, moods, lambda n: show(n, len(rows)))
    finally:
        await embedder.close()
    told = [suite.told(each) for each in found]
    if asked.outcomes is not None:
        judged = enumerate(zip(rows, told, strict=True), 1)
        asked.outcomes.extend(_outcome(suite, number, row, *each) for number, (row, each) in judged)
    wanted, guessed = [row[suite.name] for row in rows], [value for value, *_ in told]
    figures = suite.metrics(wanted, guessed)
    return {
        "suite": suite.name,
        "data": str(asked.data),
        "n": len(rows),
        "metrics": figures,
        "intervals": {name: each for name, each in _intervals(wanted, guessed).items() if name in figures},
        "config": {"train": str(asked.train) if asked.train else None, "examples": taught, "embedder": embedder.name},
        "seconds": round(time.perf_counter() - began, 2),
    }


def _intervals(wanted: Sequence[Any], guessed: Sequence[Any]) -> dict[str, intervals.Interval]:
    """Of every figure that one of these suites may report."""
    return {**intervals.of_labels(wanted, guessed), **intervals.of_label(wanted, guessed, True)}


async def _taught(suite: Suite, examples: Sequence[Mapping[str, Any]], embedder: Embedder, moods: Moods) -> Moods:
    """These with a head fitted to the examples, starting from the shipped one."""
    from agent.understanding.moods.fitting import fit_best

    texts = [row["text"] for row in examples]
    labels = [_label(row[suite.name]) for row in examples]
    vectors = await embedder.embed(texts)
    with progress("fitting", "heads") as show:
        head = await asyncio.to_thread(
            fit_best, texts, labels, vectors, moods.heads[suite.head], positive="yes" if "yes" in labels else None
        )
        show(1, 1)
    return moods.replaced(suite.head, head)


def _label(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


async def _triaged(texts: Sequence[str], embedder: Embedder, moods: Moods, done: Callable[[int], None]) -> list[Triage]:
    """As a turn does, each alone, without a conversation before it."""
    from agent.understanding.model import shipped
    from agent.understanding.triage import understand_many

    found: list[Triage] = []
    for at in range(0, len(texts), _BATCH):
        part = texts[at : at + _BATCH]
        vectors = await embedder.embed(part)
        found += await asyncio.to_thread(understand_many, part, [()] * len(part), list(vectors), shipped(), moods)
        done(len(found))
    return found


def _outcome(suite: Suite, number: int, row: Mapping[str, Any], found: Any, score: float, why: str) -> dict[str, Any]:
    wanted = row[suite.name]
    return {
        "suite": suite.name,
        "id": str(row.get("id", number)),
        "text": row["text"],
        "wanted": _label(wanted),
        "found": _label(found),
        "score": round(score, 4),
        "right": float(wanted == found),
        "outcome": why,
    }
