"""What happened to each query, as rows that two runs can be compared by and pages made of. Pure but for the corpus,
which is read once for the words of what was wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evals.measures import mrr, ndcg, recall
from evals.suites import abstention
from evals.suites.abstention import Judged
from evals.suites.beir_folder import Article, Folder, Query, articles
from evals.suites.retrieval_asking import Found
from knowledge.passages import Hit

HISTORY_LINES, LINE_CHARS = 8, 1000
SHOWN, TEXT_CHARS = 10, 500
"""Documents a row holds, and characters of each."""


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """A labelled query and what was found for it. `ranking` are the documents that count, best first, each once;
    `deep` begins with them and goes on as far as anybody looked."""

    query: Query
    found: Found
    ranking: list[str]
    deep: list[str]
    relevant: Mapping[str, float]
    milliseconds: float


def describe(folder: Folder, outcomes: Sequence[Outcome], judged: Sequence[Judged]) -> list[dict[str, Any]]:
    """A row for each query, in order, then one for each question that nothing answers."""
    wanted = frozenset(id for each in outcomes for id in each.relevant)
    words = articles(folder.corpus, wanted)
    verdicts = {each.query.id: abstention.verdict(each) for each in judged if each.answerable}
    rows = [_row(each, words) for each in outcomes]
    rows = [{**row, "answerable": verdicts[row["id"]]} if row["id"] in verdicts else row for row in rows]
    return rows + [abstention.row(each) for each in judged if not each.answerable]


def _row(outcome: Outcome, words: Mapping[str, Article]) -> dict[str, Any]:
    query, ranking, relevant = outcome.query, outcome.ranking, outcome.relevant
    lines = query.history[-HISTORY_LINES:]
    return {
        "suite": "retrieval",
        "kind": "query",
        "id": query.id,
        "text": query.text[:LINE_CHARS],
        "history": [{"role": line.role, "text": line.text[:LINE_CHARS]} for line in lines],
        "fields": {name: value[:LINE_CHARS] for name, value in query.fields.items()},
        "query": outcome.found.query,
        "searched": dict(outcome.found.searched),
        "ranking": _ranking(outcome.found.hits, ranking, relevant),
        "relevant": _relevant(outcome.deep, relevant, words),
        "ndcg@10": round(ndcg(ranking, relevant, 10), 4),
        "recall@10": round(recall(ranking, relevant, 10), 4),
        "mrr@10": round(mrr(ranking, relevant, 10), 4),
        "ms": round(outcome.milliseconds, 2),
    }


def _ranking(hits: Sequence[Hit], ranking: Sequence[str], relevant: Mapping[str, float]) -> list[dict[str, Any]]:
    """The documents that count with their best passage."""
    best: dict[str, Hit] = {}
    for hit in hits:
        best.setdefault(hit.passage.document_id, hit)
    return [
        {
            "id": id,
            "title": best[id].passage.title,
            "text": best[id].passage.text[:TEXT_CHARS],
            "score": round(best[id].score, 4),
            "gain": relevant.get(id, 0.0),
        }
        for id in ranking[:SHOWN]
    ]


def _relevant(deep: Sequence[str], relevant: Mapping[str, float], words: Mapping[str, Article]) -> list[dict[str, Any]]:
    """What was wanted, best ranked first: `rank` is None where it was not found however deep, `title` where the corpus
    has no such document."""
    ranks = {id: rank for rank, id in enumerate(deep, start=1)}
    rows = [
        {
            "id": id,
            "gain": gain,
            "rank": ranks.get(id),
            "title": words[id].title if id in words else None,
            "text": words[id].text[:TEXT_CHARS] if id in words else "",
        }
        for id, gain in relevant.items()
    ]
    return sorted(rows, key=lambda row: row["rank"] or len(deep) + 1)[: 2 * SHOWN]
