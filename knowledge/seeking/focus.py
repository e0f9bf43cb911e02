"""What a conversation is about: the names of the knowledge base it said, how strongly each is still in focus. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from knowledge.query import Said
from knowledge.seeking.names import Names

_LINES: Final = 20
_DECAY: Final = 0.85
"""What a line keeps of its weight when another follows."""
_SHARED: Final = 0.25
"""A line of many names ("there are the Gonville and the Lensfield") says each less firmly."""
_NOW, _STRONGEST, _LATEST = 3, 6, 3
LEAST: Final = 0.05
"""Names that are hardly entities are not followed."""


@dataclass(frozen=True, slots=True)
class Focus:
    """Strengths of names (by their number) from 0 up: `now` in the message itself, `held` by the lines before, `spoken`
    in the last line that was not the customer's. `latest` lists the names before the message, last said first."""

    now: dict[int, float] = field(default_factory=dict)
    held: dict[int, float] = field(default_factory=dict)
    spoken: dict[int, float] = field(default_factory=dict)
    latest: tuple[int, ...] = ()

    @property
    def strongest_now(self) -> float:
        return max(self.now.values(), default=0.0)

    @property
    def top(self) -> int | None:
        """The name held most strongly."""
        return next(iter(self.strongest(1)), None)

    def strongest(self, most: int) -> list[int]:
        """The names held most strongly, at most that many."""
        return sorted(self.held, key=lambda name: (-self.held[name], name))[:most]

    def followed(self) -> list[int]:
        """The names whose documents are looked at whatever the words find, in order of weight."""
        now = sorted(self.now, key=lambda name: (-self.now[name], name))
        return list(dict.fromkeys([*now[:_NOW], *self.strongest(_STRONGEST), *self.latest[:_LATEST]]))


def focus(text: str, history: Sequence[Said], names: Names) -> Focus:
    """What is in focus at the message `text` after `history` (oldest first, without it)."""
    held: dict[int, float] = {}
    last: dict[int, int] = {}
    spoken: dict[int, float] = {}
    for age, line in enumerate(reversed(history[-_LINES:])):
        said = _said(line.text, names)
        share = _DECAY**age / math.sqrt(1 + _SHARED * max(0, len(said) - 1))
        for name, strength in said.items():
            held[name] = held.get(name, 0.0) + share * strength
            last.setdefault(name, age)
        if not spoken and line.role != "customer":
            spoken = said
    latest = sorted(last, key=lambda name: (last[name], -held[name], name))
    return Focus(_said(text, names), held, spoken, tuple(latest))


def _said(text: str, names: Names) -> dict[int, float]:
    found: dict[int, float] = {}
    for mention in names.mentions(text):
        strength = mention.covered * names.all[mention.name].weight
        if strength >= LEAST:
            found[mention.name] = max(found.get(mention.name, 0.0), strength)
    return found
