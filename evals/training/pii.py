"""Fits the tagger of personal data to labelled texts, and says what it is worth on what it has not seen.

Every figure is of the whole detector, patterns and tagger together, by the suite's own measure. Rows of one template
are in one fold; sets that share templates are left out together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np

from agent.guardrails.recognisers.features import SIZE
from agent.guardrails.recognisers.identities import find_identities
from agent.guardrails.recognisers.span import settle
from agent.guardrails.recognisers.tagged import find_tagged, said
from agent.guardrails.recognisers.tagger import LABELS, STARTS, Tagger, allowed_steps
from evals.suites.pii import Row as Measured
from evals.suites.pii import score, sensitive
from evals.training.pii_crf import Fitted, Sentence, fit
from evals.training.pii_made import Maker, Row
from evals.training.pii_rows import flattened, fold_of, group, is_bare, nothing_in, sentence, varied

FOLDS: Final = 4
ROUNDS: Final = 8
VARIANTS: Final = 2
MADE: Final = 4_000
BESIDE: Final = 9_000
TAUGHT: Final = 6_000
LEAN: Final = 0.0
KIN: Final = 0.1
"""Share of templates in common from which two sets are of one kind."""


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A sentence to learn, of a set ("" for none) and a fold (-1 for none)."""

    set: str
    fold: int
    sentence: Sentence


def examples(
    sets: Mapping[str, Sequence[Row]], nothing: Sequence[str], taught: Sequence[Row], *, folds: int, seed: int = 7
) -> list[Example]:
    """All there is to learn from: the labelled rows and variants of them, made-up messages, texts with `nothing` in
    them, and `taught` rows, whose labels another model gave."""
    rng, maker = Random(seed), Maker(seed)  # noqa: S311 - no secret hangs on it
    weighed: list[tuple[str, int, Row, float]] = []
    for name, rows in sets.items():
        for row in rows:
            if not is_bare(str(row["text"])):
                fold = fold_of(row, folds)
                weighed.append((name, fold, row, 1.0))
                weighed += [(name, fold, varied(row, maker, rng), 0.6) for _ in range(VARIANTS)]
    beside = rng.sample(list(nothing), min(BESIDE, len(nothing)))
    weighed += [("", -1, row, 1.0) for row in nothing_in(beside, said, maker, rng)]
    weighed += [("", -1, flattened(row) if rng.random() < 0.45 else row, 0.6) for row in maker.personal(MADE)]
    for row in _chosen(taught, rng):
        weighed.append(("", -1, row, 0.5))
        if rng.random() < 0.5:
            weighed.append(("", -1, varied(row, maker, rng), 0.3))
    made = ((name, fold, sentence(row, said, weight)) for name, fold, row, weight in weighed)
    return [Example(name, fold, each) for name, fold, each in made if each is not None]


def _chosen(taught: Sequence[Row], rng: Random) -> list[Row]:
    """Those with a person or place, and half as many without."""
    with_some = [row for row in taught if any(span["label"] != "ORGANIZATION" for span in row["spans"])]
    without = [row for row in taught if not any(span["label"] != "ORGANIZATION" for span in row["spans"])]
    kept = rng.sample(with_some, min(TAUGHT, len(with_some)))
    return [*kept, *rng.sample(without, min(TAUGHT // 2, len(without)))]


def fitted(chosen: Iterable[Example], told: Callable[[int], None] = lambda done: None) -> Tagger:
    """The tagger that the examples teach, at the precision it ships with."""
    return quantised(fit([each.sentence for each in chosen], allowed_steps(), STARTS, rounds=ROUNDS, told=told))


def quantised(model: Fitted, lean: float = LEAN) -> Tagger:
    """Eight bits a weight, each label by its own scale."""
    scale = np.maximum(np.abs(model.emissions).max(axis=0), 1e-6) / 127
    steps = np.where(allowed_steps(), model.steps, np.float32(-1e6)).astype(np.float32)
    return Tagger(np.round(model.emissions / scale).astype(np.int8), scale.astype(np.float32), steps, lean)


def save(tagger: Tagger, path: Path) -> None:
    """Writes what `tagger.load` reads: the rows that hold anything."""
    rows = np.flatnonzero(np.abs(tagger.emissions.astype(np.int16)).max(axis=1))
    np.savez_compressed(
        path,
        labels=np.array(LABELS),
        size=np.int64(SIZE),
        rows=rows.astype(np.int32),
        values=tagger.emissions[rows],
        scale=tagger.scale,
        steps=np.where(allowed_steps(), tagger.steps, 0).astype(np.float32),
        lean=np.float32(tagger.lean),
    )


Figures = dict[str, float | None]


def measure(rows: Sequence[Row], tagger: Tagger | None) -> Figures:
    """Span F1, character recall and precision of the detector; None for a tagger measures the patterns alone."""
    return summed(_judged(rows, tagger))


def summed(measured: Sequence[Measured]) -> Figures:
    """The three figures that are promised."""
    found = score(measured)
    return {name: found[name] for name in ("f1", "char_recall", "char_precision")}


def _found(text: str, tagger: Tagger | None) -> tuple[tuple[int, int, str], ...]:
    spans = said(text) if tagger is None else find_tagged(text, tagger)
    settled = settle(text, [*spans, *find_identities(text)])
    return tuple(sensitive((span.start, span.end, span.entity) for span in settled))


def across_folds(
    sets: Mapping[str, Sequence[Row]], learnt: Sequence[Example], folds: int, told: Callable[[int], None]
) -> dict[str, Figures]:
    """Each set's figures where every row was judged by a tagger that saw no row of its template."""
    judged: dict[str, list[Measured]] = {name: [] for name in sets}
    for fold in range(folds):
        tagger = fitted((each for each in learnt if each.fold != fold), told)
        for name, rows in sets.items():
            judged[name] += _judged([row for row in rows if fold_of(row, folds) == fold], tagger)
    return {name: summed(rows) for name, rows in judged.items()}


def _judged(rows: Sequence[Row], tagger: Tagger | None) -> list[Measured]:
    return [
        Measured(
            str(row["text"]),
            tuple(sensitive((s["start"], s["end"], s["label"]) for s in row["spans"])),
            _found(str(row["text"]), tagger),
        )
        for row in rows
    ]


def across_sets(
    sets: Mapping[str, Sequence[Row]], learnt: Sequence[Example], told: Callable[[int], None]
) -> dict[str, Figures]:
    """Each set's figures by a tagger that saw nothing of it, nor of a set of its kind."""
    found: dict[str, Figures] = {}
    for family in kinds(sets):
        tagger = fitted((each for each in learnt if each.set not in family), told)
        found |= {name: measure(sets[name], tagger) for name in family}
    return {name: found[name] for name in sets}


def kinds(sets: Mapping[str, Sequence[Row]]) -> list[frozenset[str]]:
    """The sets, those together that share templates."""
    groups = {name: {group(row) for row in rows if row["spans"]} - {""} for name, rows in sets.items()}
    families = {name: frozenset({name}) for name in sets}
    for one, other in combinations(sets, 2):
        shared = len(groups[one] & groups[other])
        if shared > KIN * min(len(groups[one]) or 1, len(groups[other]) or 1):
            joined = families[one] | families[other]
            families |= dict.fromkeys(joined, joined)
    return list(dict.fromkeys(families.values()))


def alarms(texts: Sequence[str], tagger: Tagger) -> float | None:
    """The share of texts in which something is found."""
    return sum(bool(_found(text, tagger)) for text in texts) / len(texts) if texts else None


def about(sets: Mapping[str, Sequence[Row]], counts: Mapping[str, int], figures: Mapping[str, Any]) -> dict[str, Any]:
    """What the card says besides its date."""
    return {
        "made_by": "frontdesk train pii",
        "model": "linear-chain conditional random field over hashed features",
        "labels": list(LABELS),
        "settings": {"rounds": ROUNDS, "variants": VARIANTS, "lean": LEAN, "features": SIZE},
        "data": {name: len(rows) for name, rows in sets.items()},
        "also": dict(counts),
        "figures": dict(figures),
    }
