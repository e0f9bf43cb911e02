"""What a message wants, without a chat model: the small classifier's opinion under a few rules that people can read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal, Protocol, cast

from agent.batching import Batched
from agent.guardrails.injection import judge_text
from agent.ports import Vector
from agent.state import Reading, Triage
from agent.understanding.cues import scan
from agent.understanding.language import read_language
from agent.understanding.model import QUESTIONS, Model, shipped
from agent.understanding.moods.features import sample
from agent.understanding.moods.moods import Heard, Moods
from agent.understanding.moods.moods import shipped as shipped_moods
from agent.understanding.moods.telling import readings_of, words_of
from agent.understanding.words import content
from memory.messages import Line

PERSON: Final = 0.5
"""Chance of a wish for a person; docs/understanding.md has what it gives on NLU++."""
PERSON_SAID: Final = 0.35
"""Enough where the wording itself asks for somebody ("put me through to …")."""
CALL_SAID: Final = 0.15
"""Enough where somebody is to call, ring or write to the customer."""
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
_BLAMES: Final = ("legal", "safety", "insult", "anger")
_ACCUSES: Final = re.compile(
    r"\byou(?:'ve|'re| have| are| all)?\b(?!r)[^.?!]{0,20}\b(?:scam\w*|fraud\w*|stole\w*|thie\w*|defraud\w*|hack\w*)|"
    r"\b(?:you are|you're|your|this|total|complete|absolute|such|what) (?:\w+ ){0,3}(?:scam\w*|frauds?|fraudsters?|"
    r"thie(?:f|ves))\b",
    re.IGNORECASE,
)


class Intents(Protocol):
    """Says which of the organisation's own intents a message has."""

    def read(self, text: str, vector: Vector | None) -> Reading:
        """The intent as value, "oos" where it is none of them, with its confidence."""
        ...


class LocalUnderstanding:
    """Triage by the shipped weights, or by those given; off the event loop, together for all who ask at once.
    `intents` is None where no intents were taught."""

    def __init__(self, model: Model | None = None, moods: Moods | None = None, intents: Intents | None = None) -> None:
        self._model, self._moods, self._intents = model or shipped(), moods or shipped_moods(), intents
        self._together = Batched(self._read, name="understanding")

    async def triage(self, text: str, history: Sequence[Line], vector: Vector | None) -> Triage:
        """The kind of the message with its confidence and a reason for people. `vector` is the embedding of `text`."""
        return await self._together((text, history, vector))

    def _read(self, asked: Sequence[tuple[str, Sequence[Line], Vector | None]]) -> list[Triage]:
        texts, histories, vectors = zip(*asked, strict=True)
        return understand_many(texts, histories, vectors, self._model, self._moods, self._intents)

    async def close(self) -> None:
        """Waits for what is being read. Calls after it raise RuntimeError."""
        await self._together.close()


def understand_many(
    texts: Sequence[str],
    histories: Sequence[Sequence[Line]],
    vectors: Sequence[Vector | None],
    model: Model,
    moods: Moods | None = None,
    intents: Intents | None = None,
) -> list[Triage]:
    """Each message's triage, in order; one thread's work, for callers that batch across conversations."""
    each = zip(texts, histories, vectors, strict=True)
    return [understand(text, history, vector, model, moods, intents) for text, history, vector in each]


def understand(
    text: str,
    history: Sequence[Line],
    vector: Vector | None,
    model: Model,
    moods: Moods | None = None,
    intents: Intents | None = None,
) -> Triage:
    """The same, at once: about a millisecond."""
    attack, tongue, shown = judge_text(text, vector), read_language(text), scan(text)
    read = sample(text, vector, shown.values)
    heard = (moods or shipped_moods()).hear(read)
    chances = model.probabilities(text, vector, shown.values)
    said = {} if len(text.split()) > _LONG else shown.said
    readings = [tongue, *readings_of(heard, read, shown.said, chances)]
    kind, score, reason = _kind(text, history, chances, said, heard["person"])
    if attack.decision == "template" and not (kind in _FOR_PEOPLE and len(text.split()) <= _LONG):
        kind, score, reason = _ATTACK, attack.score or 1.0, attack.reason
        readings.append(Reading("injection", "attack", score, reason))
    elif attack.decision != "pass":
        readings.append(Reading("injection", "suspected", attack.score or 0.5, attack.reason))
    if intents is not None:
        readings.append(intents.read(text, vector))
    value = {each.name: each.value for each in readings}
    return Triage(
        kind,
        round(score, 3),
        reason,
        tongue.value,
        cast(Sentiment, value["sentiment"]),
        cast(Urgency, value["urgency"]),
        value.get("intent", ""),
        tuple(readings),
    )


Kind = Literal["question", "person", "complaint", "smalltalk", "attack", "unclear"]
Sentiment = Literal["negative", "neutral", "positive"]
Urgency = Literal["low", "medium", "high"]
_ATTACK: Final[Kind] = "attack"
_FOR_PEOPLE: Final = ("person", "complaint")
"""A short message that goes to people anyway is not refused for how it is worded: a person cannot be steered by it."""


def _kind(
    text: str, history: Sequence[Line], chances: Mapping[str, float], shown: Mapping[str, str], wish: Heard
) -> tuple[Kind, float, str]:
    person, complaint = wish.chances["yes"], chances["complaint"]
    said = words_of(shown, ("contact_human", "bare_human", "not_machine", "call_back", "escalate", "put_through"))
    if said and person >= PERSON_SAID:
        return "person", max(person, 0.5), f"asks for a person ({said!r})"
    if "wants_call" in shown and complaint < COMPLAINT and person >= CALL_SAID:
        return "person", max(person, 0.5), f"asks to be called ({words_of(shown, ('wants_call',))!r})"
    if person >= PERSON:
        return "person", person, "reads like a wish for a person"
    if accused := _complains(text, chances, shown):
        return "complaint", max(complaint, 0.5), accused
    if _asks_to_act(text, chances):
        return "person", chances["action"] + chances["own"], "asks for something to be done to an order or account"
    return _calm(text, history, chances)


def _complains(text: str, chances: Mapping[str, float], shown: Mapping[str, str]) -> str:
    """Why it is a complaint; "" where it is none.

    Who was robbed by somebody else complains of nobody here: what to do first stands in the knowledge, if anywhere, and
    it is urgent; where nothing is found a person is fetched all the same.
    """
    complaint, hard = chances["complaint"], words_of(shown, _HARD_CUES)
    if "safety" in shown and complaint >= SAFETY and "past" in shown:
        return f"tells of harm ({words_of(shown, ('safety',))!r})"
    if "fraud" in shown and not words_of(shown, _BLAMES) and not _ACCUSES.search(text):
        return ""
    if hard and complaint >= COMPLAINT_SAID:
        return f"reads like a complaint ({hard!r})"
    return "reads like a complaint" if complaint >= COMPLAINT else ""


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
