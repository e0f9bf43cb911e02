"""A JSON body, and what may be asked of it: nothing in it is trusted to have the type its documentation gives it. Pure.

Depth and size are bounded before parsing: orjson itself refuses more than 1,024 levels.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from channels.normalise.payloads import FieldMissing, Malformed, Oversized, clean, clean_line

Json = Mapping[str, Any]

MAX_TEXT = 100_000  # far above what any of these channels carries
ID_CHARACTERS = 200  # the log keeps 255 for a provider's id and its prefix


def json_object(body: bytes, most: int = 2**20) -> Json:
    """The object that a body is. Raises Oversized, Malformed."""
    if len(body) > most:
        raise Oversized("body", f"more than {most:,} bytes")
    try:
        found = orjson.loads(body)
    except (orjson.JSONDecodeError, RecursionError):
        raise Malformed("body", "not JSON") from None
    if not isinstance(found, dict):
        raise Malformed("body", "not a JSON object")
    return found


def inner(of: Any, *path: str) -> Json:
    """The object at a path, an empty one where there is none."""
    for name in path:
        of = of.get(name) if isinstance(of, dict) else None
    return of if isinstance(of, dict) else {}


def items(of: Any, name: str, most: int = 1000) -> list[Json]:
    """The objects in a list, anything else in it left out. Raises Oversized."""
    found = of.get(name) if isinstance(of, dict) else None
    if not isinstance(found, list):
        return []
    if len(found) > most:
        raise Oversized(name, f"more than {most} entries")
    return [one for one in found if isinstance(one, dict)]


def words(of: Json, name: str, most: int = MAX_TEXT) -> str:
    """A text, cleaned, "" where there is none. Raises Oversized."""
    found = of.get(name)
    if not isinstance(found, str):
        return ""
    if len(found) > most:
        raise Oversized(name, f"more than {most:,} characters")
    return clean(found)


def line(of: Json, name: str, most: int = 200) -> str:
    """A short text or a whole number, on one line, "" where there is neither."""
    found = of.get(name)
    if isinstance(found, bool):
        return ""
    return clean_line(str(found), most) if isinstance(found, (str, int)) else ""


def identifier(of: Json, name: str, most: int = ID_CHARACTERS) -> str:
    """An id that must be there. Raises FieldMissing, Malformed for one longer than any real one."""
    found = of.get(name)
    text = str(found) if isinstance(found, (str, int)) and not isinstance(found, bool) else ""
    if not text.strip():
        raise FieldMissing(name, "not there")
    if len(text) > most or not text.isprintable():
        raise Malformed(name, "no id of this provider looks like that")
    return text
