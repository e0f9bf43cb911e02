"""Makes the triage weights from labelled examples: deterministic, a few seconds of CPU.

    frontdesk train triage agent/understanding/examples.jsonl --out agent/understanding/weights

A row is `{"text": …, "label": one of model.LABELS}`. The embeddings come from the caller, so that this module knows
no embedder.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from agent.understanding.cues import CUES, cues
from agent.understanding.model import CUE_SCALE, LABELS, QUESTIONS, Model
from agent.understanding.query import search_query

Floats = NDArray[np.float32]
EXAMPLES: Final = Path(__file__).with_name("examples.jsonl")
WEIGHTS: Final = Path(__file__).with_name("weights")
INVERSE_PENALTY: Final = 2.0
"""scikit-learn's C. From 1 to 30 the cross-validated accuracy moves by less than 0.01; small keeps weights calm."""
FOLDS: Final = 5


@dataclass(frozen=True, slots=True)
class Example:
    text: str
    label: str


@dataclass(frozen=True, slots=True)
class Report:
    """Cross-validated figures: of the labels as they are, and of the kinds they make."""

    n: int
    label_accuracy: float
    kind_accuracy: float
    kind_macro_f1: float


def read_examples(path: Path) -> list[Example]:
    """The rows in order. Raises ValueError naming the line that is not `{"text", "label"}` with a known label."""
    found: list[Example] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            example = Example(str(row["text"]), str(row["label"]))
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise ValueError(f"{path}:{number}: not a row with text and label ({error})") from None
        if example.label not in LABELS:
            raise ValueError(f"{path}:{number}: unknown label {example.label!r}; one of {', '.join(LABELS)}")
        found.append(example)
    if not found:
        raise ValueError(f"{path}: no examples")
    return found


def train(examples: Sequence[Example], vectors: Floats, searched: Floats) -> tuple[Model, Report]:
    """The model of these examples. `vectors` is (n, dim), row by row theirs, and `searched` those of their search
    queries: the floor reads a message by its query's vector, so the weights must know both."""
    shown = np.array([cues(example.text) for example in examples], dtype=np.float32) * CUE_SCALE
    plain, queried = (np.hstack([each, shown]).astype(np.float64) for each in (vectors, searched))
    labels = np.array([LABELS.index(example.label) for example in examples])
    report = _cross_validated(plain, queried, labels)
    full = _fitted(np.vstack([plain, queried]), np.concatenate([labels, labels]))
    return Model(full, _fitted(shown.astype(np.float64), labels), CUES), report


def save(model: Model, report: Report, folder: Path, card: dict[str, Any]) -> None:
    """`triage.npz` and its card `triage.json` in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        folder / "triage.npz",
        full=model.full.astype(np.float16),
        bare=model.bare.astype(np.float16),
        cues=np.array(model.cues),
        labels=np.array(LABELS),
    )
    figures = {
        "n": report.n,
        "label_accuracy_5_fold": round(report.label_accuracy, 3),
        "kind_accuracy_5_fold": round(report.kind_accuracy, 3),
        "kind_macro_f1_5_fold": round(report.kind_macro_f1, 3),
    }
    text = json.dumps({**card, "cross_validated": figures}, indent=2, ensure_ascii=False)
    (folder / "triage.json").write_text(f"{text}\n", encoding="utf-8")


def train_file(path: Path, embed: Callable[[list[str]], Floats], folder: Path, date: str) -> Report:
    """Reads, trains, saves: what the command does. `date` (ISO) goes on the card."""
    examples = read_examples(path)
    texts = [example.text for example in examples]
    model, report = train(examples, embed(texts), embed([search_query(text) for text in texts]))
    save(model, report, folder, {"trained_on": path.name, "date": date, "labels": list(LABELS)})
    return report


def _fitted(features: NDArray[np.float64], labels: NDArray[np.int64]) -> Floats:
    """(features + 1, labels) with the bias last; labels without an example get a bias that never wins."""
    from sklearn.linear_model import LogisticRegression  # slow to import, and only training needs it

    fit = LogisticRegression(C=INVERSE_PENALTY, class_weight="balanced", max_iter=5000, tol=1e-6).fit(features, labels)
    coefficients, intercepts = fit.coef_, fit.intercept_
    if len(fit.classes_) == 2:
        coefficients, intercepts = (
            np.vstack([-coefficients, coefficients]) / 2,
            np.hstack([-intercepts, intercepts]) / 2,
        )
    weights = np.zeros((features.shape[1] + 1, len(LABELS)), dtype=np.float32)
    weights[-1] = -30.0
    for at, label in enumerate(fit.classes_):
        weights[:-1, label] = coefficients[at]
        weights[-1, label] = intercepts[at]
    return weights


def _cross_validated(features: NDArray[np.float64], queried: NDArray[np.float64], labels: NDArray[np.int64]) -> Report:
    """Every fifth row held out in turn, in both its forms."""
    guesses = np.zeros_like(labels)
    fold = np.arange(len(labels)) % FOLDS
    for held in range(FOLDS):
        out = fold == held
        if out.any() and len(set(labels[~out].tolist())) > 1:
            weights = _fitted(np.vstack([features[~out], queried[~out]]), np.concatenate([labels[~out]] * 2))
            guesses[out] = (np.hstack([features[out], np.ones((int(out.sum()), 1))]) @ weights).argmax(axis=1)
    kinds = [np.array([_kind(LABELS[at]) for at in row]) for row in (labels, guesses)]
    scores = [_f1(kinds[0] == kind, kinds[1] == kind) for kind in sorted(set(kinds[0].tolist()))]
    return Report(
        n=len(labels),
        label_accuracy=float((labels == guesses).mean()),
        kind_accuracy=float((kinds[0] == kinds[1]).mean()),
        kind_macro_f1=float(np.mean(scores)),
    )


def _kind(label: str) -> str:
    return "question" if label in QUESTIONS else label


def _f1(true: NDArray[np.bool_], guessed: NDArray[np.bool_]) -> float:
    hits = float((true & guessed).sum())
    return 2 * hits / max(1.0, float(true.sum() + guessed.sum()))
