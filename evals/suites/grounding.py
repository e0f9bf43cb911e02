"""The grounding suite: whether a reply's evidence says it, by the judge's own score. A row is
{"reply", "evidence": […], "history": […], "label": "grounded" or "ungrounded"}; `history` is no evidence."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from agent.guardrails.evidence_card import GroundingModel, read_card, shipped, split
from agent.guardrails.evidence_reading import read as read_text
from agent.guardrails.evidence_signals import evidence_of, find
from agent.guardrails.grounding import reply_score
from evals.command import Asked
from evals.grounding_rows import LABELS, Labelled, read
from evals.intervals import Interval, of_auroc, of_labels, of_share
from evals.labelled import accuracy, f1_of
from evals.measures import auroc, mean

_SHOWN: Final = 4


async def run(asked: Asked) -> dict[str, Any]:
    """The report: AUROC, balanced accuracy at the threshold in force, both also for plain overlap of words."""
    started = time.perf_counter()
    rows = read(asked.data)
    card = asked.settings.agent.grounding
    model = read_card(Path(card)) if card else shipped()
    began = time.process_time()
    scores = await asyncio.to_thread(_scores, rows, model)
    cpu_ms = (time.process_time() - began) * 1000
    if asked.outcomes is not None:
        asked.outcomes.extend(_outcome(row, s, model.threshold) for row, s in zip(rows, scores, strict=True))
    return {
        "suite": "grounding",
        "data": str(asked.data),
        "n": len(rows),
        "metrics": {**metrics(rows, scores, model.threshold), "cpu_ms_mean": cpu_ms / len(rows)},
        "intervals": _intervals(rows, scores, model.threshold),
        "config": {"card": card or "shipped", "weights": model.fingerprint, "threshold": model.threshold},
        "seconds": round(time.perf_counter() - started, 2),
    }


def _scores(rows: Sequence[Labelled], model: GroundingModel) -> list[float]:
    return [reply_score(row.reply, row.evidence, model) for row in rows]


def metrics(rows: Sequence[Labelled], scores: Sequence[float], threshold: float) -> dict[str, float | None]:
    """None where a kind of row is missing."""
    wanted = [row.grounded for row in rows]
    sent = [score >= threshold for score in scores]
    kept, refused = _shares(wanted, sent)
    return {
        "auroc": auroc(scores, wanted),
        "balanced_accuracy": None if kept is None or refused is None else (kept + refused) / 2,
        "accuracy": accuracy(wanted, sent),
        "grounded_sent": kept,
        "ungrounded_refused": refused,
        "ungrounded_among_sent": _complement(f1_of(wanted, sent, True)["precision"]),
        "plain_overlap_auroc": auroc([overlap(row) for row in rows], wanted),
    }


def _complement(value: float | None) -> float | None:
    return None if value is None else 1 - value


def _shares(wanted: Sequence[bool], sent: Sequence[bool]) -> tuple[float | None, float | None]:
    """Of the grounded, how many are sent; of the ungrounded, how many are refused."""
    pairs = list(zip(wanted, sent, strict=True))
    return mean([float(s) for w, s in pairs if w]), mean([float(not s) for w, s in pairs if not w])


def _intervals(rows: Sequence[Labelled], scores: Sequence[float], threshold: float) -> dict[str, Interval]:
    wanted, sent = [row.grounded for row in rows], [score >= threshold for score in scores]
    labels = of_labels(wanted, sent) if len(set(wanted)) == 2 else {}
    made = {
        "auroc": of_auroc(scores, wanted),
        "balanced_accuracy": labels.get("balanced_accuracy"),
        "accuracy": of_share([w == s for w, s in zip(wanted, sent, strict=True)]),
        "grounded_sent": of_share([s for w, s in zip(wanted, sent, strict=True) if w]),
        "ungrounded_refused": of_share([not s for w, s in zip(wanted, sent, strict=True) if not w]),
        "plain_overlap_auroc": of_auroc([overlap(row) for row in rows], wanted),
    }
    return {name: each for name, each in made.items() if each}


def overlap(row: Labelled) -> float:
    """The plain baseline: the share of the reply's words that are in the evidence."""
    words = set(read_text(row.reply).words)
    there = {word for passage in row.evidence for word in read_text(passage).words}
    return len(words & there) / len(words) if words else 1.0


def _outcome(row: Labelled, score: float, threshold: float) -> dict[str, Any]:
    sent = score >= threshold
    return {
        "suite": "grounding",
        "id": row.id,
        "text": row.reply,
        "wanted": LABELS[0] if row.grounded else LABELS[1],
        "found": LABELS[0] if sent else LABELS[1],
        "score": round(score if sent else 1 - score, 4),
        "right": float(sent == row.grounded),
        "outcome": _why(row, score, threshold),
        "evidence": list(row.evidence),
    }


def _why(row: Labelled, score: float, threshold: float) -> str:
    """One sentence: the score, and the words that stand in no passage."""
    whole = evidence_of(row.evidence).whole
    lemmas = dict.fromkeys(lemma for sentence in split(row.reply) for lemma in read_text(sentence).content)
    absent = [lemma for lemma in lemmas if find(lemma, whole).worth < 0.5]
    said = (
        f"not in the evidence: {', '.join(absent[:_SHOWN])}"
        if absent
        else "each word, or one for it, is in the evidence"
    )
    return f"The score is {score:.2f} at a threshold of {threshold:.2f}; {said}."
