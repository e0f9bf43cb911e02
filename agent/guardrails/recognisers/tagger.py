"""A small tagger of our own: which words of a message are names, places, numbers and secrets of a person.

A linear-chain conditional random field over hashed features (`features.py`), so that it takes a millisecond and no
model of its own. It hears what the pattern recognisers say of each word, and decides where they are in doubt. Weights
are `guardrails/weights/pii.npz`, with a card beside them; `frontdesk train pii` makes both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from agent.guardrails.recognisers.features import (
    FAR,
    NEAR,
    SIZE,
    Token,
    case_of,
    of_place,
    of_word,
    said_by,
    tokens,
)
from agent.guardrails.recognisers.span import PiiSpan

Floats = NDArray[np.float32]
TAGGED: Final = (
    "PERSON",
    "LOCATION",
    "PHONE_NUMBER",
    "EMAIL_ADDRESS",
    "CREDIT_CARD",
    "US_SSN",
    "US_BANK_NUMBER",
    "PASSWORD",
    "USERNAME",
    "ORGANIZATION",
)
"""What it tells apart. Organisations are no personal data: it knows them so as not to take them for people."""
LABELS: Final = ("O", *(f"{begins}-{entity}" for entity in TAGGED for begins in "BI"))
SURE: Final = 0.8
_WORDS_KEPT: Final = 8_192
_NEVER: Final = np.float32(-1e6)


@dataclass(slots=True, eq=False)
class Tagger:
    """`emissions` (SIZE, labels) are whole numbers times `scale`, `steps` (labels, labels) log weights. `lean` is what
    a label of personal data is given beforehand: more finds more and takes more along."""

    emissions: NDArray[np.int8]
    scale: Floats
    steps: Floats
    lean: float = 0.0
    _known: dict[tuple[str, str], Floats] = field(default_factory=dict)

    def spans(self, text: str, said: Iterable[PiiSpan] = ()) -> list[PiiSpan]:
        """What it finds in `text`, given what the others `said`; in order and without overlap."""
        words = tokens(text)
        if not words:
            return []
        labels = best(self._scores(text, words, said), self.steps)
        return spans_of(words, labels)

    def _scores(self, text: str, words: Sequence[Token], said: Iterable[PiiSpan]) -> Floats:
        case, rules = case_of(text), said_by(words, said)
        scores = _gathered(np.stack([self._word(token.word, case) for token in words]))
        rows = np.array([of_place(words, rules, at) for at in range(len(words))])
        scores += self.emissions[rows].sum(axis=1, dtype=np.int32) * self.scale
        scores[:, 1:] += self.lean
        return scores

    def _word(self, word: str, case: str) -> Floats:
        """(PLACES, labels): what the word adds to the scores of the tokens around it."""
        known = self._known.get((word, case))
        if known is None:
            by_place = of_word(word, case)
            known = np.stack([self.emissions[list(rows)].sum(axis=0, dtype=np.int32) for rows in by_place]) * self.scale
            if len(self._known) >= _WORDS_KEPT:
                self._known.clear()
            self._known[word, case] = known
        return known


def best(scores: Floats, steps: Floats) -> list[int]:
    """The labels of the likeliest way through (Viterbi 1967). Steps and starts that must not be are in `steps` and by
    an I-label's having no way in."""
    at = scores[0] + START
    back = []
    for here in scores[1:]:
        ways = at[:, None] + steps
        back.append(ways.argmax(axis=0))
        at = ways.max(axis=0) + here
    path = [int(at.argmax())]
    for chosen in reversed(back):
        path.append(int(chosen[path[-1]]))
    return path[::-1]


def spans_of(words: Sequence[Token], labels: Sequence[int]) -> list[PiiSpan]:
    """The runs of a label as spans, organisations left out."""
    spans: list[PiiSpan] = []
    for token, number in zip(words, labels, strict=True):
        if not number:
            continue
        begins, _, entity = LABELS[number].partition("-")
        if begins == "I" and spans:
            spans[-1] = PiiSpan(spans[-1].start, token.end, entity, SURE)
        else:
            spans.append(PiiSpan(token.start, token.end, entity, SURE))
    return [span for span in spans if span.entity != "ORGANIZATION"]


def _gathered(words: Floats) -> Floats:
    """(tokens, PLACES, labels), each word's gift to its neighbours, to (tokens, labels), what each token was given."""
    count = len(words)
    scores = words[:, 0].copy()
    for step, place in ((1, 1), (2, 3)):
        if count > step:
            scores[step:] += words[:-step, place]
            scores[:-step] += words[step:, place + 1]
    return scores + _far(words[:, 5]) + _far(words[::-1, 6])[::-1]


def _far(gifts: Floats) -> Floats:
    """For each token the sum of `gifts` of those 3 to 8 places before it."""
    total = np.concatenate([np.zeros((1, gifts.shape[1]), np.float32), np.cumsum(gifts, axis=0)])
    at = np.arange(len(gifts))
    summed: Floats = total[np.maximum(at - NEAR, 0)] - total[np.maximum(at - FAR, 0)]
    return summed


def allowed_steps() -> NDArray[np.bool_]:
    """(labels, labels): whether the second may follow the first; an I only its own B or I."""
    return np.array(
        [[not after.startswith("I") or before[1:] == after[1:] for after in LABELS] for before in LABELS], dtype=bool
    )


STARTS: Final = np.array([not label.startswith("I") for label in LABELS])
START: Final = np.where(STARTS, np.float32(0), _NEVER)


def load(path: Path) -> Tagger:
    """The weights at `path`. Raises ValueError where they were made for other labels or features than this code's."""
    with np.load(path) as stored:
        if tuple(map(str, stored["labels"])) != LABELS or int(stored["size"]) != SIZE:
            raise ValueError(f"{path} was trained for other labels or features; train it again")
        emissions = np.zeros((SIZE, len(LABELS)), np.int8)
        emissions[stored["rows"]] = stored["values"]
        steps = np.where(allowed_steps(), stored["steps"].astype(np.float32), _NEVER)
        return Tagger(emissions, stored["scale"].astype(np.float32), steps, float(stored["lean"]))


@cache
def shipped() -> Tagger:
    """The weights of this release, read once."""
    with as_file(files("agent.guardrails").joinpath("weights/pii.npz")) as path:
        return load(path)
