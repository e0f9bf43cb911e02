"""What the heads heard, as readings with reasons for people; and the few rules that are older than any head."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from agent.state import Reading
from agent.understanding.moods.features import Sample
from agent.understanding.moods.moods import Heard, strongest

_PRESSING: Final = re.compile(
    r"\b(?:urgent\w*|asap|as soon as possible|immediately|emergency|right (?:now|away)|at once|today|tonight|"
    r"straight away|critical|(?:in|within) (?:\w+ )?(?:minutes?|(?:an|two|\d{1,2}) hours?)|deadline|stranded|"
    r"locked (?:in|out)|trapped)\b",
    re.IGNORECASE,
)
_GRAVE: Final = 0.4
"""Of complaint and problem together, from which a word of danger or fraud is taken for what happened, not for a topic
("do you sell fire extinguishers?")."""


def words_of(shown: Mapping[str, str], names: Sequence[str]) -> str:
    """The words of the first of these cues that shows, short enough to quote; "" where none does."""
    return next((" ".join(shown[name].split())[:60] for name in names if name in shown), "")


def readings_of(
    heard: Mapping[str, Heard], read: Sample, shown: Mapping[str, str], chances: Mapping[str, float]
) -> list[Reading]:
    """Sentiment, urgency, abuse and the wish for a person. `shown` are cues, `chances` of what the message does."""
    return [
        _sentiment(heard["sentiment"], read),
        _urgency(heard["urgency"], read, shown, chances),
        _abuse(heard["abuse"], shown),
        _person(heard["person"], shown),
    ]


def _sentiment(heard: Heard, read: Sample) -> Reading:
    sign = {"negative": -1, "positive": 1}.get(heard.label, 0)
    words = strongest(read, sign) if sign else ()
    reason = f"sounds {heard.label}{_quoted(words)}" if sign else "sounds neither pleased nor displeased"
    return Reading("sentiment", heard.label, round(heard.score, 3), reason)


def _urgency(heard: Heard, read: Sample, shown: Mapping[str, str], chances: Mapping[str, float]) -> Reading:
    """The head's, but high where harm or fraud is told of as having happened."""
    grave = words_of(shown, ("safety", "fraud"))
    if grave and heard.label != "high" and chances["complaint"] + chances["problem"] >= _GRAVE:
        return Reading(
            "urgency", "high", round(max(heard.chances["high"], _GRAVE), 3), f"tells of harm or fraud ({grave!r})"
        )
    pressing = words_of(shown, ("safety", "fraud")) or _first(_PRESSING, read)
    words = f" ({pressing!r})" if pressing and heard.label != "low" else ""
    return Reading("urgency", heard.label, round(heard.score, 3), f"reads like {_URGENT[heard.label]}{words}")


_URGENT: Final = {
    "high": "something that cannot wait",
    "medium": "something to be settled soon",
    "low": "something without haste",
}


def _abuse(heard: Heard, shown: Mapping[str, str]) -> Reading:
    if heard.label == "yes":
        words = words_of(shown, ("insult", "safety"))
        return Reading(
            "abuse", "abusive", round(heard.score, 3), f"insults or threatens{f' ({words!r})' if words else ''}"
        )
    return Reading("abuse", "civil", round(heard.score, 3), "insults and threatens nobody")


def _person(heard: Heard, shown: Mapping[str, str]) -> Reading:
    words = words_of(shown, ("contact_human", "bare_human", "not_machine", "put_through", "wants_call", "speak_to"))
    if heard.label == "yes":
        return Reading("person", "wanted", round(heard.score, 3), f"wants a person{f' ({words!r})' if words else ''}")
    return Reading("person", "not wanted", round(heard.score, 3), "asks for nobody")


def _quoted(words: Sequence[str]) -> str:
    return f" ({', '.join(repr(word) for word in words)})" if words else ""


def _first(pattern: re.Pattern[str], read: Sample) -> str:
    match = pattern.search(read.plain)
    return match.group(0) if match else ""
