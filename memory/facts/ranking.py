"""Which of what was found answers a question best. Pure.

BM25 with the rarity of words among this person's own memories, and the cosine of the vectors, are added up; then what
stands beside it in the same conversation counts, who is spoken of, which time, and what kind of memory it is. The
weights are set by hand, and lie on a plateau: on four long conversations each may be halved or doubled, and recall in
the best ten changes by less than 2 of 100 (docs/memory-recall.md).
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import Final

from memory.facts.index import Found
from memory.facts.times import Span, spans
from memory.messages import Role

DENSE: Final = 20.0
"""A cosine of 0.5 counts as much as a word that only one of some ten thousand memories has."""
ABOUT: Final = 2.0
"""For being said by the one who is spoken of."""
TIME: Final = 2.0
"""For having been said at the time that is spoken of."""
NEIGHBOUR: Final = 0.05
"""Of the score of the message before, and of the one after."""
CONVERSATION: Final = 0.1
"""Of the mean score of the conversation's best three."""
RECENT, RECENT_DAYS = 0.5, 180.0
"""For being of today; half of it for what was said some four months ago."""
KNOWN: Final = 1.0
"""For being a fact, a preference, an instruction or an outcome: what a message came to, in its own words."""
ENDED: Final = -2.0
"""For what holds no longer, where the past is asked for; else it is left out."""
OTHERS: Final = 50
"""Memories without any of the words that are counted beside the person's own: of two, a word in one is telling too."""
LEAST_DENSE: Final = 0.1
"""A memory without a word of the question counts from this cosine on; unlike texts have around 0."""
_APART: Final = 8
"""Events between two messages of a conversation that still are neighbours: what the assistant did lies between."""
_BEST: Final = 3

_PSEUDONYM: Final = re.compile(r"<PERSON_\d+>(?:['’]s\b)?")
_SELF: Final = re.compile(r"\b(?:i|me|my|mine|myself|we|our|ours|us|i'm|i've|i'd)\b")
_YOU: Final = re.compile(r"\b(?:you|your|yours|you've|you'd)\b")
_PAST: Final = re.compile(r"\b(?:used to|previous(?:ly)?|former(?:ly)?|back then|before that|in the past|earlier)\b")
_NOBODY: Final[Mapping[str, Role]] = {}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question says beside its words: `about` who (by their role; empty where it does not say), `when`, and
    whether it asks for what was."""

    about: frozenset[Role] = frozenset()
    when: tuple[Span, ...] = ()
    past: bool = False


@dataclass(frozen=True, slots=True)
class Ranked:
    """`why` is for people."""

    found: Found
    score: float
    why: str


def asked(text: str, now: datetime, called: Mapping[str, Role] = _NOBODY) -> Asked:
    """`called` says by which names people in the conversations are called, in lower case."""
    lower = text.lower()
    about = frozenset(role for name, role in called.items() if _name(name).search(lower))
    if not about:
        about = _pronouns(lower)
    when = spans(text, now)
    return Asked(about, when, bool(when or _PAST.search(lower)))


def _pronouns(text: str) -> frozenset[Role]:
    """Who writes "I" and not "you" speaks of themselves."""
    own, other = _SELF.search(text), _YOU.search(text)
    if own and not other:
        return frozenset({"customer"})
    return frozenset({"bot", "agent"}) if other and not own else frozenset()


def unnamed(text: str, called: Mapping[str, Role] = _NOBODY) -> str:
    """The text without the names of who speak: messages do not hold their speaker's name, and one in a question draws
    it to the messages that address them."""
    for name in called:
        text = _name(name).sub("", text)
    return " ".join(text.split())


def unpersoned(text: str) -> str:
    """The text without pseudonyms of persons, which mean nothing to an embedding model but pull at its vector."""
    return " ".join(_PSEUDONYM.sub("", text).split()) or text


@lru_cache(maxsize=64)
def _name(name: str) -> re.Pattern[str]:
    return re.compile(rf"\b{re.escape(name)}(?:['’]s)?\b", re.IGNORECASE)


def ranked(found: Sequence[Found], question: Asked, now: datetime) -> list[Ranked]:
    """Best first; those that have nothing to do with the question, or hold no longer, are left out. What scores the
    same is in order of time, the newest first, then of id."""
    found = [each for each in found if _counts(each, question, now)]
    rarity = _rarities(found)
    own = {each.id: _own(each, rarity, question, now) for each in found}
    scores = _with_surroundings(found, own)
    order = sorted(found, key=lambda each: (-scores[each.id], -each.said_at.timestamp(), each.id))
    return [Ranked(each, scores[each.id], _why(each, question)) for each in order if _bears(each)]


def _counts(found: Found, question: Asked, now: datetime) -> bool:
    return question.past or found.valid_until is None or found.valid_until > now


def _bears(found: Found) -> bool:
    return bool(found.words) or (found.dense or 0.0) >= LEAST_DENSE


def _rarities(found: Sequence[Found]) -> dict[int, float]:
    """Each term's IDF (Robertson and Zaragoza 2009, never negative) among what was found of the person."""
    counts, number = Counter(term for each in found for term in each.words), len(found) + OTHERS
    return {term: math.log(1 + (number - n + 0.5) / (n + 0.5)) for term, n in counts.items()}


def _own(found: Found, rarity: Mapping[int, float], question: Asked, now: datetime) -> float:
    score = sum(rarity[term] * weight for term, weight in found.words.items())
    score += DENSE * (found.dense or 0.0)
    score += ABOUT * (found.role in question.about)
    score += TIME * max((span.nearness(found.said_at) for span in question.when), default=0.0)
    age_days = max(0.0, (now - found.said_at).total_seconds() / 86_400)
    score += RECENT * math.exp(-age_days / RECENT_DAYS)
    score += KNOWN * (found.kind != "said")
    ended = found.valid_until is not None and found.valid_until <= now
    return score + ENDED * ended


def _with_surroundings(found: Sequence[Found], own: Mapping[str, float]) -> dict[str, float]:
    """Adds to each score some of its neighbours' and of its conversation's."""
    together: dict[str, list[Found]] = defaultdict(list)
    for each in found:
        together[each.conversation if each.kind == "said" else ""].append(each)
    scores = dict(own)
    for conversation, those in together.items():
        if not conversation:
            continue
        those.sort(key=lambda each: each.seq)
        for before, after in pairwise(those):
            if after.seq - before.seq <= _APART:
                scores[before.id] += NEIGHBOUR * own[after.id]
                scores[after.id] += NEIGHBOUR * own[before.id]
        best = sorted((own[each.id] for each in those), reverse=True)[:_BEST]
        for each in those:
            scores[each.id] += CONVERSATION * sum(best) / len(best)
    return scores


def _why(found: Found, question: Asked) -> str:
    said = []
    if found.words:
        said.append(f"{len(found.words)} of its words" if len(found.words) > 1 else "a word of it")
    if found.dense is not None:
        said.append(f"likeness {found.dense:.2f}")
    if question.when and any(span.nearness(found.said_at) for span in question.when):
        said.append("of that time")
    if found.role in question.about:
        said.append("said by whom it is about")
    return ", ".join(said)
