"""Suite `handoff`: whether triage fetches a person where one is wanted. Rows `{"text","handoff":bool}`.

A message is handed over where its kind is `person` or `complaint`, as in a turn; --train fits the head that hears the
wish for a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from evals.command import Asked
from evals.labelled import f1_of
from evals.suites.heard import Suite
from evals.suites.heard import run as run_heard

if TYPE_CHECKING:
    from agent.state import Triage


async def run(asked: Asked) -> dict[str, Any]:
    """Precision, recall and F1 of handing over; None where nobody is to be fetched, or nobody was."""
    return await run_heard(asked, Suite("handoff", (True, False), "person", _told, metrics))


def metrics(wanted: Sequence[bool], found: Sequence[bool]) -> dict[str, float | None]:
    return f1_of(wanted, found, True)


def _told(triage: Triage) -> tuple[bool, float, str]:
    return triage.kind in ("person", "complaint"), triage.score, f"{triage.kind}: {triage.reason}"
