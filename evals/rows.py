"""Labelled rows as they come: JSONL, also gzipped."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import orjson


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSONL file. Raises ValueError naming the line that is not one."""
    rows = []
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise ValueError(f"{path}, line {number}: not JSON ({error})") from None
            if not isinstance(row, dict):
                raise ValueError(f"{path}, line {number}: not an object")
            rows.append(row)
    return rows
