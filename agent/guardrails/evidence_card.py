"""The small model over the signals of `evidence_signals`, and the card it is read from. Pure but for reading it.

    GroundingCardError      code grounding_card, not retryable: a file that is no card of this release.

Two questions, as a short reply and a long one fail differently. A reply of one or two sentences is weighed as a whole
(`short`): each word that its source lacks counts. A long one says much in words of its own, so it is asked whether it
is about its evidence at all (`covered`), and, as far as it is, whether something in it was changed (`changed`). Each is
a logistic regression, so that a card can be read: which signal, which way, how much. `frontdesk train grounding` makes
the shipped card; `frontdesk calibrate grounding` one that has the same weights and a threshold chosen on your own rows.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from agent.guardrails.evidence_signals import SIGNALS, evidence_of, signals
from knowledge.sentences import sentences as sentence_spans

Floats = NDArray[np.float64]
SHORT_UNTIL: Final = 24
LONG_FROM: Final = 36
"""Words; between them both count. By cross-validation on four public sets, 18 to 40 do alike (docs/grounding.md)."""
_REACH: Final = 4.0
"""A signal further from its mean than this many spreads counts as this far."""
_CHANGED: Final = 0.7
_SLOPE: Final = 3.0
_FREE: Final = 0.3
"""What was changed moves a long reply's score by 0.7 at most; being about something else by three times as far as
`covered` is below 0.3. A long reply that is covered is ranked by its changes alone."""
_STRAIGHT: Final = math.log(0.95)
CARD: Final = "weights/grounding.json"


class GroundingCardError(ValueError):
    code: ClassVar[str] = "grounding_card"
    retryable: ClassVar[bool] = False


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """bias + weights · ((signals - mean) / spread), over the signals at `places`."""

    places: tuple[int, ...]
    mean: Floats
    spread: Floats
    weights: Floats
    bias: float

    def of(self, rows: Floats) -> Floats:
        """(n,) for (n, len(SIGNALS))."""
        scaled = np.clip((rows[:, self.places] - self.mean) / self.spread, -_REACH, _REACH)
        found: Floats = scaled @ self.weights + self.bias
        return found


@dataclass(frozen=True, eq=False)
class GroundingModel:
    """`cut` and `slope` bring the raw value onto 0..1, with 0.5 where the two kinds of the training rows were told
    apart best. `threshold` is the least score that may be sent; `made` says when, from what, and how good it was."""

    short: Linear
    covered: Linear
    changed: Linear
    offset: float
    cut: float
    slope: float
    threshold: float
    made: Mapping[str, Any]

    def raw(self, rows: Floats) -> Floats:
        """(n,) for (n, len(SIGNALS)): higher is better grounded."""
        long = self.offset + _CHANGED * np.tanh(self.changed.of(rows))
        long = long + np.minimum(0.0, _SLOPE * (self.covered.of(rows) - _FREE))
        share = length_share(rows)
        return _logit(share * long - (1 - share) * np.logaddexp(0.0, -self.short.of(rows)))

    def scores(self, rows: Floats) -> Floats:
        """(n,) in 0..1."""
        found: Floats = 1.0 / (1.0 + np.exp(-np.clip(self.slope * (self.raw(rows) - self.cut), -30.0, 30.0)))
        return found

    def score(self, sentences: Sequence[str], passages: Sequence[str]) -> float:
        """0..1: how well a reply of these sentences is grounded in the passages; 0 without any."""
        if not any(passage.strip() for passage in passages):
            return 0.0
        return float(self.scores(signals(sentences, evidence_of(tuple(passages)))[None, :])[0])

    @cached_property
    def fingerprint(self) -> str:
        """Tells one set of weights from another, whatever its threshold."""
        return hashlib.sha256(json.dumps(_weights(self), sort_keys=True).encode()).hexdigest()[:12]


def _logit(log_chance: Floats) -> Floats:
    """log(p / (1 - p)) of log p, going on in a straight line above p = 0.95, which a long reply may pass."""
    inside = np.minimum(log_chance, _STRAIGHT)
    found: Floats = inside - np.log(-np.expm1(inside)) + (log_chance - inside) / -math.expm1(_STRAIGHT)
    return found


def length_share(rows: Floats) -> Floats:
    """(n,) 0 for a short reply, 1 for a long one."""
    words = np.expm1(rows[:, SIGNALS.index("words")])
    found: Floats = np.clip((words - SHORT_UNTIL) / (LONG_FROM - SHORT_UNTIL), 0.0, 1.0)
    return found


def split(reply: str) -> list[str]:
    """The sentences of a reply; a reply without one is its own."""
    return [reply[start:end] for start, end in sentence_spans(reply)] or [reply]


def to_card(model: GroundingModel) -> dict[str, Any]:
    return {**model.made, "threshold": model.threshold, **_weights(model)}


def _weights(model: GroundingModel) -> dict[str, Any]:
    parts = {"short": model.short, "covered": model.covered, "changed": model.changed}
    return {
        "offset": model.offset,
        "cut": model.cut,
        "slope": model.slope,
        "weights": {name: _linear_card(each) for name, each in parts.items()},
    }


def _linear_card(part: Linear) -> dict[str, Any]:
    rows = {
        SIGNALS[place]: [round(float(value), 5) for value in (part.weights[n], part.mean[n], part.spread[n])]
        for n, place in enumerate(part.places)
    }
    return {"bias": round(part.bias, 5), "weight_mean_spread": rows}


def from_card(card: Mapping[str, Any]) -> GroundingModel:
    """The model a card describes. Raises GroundingCardError where it is not one of this code's signals."""
    try:
        offset, cut, slope, threshold = (float(card[name]) for name in ("offset", "cut", "slope", "threshold"))
        short, covered, changed = (_linear(card["weights"][name]) for name in ("short", "covered", "changed"))
    except (KeyError, TypeError, ValueError) as error:
        raise GroundingCardError(f"it does not fit this release: {error!r}") from None
    if not all(map(math.isfinite, (offset, cut, slope))) or not 0.0 <= threshold <= 1.0:
        raise GroundingCardError("its threshold must lie between 0 and 1, and its other numbers be finite")
    made = {name: value for name, value in card.items() if name not in _OWN}
    return GroundingModel(short, covered, changed, offset, cut, slope, threshold, made)


_OWN: Final = frozenset({"offset", "cut", "slope", "threshold", "weights"})


def _linear(card: Mapping[str, Any]) -> Linear:
    rows = {name: [float(value) for value in values] for name, values in card["weight_mean_spread"].items()}
    table = np.array(list(rows.values()), dtype=np.float64).reshape(len(rows), -1) if rows else np.empty((0, 3))
    if table.shape[1] != 3 or not np.isfinite(table).all() or not (table[:, 2] > 0).all():
        raise ValueError("a signal has a weight, a mean and a spread above 0")
    places = tuple(SIGNALS.index(name) for name in rows)
    return Linear(places, table[:, 1], table[:, 2], table[:, 0], float(card["bias"]))


@lru_cache(maxsize=1)
def shipped() -> GroundingModel:
    """The model of this release, read once."""
    return from_card(json.loads(files("agent.guardrails").joinpath(CARD).read_text("utf-8")))


def read_card(path: Path) -> GroundingModel:
    """A model of one's own, as `frontdesk calibrate grounding` or `frontdesk train grounding` wrote it. Raises
    GroundingCardError when the file is no card."""
    try:
        card = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise GroundingCardError(f"{path} cannot be read: {error}") from None
    try:
        return from_card(card if isinstance(card, dict) else {})
    except GroundingCardError as error:
        raise GroundingCardError(f"{path}: {error}") from None
