"""Labelled messages as rows, and how well a label was guessed. Pure but for reading the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.rows import read_rows


def read(path: Path, label: str, values: Sequence[Any] | None = None) -> list[dict[str, Any]]:
    """The rows of a JSONL (a folder: all its .jsonl and .jsonl.gz files), each with a string `text` and `label`.

    `values` are the labels that may occur; None lets any string. Raises ValueError naming the first row that differs,
    and for a file without rows.
    """
    files = sorted([*path.glob("*.jsonl"), *path.glob("*.jsonl.gz")]) if path.is_dir() else [path]
    rows = []
    for file in files:
        for number, row in enumerate(read_rows(file), 1):
            _checked(row, label, values, f"{file}, row {number}")
            rows.append(row)
    if not rows:
        raise ValueError(f"{path}: no rows")
    return rows


def _checked(row: Mapping[str, Any], label: str, values: Sequence[Any] | None, where: str) -> None:
    if not isinstance(row.get("text"), str):
        raise ValueError(f"{where}: text must be a string")
    value = row.get(label)
    if values is None and not (isinstance(value, str) and value):
        raise ValueError(f"{where}: {label} must be a word")
    if values is not None and not any(value is each or value == each for each in values):
        told = ", ".join(str(each).lower() if isinstance(each, bool) else str(each) for each in values)
        raise ValueError(f"{where}: {label} must be one of {told}")


def accuracy(wanted: Sequence[Any], guessed: Sequence[Any]) -> float | None:
    """The share that was guessed right; None for no rows."""
    return sum(w == g for w, g in zip(wanted, guessed, strict=True)) / len(wanted) if wanted else None


def f1_of(wanted: Sequence[Any], guessed: Sequence[Any], label: Any) -> dict[str, float | None]:
    """Precision, recall and F1 of one label; None where it was never guessed, or never wanted."""
    hit = sum(w == label == g for w, g in zip(wanted, guessed, strict=True))
    there, said = sum(w == label for w in wanted), sum(g == label for g in guessed)
    precision, recall = (hit / said if said else None), (hit / there if there else None)
    return {"precision": precision, "recall": recall, "f1": 2 * hit / (there + said) if there else None}


def macro_f1(wanted: Sequence[Any], guessed: Sequence[Any]) -> float | None:
    """The mean F1 of the labels that are wanted or guessed, each counting alike, as scikit-learn has it; None for no
    rows."""
    labels = sorted({*wanted, *guessed}, key=str)
    scores = [f1_of(wanted, guessed, label)["f1"] or 0.0 for label in labels]
    return sum(scores) / len(scores) if scores else None
