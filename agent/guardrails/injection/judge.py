"""The detector's word as a verdict, for messages and for passages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from agent.guardrails.injection.model import CONTAIN, Score, shipped
from agent.state import Decision, Verdict
from knowledge.passages import Passage

_PSEUDONYM: Final = re.compile(r"<[A-Z][A-Z0-9_]*_\d+>")
_STAND_IN: Final = "it"
"""What is read for a pseudonym: to the detector, which learnt from texts without them, it would look like code."""
_OF_FORM: Final = frozenset(
    {
        "asks after a person",
        "asks for a password",
        "asks many things",
        "has marks of code",
        "hides text",
        "holds encoded text",
        "repeats itself",
        "shouts a command",
        "spaces letters out",
    }
)
"""Signals of how a text looks, or of what customers ask too: they raise suspicion, and alone they prove nothing."""
_NAMED: Final = 3
_SHOWN: Final = 80
_KEPT: Final = 4096
"""Passages whose score is kept: a page of text each, read once and found again and again."""


def judge_text(text: str, vector: NDArray[np.float32] | None = None) -> Verdict:
    """ "template" for a plain attack, "contain" for a suspected one, else "pass"; with what showed it.

    `vector`, the text's embedding, is not read: it made unseen kinds of attack harder to find (docs/injection.md).
    """
    score = shipped().score(_PSEUDONYM.sub(_STAND_IN, text))
    decision = _decided(score)
    reason = _reason(score) if decision != "pass" else "shows no sign of an attack"
    return Verdict("injection", "triage", decision, reason, round(score.value, 3))


def _decided(score: Score) -> Decision:
    if _is_plain(score):
        return "template"
    return "contain" if score.value >= CONTAIN else "pass"


def _is_plain(score: Score) -> bool:
    """A plain attack shows what it does: a shout may be worded like one, and ask for a person."""
    return score.direct >= shipped().plain and _shows_deeds(score)


def _shows_deeds(score: Score) -> bool:
    return not _OF_FORM.issuperset(score.signals)


def judge_texts(texts: Sequence[str]) -> list[Verdict]:
    """Each text's verdict, in order: one thread's work, for callers that batch."""
    return [judge_text(text) for text in texts]


def judge_passage(passage: Passage) -> Verdict:
    """ "contain" where a passage tells an assistant what to do, else "pass"; the passage is the evidence.

    Its thresholds are higher than a message's: help pages are full of instructions to people.
    """
    score = _score(f"{passage.title}\n{passage.section}\n{passage.text}")
    whole = score.direct >= shipped().page and _shows_deeds(score)
    carries = whole or score.aside >= shipped().passage
    reason = (
        f"a passage that speaks to assistants is kept out: {_reason(score)}" if carries else "carries no instruction"
    )
    return Verdict("injection", "retrieve", "contain" if carries else "pass", reason, round(score.value, 3), passage.id)


@lru_cache(maxsize=_KEPT)
def _score(text: str) -> Score:
    return shipped().score(text)


def _reason(score: Score) -> str:
    """What showed it: the signals, or the sentence, whichever speaks louder."""
    if score.aside > score.direct:
        return f"a sentence in it is addressed to an assistant: {score.sentence[:_SHOWN]!r}"
    return "; ".join(score.signals[:_NAMED]) or "is worded like known attacks"
