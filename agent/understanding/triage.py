"""What a message wants, without a chat model: the small classifier's opinion under a few rules that people can read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal

from agent.guardrails.injection import judge_text
from agent.ports import Vector
from agent.state import Triage
from agent.understanding.cues import fired
from agent.understanding.language import language
from agent.understanding.model import QUESTIONS, Model, shipped
from agent.understanding.words import content
from memory.messages import Line

PERSON: Final = 0.5
"""On NLU++ (1,023 utterances, 31 handoffs) a person at 0.5: see docs/answers.md."""
PERSON_SAID: Final = 0.3
"""Enough where the wording itself asks for somebody ("put me through to …")."""
COMPLAINT: Final = 0.6
COMPLAINT_SAID: Final = 0.35
"""Enough where a word of law, danger, fraud or insult stands in the message."""
ACTION: Final = 0.35
SAFETY: Final = 0.2
"""A message that tells of somebody hurt goes to a person sooner than not."""
_LONG: Final = 80
"""Words beyond which a story is told: one cue in it says little, so only the classifier speaks."""
_REFERENCE: Final = re.compile(r"\b(?=[\w-]*\d)(?:[A-Z]{2,}-?\d{4,}|[A-Z0-9]{3,}-?\d{3,}[A-Z0-9-]*|#?\d{5,12})\b")
_ASKS_TO_ACT: Final = re.compile(
    r"\b(?:please|pls|plz|can you|could you|would you|will you|i (?:want|need|would like|"
    r"'d like) you to|for me|go ahead|you to|sort it|"
    r"chase|fix it)\b",
    re.IGNORECASE,
)
_ASKS_TO_LOOK: Final = re.compile(
    r"\b(?:can|could|would|will) you (?:please )?(?:tell|check|see|look|confirm|let me know|say|explain|find out|show)|"
    r"\b(?:please|pls) (?:tell|check|confirm|let me know|explain|advise)\b|^\W*(?:where|when|has|is|"
    r"did|what|how|why)\b",
    re.IGNORECASE,
)
_HARD_CUES: Final = ("legal", "safety", "fraud", "insult", "anger")


class LocalUnderstanding:
    """Triage by the shipped weights, or by those given."""

    def __init__(self, model: Model | None = None) -> None:
        self._model = model or shipped()

    async def triage(self, text: str, history: Sequence[Line], vector: Vector | None) -> Triage:
        """The kind of the message with its confidence and a reason for people. `vector` is the embedding of `text`."""
        return understand(text, history, vector, self._model)


def understand(text: str, history: Sequence[Line], vector: Vector | None, model: Model) -> Triage:
    """The same, at once: a few tenths of a millisecond."""
    tongue = language(text)
    attack = judge_text(text, vector)
    shown = fired(text)
    chances = model.probabilities(text, vector)
    if attack.decision != "pass":
        return Triage("attack", attack.score or 1.0, attack.reason, tongue, "neutral", "low")
    kind, score, reason = _kind(text, history, chances, shown)
    return Triage(kind, round(score, 3), reason, tongue, sentiment(chances, shown), urgency(chances, shown, text))


Kind = Literal["question", "person", "complaint", "smalltalk", "unclear"]


def _kind(
    text: str, history: Sequence[Line], chances: Mapping[str, float], shown: Mapping[str, str]
) -> tuple[Kind, float, str]:
    person, complaint = chances["person"], chances["complaint"]
    if len(text.split()) > _LONG:
        shown = {}
    said = _said(shown, ("contact_human", "bare_human", "not_machine", "call_back", "escalate", "put_through"))
    if said and person >= PERSON_SAID and person >= complaint:
        return "person", max(person, 0.5), f"asks for a person ({said!r})"
    if "wants_call" in shown and complaint < COMPLAINT:
        return "person", max(person, 0.5), f"asks to be called ({_said(shown, ('wants_call',))!r})"
    if person >= PERSON and person >= complaint:
        return "person", person, "reads like a wish for a person"
    hard = _said(shown, _HARD_CUES)
    if "safety" in shown and complaint >= SAFETY and "past" in shown:
        return "complaint", max(complaint, 0.5), f"tells of harm ({_said(shown, ('safety',))!r})"
    if complaint >= COMPLAINT or (hard and complaint >= COMPLAINT_SAID):
        return "complaint", complaint, f"reads like a complaint ({hard!r})" if hard else "reads like a complaint"
    if _asks_to_act(text, chances):
        return "person", chances["action"] + chances["own"], "asks for something to be done to an order or account"
    return _calm(text, history, chances)


def _calm(text: str, history: Sequence[Line], chances: Mapping[str, float]) -> tuple[Kind, float, str]:
    """Question, smalltalk or unclear. In a conversation few words are a follow-up, not a riddle."""
    question = sum(chances[label] for label in QUESTIONS)
    words = content(text)
    follow_up = bool(history) and bool(words) and "?" in text
    if chances["smalltalk"] > max(question, chances["unclear"]) and len(words) <= 8 and not follow_up:
        return "smalltalk", chances["smalltalk"], "a courtesy, it asks nothing"
    if not any(char.isalnum() for char in text):
        return "unclear", 1.0, "has no words"
    if chances["unclear"] > max(question, 0.5) and not (history and words):
        return "unclear", chances["unclear"], "says too little to search for"
    label = max(QUESTIONS, key=lambda each: chances[each])
    return "question", max(question, 1.0 - question), _READS[label]


_READS: Final[Mapping[str, str]] = {
    "policy": "asks what holds for everyone",
    "own": "asks after its own order or account",
    "action": "asks for something to be done",
    "inform": "gives details",
    "problem": "reports a problem",
}


def _asks_to_act(text: str, chances: Mapping[str, float]) -> bool:
    """Whether staff must do something to a named order or account; looking something up is not that."""
    if (
        len(text.split()) > _LONG
        or not _REFERENCE.search(text)
        or not _ASKS_TO_ACT.search(text)
        or _ASKS_TO_LOOK.search(text)
    ):
        return False
    return chances["action"] + chances["own"] + chances["problem"] >= ACTION


def _said(shown: Mapping[str, str], names: Sequence[str]) -> str:
    return next((" ".join(shown[name].split())[:60] for name in names if name in shown), "")


_URGENT: Final = re.compile(
    r"\b(?:urgent\w*|asap|as soon as possible|immediately|emergency|right (?:now|away)|at once|today|tonight|"
    r"straight away|critical)\b",
    re.IGNORECASE,
)


def sentiment(chances: Mapping[str, float], shown: Mapping[str, str]) -> Literal["negative", "neutral", "positive"]:
    """Negative where it reads like a complaint or swears; positive where it is warm; else neutral. Basic."""
    if chances["complaint"] >= 0.5 or (chances["complaint"] >= 0.2 and _said(shown, ("insult", "anger"))):
        return "negative"
    if "thanks" in shown and chances["smalltalk"] >= 0.5:
        return "positive"
    return "neutral"


def urgency(chances: Mapping[str, float], shown: Mapping[str, str], text: str) -> Literal["low", "medium", "high"]:
    """High for danger and fraud, or a complaint that presses; medium for problems and for pressing words. Basic."""
    pressing = bool(_URGENT.search(text))
    grave = ("safety" in shown or "fraud" in shown) and chances["complaint"] + chances["problem"] >= 0.4
    if grave or (pressing and chances["complaint"] >= 0.4):
        return "high"
    return "medium" if pressing or chances["complaint"] >= 0.4 or chances["problem"] >= 0.5 else "low"
