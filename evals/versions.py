"""What a figure was made by, so that the run can be made again: packages, weights, data."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Any

PACKAGES = ("frontdesk", "numpy", "onnxruntime", "qdrant-edge-py", "sentence-transformers", "tokenizers")
WEIGHTS = ("agent.understanding", "knowledge.seeking")
DATA = ("corpus.jsonl", "queries.jsonl", "qrels.tsv", "no_answer.jsonl")


def provenance(data: Path) -> dict[str, Any]:
    """`versions`, `weights` (the date of each model's card) and `sha256` of the files of the data folder."""
    return {
        "versions": {"python": platform.python_version(), **_packages()},
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "weights": _weights(),
        "sha256": _digests(data),
    }


def _packages() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _weights() -> dict[str, str]:
    found = {}
    for package in WEIGHTS:
        folder = files(package).joinpath("weights")
        for card in sorted(folder.iterdir(), key=lambda each: each.name) if folder.is_dir() else ():
            if card.name.endswith(".json") and (date := _date(json.loads(card.read_text(encoding="utf-8")))):
                found[f"{package}/{card.name}"] = date
    return found


def _date(card: Any) -> str:
    """Where the card says it: at its top, or with how it was made."""
    if not isinstance(card, Mapping):
        return ""
    made = card.get("made")
    return str(card.get("date") or (made.get("date") if isinstance(made, Mapping) else "") or "")


def _digests(data: Path) -> dict[str, str]:
    found = {}
    for path in (data / f"{name}{zipped}" for name in DATA for zipped in ("", ".gz")):
        if path.is_file():
            with path.open("rb") as file:
                found[path.name] = hashlib.file_digest(file, "sha256").hexdigest()[:16]
    return found
