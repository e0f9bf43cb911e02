"""Which look-ups a message needs, for which values, and how surely. Pure: closeness of meaning comes in as figures.

A message needs one where it names a value of it ("ORD-1234"), speaks of the customer's own ("my order") or points back
at one that was named before ("has it arrived?"), *and* asks what the look-up is for. A message that only names a value
is an answer to "which one?". What holds for everybody ("how long does delivery take?") needs none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from agent.lookups.spec import LookUp

NEAR: Final = 0.55
"""Cosine of a message with the nearest of a look-up's examples from which it asks for it: between the 43 messages of
`tests/agent/lookups/lookups_pairs.py` that need one and the 30 that only sound like it."""
NAMED: Final = 0.5
"""The same where the message names a value: it is about that one, whatever it asks. What is further off speaks of
another matter ("my phone number is 70012345")."""
SURE: Final = 0.7
"""From here on nothing but the look-up answers it."""
MOST: Final = 3
"""Values looked up for one message: more are a list, not a question."""
LONGEST: Final = 4000
"""Characters of a message or a line that are read for values: a page and a half."""
_OWN: Final = re.compile(
    r"\b(?:my|mine|our|ours|i(?:['’]ve| have)? (?:just |recently |already )?"
    r"(?:ordered|bought|purchased|returned|sent|posted|paid|owe|got charged|was charged)|"
    r"am i|have i|did i|do i owe|was i|i(?: am|['’]m) (?:still )?(?:waiting|expecting))\b",
    re.IGNORECASE,
)
_BACK: Final = re.compile(
    r"\b(?:its?|it['’]s|they|them|this|that|these|those|"
    r"the (?:order|parcel|package|delivery|refund|return|invoice))\b",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_LETTERS: Final = re.compile(r"[A-Za-z]+")
_ABOUT: Final = 0.05
"""How much less sure a second look-up may be and still be made: "my order and its refund" is about both."""
_FILLING_WORDS: Final = """
a ah an and be dear for here hello hey hi is it its just like me mean my no not number of ok okay one or please ref
reference regards right so sorry sure thank thanks that the then there think this to um yeah yep yes you your
"""
_FILLING: Final = frozenset(_FILLING_WORDS.split())
"""Words beside a value that ask nothing: "it's order ORD-1234, thanks"."""


@dataclass(frozen=True, slots=True)
class Message:
    """What the customer says, with values restored: `text` now, `before` in their message before where the bot then
    asked back, `known` the values named earlier by slot, newest first; `intent` is triage's, "" for none."""

    text: str
    before: str = ""
    known: Mapping[str, Sequence[str]] | None = None
    intent: str = ""


@dataclass(frozen=True, slots=True)
class Need:
    """A look-up that the message needs: for each of `values`; none where it needs one and names none. `firm` says that
    nothing but the look-up answers it."""

    look_up: LookUp
    values: tuple[str, ...]
    firm: bool


def named(text: str, look_ups: Sequence[LookUp]) -> dict[str, tuple[str, ...]]:
    """The values that a text names, by look-up. One that begins as a look-up is called ("RET-77120", "INV-3") is a
    value of that one alone, where it could be one of several."""
    found = {each.name: each.named_in(text[:LONGEST]) for each in look_ups}
    return {name: tuple(value for value in values if _is_of(value, name, found)) for name, values in found.items()}


def _is_of(value: str, name: str, found: Mapping[str, Sequence[str]]) -> bool:
    letters = (_LETTERS.match(value) or [""])[0].lower()
    meant = [other for other, values in found.items() if value in values and len(letters) > 1]
    meant = [other for other in meant if other.startswith(letters)]
    return not meant or name in meant


def bare(text: str, look_ups: Sequence[LookUp]) -> str:
    """The text without the values it names: how what it asks is compared. "Has order ORD-1234 shipped?" asks what "has
    my order shipped?" does."""
    text = " ".join(text[:LONGEST].split())
    there = named(text, look_ups)
    called = {value.lower(): each.called for each in reversed(look_ups) for value in there[each.name]}
    if not called:
        return text
    nouns = "|".join(sorted({re.escape(noun) for noun in called.values()}))
    values = "|".join(re.escape(value) for value in sorted(called, key=len, reverse=True))
    before = rf"(?:\b(?:my|the|your|an?) )?(?:\b(?:{nouns})s?\b ?)?(?:\b(?:number|no\b\.?|id) ?)?[:#]?"
    shown = re.sub(f"{before}({values})", lambda m: f" my {called[m.group(1).lower()]} ", text, flags=re.IGNORECASE)
    return re.sub(r" (?=[?!.,;:])", "", " ".join(shown.split()))


def only_names(text: str, look_ups: Sequence[LookUp]) -> bool:
    """Whether the text names a value and asks nothing of its own, as an answer to "which one?" does."""
    if not any(named(text, look_ups).values()):
        return False
    own = {word for each in look_ups for name in (each.name, each.slot) for word in (name, f"{name}s")}
    return all(word.lower() in _FILLING or word.lower() in own for word in _WORD.findall(bare(text, look_ups)))


def may_need(message: Message, look_ups: Sequence[LookUp]) -> tuple[LookUp, ...]:
    """Those that the message could be about at all, before anything is compared."""
    own = bool(_OWN.search(f"{message.before} {message.text}"))
    there = named(message.text, look_ups)
    return tuple(
        each
        for each in look_ups
        if there[each.name]
        or (not any(there.values()) and (own or (_known(message, each) and _BACK.search(message.text))))
        or message.intent in each.intents
    )


def needs(message: Message, near: Mapping[str, float], look_ups: Sequence[LookUp]) -> tuple[Need, ...]:
    """What the message needs, the surest first; only those that are about as sure as the first. `near` is, by name, how
    close it comes to a look-up's examples, from -1 to 1."""
    there = named(message.text, look_ups)
    only = only_names(message.text, look_ups)
    may = may_need(message, look_ups)
    judged = [_need(message, near.get(each.name, 0.0), each, there[each.name], only) for each in may]
    found = [each for each in judged if each is not None]
    found.sort(key=lambda pair: -pair[0])
    return tuple(need for score, need in found if score >= found[0][0] - _ABOUT)


def _need(
    message: Message, near: float, look_up: LookUp, values: tuple[str, ...], only: bool
) -> tuple[float, Need] | None:
    taught = message.intent in look_up.intents
    asks = near >= (NAMED if values else NEAR)
    if not (taught or asks or (only and values)):
        return None
    sure = bool(values) or taught or near >= SURE
    return max(near, float(taught)), Need(look_up, (values or _known(message, look_up)[:1])[:MOST], sure)


def _known(message: Message, look_up: LookUp) -> tuple[str, ...]:
    return tuple((message.known or {}).get(look_up.name, ())) if look_up.slot else ()
