"""Retrieval on a BEIR folder: the ingest, library and query form of a turn, against labelled passages."""

from __future__ import annotations

import csv
import gzip
import json
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evals.measures import interval, mean, mrr, ndcg, recall
from knowledge.edge_library import EdgeLibrary
from knowledge.embedding import LocalEmbedder, open_embedder
from knowledge.errors import BadDocument
from knowledge.fusion import RANK_CONSTANT
from knowledge.ingest import Progress, Report, ingest
from knowledge.passages import Hit
from knowledge.query import search_query

COLLECTION = "eval"
DEPTH = 10
PASSAGES_SEARCHED = 30
"""Several passages may be of one document; thirty leave ten documents or more."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a query's history."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A labelled query and what was found for it: documents, best first, each once."""

    id: str
    query: str
    ranking: list[str]
    relevant: dict[str, float]
    milliseconds: float


async def run(
    data: Path,
    *,
    model: str = "bundled",
    per_query: Path | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> dict[str, Any]:
    """The suite's output as `frontdesk eval` prints it, plus `intervals` (95 %, bootstrap over queries).

    Queries without a relevant passage are not counted. `query_ms` is embedding and search. Raises BadDocument when
    the folder lacks a file or a row is malformed.
    """
    started = time.perf_counter()
    queries, labels = _queries(data), _labels(data)
    embedder = await open_embedder(model)
    try:
        async with _library(embedder) as library:
            corpus = _file(data, "corpus.jsonl")
            report = await ingest(
                [corpus], library=library, embedder=embedder, collection=COLLECTION, progress=progress
            )
            asked = [
                await _ask(row, labels[row["_id"]], library, embedder) for row in queries if labels.get(row["_id"])
            ]
    finally:
        await embedder.close()
    if per_query is not None:
        _write(per_query, asked)
    return {
        "suite": "retrieval",
        "data": str(data),
        "n": len(asked),
        "metrics": _metrics(asked, report),
        "intervals": _intervals(asked),
        "config": _config(embedder.name, report),
        "seconds": round(time.perf_counter() - started, 2),
    }


@asynccontextmanager
async def _library(embedder: LocalEmbedder) -> AsyncIterator[EdgeLibrary]:
    with tempfile.TemporaryDirectory(prefix="frontdesk-eval-") as folder:
        library = await EdgeLibrary.open(Path(folder), embedder=embedder.name, dim=embedder.dim, collection=COLLECTION)
        try:
            yield library
        finally:
            await library.close()


async def _ask(row: dict[str, Any], relevant: dict[str, float], library: EdgeLibrary, embedder: LocalEmbedder) -> Asked:
    started = time.perf_counter()
    query = search_query(row["text"], [Line(line["role"], line["text"]) for line in row.get("history", ())])
    vectors = await embedder.embed([query])
    hits = await library.search(query, vectors[0], limit=PASSAGES_SEARCHED)
    milliseconds = (time.perf_counter() - started) * 1000
    return Asked(row["_id"], query, documents(hits)[:DEPTH], relevant, milliseconds)


def documents(hits: list[Hit]) -> list[str]:
    """Document ids in the order of their best passage."""
    return list(dict.fromkeys(hit.passage.document_id for hit in hits))


def _scores(asked: list[Asked]) -> dict[str, list[float]]:
    return {
        "ndcg@10": [ndcg(each.ranking, each.relevant, 10) for each in asked],
        "recall@5": [recall(each.ranking, each.relevant, 5) for each in asked],
        "recall@10": [recall(each.ranking, each.relevant, 10) for each in asked],
        "mrr@10": [mrr(each.ranking, each.relevant, 10) for each in asked],
    }


def _metrics(asked: list[Asked], report: Report) -> dict[str, float | None]:
    metrics = {name: mean(values) for name, values in _scores(asked).items()}
    times = [each.milliseconds for each in asked]
    metrics["query_ms_p50"] = float(np.percentile(times, 50)) if times else None
    metrics["query_ms_p95"] = float(np.percentile(times, 95)) if times else None
    metrics["ingest_docs_per_s"] = report.docs_per_s
    return {name: None if value is None else round(value, 4) for name, value in metrics.items()}


def _intervals(asked: list[Asked]) -> dict[str, list[float] | None]:
    bounds = {name: interval(values) for name, values in _scores(asked).items()}
    return {name: [round(low, 4), round(high, 4)] if asked else None for name, (low, high) in bounds.items()}


def _config(model: str, report: Report) -> dict[str, Any]:
    return {
        "embedder": model,
        "store": "qdrant-edge",
        "fusion": f"rrf k={RANK_CONSTANT}",
        "documents": report.added,
        "passages": report.passages,
        "skipped": len(report.skipped),
    }


def _file(data: Path, name: str) -> Path:
    for path in (data / name, data / f"{name}.gz"):
        if path.is_file():
            return path
    raise BadDocument(f"{data} is no BEIR folder: it has no {name}")


def _text(path: Path) -> Iterator[str]:
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from lines
    else:
        with path.open(encoding="utf-8") as lines:
            yield from lines


def _queries(data: Path) -> list[dict[str, Any]]:
    path = _file(data, "queries.jsonl")
    rows = []
    for number, line in enumerate(_text(path), start=1):
        try:
            row = json.loads(line) if line.strip() else None
        except json.JSONDecodeError as error:
            raise BadDocument(f"{path} line {number} is no JSON: {error}") from error
        if row is not None:
            if not isinstance(row, dict) or not isinstance(row.get("_id"), str) or not isinstance(row.get("text"), str):
                raise BadDocument(f"{path} line {number} needs _id and text")
            rows.append(row)
    return rows


def _labels(data: Path) -> dict[str, dict[str, float]]:
    """Relevant documents with their gains, by query."""
    path = _file(data, "qrels.tsv")
    labels: dict[str, dict[str, float]] = {}
    for number, cells in enumerate(csv.reader(_text(path), delimiter="\t", quoting=csv.QUOTE_NONE), start=1):
        if number == 1 or not cells:
            continue
        try:
            query, document, gain = cells[0], cells[1], float(cells[2])
        except (IndexError, ValueError) as error:
            raise BadDocument(f"{path} line {number} needs a query, a document and a number") from error
        if gain > 0:
            labels.setdefault(query, {})[document] = gain
    return labels


def _write(path: Path, asked: list[Asked]) -> None:
    with path.open("w", encoding="utf-8") as out:
        for each in asked:
            row = {
                "_id": each.id,
                "query": each.query,
                "ranking": each.ranking,
                "relevant": each.relevant,
                "ndcg@10": round(ndcg(each.ranking, each.relevant, 10), 4),
                "ms": round(each.milliseconds, 2),
            }
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
