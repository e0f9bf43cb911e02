"""Whether the answer floor tells questions that have an answer from those that nothing answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agent.ports import Floor, Question
from evals.measures import auroc, calibration_error, mean
from evals.suites.beir_folder import Query
from evals.suites.retrieval_asking import Asker


@dataclass(frozen=True, slots=True)
class Judged:
    """The floor's verdict on a question: `probability` that something found answers it, and whether it let it pass."""

    query: Query
    answerable: bool
    probability: float
    passed: bool
    reason: str


async def judge(queries: Sequence[Query], answerable: bool, asker: Asker, floor: Floor, passages: int) -> list[Judged]:
    """Each question as a turn puts it: its own search of `passages`, then the floor."""
    judged = []
    for query in queries:
        found = await asker.ask(query.text, query.history, passages)
        verdict = floor.judge(Question(query.text, found.query, found.vector, query.history, found.hits))
        passed = verdict.decision == "pass"
        judged.append(Judged(query, answerable, verdict.score or 0.0, passed, verdict.reason))
    return judged


def metrics(judged: Sequence[Judged]) -> dict[str, float | None]:
    """None where there are no unanswerable questions. `abstain_recall` is the share of those that are refused,
    `answered_share` the share of the others that are not, both at the shipped threshold."""
    chances, truth = [each.probability for each in judged], [each.answerable for each in judged]
    if all(truth):
        return dict.fromkeys(("abstain_auroc", "abstain_recall", "answered_share", "abstain_ece"))
    return {
        "abstain_auroc": auroc(chances, truth),
        "abstain_recall": mean([float(not each.passed) for each in judged if not each.answerable]),
        "answered_share": mean([float(each.passed) for each in judged if each.answerable]),
        "abstain_ece": calibration_error(chances, truth),
    }


def row(judged: Judged) -> dict[str, Any]:
    """A question that nothing answers, as a per-query row."""
    query = judged.query
    return {
        "suite": "retrieval",
        "kind": "no_answer",
        "id": query.id,
        "text": query.text,
        "history": [{"role": line.role, "text": line.text} for line in query.history],
        "answerable": verdict(judged),
    }


def verdict(judged: Judged) -> dict[str, Any]:
    return {"probability": judged.probability, "passed": judged.passed, "reason": judged.reason}
