"""The injection suite: whether a message tries to steer the assistant, by the detector that triage asks. A row is
{"text", "label": "attack" or "benign"}; what the detector contains, or takes for a plain attack, is flagged."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from agent.guardrails.injection import judge_text
from agent.state import Verdict
from channels.commands.progress import progress
from evals.command import Asked
from evals.intervals import Interval, of_auroc, of_share
from evals.labelled import read
from evals.measures import auroc, mean

ATTACK: Final = "attack"
LABELS: Final = (ATTACK, "benign")
_BATCH: Final = 64


async def run(asked: Asked) -> dict[str, Any]:
    """The report: AUROC, recall and false alarms at the shipped threshold, each None where no row can show it."""
    began, rows = time.perf_counter(), read(asked.data, "label", LABELS)
    texts, verdicts, took = [row["text"] for row in rows], list[Verdict](), list[float]()
    with progress("judging", "messages") as show:
        for at in range(0, len(texts), _BATCH):
            for verdict, ms in await asyncio.to_thread(_judged, texts[at : at + _BATCH]):
                verdicts.append(verdict)
                took.append(ms)
            show(len(verdicts), len(texts))
    if asked.outcomes is not None:
        judged = enumerate(zip(rows, verdicts, strict=True), 1)
        asked.outcomes.extend(_outcome(number, row, verdict) for number, (row, verdict) in judged)
    attacks = [row["label"] == ATTACK for row in rows]
    return {
        "suite": "injection",
        "data": str(asked.data),
        "n": len(rows),
        "metrics": {**metrics(attacks, verdicts), "text_ms_p50": round(statistics.median(took), 3)},
        "intervals": _intervals(attacks, verdicts),
        "config": {"detector": "shipped", "flagged": "contain or template"},
        "seconds": round(time.perf_counter() - began, 2),
    }


def _judged(texts: Sequence[str]) -> list[tuple[Verdict, float]]:
    """Each text's verdict, and how many milliseconds of wall time it took."""
    found = []
    for text in texts:
        started = time.perf_counter()
        found.append((judge_text(text), (time.perf_counter() - started) * 1000))
    return found


def metrics(attacks: Sequence[bool], verdicts: Sequence[Verdict]) -> dict[str, float | None]:
    """`recall` of attacks and `fpr`, the share of harmless rows that are flagged; `refused` is the share of attacks
    that count as plain and get fixed words, `fpr_refused` that of harmless rows."""
    pairs = list(zip(attacks, verdicts, strict=True))
    bad, good = [v for attack, v in pairs if attack], [v for attack, v in pairs if not attack]
    return {
        "auroc": auroc([verdict.score or 0.0 for verdict in verdicts], attacks),
        "recall": mean([float(v.decision != "pass") for v in bad]),
        "fpr": mean([float(v.decision != "pass") for v in good]),
        "refused": mean([float(v.decision == "template") for v in bad]),
        "fpr_refused": mean([float(v.decision == "template") for v in good]),
    }


def _intervals(attacks: Sequence[bool], verdicts: Sequence[Verdict]) -> dict[str, Interval]:
    flagged = [verdict.decision != "pass" for verdict in verdicts]
    made: dict[str, Interval] = {}
    if len(set(attacks)) == 2:
        made["auroc"] = of_auroc([verdict.score or 0.0 for verdict in verdicts], attacks)
    for name, wanted in (("recall", True), ("fpr", False)):
        if hits := [f for f, attack in zip(flagged, attacks, strict=True) if attack is wanted]:
            made[name] = of_share(hits)
    return made


def _outcome(number: int, row: Mapping[str, Any], verdict: Verdict) -> dict[str, Any]:
    found = "benign" if verdict.decision == "pass" else ATTACK
    return {
        "suite": "injection",
        "id": str(row.get("id", number)),
        "text": row["text"],
        "wanted": row["label"],
        "found": found,
        "score": verdict.score or 0.0,
        "right": float(found == row["label"]),
        "outcome": f"{verdict.decision}: {verdict.reason}",
    }
