"""What there is to do: what the files say against what the library holds. Pure but for the reading."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import orjson

from knowledge import chunking
from knowledge.entries import MAX_PASSAGES, Kept
from knowledge.ingesting.repeats import Repeats
from knowledge.loaders.reading import Read, Skipped, read, within
from knowledge.passages import Passage


@dataclass(frozen=True, slots=True)
class Todo:
    """A document that is not kept as it is now. `held` is how many passages of an earlier form the library has."""

    id: str
    passages: list[Passage]
    content_hash: str
    origin: str
    held: int = 0


@dataclass(slots=True)
class Plan:
    """What the files say, against what the library holds. `barren` are the places where nothing could be read."""

    todo: list[Todo] = field(default_factory=list)
    unchanged: int = 0
    seen: set[str] = field(default_factory=set)
    skipped: list[Skipped] = field(default_factory=list)
    barren: list[str] = field(default_factory=list)
    repeats: Repeats = field(default_factory=Repeats)


@dataclass(frozen=True, slots=True)
class Sources:
    """Where documents come from: files, and ready documents whose origin is `scope` or lies under it."""

    paths: Sequence[Path]
    documents: Iterable[Read | Skipped] = ()
    scope: str = ""

    def places(self) -> Iterator[tuple[str, Iterator[Read | Skipped]]]:
        """Each place and what is in it."""
        for path in self.paths:
            yield str(path), read(path)
        yield self.scope, iter(self.documents)

    def holds(self, origin: str, barren: Sequence[str]) -> bool:
        """Whether a document of that origin would have been found in a place that is not `barren`."""
        fertile = [path for path in self.paths if str(path) not in barren]
        scoped = bool(self.scope) and self.scope not in barren
        return within(origin, fertile) or (scoped and f"{origin}/".startswith(f"{self.scope}/"))


def plan(
    sources: Sources,
    held: Mapping[str, Kept],
    metadata: Mapping[str, str],
    on_read: Callable[[int], None],
    on_skip: Callable[[Skipped], None],
) -> Plan:
    """Reads and cuts everything once. `on_read` hears of each document by its number, `on_skip` of what is passed
    over, as it happens. Raises BadDocument when a path as a whole is at fault."""
    made = Plan()
    for place, found in sources.places():
        before = len(made.seen)
        for each in found:
            for skipped in _taken(each, held, metadata, made):
                made.skipped.append(skipped)
                on_skip(skipped)
            on_read(len(made.seen))
        if place and len(made.seen) == before:
            made.barren.append(place)
    return made


def _taken(found: Read | Skipped, held: Mapping[str, Kept], metadata: Mapping[str, str], made: Plan) -> list[Skipped]:
    """Puts a document in the plan; what of it could not be, and why."""
    if isinstance(found, Skipped):
        return [found]
    if reason := _refusal(found, held, made.seen) or _consider(found, held, metadata, made):
        return [Skipped(found.origin, reason, whole=False)]
    return []


def _refusal(found: Read, held: Mapping[str, Kept], seen: set[str]) -> str:
    """Why a document cannot be kept under its id; "" when it can. An id taken by a file that is still there would be
    lost without a word."""
    id = found.document.id
    if id in seen:
        return f"the id {id!r} occurs twice in what is ingested"
    other = held[id].origin if id in held else found.origin
    if other != found.origin and _still_there(other):
        return f"the id {id!r} belongs to {other}: ingest one of the two into another collection"
    return ""


def _still_there(origin: str) -> bool:
    """Whether an earlier document's place exists; one that is no path (an import) always does."""
    return bool(origin) and (not os.path.isabs(origin) or os.path.exists(origin))


def _consider(found: Read, held: Mapping[str, Kept], metadata: Mapping[str, str], made: Plan) -> str:
    """Why nothing of the document can be kept; "" when it is planned, or unchanged."""
    document = replace(found.document, metadata={**metadata, **found.document.metadata})
    made.seen.add(document.id)
    values = sorted(document.metadata.items())
    said = [chunking.VERSION, document.title, document.text, document.source, values, found.row]
    content_hash = hashlib.sha256(orjson.dumps(said)).hexdigest()[:32]
    kept = held.get(document.id)
    if kept and kept.content_hash == content_hash and kept.origin == found.origin:
        made.unchanged += 1
        return ""
    passages = chunking.chunk(document, whole_tokens=chunking.WHOLE_TOKENS if found.row else None)
    if not passages or len(passages) > MAX_PASSAGES:
        return f"{document.id!r} {'is too long for one document' if passages else 'has no text'}"
    made.repeats.add(passages)
    made.todo.append(Todo(document.id, passages, content_hash, found.origin, kept.passages if kept else 0))
    return ""


def gone(sources: Sources, held: Mapping[str, Kept], made: Plan) -> tuple[list[str], dict[str, int]]:
    """Ids of documents that came from `sources` and are no longer there; and how many more are missing from each file
    of which something could not be read: they may be what could not, so they stay."""
    unread = {skipped.origin for skipped in made.skipped}
    missing = sorted(id for id, kept in held.items() if id not in made.seen and sources.holds(kept.origin, made.barren))
    return (
        [id for id in missing if held[id].origin not in unread],
        dict(Counter(held[id].origin for id in missing if held[id].origin in unread)),
    )
