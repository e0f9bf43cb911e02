"""Suite `urgency`: how soon a message wants attention: low, medium or high. Rows `{"text","urgency"}`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from evals.command import Asked
from evals.labelled import accuracy, macro_f1
from evals.suites.heard import Suite
from evals.suites.heard import run as run_heard

if TYPE_CHECKING:
    from agent.state import Triage

VALUES = ("low", "medium", "high")


async def run(asked: Asked) -> dict[str, Any]:
    """Accuracy and macro F1, with the shipped head or, with --train, one fitted to those rows."""
    return await run_heard(asked, Suite("urgency", VALUES, "urgency", _told, metrics))


def metrics(wanted: Sequence[str], found: Sequence[str]) -> dict[str, float | None]:
    return {"accuracy": accuracy(wanted, found), "macro_f1": macro_f1(wanted, found)}


def _told(triage: Triage) -> tuple[str, float, str]:
    read = triage.reading("urgency")
    return triage.urgency, read.score if read else 0.0, read.reason if read else ""
