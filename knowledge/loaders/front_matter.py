"""The block of `name: value` lines between two `---` that opens an article."""

from __future__ import annotations

import re

from knowledge.errors import BadDocument

_FENCE = re.compile(r"-{3}\s*$")
_PAIR = re.compile(r"([A-Za-z][\w .-]*):(?:\s+(.*))?$")


def split(text: str) -> tuple[dict[str, object], str]:
    """(values, the rest). Values are strings, or lists of strings; nested maps are left out.

    This is the part of YAML that articles use: scalars, quotes, comments, `[a, b]` and `- a` lists. A text that does
    not open with `---` has no values; an unclosed block raises BadDocument.
    """
    lines = text.lstrip("\ufeff").split("\n")
    if not lines or not _FENCE.match(lines[0]):
        return {}, text
    for number, line in enumerate(lines[1:], start=1):
        if _FENCE.match(line) or line.rstrip() == "...":
            return _values(lines[1:number]), "\n".join(lines[number + 1 :])
    if any(_PAIR.match(line) for line in lines[1:3]):
        raise BadDocument("its front matter is not closed by ---")
    return {}, text


def _values(lines: list[str]) -> dict[str, object]:
    found: dict[str, object] = {}
    name = ""
    for line in lines:
        stripped = line.strip()
        if stripped.startswith("- ") and name:
            listed = found.get(name)
            found[name] = [*(listed if isinstance(listed, list) else []), _scalar(stripped[2:])]
        elif match := _PAIR.match(line):
            name = match.group(1)
            found[name] = _value(match.group(2) or "")
        elif stripped and not stripped.startswith("#") and not line[:1].isspace():
            raise BadDocument(f"its front matter has a line that is no `name: value`: {stripped[:60]!r}")
    return found


def _value(raw: str) -> object:
    raw = raw.strip()
    if raw.startswith("[") and raw.endswith("]"):
        return [_scalar(part) for part in raw[1:-1].split(",") if part.strip()]
    return _scalar(raw)


def _scalar(raw: str) -> str:
    raw = raw.strip()
    if len(raw) > 1 and raw[0] in "\"'" and (end := raw.find(raw[0], 1)) > 0:
        return raw[1:end]
    return raw.split(" #", 1)[0].strip()
