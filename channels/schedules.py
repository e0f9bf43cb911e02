"""When a message that did not leave is tried again, and what becomes of one that never will. Pure.

A schedule holds the seconds before each retry; after the last one a person sees the message. No retry comes before the
provider's own Retry-After.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from channels.providers.ports import Gone, NeedsPerson, SendError, TakenElsewhere

Schedule = Sequence[float]

PROMPT: Schedule = (5.0, 30.0, 120.0, 300.0, 1800.0, 3600.0, 3600.0, 3600.0, 3600.0)
"""SMS and messengers, four and a half hours: a customer waits, and an answer of yesterday is none."""

PATIENT: Schedule = (
    30.0, 120.0, 600.0, 1800.0, 3600.0, 7200.0, 14_400.0, 28_800.0, 43_200.0, 86_400.0, 86_400.0, 86_400.0,
)  # fmt: skip
"""Email, four and a half days: RFC 5321 section 4.5.4.1 has mail servers tried for four to five days. The first steps
are closer than its 30 minutes, as it allows, because we hand over to a server of our own."""

STANDARD_WEBHOOKS: Schedule = (5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0)
"""Standard Webhooks' recommendation, three and a half days (its specification, "Deliverability")."""

LONGEST_S = 86_400.0
"""No provider's Retry-After puts a message off for longer: a wrong header must not silence a customer."""


@dataclass(frozen=True, slots=True)
class Next:
    """What a row becomes: tried again in `retry_s`, put to a person, given up, or refused without a word."""

    status: Literal["pending", "parked", "dead", "refused"]
    retry_s: float = 0.0


def after(error: SendError, attempts: int, schedule: Schedule, *, park_unknown: bool) -> Next:
    """What becomes of a message after its `attempts`th attempt (from 1) failed with `error`.

    One whose fate is unknown is parked where `park_unknown`, else tried again like one that certainly did not leave.
    """
    if isinstance(error, (Gone, TakenElsewhere)):
        return Next("refused")
    if error.opted_out or isinstance(error, NeedsPerson) or (error.unknown and park_unknown):
        return Next("parked")
    if (error.retryable or error.unknown) and attempts <= len(schedule):
        return Next("pending", max(schedule[attempts - 1], min(error.retry_after_s or 0.0, LONGEST_S)))
    return Next("dead")
