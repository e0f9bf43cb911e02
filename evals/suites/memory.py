"""The memory suite: whether a recall finds the messages that hold a question's answer, on LoCoMo's own JSON, and how
much the context then takes. It asks what a turn asks: the log, the index, the recall and the context are the product's.

Questions of category 5 have no answer, and those without evidence nothing to find: neither counts.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from agent.contexts import context_of
from agent.ports import Embedder
from channels.commands.progress import progress
from evals.command import Asked
from evals.intervals import bootstrap
from evals.locomo import UNANSWERABLE, Asking, Sample, read
from evals.locomo_kept import Kept, Shelf, asking, keep, shelf
from evals.locomo_plain import Plain, plain, share
from evals.measures import mean
from evals.versions import provenance
from knowledge.embedding import open_embedder

DEPTHS: Final = (10, 30)
OURS: Final = "evidence"
CATEGORIES: Final[Mapping[int, str]] = {1: "several hops", 2: "time", 3: "open", 4: "one hop"}
SHOWN: Final = 10
"""Messages of a ranking that a row keeps."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`rankings` are ids of messages, best first, by the way they were found; `tokens` those of the built context."""

    sample: Sample
    asking: Asking
    rankings: Mapping[str, Sequence[str]]
    tokens: int
    recall_ms: float
    cpu_ms: float
    degraded: str = ""

    def share(self, way: str, k: int) -> float:
        return share(self.rankings[way], self.asking.evidence, k)


async def run(asked: Asked) -> dict[str, Any]:
    """The report: the share of the evidence among the best 10 and 30, the context's tokens, and milliseconds from the
    question to what is recalled, its embedding included."""
    began, samples = time.perf_counter(), read(asked.data)
    embedder = await open_embedder(asked.settings.models.embedding.model)
    budget = asked.settings.memory.context_tokens
    try:
        outcomes = await measured(samples, embedder, budget)
    finally:
        await embedder.close()
    if asked.outcomes is not None:
        asked.outcomes.extend(_row(each) for each in outcomes)
    return {
        "suite": "memory",
        "data": str(asked.data),
        "n": len(outcomes),
        "metrics": metrics(outcomes),
        "intervals": {
            f"evidence_recall@{k}": bootstrap([each.share(OURS, k) for each in outcomes], mean) for k in DEPTHS
        },
        "config": {
            "embedder": embedder.name,
            "store": "qdrant-edge",
            "context_tokens": budget,
            "conversations": len(samples),
            "messages": sum(len(session.messages) for each in samples for session in each.sessions),
            "questions_left_out": sum(len(each.questions) for each in samples) - len(outcomes),
            "evidence_not_there": sum(each.missing for each in samples),
            **provenance(asked.data.parent),
        },
        "seconds": round(time.perf_counter() - began, 2),
    }


async def measured(samples: Sequence[Sample], embedder: Embedder, budget_tokens: int) -> list[Outcome]:
    outcomes = list[Outcome]()
    with progress("remembering", "conversations") as show:
        async with shelf(embedder) as put:
            for number, sample in enumerate(samples, 1):
                outcomes += await _sample(put, sample, number, budget_tokens)
                show(number, len(samples))
    return outcomes


async def _sample(put: Shelf, sample: Sample, number: int, budget_tokens: int) -> list[Outcome]:
    """All samples share one index: a recall that crossed customers would show."""
    kept, beside = await keep(put, sample, number), await plain(sample, put.embedder)
    wanted = [each for each in sample.questions if each.evidence and each.category != UNANSWERABLE]
    return [await _ask(put, kept, beside, sample, each, budget_tokens) for each in wanted]


async def _ask(put: Shelf, kept: Kept, beside: Plain, sample: Sample, question: Asking, budget_tokens: int) -> Outcome:
    turn = asking(kept, question.text)
    started, spent = time.perf_counter(), time.process_time()
    recalled = await kept.recollections.recall(turn, None)
    took, used = (time.perf_counter() - started) * 1000, (time.process_time() - spent) * 1000
    context = context_of(replace(turn, recalled=recalled), budget_tokens)
    found = [kept.ids[each.conversation, each.seq] for each in recalled.found]
    vector = (await put.embedder.embed([question.text]))[0]
    rankings = {OURS: found, **beside.rankings(question.text, vector)}
    return Outcome(sample, question, rankings, context.tokens, took, used, recalled.degraded)


def metrics(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Each None where nothing was asked."""
    found: dict[str, Any] = {f"evidence_recall@{k}": _share(outcomes, OURS, k) for k in DEPTHS}
    found["context_tokens_mean"] = _rounded(mean([float(each.tokens) for each in outcomes]))
    found["recall_ms_p50"] = _rounded(statistics.median(each.recall_ms for each in outcomes)) if outcomes else None
    found["recall_ms_p95"] = _rounded(float(np.percentile([o.recall_ms for o in outcomes], 95))) if outcomes else None
    found["recall_cpu_ms_p50"] = _rounded(statistics.median(o.cpu_ms for o in outcomes)) if outcomes else None
    found |= {f"{way}_recall@{k}": _share(outcomes, way, k) for way in ("plain_rrf", "bm25", "dense") for k in DEPTHS}
    found["per_category"] = {
        name: {"n": len(those), **{f"evidence_recall@{k}": _share(those, OURS, k) for k in DEPTHS}}
        for number, name in CATEGORIES.items()
        if (those := [each for each in outcomes if each.asking.category == number])
    }
    return found


def _share(outcomes: Sequence[Outcome], way: str, k: int) -> float | None:
    return _rounded(mean([each.share(way, k) for each in outcomes]))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _row(outcome: Outcome) -> dict[str, Any]:
    said = {each.id: each for session in outcome.sample.sessions for each in session.messages}
    found = outcome.rankings[OURS]
    return {
        "suite": "memory",
        "id": outcome.asking.id,
        "text": outcome.asking.text,
        "category": CATEGORIES.get(outcome.asking.category, str(outcome.asking.category)),
        "wanted": [{"id": id, "text": said[id].text} for id in sorted(outcome.asking.evidence)],
        "found": [{"id": id, "text": said[id].text} for id in found[:SHOWN]],
        "places": {id: found.index(id) + 1 if id in found else None for id in sorted(outcome.asking.evidence)},
        **{f"recall@{k}": outcome.share(OURS, k) for k in DEPTHS},
        "plain_rrf@10": outcome.share("plain_rrf", 10),
        "context_tokens": outcome.tokens,
        "recall_ms": round(outcome.recall_ms, 2),
        "degraded": outcome.degraded,
    }
