"""Retrieval on a BEIR folder: the ingest, library, search and answer floor of a turn, against labelled passages."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from agent.understanding.floor import LearntFloor
from evals.measures import interval, mean, mrr, ndcg, recall
from evals.suites import abstention
from evals.suites.abstention import Judged
from evals.suites.beir_folder import Folder, Query, read
from evals.suites.retrieval_asking import Asker, Found, open_asker
from evals.suites.retrieval_library import COLLECTION, filled
from evals.suites.retrieval_rows import Outcome, describe
from evals.versions import provenance
from knowledge.embedding import open_embedder
from knowledge.ingest import Progress, Report
from knowledge.passages import Hit

DEPTH = 10
PASSAGES_SEARCHED = 30
"""Several passages may be of one document; thirty leave ten documents or more."""
PASSAGES_DEEP = 200
"""How far down a wanted document is looked for that the search did not bring; not timed."""
PART_VALUES, PART_CHARS = 12, 60
"""A field of the questions with at most so many values, each that short, tells parts of the set apart."""

_NO_VECTORS = np.zeros((0, 0), dtype=np.float32)

Scores = dict[str, list[float]]


@dataclass(frozen=True, slots=True)
class _Measured:
    outcomes: list[Outcome]
    judged: list[Judged]
    report: Report
    config: Mapping[str, Any]


async def run(
    data: Path,
    *,
    model: str = "bundled",
    keep: Path | None = None,
    passages: int = 16,
    card: str = "",
    rows: list[dict[str, Any]] | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> dict[str, Any]:
    """The suite's output as `frontdesk eval` prints it, plus `intervals` (95 %, bootstrap over queries) and `parts`.

    Queries without a relevant passage are not counted. `query_ms` is embedding and search. The floor judges `passages`
    a question, as many as a turn searches; `card` is a ranking of your own (`agent.ranking`). `keep` is a folder in
    which the passages stay for the next run. `rows` receives each query's outcome. Raises BadDocument when the folder
    lacks a file or a row is malformed.
    """
    started, folder = time.perf_counter(), read(data)
    measured = await _measure(folder, model, keep, passages, card, progress, deep=rows is not None)
    if rows is not None:
        rows += describe(folder, measured.outcomes, measured.judged)
    return {
        "suite": "retrieval",
        "data": str(data),
        "n": len(measured.outcomes),
        "metrics": _metrics(measured),
        "intervals": _intervals(measured.outcomes),
        "parts": _parts(measured.outcomes),
        "config": {**measured.config, **_labels(folder), **provenance(folder.corpus.parent)},
        "seconds": round(time.perf_counter() - started, 2),
    }


async def _measure(
    folder: Folder,
    model: str,
    keep: Path | None,
    passages: int,
    card: str,
    progress: Callable[[Progress], None] | None,
    *,
    deep: bool,
) -> _Measured:
    queries = [query for query in folder.queries if folder.relevant.get(query.id)]
    async with AsyncExitStack() as stack:
        embedder = await open_embedder(model)
        stack.push_async_callback(embedder.close)
        library, report, size = await stack.enter_async_context(filled(folder.corpus, embedder, keep, progress))
        asker = await open_asker(library, embedder, card)
        outcomes = [await _ask(query, folder.relevant[query.id], asker, deep) for query in queries]
        judged = await _judge(queries, folder.unanswerable, asker, passages)
        config = {
            "embedder": embedder.name,
            "store": "qdrant-edge",
            **asker.config,
            **size,
            "searched": PASSAGES_SEARCHED,
            "collection": COLLECTION,
        }
    return _Measured(outcomes, judged, report, config)


async def _ask(query: Query, relevant: Mapping[str, float], asker: Asker, deep: bool) -> Outcome:
    started = time.perf_counter()
    found = await asker.ask(query.text, query.history, PASSAGES_SEARCHED)
    milliseconds = (time.perf_counter() - started) * 1000
    ranking = documents(found.hits)
    below = await _below(query, asker, ranking) if deep and not set(relevant) <= set(ranking) else []
    return Outcome(query, _light(found), ranking[:DEPTH], [*ranking, *below], relevant, milliseconds)


async def _below(query: Query, asker: Asker, ranking: list[str]) -> list[str]:
    """The documents that a deeper search finds after those of `ranking`."""
    further = documents((await asker.ask(query.text, query.history, PASSAGES_DEEP)).hits)
    return [id for id in further if id not in set(ranking)]


def _light(found: Found) -> Found:
    """Without vectors, of which a thousand queries hold some hundred megabytes."""
    bare = (replace(hit, sentence_vectors=_NO_VECTORS, vector=None) for hit in found.hits)
    return replace(found, vector=_NO_VECTORS.ravel(), hits=tuple(bare))


async def _judge(
    queries: Sequence[Query], unanswerable: Sequence[Query] | None, asker: Asker, passages: int
) -> list[Judged]:
    if not unanswerable:
        return []
    floor = LearntFloor()
    yes = await abstention.judge(queries, True, asker, floor, passages)
    return yes + await abstention.judge(unanswerable, False, asker, floor, passages)


def documents(hits: Sequence[Hit]) -> list[str]:
    """Document ids in the order of their best passage."""
    return list(dict.fromkeys(hit.passage.document_id for hit in hits))


def _scores(outcomes: Sequence[Outcome]) -> Scores:
    return {
        "ndcg@10": [ndcg(each.ranking, each.relevant, 10) for each in outcomes],
        "recall@5": [recall(each.ranking, each.relevant, 5) for each in outcomes],
        "recall@10": [recall(each.ranking, each.relevant, 10) for each in outcomes],
        "mrr@10": [mrr(each.ranking, each.relevant, 10) for each in outcomes],
    }


def _metrics(measured: _Measured) -> dict[str, float | None]:
    metrics = {name: mean(values) for name, values in _scores(measured.outcomes).items()}
    times = [each.milliseconds for each in measured.outcomes]
    metrics["query_ms_p50"] = float(np.percentile(times, 50)) if times else None
    metrics["query_ms_p95"] = float(np.percentile(times, 95)) if times else None
    metrics["ingest_docs_per_s"] = measured.report.docs_per_s if measured.report.added else None
    metrics |= abstention.metrics(measured.judged)
    return {name: None if value is None else round(value, 4) for name, value in metrics.items()}


def _intervals(outcomes: Sequence[Outcome]) -> dict[str, list[float] | None]:
    bounds = {name: interval(values) for name, values in _scores(outcomes).items()}
    return {name: [round(low, 4), round(high, 4)] if outcomes else None for name, (low, high) in bounds.items()}


def _parts(outcomes: Sequence[Outcome]) -> dict[str, dict[str, dict[str, Any]]]:
    """By field of the questions and its value: how many, and their nDCG@10 with its interval."""
    parts: dict[str, dict[str, dict[str, Any]]] = {}
    for name in sorted({name for each in outcomes for name in each.query.fields}):
        values = sorted({each.query.fields.get(name, "") for each in outcomes})
        if not 2 <= len(values) <= min(PART_VALUES, len(outcomes) // 2) or max(map(len, values)) > PART_CHARS:
            continue
        parts[name] = {v: _part([each for each in outcomes if each.query.fields.get(name, "") == v]) for v in values}
    return parts


def _part(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    value = mean(_scores(outcomes)["ndcg@10"])
    return {"n": len(outcomes), "ndcg@10": round(value or 0.0, 4), "interval": _intervals(outcomes)["ndcg@10"]}


def _labels(folder: Folder) -> dict[str, int]:
    asked = {query.id for query in folder.queries}
    return {
        "queries_without_label": sum(not folder.relevant.get(id) for id in asked),
        "labels_without_query": sum(id not in asked for id in folder.relevant),
        "no_answer": len(folder.unanswerable or ()),
    }
