"""What rules may look at: each fact's name, kind, the phases that know it, and how it is read off a turn.

A phase knows what those before it knew. Facts are read when a rule looks at them and kept for the rules after it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from agent.autonomy import LEVELS
from agent.guardrails import tone
from agent.nodes.courtesies import courtesy
from agent.policy.phrases import folded
from agent.state import Draft, Sentence, Turn, Verdict

Phase = Literal["admit", "triage", "sentence", "draft"]
PHASES: Final[tuple[Phase, ...]] = ("admit", "triage", "sentence", "draft")
Kind = Literal["flag", "number", "choice", "name", "text"]
"""A `choice` is one of a few words, a `name` any word of the organisation's or a model's, a `text` what was written."""
Value = bool | float | str
QUOTED: Final = frozenset({"extractive", "pinned"})
"""Who answers with sentences of the sources alone: asked again they say the same."""


@dataclass(frozen=True, slots=True)
class Seen:
    """All that a phase may look at. `opinions` are the judges' verdicts by name, `sentence` or `draft` is what is
    judged, in the phases that have one; `switch` is the kill switch that is on, `refusal` how the bot refuses."""

    turn: Turn
    opinions: Mapping[str, Verdict] = field(default_factory=dict)
    sentence: Sentence | None = None
    draft: Draft | None = None
    switch: str = ""
    refusal: str = ""

    @property
    def words(self) -> str:
        """What is judged."""
        if self.sentence is not None:
            return self.sentence.text
        return self.draft.text if self.draft is not None else ""


@dataclass(frozen=True, slots=True)
class Fact:
    """`score` names the fact that says how sure this one is; `choices` all that a choice may be."""

    kind: Kind
    since: Phase
    read: Callable[[Seen], Value]
    choices: tuple[str, ...] = ()
    score: str = ""

    def known(self, phase: Phase) -> bool:
        return PHASES.index(phase) >= PHASES.index(self.since)


def _reading(name: str, otherwise: str) -> Callable[[Seen], str]:
    def read(seen: Seen) -> str:
        triage = seen.turn.triage
        found = triage.reading(name) if triage else None
        return found.value if found else otherwise

    return read


def _sureness(name: str) -> Callable[[Seen], float]:
    def read(seen: Seen) -> float:
        triage = seen.turn.triage
        found = triage.reading(name) if triage else None
        return found.score if found else 0.0

    return read


def _triaged(name: str, otherwise: Any) -> Callable[[Seen], Any]:
    return lambda seen: getattr(seen.turn.triage, name) if seen.turn.triage else otherwise


def _opinion_score(judge: str) -> Callable[[Seen], float]:
    def read(seen: Seen) -> float:
        opinion = seen.opinions.get(judge)
        return 1.0 if opinion is None or opinion.score is None else opinion.score

    return read


def _injection(seen: Seen) -> str:
    found = _reading("injection", "")(seen)
    return found or ("attack" if seen.turn.triage and seen.turn.triage.kind == "attack" else "none")


def _attacks_before(seen: Seen) -> int:
    """How often the bot has refused an attack in this conversation: its own words stand in the log."""
    said = seen.refusal.strip()
    spoken = (line.text.strip() for line in seen.turn.history if line.role == "bot")
    return sum(1 for text in spoken if said and text.endswith(said))


def _made_by(seen: Seen) -> str:
    made_by = seen.draft.made_by if seen.draft else ""
    if made_by.startswith("template:"):
        return "fixed"
    return "quoted" if made_by in QUOTED else "model"


def units(text: str) -> int:
    """UTF-16 code units: what Twilio, WhatsApp, Slack and browsers count."""
    return len(text) + sum(1 for char in text if ord(char) > 0xFFFF)


KINDS: Final = ("question", "person", "complaint", "smalltalk", "attack", "unclear", "opt_out")
_SPOKEN: Final = re.compile(r"\w+")

FACTS: Final[Mapping[str, Fact]] = {
    # from the start
    "channel": Fact("name", "admit", lambda seen: seen.turn.channel),
    "inbox": Fact("name", "admit", lambda seen: seen.turn.inbox),
    "autonomy": Fact("choice", "admit", lambda seen: seen.turn.autonomy, LEVELS),
    "switch": Fact("name", "admit", lambda seen: seen.switch),
    "switched_off": Fact("flag", "admit", lambda seen: bool(seen.switch)),
    "opted_out": Fact("flag", "admit", lambda seen: seen.turn.opted_out),
    "redaction_failed": Fact("flag", "admit", lambda seen: seen.turn.redaction_failed),
    "asked_for_person": Fact("flag", "admit", lambda seen: seen.turn.asked_for_person),
    "request": Fact(
        "choice",
        "admit",
        lambda seen: seen.turn.request or "none",
        ("none", "access", "erasure", "rectification", "objection"),
    ),
    "first_reply": Fact("flag", "admit", lambda seen: seen.turn.introduce),
    "text": Fact("text", "admit", lambda seen: folded(seen.turn.text)),
    # from triage on
    "kind": Fact("choice", "triage", _triaged("kind", "unclear"), KINDS, "kind_score"),
    "kind_score": Fact("number", "triage", _triaged("score", 0.0)),
    "intent": Fact("name", "triage", _triaged("intent", ""), score="intent_score"),
    "intent_score": Fact("number", "triage", _sureness("intent")),
    "language": Fact("name", "triage", _triaged("language", "en"), score="language_score"),
    "language_score": Fact("number", "triage", _sureness("language")),
    "sentiment": Fact(
        "choice", "triage", _triaged("sentiment", "neutral"), ("negative", "neutral", "positive"), "sentiment_score"
    ),
    "sentiment_score": Fact("number", "triage", _sureness("sentiment")),
    "urgency": Fact("choice", "triage", _triaged("urgency", "low"), ("low", "medium", "high"), "urgency_score"),
    "urgency_score": Fact("number", "triage", _sureness("urgency")),
    "abuse": Fact("choice", "triage", _reading("abuse", "civil"), ("civil", "abusive"), "abuse_score"),
    "abuse_score": Fact("number", "triage", _sureness("abuse")),
    "injection": Fact("choice", "triage", _injection, ("none", "suspected", "attack"), "injection_score"),
    "injection_score": Fact("number", "triage", _sureness("injection")),
    "attacks_before": Fact("number", "triage", _attacks_before),
    "courtesy": Fact("choice", "triage", lambda seen: courtesy(seen.turn.text), ("greeting", "thanks", "goodbye")),
    # of what is about to be said
    "sentence": Fact("text", "sentence", lambda seen: folded(seen.sentence.text) if seen.sentence else ""),
    "cited": Fact("flag", "sentence", lambda seen: bool(seen.sentence and seen.sentence.citations)),
    "verbatim": Fact(
        "flag",
        "sentence",
        lambda seen: bool(seen.sentence and any(each.score == 1.0 for each in seen.sentence.citations)),
    ),
    "grounding_score": Fact("number", "sentence", _opinion_score("grounding")),
    "commitments_score": Fact("number", "sentence", _opinion_score("commitments")),
    "exclamations": Fact("number", "sentence", lambda seen: tone.exclamations(seen.words)),
    "shouting": Fact("flag", "sentence", lambda seen: tone.shouts(seen.words)),
    "familiar": Fact("flag", "sentence", lambda seen: tone.familiar(seen.words)),
    "only_sorry": Fact("flag", "sentence", lambda seen: tone.only_sorry(seen.words)),
    "draft": Fact("text", "draft", lambda seen: folded(seen.draft.text) if seen.draft else ""),
    "made_by": Fact("choice", "draft", _made_by, ("fixed", "quoted", "model")),
    "length": Fact("number", "draft", lambda seen: units(seen.words)),
    "spoken_words": Fact("number", "draft", lambda seen: len(_SPOKEN.findall(seen.words))),
    "sentences": Fact("number", "draft", lambda seen: len(seen.draft.sentences) if seen.draft else 0),
}


@dataclass(frozen=True, slots=True)
class Judging:
    """A judge that a rule can stand on: in which phases it speaks, and whether its consent is kept with the turn."""

    phases: tuple[Phase, ...]
    kept: bool


JUDGES: Final[Mapping[str, Judging]] = {
    "pii": Judging(("admit", "sentence"), True),
    "injection": Judging(("triage",), True),
    "grounding": Judging(("sentence",), True),
    "commitments": Judging(("sentence",), True),
    "placeholders": Judging(("sentence", "draft"), False),
    "evidence": Judging(("draft",), False),
    "disclosure": Judging(("draft",), True),
}
