"""The `transcripts` suite: whole conversations through the graph, judged by route, sources, words and leaks."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from agent.graph import build
from agent.ports import Deps
from agent.redaction import Detector
from agent.state import Turn
from evals.measures import auroc
from evals.offline import Answered, answer

_HISTORY_LINES = 8
ROUTES = ("answer", "handoff", "other")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_LONG_NUMBER = re.compile(r"(?<!\w)\+?\d(?:[\s().-]?\d){8,18}(?!\w)")
_TOKEN = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Row:
    """One conversation's outcome. `hit` is whether the first source is a right one; `first` whether the best passage
    found is; None where the row names no passages."""

    id: str
    expected: str
    route: str
    handoff_only: bool
    ms: float
    reply: str
    hit: bool | None
    first: bool | None
    recall5: float | None
    token_f1: float | None
    sentences: int
    grounded: int
    leaks: int
    floor: float | None
    cosine: float | None
    sources: tuple[str, ...]
    reason: str
    context_tokens: int | None = None


async def run(
    rows: Sequence[Mapping[str, Any]], deps: Deps, detector: Detector, progress: Callable[[int], None] | None = None
) -> list[Row]:
    """Each row's outcome, in order. Raises ValueError for a row whose last turn is not a customer's."""
    graph, done = build(None), []
    for n, row in enumerate(rows):
        if not row.get("turns") or row["turns"][-1]["role"] != "customer":
            raise ValueError(f"row {row.get('id', n)!r}: the last turn must be the customer's")
        found = await answer(graph, deps, detector, row["turns"], id=str(row.get("id", n)), channel=row["channel"])
        done.append(judge(row, found))
        if progress:
            progress(n + 1)
    return done


def judge(row: Mapping[str, Any], found: Answered) -> Row:
    """One row's figures."""
    turn, expect = found.turn, row["expect"]
    gold = set(expect.get("passages") or ())
    route = turn.route if turn.route in ROUTES else "other"
    cited = _cited(turn) if route == "answer" else []
    ranked = list(dict.fromkeys(p.passage if p.passage in gold else p.document for p in turn.found))
    sentences = [s for s in turn.draft.sentences if s.citations] if turn.draft and route == "answer" else []
    wanted, reply = expect.get("reply"), " ".join(s.text for s in sentences)
    floor = next((v.score for v in turn.verdicts if v.rule == "floor"), None)
    return Row(
        id=turn.id,
        expected=expect["route"],
        route=route,
        handoff_only=row.get("judge") == "handoff_only",
        ms=found.ms,
        reply=turn.draft.text if turn.draft else "",
        hit=bool(cited and cited[0] & gold) if gold else None,
        first=bool(ranked and ranked[0] in gold) if gold else None,
        recall5=len(gold & set(ranked[:5])) / len(gold) if gold else None,
        token_f1=token_f1(reply, wanted) if wanted and route == "answer" else None,
        sentences=len(sentences),
        grounded=sum(_verbatim(turn, sentence) for sentence in sentences),
        leaks=_leaks(row["turns"], found.seen),
        floor=floor,
        cosine=max((p.dense for p in turn.found if p.dense is not None), default=None),
        sources=tuple(c.document for s in sentences for c in s.citations),
        reason="; ".join(f"{v.rule}: {v.reason}" for v in turn.verdicts if v.decision != "pass"),
        context_tokens=turn.context.tokens if turn.context else None,
    )


def outcome(row: Mapping[str, Any], judged: Row) -> dict[str, Any]:
    """A conversation and what came of it, as a row that runs are compared by and pages made of. `right` is 1 where the
    route is the expected one and the first source, where passages are named, a right one; a `handoff_only` row is
    right where it agrees about handing over."""
    handed = (judged.route == "handoff") == (judged.expected == "handoff")
    route = handed if judged.handoff_only else judged.route == judged.expected
    expect, said = row["expect"], [{"role": turn["role"], "text": turn["text"]} for turn in row["turns"]]
    return {
        "suite": "transcripts",
        **asdict(judged),
        "right": float(route and (judged.handoff_only or judged.hit is not False)),
        "text": said[-1]["text"],
        "history": said[:-1][-_HISTORY_LINES:],
        "wanted": {"reply": expect.get("reply"), "passages": list(expect.get("passages") or ())},
        "outcome": f"{judged.route}: {judged.reply or judged.reason}",
    }


def _cited(turn: Turn) -> list[set[str]]:
    """Each citation's passage and document ids, in the order of the reply."""
    if turn.draft is None:
        return []
    return [{c.passage, c.document} for s in turn.draft.sentences for c in s.citations]


def _verbatim(turn: Turn, sentence: Any) -> bool:
    """Whether every word and number of the sentence stands in the passages it cites, title and section included."""
    texts = {p.passage: f"{p.title} {p.section} {p.text}" for p in turn.found}
    source = " ".join(texts.get(c.passage, "") for c in sentence.citations)
    return set(_TOKEN.findall(sentence.text.lower())) <= set(_TOKEN.findall(source.lower()))


def _leaks(turns: Sequence[Mapping[str, str]], seen: str) -> int:
    """Email addresses and long numbers of the customer that reached a node, a model or the record. The patterns are
    this suite's own, so that what the detector cannot see still counts."""
    text = "\n".join(turn["text"] for turn in turns if turn["role"] == "customer")
    values = {*_MAIL.findall(text), *_LONG_NUMBER.findall(text)}
    return sum(value in seen for value in values)


def token_f1(given: str, wanted: str) -> float:
    """Token overlap F1 as SQuAD counts it (arXiv 1606.05250), without dropping articles."""
    a, b = Counter(_TOKEN.findall(given.lower())), Counter(_TOKEN.findall(wanted.lower()))
    common = sum((a & b).values())
    return 2 * common / (sum(a.values()) + sum(b.values())) if common else 0.0


def metrics(rows: Sequence[Row]) -> dict[str, float | int | None]:
    """The suite's figures, None where no row carries what one needs. A `handoff_only` row counts for handoff alone.

    `first_source_hit` is over the answers given where passages are named: one not answered has no source, and counts
    against `route_accuracy` and `answered_share`. `…_of_answerable` counts it as a miss here too.
    """
    full = [r for r in rows if not r.handoff_only]
    answerable = [r for r in full if r.expected == "answer"]
    hits = [float(r.hit) for r in answerable if r.hit is not None]
    answers = [r for r in full if r.sentences]
    judged = [r for r in full if r.expected in ("answer", "other") and r.cosine is not None]
    told = [r for r in judged if r.floor is not None]
    times = [r.ms for r in rows]
    return {
        "route_accuracy": _mean([float(r.route == r.expected) for r in full]),
        "route_macro_f1": _macro_f1(full),
        **_handoff(rows),
        "passage_recall@5": _mean([r.recall5 for r in answerable if r.recall5 is not None]),
        "first_source_hit": _mean([float(r.hit) for r in answers if r.hit is not None]),
        "first_source_hit_of_answerable": _mean(hits),
        "unanswerable_refused": _mean([float(r.route != "answer") for r in full if r.expected == "other"]),
        "answered_share": _mean([float(r.route == "answer") for r in answerable]),
        "answer_token_f1": _mean([r.token_f1 for r in full if r.token_f1 is not None]),
        "grounded_share": _mean([r.grounded / r.sentences for r in answers]),
        "pii_leaks": sum(r.leaks for r in rows),
        "answer_auroc": _auroc([r.floor for r in told], told),
        "plain_rule_auroc": _auroc([r.cosine for r in judged], judged),
        "plain_first_hit": _mean([float(r.first) for r in answerable if r.first is not None]),
        "context_tokens_mean": _mean([float(r.context_tokens) for r in rows if r.context_tokens is not None]),
        "turn_ms_p50": statistics.median(times) if times else None,
        "turn_ms_p95": float(np.percentile(times, 95)) if times else None,
    }


def _auroc(scores: Sequence[float | None], rows: Sequence[Row]) -> float | None:
    return auroc([float(s or 0.0) for s in scores], [r.expected == "answer" for r in rows])


def _mean(values: Sequence[float]) -> float | None:
    return statistics.fmean(values) if values else None


def _handoff(rows: Sequence[Row]) -> dict[str, float | None]:
    right = sum(r.route == "handoff" == r.expected for r in rows)
    given, wanted = sum(r.route == "handoff" for r in rows), sum(r.expected == "handoff" for r in rows)
    return {
        "handoff_precision": right / given if given else None,
        "handoff_recall": right / wanted if wanted else None,
    }


def _macro_f1(rows: Sequence[Row]) -> float | None:
    """Over the routes that occur as expected."""
    scores = []
    for route in {r.expected for r in rows}:
        right = sum(r.route == route == r.expected for r in rows)
        total = sum(r.route == route for r in rows) + sum(r.expected == route for r in rows)
        scores.append(2 * right / total if total else 0.0)
    return _mean(scores)
