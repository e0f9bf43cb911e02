"""What an export holds once its provider's words for it are gone, and how the readers look into records. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

Json = Mapping[str, Any]
By = Literal["customer", "person", "bot", "escalated"]
"""Who spoke; "escalated" is nobody's words, but the moment in which a machine gave the conversation to people."""

_ABSOLUTE_MS = 100_000_000_000
"""Above this a number of seconds would lie in the year 5138: it is milliseconds."""
_LINK = re.compile(r"https?://[^\s\"'<>()\[\]]+")


@dataclass(frozen=True, slots=True)
class Record:
    """One JSON object of an export, and where it stands: "tickets.json, line 4"."""

    place: str
    value: Json


@dataclass(frozen=True, slots=True)
class Skipped:
    """What was passed over, and why, in one line. `broken` says that there may have been more in it than is known."""

    place: str
    reason: str
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Article:
    """One article in one language. `key` is what links name it by; `internal` says why customers may not read it, ""
    when they may. `text` has `#` headings and `|` tables."""

    id: str
    key: str
    locale: str
    title: str
    text: str
    url: str = ""
    section: str = ""
    labels: tuple[str, ...] = ()
    updated: str = ""
    internal: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One public message, or an escalation. `links` are the addresses in it, hidden ones too."""

    id: str
    at: float
    by: By
    text: str = ""
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation's public part, in order of time. `names` are those of the people in it, as the export has them:
    what must not be missed when personal data goes."""

    id: str
    channel: str
    steps: tuple[Step, ...]
    inbox: str = ""
    tags: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Export:
    """All of an export that can be used, and what cannot."""

    articles: Sequence[Article] = ()
    conversations: Sequence[Conversation] = ()
    skipped: Sequence[Skipped] = field(default_factory=tuple)


def items(value: Any, name: str) -> Iterator[Json]:
    """The objects of a list; anything else in its place is none."""
    found = value.get(name) if isinstance(value, Mapping) else None
    yield from (each for each in found if isinstance(each, Mapping)) if isinstance(found, list) else ()


def inner(value: Any, *path: str) -> Json:
    """The object at a path, an empty one where there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def words(value: Json, *names: str) -> str:
    """The first of these fields that is a text with something in it, or a whole number; "" where none is."""
    for name in names:
        found = value.get(name)
        if isinstance(found, int) and not isinstance(found, bool):
            return str(found)
        if isinstance(found, str) and found.strip():
            return found.strip()
    return ""


def texts(value: Any) -> tuple[str, ...]:
    """The texts of a list, each once."""
    found = value if isinstance(value, list) else []
    return tuple(dict.fromkeys(each.strip() for each in found if isinstance(each, str) and each.strip()))


def seconds(value: Any) -> float | None:
    """A time as providers write it (ISO 8601, seconds or milliseconds since 1970) in seconds; None for none."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        text = value.strip()
        if not text.isascii() or not text.isdigit():
            return _iso(text)
        value = int(text[:20])
    if not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return float(value) / 1000 if abs(value) > _ABSOLUTE_MS else float(value)


def _iso(text: str) -> float | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def day(value: Any) -> str:
    """The UTC date of a time, ISO 8601; "" where there is none."""
    at = seconds(value)
    try:
        return "" if at is None else datetime.fromtimestamp(at, UTC).date().isoformat()
    except (OverflowError, OSError, ValueError):
        return ""


def addresses(*sources: str) -> tuple[str, ...]:
    """Every web address in these texts or markups, each once, without the stop that ended its sentence."""
    found = (match.rstrip(".,;:!?") for source in sources for match in _LINK.findall(source))
    return tuple(dict.fromkeys(found))


def ordered(steps: Sequence[tuple[float | None, Step]]) -> tuple[Step, ...]:
    """Steps by time, each id once; one without a time stays behind the one before it."""
    timed: list[tuple[float, int, Step]] = []
    seen: set[str] = set()
    last = -math.inf
    for number, (at, step) in enumerate(steps):
        if step.id and step.id in seen:
            continue
        seen.add(step.id)
        last = last if at is None else at
        timed.append((last, number, step))
    return tuple(step for _, _, step in sorted(timed, key=lambda each: each[:2]))
