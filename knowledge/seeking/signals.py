"""How each candidate passage looks in the light of a message and its conversation: the figures the ranker weighs. Pure.

Cosines and BM25 of every form of the message, each sparse side by its own best; where the document's names stand in the
conversation. `GATES` say what kind of message it is, so that the weights may differ: whether history helps is decided
message by message.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.fusion import RANK_CONSTANT
from knowledge.query import leans
from knowledge.seeking.focus import Focus
from knowledge.seeking.forms import Forms
from knowledge.sparse import terms

Column = NDArray[np.float64]

SIGNALS: Final = (
    "dense_message",
    "dense_leaning",
    "dense_named",
    "dense_own_name",
    "dense_parts",
    "dense_parts_mean",
    "sparse_message",
    "sparse_leaning",
    "sparse_trailing",
    "sparse_parts",
    "sparse_parts_mean",
    "title_message",
    "title_leaning",
    "fused_message",
    "fused_leaning",
    "name_now",
    "name_held",
    "name_spoken",
    "name_top",
    "name_latest",
    "name_found",
)
GATES: Final = ("always", "leans", "short", "names_something", "points_back", "no_history", "long", "spoken")
_FUSED: Final = 30.0
"""Brings a reciprocal rank (at most 2/61) to the size of the other figures."""
_LATEST: Final = 0.6
"""What the order of last mention keeps from one name to the one said before it."""
_BEST_PARTS: Final = 3
_FOUND_FIRST: Final = 10
_SHORT_TERMS: Final = 4
_LONG_TERMS: Final = 10
_FEW_WORDS: Final = 3
_POINTS_BACK: Final = re.compile(
    r"\b(?:it|its|they|them|their|theirs|there|that|this|these|those|he|she|him|her|his|ones?|both|either|same)\b",
    re.IGNORECASE,
)


def _is_spoken(text: str) -> bool:
    """Whether it looks like the transcript of a voice: no capital, no mark, more than a word or two."""
    return len(text.split()) > _FEW_WORDS and not any(c.isupper() or c in "?!.,;:" for c in text)


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Passages to rank, (n,) each: cosines, and BM25 that is 0 where no word is shared; of `trailing` BM25 alone.
    `names` are the numbers of each passage's names, with their weights; `own_name` is the cosine with the message
    behind the passage's own name."""

    names: tuple[Mapping[int, float], ...]
    message: Sides
    leaning: Sides
    trailing: Column
    parts: tuple[Sides, ...]
    by_name: Column
    own_name: Column
    title_message: Column
    title_leaning: Column


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """What both sides say of each candidate for one form, (n,) each."""

    dense: Column
    sparse: Column


def gates(text: str, forms: Forms, focus: Focus, has_history: bool) -> Column:
    """(len(GATES),): what kind of message it is."""
    own = len(terms(text))
    return np.array(
        [
            1.0,
            float(leans(forms.message)),
            float(own <= _SHORT_TERMS),
            focus.strongest_now,
            float(bool(_POINTS_BACK.search(text))),
            float(not has_history),
            float(own > _LONG_TERMS),
            float(_is_spoken(text)),
        ]
    )


def signals(candidates: Candidates, focus: Focus) -> NDArray[np.float64]:
    """(n, len(SIGNALS))."""
    message, leaning = candidates.message, candidates.leaning
    parts = candidates.parts or (message,)
    dense_parts = np.sort([part.dense for part in parts], axis=0)[::-1]
    sparse_parts = np.array([_by_best(part.sparse) for part in parts])
    fused_leaning = _fused(leaning)
    columns = {
        "dense_message": message.dense,
        "dense_leaning": leaning.dense,
        "dense_named": candidates.by_name,
        "dense_own_name": candidates.own_name,
        "dense_parts": dense_parts[0],
        "dense_parts_mean": dense_parts[:_BEST_PARTS].mean(axis=0),
        "sparse_message": _by_best(message.sparse),
        "sparse_leaning": _by_best(leaning.sparse),
        "sparse_trailing": _by_best(candidates.trailing),
        "sparse_parts": sparse_parts.max(axis=0),
        "sparse_parts_mean": sparse_parts.mean(axis=0),
        "title_message": _by_best(candidates.title_message),
        "title_leaning": _by_best(candidates.title_leaning),
        "fused_message": _fused(message),
        "fused_leaning": fused_leaning,
        "name_found": _found_names(candidates.names, fused_leaning),
        **_of_names(candidates.names, focus),
    }
    return np.stack([columns[name] for name in SIGNALS], axis=1)


def _found_names(names: tuple[Mapping[int, float], ...], fused: Column) -> Column:
    """How much of what was found first stands under one of a passage's names: a product that is described and never
    named shows itself so."""
    shares: dict[int, float] = {}
    best = np.argsort(-fused, kind="stable")[:_FOUND_FIRST]
    total = sum(1 / (place + 2) for place in range(len(best)))
    for place, candidate in enumerate(best):
        for name in names[candidate]:
            shares[name] = shares.get(name, 0.0) + 1 / (place + 2) / total
    return np.array([max((shares.get(n, 0.0) * w for n, w in own.items()), default=0.0) for own in names])


def _by_best(scores: Column) -> Column:
    best = scores.max(initial=0.0)
    return scores / best if best > 0 else np.zeros_like(scores)


def _fused(sides: Sides) -> Column:
    """Reciprocal rank fusion among the candidates; a passage without a shared word has no sparse rank."""
    by_sparse = np.where(sides.sparse > 0, 1.0 / (RANK_CONSTANT + _ranks(sides.sparse)), 0.0)
    return _FUSED * (1.0 / (RANK_CONSTANT + _ranks(sides.dense)) + by_sparse)


def _ranks(scores: Column) -> Column:
    """From 1, best first; ties in the order given."""
    ranks = np.empty(len(scores))
    ranks[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return ranks


def _of_names(of: tuple[Mapping[int, float], ...], focus: Focus) -> dict[str, Column]:
    """Where each passage's names stand in the conversation; a name that nobody said counts for nothing."""
    place = {name: _LATEST**n for n, name in enumerate(focus.latest)}
    top = focus.top
    firmest = focus.held.get(top, 1.0) if top is not None else 1.0
    rows = [
        (
            max((focus.now.get(name, 0.0) for name in names), default=0.0),
            max((focus.held.get(name, 0.0) for name in names), default=0.0) / firmest,
            max((focus.spoken.get(name, 0.0) for name in names), default=0.0),
            float(top in names),
            max((place.get(name, 0.0) for name in names), default=0.0),
        )
        for names in of
    ]
    table = np.array(rows, dtype=np.float64).reshape(-1, 5)
    keys = ("name_now", "name_held", "name_spoken", "name_top", "name_latest")
    return {key: table[:, column] for column, key in enumerate(keys)}
