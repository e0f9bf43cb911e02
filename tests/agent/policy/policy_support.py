"""Rules and what they see, for the tests of the engine."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from agent.policy.engine import Policy, Ruling
from agent.policy.facts import Phase, Seen
from agent.policy.loading import loads
from agent.state import Draft, Reading, Sentence, Triage, Turn, Verdict
from memory.messages import Line


def policy(*rules: str) -> Policy:
    """The shipped rules with these tables over them."""
    return loads("\n".join(f"[[rule]]\n{rule}" for rule in rules) or "# nothing of our own\n")


def asked(text: str = "When do you open?", **fields: Any) -> Turn:
    """A Turn of one message that the bot may answer."""
    given: dict[str, Any] = {
        "id": "t-1",
        "conversation": "c-1",
        "customer": "p-1",
        "inbox": "web",
        "channel": "chat",
        "owner": "bot",
        "epoch": 0,
        "from_seq": 1,
        "to_seq": 1,
        "attempt": 1,
        "started_at": datetime(2026, 11, 27, 12, 0, tzinfo=UTC),
        "said": (Line("customer", text, 1),),
        "history": (),
        "summary_to": 0,
        "asked_for_person": False,
        "opted_out": False,
        "introduce": False,
        "redaction_failed": False,
        "autonomy": "automatic",
        "triage": None,
        "query": "",
        "found": (),
        "draft": None,
        "withheld": None,
        "template": "",
        "handoff": None,
        "verdicts": (),
        "revisions": 0,
        "approval": None,
        "route": "answer",
        "versions": {},
    }
    return Turn(**{**given, **fields})


def read(kind: Any = "question", *readings: tuple[str, str, float], **fields: Any) -> Triage:
    """What triage made of the message; a reading is its name, value and score."""
    made = tuple(Reading(name, value, score, "it reads so") for name, value, score in readings)
    return Triage(kind, 0.9, f"it reads like a {kind}", readings=made, **fields)


def objection(judge: str, phase: Any = "generate", decision: Any = "revise", score: float | None = 0.2) -> Verdict:
    return Verdict(judge, phase, decision, f"{judge} objects", score, "the evidence")


def ruled(rules: Policy, phase: Phase, turn: Turn | None = None, /, **seen: Any) -> Ruling:
    return rules.judge(phase, Seen(turn or asked(), **seen))


def draft(text: str, made_by: str = "model") -> Draft:
    return Draft((Sentence(text),), made_by)
