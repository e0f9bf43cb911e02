"""What a turn's message asks, as look-ups compare it: with the values behind its pseudonyms. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from agent.lookups.matching import Message, bare, named, only_names
from agent.lookups.person import Person
from agent.lookups.spec import LookUp
from agent.state import Turn
from memory.slots import Slot

_LINES: Final = 40
"""Earlier lines in which a value may have been named: beyond them it is no longer what "it" is."""


def message_of(turn: Turn, who: Person, look_ups: Sequence[LookUp]) -> Message:
    """The customer's words with the values behind their pseudonyms, and what was named before."""
    references = who.references()
    text = references.restore(turn.text)
    lines = [references.restore(line.text) for line in reversed(turn.history[-_LINES:])]
    there = [named(line, look_ups) for line in lines]

    def pinned(slots: Sequence[Slot], look_up: LookUp) -> list[str]:
        values = [(slot.kind, references.restore(slot.value)) for slot in slots]
        return [value for kind, value in values if named(value, look_ups)[look_up.name] or look_up.takes(kind)]

    known = {}
    for each in look_ups:
        said = [value for values in there for value in reversed(values[each.name])]
        known[each.name] = tuple(dict.fromkeys([*pinned(turn.focus, each), *said, *pinned(turn.slots, each)]))
    before = ""
    if only_names(text, look_ups):
        before = next((references.restore(line.text) for line in reversed(turn.history) if line.role == "customer"), "")
    return Message(text, before, known, turn.triage.intent if turn.triage else "")


def about_of(turn: Turn, look_ups: Sequence[LookUp]) -> str:
    """What the customer asks, with pseudonyms and without values; where they only say a value, what they asked before
    it, and "" where they asked nothing."""
    if not only_names(turn.text, look_ups):
        return bare(turn.text, look_ups)
    before = next((line.text for line in reversed(turn.history) if line.role == "customer"), "")
    return "" if only_names(before, look_ups) else bare(before, look_ups)
