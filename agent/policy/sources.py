"""A TOML file of rules as it was read: its tables, and the line of each. Faults name file and line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from agent.errors import Misconfigured
from agent.policy import positions

MOST_BYTES: Final = 1_000_000
_AT: Final = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


class BrokenRules(Misconfigured):
    """A rule file that cannot be; `faults` are its lines, each `FILE:LINE: …`."""

    code = "broken_rules"

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Source:
    """A file as it was read: its name for people, what it says, and where."""

    name: str
    tables: Mapping[str, Any]
    lines: Mapping[positions.Path, int]

    def fault(self, path: positions.Path, what: str) -> tuple[int, str]:
        """(line, words) of a fault at a path."""
        line = positions.line(self.lines, path)
        return line, f"{self.name}:{line}: {what}"


def read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise BrokenRules([f"{path}:1: it cannot be read: {error.strerror}"]) from None


def parsed(raw: bytes, name: str) -> Source:
    """The tables of a file and where they stand. Raises BrokenRules for what is no TOML text of a usable size."""
    if len(raw) > MOST_BYTES:
        raise BrokenRules([f"{name}:1: it is larger than {MOST_BYTES:,} bytes"])
    try:
        text = raw.decode("utf-8").removeprefix("\ufeff").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BrokenRules([f"{name}:{line}: it is not UTF-8: byte {raw[error.start]:#04x}"]) from None
    if not text.strip():
        raise BrokenRules([f"{name}:1: it is empty; leave `agent.policy` out for the shipped rules alone"])
    try:
        tables = tomllib.loads(text)
    except RecursionError:
        raise BrokenRules([f"{name}:1: it is not valid TOML: nested too deep"]) from None
    except ValueError as error:  # of TOML, and of numbers beyond all bounds
        raise BrokenRules([_syntax(name, text, str(error))]) from None
    return Source(name, tables, positions.positions(text))


def _syntax(name: str, text: str, said: str) -> str:
    at = _AT.search(said)
    line = int(at[1]) if at and at[1] else text.rstrip().count("\n") + 1 if at else 1
    what = said[: at.start()] if at else said
    return f"{name}:{line}: it is not valid TOML: {what[:1].lower()}{what[1:]}"
