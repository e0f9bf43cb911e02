"""Moods: what the shipped heads say of a message, with reasons for people.

`weights/moods.npz` holds the heads, `weights/moods.json` says what they were made from and how well they do;
`frontdesk train moods` makes both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from agent.understanding.moods.features import Sample
from agent.understanding.moods.head import Head, load

Floats = NDArray[np.float32]

SENTIMENTS: Final = ("negative", "neutral", "positive")
URGENCIES: Final = ("high", "low", "medium")
YES_NO: Final = ("no", "yes")
HEADS: Final[Mapping[str, tuple[str, ...]]] = {
    "sentiment": SENTIMENTS,
    "urgency": URGENCIES,
    "abuse": YES_NO,
    "person": YES_NO,
}
"""The heads that triage asks, each with its labels in their order."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What one head makes of a message: the label to act on, and every label's calibrated chance."""

    label: str
    chances: Mapping[str, float]

    @property
    def score(self) -> float:
        """The chance of the label acted on."""
        return self.chances[self.label]


@dataclass(frozen=True, slots=True, eq=False)
class Moods:
    """The heads together: a message's features are looked up once for all of them."""

    heads: Mapping[str, Head]
    _dense: Floats = field(init=False, repr=False)
    _hashed: Floats = field(init=False, repr=False)
    _bias: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        each = [self.heads[name] for name in HEADS]
        object.__setattr__(self, "_dense", np.hstack([head.dense for head in each]))
        object.__setattr__(self, "_hashed", np.hstack([head.hashed for head in each]))
        object.__setattr__(self, "_bias", np.concatenate([head.bias for head in each]))

    def hear(self, sample: Sample) -> dict[str, Heard]:
        """Name of the head to what it says."""
        logits = sample.dense @ self._dense + sample.weights @ self._hashed[sample.places] + self._bias
        found, at = {}, 0
        for name in HEADS:
            head = self.heads[name]
            chances = head.of(logits[at : at + len(head.labels)])
            found[name] = Heard(head.decide(chances), chances)
            at += len(head.labels)
        return found

    def replaced(self, name: str, head: Head) -> Moods:
        """These with another head in the place of `name`. Raises ValueError where its labels are others."""
        if head.labels != HEADS[name]:
            raise ValueError(f"{name} has the labels {', '.join(HEADS[name])}, not {', '.join(head.labels)}")
        return Moods({**self.heads, name: head})


def open_moods(path: Path) -> Moods:
    """The heads at `path`. Raises ValueError where one is missing or was trained on other features or labels."""
    heads = load(path)
    for name, labels in HEADS.items():
        if name not in heads or heads[name].labels != labels:
            raise ValueError(f"{path} has no head {name!r} with the labels {', '.join(labels)}; train it again")
    return Moods(heads)


@lru_cache(maxsize=1)
def shipped() -> Moods:
    """The heads of this release, read once."""
    with as_file(files("agent.understanding").joinpath("weights/moods.npz")) as path:
        return open_moods(path)


def strongest(sample: Sample, sign: int, limit: int = 2) -> Sequence[str]:
    """The words rated farthest to one side (`sign` 1 warm, -1 cold), strongest first: what a reason quotes."""
    found = sorted((value * sign, word) for word, value in sample.rated if value * sign > 0)
    return tuple(dict.fromkeys(word for _, word in reversed(found)))[:limit]
