"""Labelled replies with their evidence: what training, calibration and the suite of grounding read."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.rows import read_rows

LABELS = ("grounded", "ungrounded")


@dataclass(frozen=True, slots=True)
class Labelled:
    """A reply, the passages it was made from, and whether all of it is in them. `source` is where the row is from, ""
    where it does not say."""

    id: str
    reply: str
    evidence: tuple[str, ...]
    grounded: bool
    source: str


def read(path: Path, without: Collection[str] = ()) -> list[Labelled]:
    """The rows of a JSONL (a folder: all its .jsonl and .jsonl.gz files), less those of the sources `without`. Raises
    ValueError naming the first row that is none, and for a file without rows."""
    files = sorted([*path.glob("*.jsonl"), *path.glob("*.jsonl.gz")]) if path.is_dir() else [path]
    found = []
    for file in files:
        for number, row in enumerate(read_rows(file), 1):
            one = _row(row, f"{file}, row {number}", f"{file.stem}:{number}")
            if one.source not in without:
                found.append(one)
    if not found:
        raise ValueError(f"{path}: no rows")
    return found


def _row(row: Any, where: str, id: str) -> Labelled:
    if not isinstance(row, dict) or not isinstance(row.get("reply"), str):
        raise ValueError(f"{where}: reply must be a string")
    evidence = row.get("evidence")
    if not isinstance(evidence, list) or not all(isinstance(each, str) for each in evidence):
        raise ValueError(f"{where}: evidence must be a list of strings")
    if row.get("label") not in LABELS:
        raise ValueError(f"{where}: label must be one of {', '.join(LABELS)}")
    source = row.get("source", "")
    return Labelled(
        str(row.get("id", id)),
        row["reply"],
        tuple(evidence),
        row["label"] == "grounded",
        source if isinstance(source, str) else "",
    )
