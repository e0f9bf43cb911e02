"""Which of the things claimed of a customer hold, from when and until when, and what ended the others. Pure.

A claim is what somebody said once, and never changes. What holds follows from all claims about the same attribute
together, so it is the same in whatever order they came to be known. In the order in which they were said:

- Of an attribute that has one value at a time (`SINGLE`: a home, a plan) a later claim ends an earlier one of another
  value from the moment it holds itself. "I moved to Leeds" ends "lives in York"; a move next month ends it then.
- One with an end of its own ("until Friday leave it with the neighbour") ends nothing: the other holds again after it.
- One much less sure than what holds (`MARGIN`) ends nothing and does not hold itself.
- A claim that was made before and still holds is not made twice: the first one stands.
- A denial ("I no longer live there") ends what it is about and puts nothing in its place.
- What a person at the desk put right names what it replaces, whatever it is about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from memory.facts.memory import Memory, MemoryKind, Origin
from memory.messages import Role

SINGLE: Final = frozenset(
    {"home", "name", "job", "plan", "contact_channel", "contact_time", "contact_phone", "contact_email",
     "language", "reply_length", "delivery", "household", "account_holder"}
)  # fmt: skip
"""Attributes with one value at a time; of every other several may hold."""
MARGIN: Final = 0.15
"""How much less sure a claim may be than what it ends: a plain word ends a plain word and what the desk wrote, a
guess ("I think I am on Basic") ends neither."""
MOST: Final = 200
"""Claims about one attribute that are weighed, the newest; nobody has a home for every day of the year."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What was said of a customer. `until` is an end that was said with it. `denies` says that it does not hold (any
    more); `replaces` is the id of the one claim that this ends. `text`, `value` and `conversation` as in `Memory`."""

    id: str
    customer: str
    kind: MemoryKind
    attribute: str
    value: str
    text: str
    said_at: datetime
    valid_from: datetime
    until: datetime | None = None
    role: Role = "customer"
    conversation: str = ""
    seq: int = 0
    confidence: float = 1.0
    origin: Origin = "said"
    denies: bool = False
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How long a claim holds: not at all where `until` is its own beginning. `by` is the claim that ended it, `why` one
    of `WHY`, "" for one that has no end yet or the one it came with."""

    until: datetime | None
    by: str = ""
    why: str = ""


WHY: Final[Mapping[str, str]] = {
    "superseded": "something newer took its place",
    "corrected": "it was put right",
    "denied": "it was said to hold no longer",
    "repeated": "it was known already",
    "outweighed": "something surer was known",
    "denial": "it says that something does not hold",
    "forgotten": "it was to be forgotten",
}
"""Why something ended, for machines and for people."""


def same(one: str, other: str) -> bool:
    """Whether two values are one, case, blanks and marks at the ends aside."""
    return _plain(one) == _plain(other)


def _plain(value: str) -> str:
    return " ".join(value.casefold().split()).strip(".,;:!\"' ")


def resolved(claims: Iterable[Claim]) -> dict[str, Standing]:
    """What each claim comes to, by id, whatever the order they are given in. Raises nothing."""
    groups: dict[tuple[str, str], list[Claim]] = {}
    for claim in {each.id: each for each in claims}.values():
        groups.setdefault((claim.customer, claim.attribute), []).append(claim)
    found: dict[str, Standing] = {}
    for group in groups.values():
        ordered = sorted(group, key=_said)[-MOST:]
        found |= _weighed(ordered)
    return found


def _said(claim: Claim) -> tuple[datetime, str, int, str]:
    return claim.said_at, claim.conversation, claim.seq, claim.id


def _weighed(ordered: Sequence[Claim]) -> dict[str, Standing]:
    """Each claim in the order said, against those that still hold then. A denial before something begins undoes what
    that something ended, which is why everything is weighed anew without it."""
    void: set[str] = set()
    while True:
        found = _once(ordered, void)
        undone = {
            claim.id
            for claim in ordered
            if claim.id not in void and found[claim.id].why in ("denied", "corrected") and _never(claim, found)
        }
        if not undone:
            return found
        void |= undone


def _never(claim: Claim, found: Mapping[str, Standing]) -> bool:
    return found[claim.id].until == claim.valid_from


def _once(ordered: Sequence[Claim], void: set[str]) -> dict[str, Standing]:
    found: dict[str, Standing] = {}
    held: list[Claim] = []
    for claim in ordered:
        found[claim.id] = Standing(claim.until)
        if claim.denies:
            found[claim.id] = Standing(claim.valid_from, why="denial")
            for other in held:
                if _denied(other, claim) and _reaches(other, found, claim.valid_from):
                    found[other.id] = _ended(other, claim, "denied")
            continue
        rivals = [other for other in held if _reaches(other, found, claim.valid_from)]
        if (standing := _barred(claim, rivals, found)) is not None:
            found[claim.id] = standing
            continue
        if claim.id not in void:
            for other in rivals:
                if why := _ends(claim, other):
                    found[other.id] = _ended(other, claim, why)
        held.append(claim)
    return found


def _reaches(other: Claim, found: Mapping[str, Standing], at: datetime) -> bool:
    """Whether it holds at `at` or after."""
    until = found[other.id].until
    return until is None or until > max(at, other.valid_from)


def _denied(other: Claim, denial: Claim) -> bool:
    if denial.replaces:
        return other.id == denial.replaces
    return other.kind == denial.kind and (not denial.value or same(other.value, denial.value))


def _barred(claim: Claim, rivals: Sequence[Claim], found: Mapping[str, Standing]) -> Standing | None:
    """Where it is known already, or something much surer stands against it."""
    for other in rivals:
        known = other.kind == claim.kind and same(other.value, claim.value) and other.valid_from <= claim.valid_from
        lasts = found[other.id].until is None or (claim.until is not None and found[other.id].until == claim.until)
        if known and lasts and not claim.replaces and claim.confidence <= other.confidence + MARGIN:
            return Standing(claim.valid_from, other.id, "repeated")
        if _rival(claim, other) and other.until is None and claim.confidence < other.confidence - MARGIN:
            return Standing(claim.valid_from, other.id, "outweighed")
    return None


def _rival(claim: Claim, other: Claim) -> bool:
    return claim.attribute in SINGLE and not same(claim.value, other.value)


def _ends(claim: Claim, other: Claim) -> str:
    """Why the later claim ends the earlier, "" where both hold."""
    if claim.replaces:
        return "corrected" if other.id == claim.replaces else ""
    if same(claim.value, other.value) and claim.kind == other.kind:
        return "superseded"  # surer, or for longer, than what was known
    bounded = claim.until is not None and other.until is None
    return "superseded" if _rival(claim, other) and not bounded else ""


def _ended(other: Claim, claim: Claim, why: str) -> Standing:
    at = max(claim.valid_from, other.valid_from)
    return Standing(at, "" if claim.denies else claim.id, why)


def in_force(memories: Iterable[Memory], at: datetime) -> list[Memory]:
    """Those that hold at `at`, newest first. Where several values of a single attribute hold (one for a time only, or
    two customers who are one person), the one for a time stands before the others, then what was said last."""
    held = [each for each in memories if holds(each, at)]
    held.sort(key=lambda each: (each.said_at, each.seq, each.id), reverse=True)
    first: dict[str, Memory] = {}
    for each in sorted(held, key=lambda each: each.valid_until is None):
        if each.attribute in SINGLE:
            first.setdefault(each.attribute, each)
    return [each for each in held if first.get(each.attribute, each) is each]


def holds(memory: Memory, at: datetime) -> bool:
    """Whether it is in force at `at`."""
    begun = memory.valid_from is None or memory.valid_from <= at
    return begun and (memory.valid_until is None or memory.valid_until > at)
