"""Weighs the signals of each candidate by the kind of message: a small linear model, read from its card. Pure.

The score of a passage is `gates @ weights @ signals`: one weight a signal and gate, so that the same model leans on the
conversation where the message does, and not where it stands alone. `frontdesk train ranking` makes a card from labelled
questions; the shipped one is `weights/ranking.json`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import BadRequest
from knowledge.seeking.signals import GATES, SIGNALS, Column


@dataclass(frozen=True, slots=True, eq=False)
class Ranker:
    """`weights` is (len(GATES), len(SIGNALS)); `made` says when, from what, and how good it was."""

    weights: NDArray[np.float64]
    made: Mapping[str, Any]

    def scores(self, signals: NDArray[np.float64], gates: Column) -> Column:
        """(n,) for (n, len(SIGNALS)) and (len(GATES),): higher is better, comparable within one question only."""
        found: Column = signals @ (gates @ self.weights)
        return found


def from_card(card: Mapping[str, Any]) -> Ranker:
    """The ranker a card describes. Raises BadRequest where it is not one of this code's signals and gates."""
    try:
        rows = [[float(card["weights"][gate][signal]) for signal in SIGNALS] for gate in GATES]
    except (KeyError, TypeError, ValueError) as error:
        raise BadRequest(f"the ranking's card does not fit this release: {error}") from None
    weights = np.array(rows, dtype=np.float64)
    if not np.isfinite(weights).all():
        raise BadRequest("the ranking's card has weights that are no numbers")
    return Ranker(weights, {name: value for name, value in card.items() if name != "weights"})


def to_card(weights: NDArray[np.float64], made: Mapping[str, Any]) -> dict[str, Any]:
    """The card of weights, to be written as JSON."""
    rows = {
        gate: {signal: round(float(weight), 5) for signal, weight in zip(SIGNALS, row, strict=True)}
        for gate, row in zip(GATES, weights, strict=True)
    }
    return {**made, "weights": rows}


@lru_cache(maxsize=1)
def shipped() -> Ranker:
    """The ranker of this release, read once."""
    return from_card(json.loads(files("knowledge.seeking").joinpath("weights/ranking.json").read_text("utf-8")))


def read(path: Path) -> Ranker:
    """A ranker of one's own. Raises BadRequest when the file is no card."""
    try:
        card = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadRequest(f"cannot read the ranking's card {path}: {error}") from None
    return from_card(card if isinstance(card, dict) else {})
