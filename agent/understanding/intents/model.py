"""IntentModel: which taught intent a message has, with a calibrated confidence, or that it is none of them ("oos").

On disk a folder holds `intents.npz` and its card `intents.json` (names, embedder, data, date, figures). No text of an
example is kept.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy import sparse

from agent.errors import Misconfigured
from agent.state import Reading
from agent.understanding.intents import fitting, grams, scope
from agent.understanding.intents.examples import Examples, Floats

OUT: Final = "oos"
"""What an example outside every intent is labelled with, and what a message outside them reads as."""
VERSION: Final = 1
WEIGHTS: Final = "intents.npz"
_CARD: Final = "intents.json"


@dataclass(frozen=True, slots=True)
class Judged:
    """What was made of one message: the intent to act on (`OUT` for none), the confidence in it, the best intent all
    the same with its likeness and the second best, and the chance that it is none of them. That chance is 0.5 at the
    threshold."""

    intent: str
    score: float
    best: str
    second: str
    likeness: float
    outside: float
    chances: Mapping[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class IntentModel:
    """Made by `fit` or `load`; safe to read from several threads."""

    names: tuple[str, ...]
    examples: Examples
    coefficients: Floats
    means: Floats
    sharpness: float
    usual: scope.Usual
    threshold: float
    scope: scope.Scope
    card: Mapping[str, Any] = field(default_factory=dict)

    @property
    def intents(self) -> tuple[str, ...]:
        return tuple(name for name in self.names if name != OUT)

    def read(self, text: str, vector: Floats | None) -> Reading:
        """The reading "intent" of one message; its value is "" where there is no embedding to compare, or one of
        another width."""
        if vector is None or vector.shape != (self.examples.vectors.shape[1],):
            return Reading("intent", "", 0.0, "no embedding to compare with the intents' examples")
        return told(self.judge([text], np.asarray(vector, dtype=np.float32)[np.newaxis])[0])

    def judge(self, texts: Sequence[str], vectors: Floats) -> list[Judged]:
        """One for each text, in order; `vectors` (n, dim) unit rows. Raises ValueError for another width."""
        if not texts:
            return []
        like = self.examples.likeness(texts, vectors)
        scores = np.asarray(like.kernel @ self.coefficients + self.means, dtype=np.float32)
        signals = scope.signals(scores, like, self.examples.labels, self.usual)
        outside = judged_outside(self.scope.chances(signals), self.threshold)
        return outcomes(self.names, fitting.chances(scores, self.sharpness), outside, signals)


def judged_outside(chances: Floats, threshold: float) -> Floats:
    """The chances moved so that the threshold comes to lie at 0.5."""
    odds = chances / np.maximum(1 - chances, 1e-6) * (1 - threshold) / threshold
    return np.asarray(odds / (1 + odds), dtype=np.float32)


def outcomes(names: Sequence[str], chances: Floats, outside: Floats, signals: Floats) -> list[Judged]:
    """Chances of the intents and of none of them, put together into a decision a message."""
    inside = np.array([number for number, name in enumerate(names) if name != OUT])
    taught = np.zeros(len(chances)) if len(inside) == len(names) else chances[:, names.index(OUT)]
    spread = (1 - outside[:, np.newaxis]) * chances[:, inside]
    ranked = np.argsort(-spread, axis=1, kind="stable")
    none = outside + (1 - outside) * taught
    out = (outside >= 0.5) | (taught >= chances[:, inside].max(axis=1))
    near = signals[:, scope.SIGNALS.index("near")]
    own = [names[number] for number in inside]
    return [
        Judged(
            OUT if out[row] else own[order[0]],
            float(max(none[row], 0.5) if out[row] else spread[row, order[0]]),
            own[order[0]],
            own[order[1]] if len(own) > 1 else "",
            float(near[row]),
            float(none[row]),
            dict(zip(own, spread[row].tolist(), strict=True)),
        )
        for row, order in enumerate(ranked)
    ]


def told(judged: Judged) -> Reading:
    """As triage stores it, with a reason for people."""
    like = f"its nearest examples are alike to {judged.likeness:.2f}"
    if judged.intent == OUT:
        return Reading(
            "intent", OUT, round(judged.score, 3), f"none of the intents; {judged.best} comes nearest, {like}"
        )
    second = f", before {judged.second}" if judged.second else ""
    return Reading("intent", judged.intent, round(judged.score, 3), f"most like {judged.intent}{second}; {like}")


def fit(
    texts: Sequence[str], intents: Sequence[str], vectors: Floats, with_scope: scope.Scope | None = None
) -> tuple[IntentModel, fitting.Fit]:
    """The model of the examples, and what the fit knows of each as if it had been left out.

    One example an intent is enough to run, ten to be of use. Examples of `OUT` are what the others are told from.
    Raises ValueError without an example of an intent, or with empty names.
    """
    if not len(texts) == len(intents) == len(vectors):
        raise ValueError("as many texts as intents and vectors are needed")
    if not any(name != OUT for name in intents) or not all(intents):
        raise ValueError("no example names an intent" if all(intents) else "an example names no intent")
    names = tuple(sorted(set(intents)))
    labels = np.array([names.index(name) for name in intents], dtype=np.int32)
    fitted = fitting.fit(texts, labels, np.asarray(vectors, dtype=np.float32), len(names))
    judge = with_scope or scope.shipped()
    chances = judge.chances(left_out_signals(fitted))
    inside = np.array([name != OUT for name in intents])
    return (
        IntentModel(
            names,
            fitted.examples,
            fitted.coefficients,
            fitted.means,
            fitted.sharpness,
            fitted.usual,
            scope.threshold(chances[inside], labels[inside]),
            judge,
        ),
        fitted,
    )


def left_out_signals(fitted: fitting.Fit) -> Floats:
    """The signals of the examples themselves, each compared with the others."""
    return scope.signals(fitted.left_out, fitted.likeness, fitted.examples.labels, fitted.usual)


def left_out(model: IntentModel, fitted: fitting.Fit) -> list[Judged]:
    """What the model says of its own examples, each as if it had been left out."""
    signals = left_out_signals(fitted)
    outside = judged_outside(model.scope.chances(signals), model.threshold)
    return outcomes(model.names, fitting.chances(fitted.left_out, model.sharpness), outside, signals)


def save(model: IntentModel, folder: Path, card: Mapping[str, Any]) -> None:
    """Writes the two files; the folder is made where it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    pieces = model.examples.pieces
    stored: dict[str, Any] = {
        "vectors": model.examples.vectors.astype(np.float16),
        "piece_data": pieces.data.astype(np.float16),
        "piece_indices": pieces.indices.astype(np.int32),
        "piece_ends": pieces.indptr.astype(np.int32),
        "labels": model.examples.labels,
        "rarities": model.examples.rarities.astype(np.float16),
        "coefficients": model.coefficients.astype(np.float32),
        "means": model.means.astype(np.float32),
        "usual_means": model.usual.means,
        "usual_deviations": model.usual.deviations,
        "usual_near": model.usual.near,
    }
    np.savez_compressed(folder / WEIGHTS, **stored)
    whole = {
        "version": VERSION,
        **card,
        "names": list(model.names),
        "sharpness": model.sharpness,
        "threshold": model.threshold,
        "scope": card_of(model.scope),
    }
    (folder / _CARD).write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def card_of(judge: scope.Scope) -> dict[str, Any]:
    """The scope's numbers as its card holds them."""
    rows = zip(scope.SIGNALS, judge.weights, judge.centres, judge.spreads, strict=True)
    return {"signals": {name: [float(x) for x in three] for name, *three in rows}, "bias": judge.bias}


def load(folder: Path) -> IntentModel:
    """The model in `folder`. Raises ValueError or OSError where it is not one, or of another version."""
    card = json.loads((folder / _CARD).read_text(encoding="utf-8"))
    if not isinstance(card, dict) or card.get("version") != VERSION:
        raise ValueError(f"{folder / _CARD} is of another version; train it again")
    with (folder / WEIGHTS).open("rb") as file, np.load(file, allow_pickle=False) as stored:
        kept = {name: stored[name] for name in stored.files}
    vectors = kept["vectors"].astype(np.float32)
    shape = (grams.WIDTH, len(vectors))
    flat = (kept["piece_data"].astype(np.float32), kept["piece_indices"], kept["piece_ends"])
    examples = Examples(
        vectors, sparse.csr_matrix(flat, shape=shape), kept["labels"], kept["rarities"].astype(np.float32)
    )
    return IntentModel(
        tuple(card["names"]),
        examples,
        kept["coefficients"],
        kept["means"],
        float(card["sharpness"]),
        scope.Usual(kept["usual_means"], kept["usual_deviations"], kept["usual_near"]),
        float(card["threshold"]),
        scope.of_card(card["scope"]),
        card,
    )


def open_intents(path: str | Path, embedder: str = "") -> IntentModel:
    """The model that `[agent] triage` names, loaded at start. Raises Misconfigured saying what to do.

    `embedder` is the name of the embedding model in use; a model taught with another one is refused.
    """
    folder = Path(path)
    try:
        model = load(folder)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        told = f"agent.triage: {folder} holds no intents ({error}); make them with frontdesk train triage"
        raise Misconfigured(told) from error
    taught = model.card.get("embedder", "")
    if embedder and taught and embedder != taught:
        raise Misconfigured(f"agent.triage: {folder} was taught with {taught}, not {embedder}; train it again")
    return model
