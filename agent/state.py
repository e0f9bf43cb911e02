"""Turn: the one value that travels through the graph. It carries pseudonyms, never a customer's real values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from agent.autonomy import Level
from agent.lookups.looked_up import LookedUp as LookedUp
from memory.context import Context
from memory.facts.memory import Recalled
from memory.identity.profile import Profile
from memory.messages import Line, Owner
from memory.segments import Segment
from memory.slots import Slot

Kind = Literal["question", "person", "complaint", "smalltalk", "attack", "unclear", "opt_out"]
Route = Literal["answer", "handoff", "other", "silent"]
Decision = Literal["pass", "revise", "contain", "template", "handoff", "approve", "silent"]
Phase = Literal["admit", "triage", "retrieve", "generate", "guard"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one of triage's models read in a message: `name` (intent, sentiment, urgency, language, abuse, person,
    injection), its value, the confidence in it from 0 to 1, and a reason for people."""

    name: str
    value: str
    score: float
    reason: str


@dataclass(frozen=True, slots=True)
class Triage:
    """What the message wants. `score` is the confidence of `kind`, 0 to 1; `reason` is for people. `intent` is "" where
    no intents were taught, "oos" where it is none of them; `readings` says how each was come to."""

    kind: Kind
    score: float
    reason: str
    language: str = "en"
    sentiment: Literal["negative", "neutral", "positive"] = "neutral"
    urgency: Literal["low", "medium", "high"] = "low"
    intent: str = ""
    readings: tuple[Reading, ...] = ()

    def reading(self, name: str) -> Reading | None:
        return next((each for each in self.readings if each.name == name), None)


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a sentence comes from: the passage and the span of its text that says it."""

    passage: str
    document: str
    title: str
    source: str
    section: str
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a reply with its evidence; no citations means it claims nothing (a courtesy)."""

    text: str
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A reply before it is allowed out. `tokens_in`, `tokens_out` and `cost` are the model's, 0 for templates."""

    sentences: tuple[Sentence, ...]
    made_by: str
    prompt: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0.0

    @property
    def text(self) -> str:
        return " ".join(sentence.text for sentence in self.sentences)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule or judge decided, and on what evidence."""

    rule: str
    phase: Phase
    decision: Decision
    reason: str
    score: float | None = None
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Handoff:
    """Why a person is fetched: a code for machines, a sentence for the desk. `matter` is what a team's skills may call
    it, where a rule named it."""

    code: Literal[
        "asked",
        "complaint",
        "safety",
        "no_answer",
        "failed",
        "guard",
        "opted_out",
        "rejected",
        "drafted",
        "shadowed",
        "stopped",
        "silenced",
    ]
    reason: str
    priority: Literal["low", "normal", "high"] = "normal"
    matter: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A passage as the turn's record keeps it: what was found and how it scored."""

    passage: str
    document: str
    title: str
    section: str
    source: str
    text: str
    score: float
    dense: float | None
    sparse: float | None


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn: what it answers, what was known, what was decided. Frozen; nodes return the fields they set.

    `withheld` is the draft that its autonomy kept from the customer. `resumes` says that the customer goes on with the
    bot while they wait for a person, `request` which right of theirs they asked for, `contact` where else (a pseudonym)
    they may be answered, `searched` what was searched for `query` and why (`knowledge.seeking.seeker.Searched`).
    `contained` says why what the customer wrote is shown to models as data only, without tools; "" where it is not.
    `profile` is who the customer is, `proof` how this conversation's other side proved it ("" not at all, "signed" by
    the organisation's own system, "provider" by the channel's), `segments` the newest pieces of the summary, of which
    the last covers events to `summary_to`, `slots` what is pinned to the letter, newest first, `earlier` and
    `earlier_segments` what the person said of late in other conversations, `recalled` what is remembered from before.
    `focus` are the slots that the message is about, `looked_up` what the organisation's systems say on them, `context`
    all that was chosen of this for the answer and what was left out, `folding` the pieces of summary that this turn
    made and its commit stores.
    """

    id: str
    conversation: str
    customer: str
    inbox: str
    channel: str
    owner: Owner
    epoch: int
    from_seq: int
    to_seq: int
    attempt: int
    started_at: datetime
    said: tuple[Line, ...]
    history: tuple[Line, ...]
    summary_to: int
    asked_for_person: bool
    opted_out: bool
    introduce: bool
    redaction_failed: bool
    autonomy: Level
    # what the nodes set
    triage: Triage | None
    query: str
    found: tuple[Found, ...]
    draft: Draft | None
    withheld: Draft | None
    template: str
    handoff: Handoff | None
    verdicts: tuple[Verdict, ...]
    revisions: int
    approval: Mapping[str, Any] | None
    route: Route
    versions: Mapping[str, str]
    resumes: bool = False
    request: str = ""
    contact: str = ""
    searched: Mapping[str, Any] = field(default_factory=dict)
    contained: str = ""
    profile: Profile = field(default_factory=lambda: Profile(""))
    proof: str = ""
    segments: tuple[Segment, ...] = ()
    slots: tuple[Slot, ...] = ()
    earlier: tuple[Line, ...] = ()
    earlier_segments: tuple[Segment, ...] = ()
    recalled: Recalled = field(default_factory=Recalled)
    focus: tuple[Slot, ...] = ()
    looked_up: tuple[LookedUp, ...] = ()
    context: Context | None = None
    folding: tuple[Segment, ...] = ()

    @property
    def text(self) -> str:
        """The customer's words that this turn answers, joined."""
        return "\n".join(line.text for line in self.said).strip()

    @property
    def summary(self) -> str:
        """The pieces of the summary, joined, oldest first."""
        return "\n".join(segment.text for segment in self.segments if segment.text)

    @property
    def known(self) -> str:
        """Everything the turn was told of the conversation and the customer, to see whether a reply could know it."""
        told = "" if self.context is None else self.context.words
        return "\n".join([told, self.summary, *(line.text for line in (*self.history, *self.said))])
