"""Transcripts as they come, with what is broken in them named and passed over."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

MAX_LINE = 10_000_000


@dataclass(slots=True)
class Loaded:
    """The rows that can be run, and (line, reason) of those that cannot."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    skipped: list[tuple[int, str]] = field(default_factory=list)


def load(path: Path) -> Loaded:
    """The transcripts of a JSONL file, also gzipped. Raises ValueError when it has none, OSError when it is missing."""
    loaded, seen = Loaded(), set[str]()
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                row = _row(line, number, seen)
                if isinstance(row, str):
                    loaded.skipped.append((number, row))
                else:
                    loaded.rows.append(row)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{path} cannot be unpacked: {error}") from None
    if not loaded.rows:
        first = f" (line {loaded.skipped[0][0]}: {loaded.skipped[0][1]})" if loaded.skipped else ""
        raise ValueError(f"{path} holds no transcripts{first}")
    return loaded


def _row(line: bytes, number: int, seen: set[str]) -> dict[str, Any] | str:
    """The row with every field the run needs, or why there is none."""
    if len(line) > MAX_LINE:
        return f"is longer than {MAX_LINE // 10**6} MB"
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        return "is not JSON"
    if not isinstance(row, dict) or not isinstance(row.get("turns"), list) or not row["turns"]:
        return "has no turns"
    if not all(_is_turn(turn) for turn in row["turns"]):
        return "has a turn that is no role (customer, agent or bot) and text"
    if row["turns"][-1]["role"] != "customer":
        return "does not end with the customer"
    id = str(row.get("id", number))
    if id in seen:
        return f"has the id {id!r}, which came before"
    seen.add(id)
    expect = row.get("expect")
    return {**row, "id": id, "expect": expect if isinstance(expect, dict) else {}}


def _is_turn(turn: object) -> bool:
    if not isinstance(turn, Mapping):
        return False
    return turn.get("role") in ("customer", "agent", "bot") and isinstance(turn.get("text"), str)
