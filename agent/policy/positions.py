"""Where in a TOML text each table and key stands, which `tomllib` does not tell. Pure.

The text is one that `tomllib` accepted. A path is made of keys, with a number for the nth table of an array:
`("rule", 0, "when", "kind")`. Inside an inline table the key that holds it is the last that has a line.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Final

Path = tuple[str | int, ...]

_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY: Final = re.compile(r"""[ \t]*("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[A-Za-z0-9_-]+)[ \t]*(\.?)""")
_PIECE: Final = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#[^\n]*|[\[{]|[\]}]|\n|[^"\'#\[\]{}\n]+',
    re.DOTALL,
)


def positions(text: str) -> Mapping[Path, int]:
    """The line, from 1, of every table's header and every key."""
    found: dict[Path, int] = {(): 1}
    counts: dict[Path, int] = {}
    table: Path = ()
    at = _blank(text, 0)
    while at < len(text):
        line = text.count("\n", 0, at) + 1
        if text[at] == "[":
            many = text.startswith("[[", at)
            keys, at = _keys(text, at + 1 + many)
            table = _placed(keys[:-1], counts) + keys[-1:]
            if many:
                counts[table] = counts.get(table, -1) + 1
                table += (counts[table],)
            found.setdefault(table, line)
            at = _end(text, at + 1 + many)
        else:
            keys, at = _keys(text, at)
            for length in range(1, len(keys) + 1):
                found.setdefault(table + keys[:length], line)
            at = _end(text, at + 1)
        at = _blank(text, at)
    return found


def line(found: Mapping[Path, int], path: Path) -> int:
    """The line of a path, or of the nearest that holds it."""
    while path not in found:
        path = path[:-1]
    return found[path]


def _blank(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _keys(text: str, at: int) -> tuple[tuple[str, ...], int]:
    keys: list[str] = []
    while match := _KEY.match(text, at):
        keys.append(_bare(match[1]))
        at = match.end()
        if not match[2]:
            break
    return tuple(keys), at


def _bare(key: str) -> str:
    if key[0] == "'":
        return key[1:-1]
    return str(tomllib.loads(f"k = {key}")["k"]) if key[0] == '"' else key


def _placed(keys: tuple[str, ...], counts: Mapping[Path, int]) -> Path:
    """The keys with the number of the newest table where they lead through an array of tables."""
    path: Path = ()
    for key in keys:
        path += (key,)
        if path in counts:
            path += (counts[path],)
    return path


def _end(text: str, at: int) -> int:
    """Where the statement ends whose value, or rest of the line, begins here."""
    depth = 0
    while at < len(text) and (match := _PIECE.match(text, at)):
        piece, at = match[0], match.end()
        if piece in "[{":
            depth += 1
        elif piece in "]}":
            depth -= 1
        elif piece == "\n" and depth <= 0:
            break
    return max(at, 0) if at < len(text) and match else len(text)
