"""Conditions of rules, from their values in TOML to tests of facts, made once at loading. Pure.

when.opted_out = true                           a flag
when.kind = "complaint"                         a choice or name: this one,
when.kind = ["complaint", "person"]             one of these,
when.language = { not = ["en", "de"] }          or none of these
when.injection_score = { at_least = 0.5 }       a number: at_least, at_most, above, below, or the number itself
when.text = { words = ["lawyer", "sue*"] }      a text: has one of these words,
when.text = { matches = '\\bsue\\b.{0,40}' }      or this pattern; `without` and `without_words` for the opposite
"""

from __future__ import annotations

import difflib
import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from agent.policy import phrases
from agent.policy.facts import FACTS, Fact, Phase, Value

Test = Callable[[Value], str | None]
"""What of a fact's value meets the condition, in words for the record; None where it does not."""
_COMPARED: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "at_least": operator.ge,
    "at_most": operator.le,
    "above": operator.gt,
    "below": operator.lt,
}
_SHOWN: Final = 60


class Faulty(ValueError):
    """A condition or rule that cannot be. `key` leads to its place in the file, from the rule's table on."""

    def __init__(self, what: str, *key: str) -> None:
        super().__init__(what)
        self.key = key


def fact(name: str, phase: Phase, *key: str) -> Fact:
    """The fact of this name, known in this phase. Raises Faulty."""
    found = FACTS.get(name)
    if found is None:
        raise Faulty(f"there is no fact {name!r}{meant(name, FACTS)}", *key)
    if not found.known(phase):
        raise Faulty(f"{name} is not known in the phase {phase}: it is from {found.since} on", *key)
    return found


def meant(name: str, those: Iterable[str]) -> str:
    """The nearest of the names there are, where one is near; else all of them, where they are few."""
    names = list(those)
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        return f"; did you mean {near[0]}?"
    return f"; there are: {', '.join(names)}" if len(names) <= 12 else ""


def test(of: Fact, wanted: object) -> Test:
    """The test of a fact against what the file says. Raises Faulty with what the file may say instead."""
    match of.kind:
        case "flag":
            return _flag(wanted)
        case "number":
            return _number(wanted)
        case "text":
            return _text(wanted)
        case _:
            return _named(of, wanted)


def _flag(wanted: object) -> Test:
    if not isinstance(wanted, bool):
        raise Faulty("it is a flag: true or false")
    return lambda value: str(value).lower() if value is wanted else None


def _number(wanted: object) -> Test:
    if _is_number(wanted):
        return lambda value: _figure(value) if value == wanted else None
    if not isinstance(wanted, Mapping) or not wanted or set(wanted) - set(_COMPARED):
        raise Faulty(f"it is a number, or {{ {', '.join(_COMPARED)} }} of one")
    if not all(map(_is_number, wanted.values())):
        raise Faulty("a bound is a finite number")
    bounds = [(_COMPARED[name], bound) for name, bound in wanted.items()]
    if not _possible(wanted):
        raise Faulty("no number can meet these bounds")
    return lambda value: _figure(value) if all(holds(value, bound) for holds, bound in bounds) else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _possible(bounds: Mapping[str, float]) -> bool:
    low = max((bounds[name] for name in ("at_least", "above") if name in bounds), default=-math.inf)
    high = min((bounds[name] for name in ("at_most", "below") if name in bounds), default=math.inf)
    return low < high or (low == high and "above" not in bounds and "below" not in bounds)


def _figure(value: Value) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _named(of: Fact, wanted: object) -> Test:
    refuses = isinstance(wanted, Mapping) and set(wanted) == {"not"}
    given = wanted["not"] if refuses and isinstance(wanted, Mapping) else wanted
    those = [given] if isinstance(given, str) else given
    if not isinstance(those, list) or not those or not all(isinstance(each, str) for each in those):
        raise Faulty("it is a word, a list of words, or { not = … } of either")
    for each in those:
        if of.choices and each not in of.choices:
            raise Faulty(f"it can never be {each!r}{meant(each, of.choices)}")
    names = frozenset(those)
    if refuses and of.choices and names >= set(of.choices):
        raise Faulty("it leaves nothing that it could be")
    if refuses:
        return lambda value: str(value)[:_SHOWN] if value not in names else None
    return lambda value: str(value)[:_SHOWN] if value in names else None


_TEXT: Final = ("words", "without_words", "matches", "without")


def _text(wanted: object) -> Test:
    if not isinstance(wanted, Mapping) or not wanted or set(wanted) - set(_TEXT):
        raise Faulty(f"it is a text: {{ {', '.join(_TEXT)} }}")
    try:
        has = [_searched(name, wanted[name]) for name in ("words", "matches") if name in wanted]
        lacks = [_searched(name, wanted[name]) for name in ("without_words", "without") if name in wanted]
    except phrases.Unsuitable as error:
        raise Faulty(str(error)) from None

    def shown(value: Value) -> str | None:
        text = str(value)
        found = [each.search(text) for each in has]
        if not all(found) or any(each.search(text) for each in lacks):
            return None
        return ", ".join(" ".join(each[0].split())[:_SHOWN] for each in found if each)

    return shown


def _searched(name: str, given: object) -> re.Pattern[str]:
    if name.endswith("words"):
        if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
            raise phrases.Unsuitable(f"{name} is a list of words")
        return phrases.words(given)
    if not isinstance(given, str):
        raise phrases.Unsuitable(f"{name} is a pattern, as a string")
    return phrases.pattern(given)
