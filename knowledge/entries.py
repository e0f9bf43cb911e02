"""What a library keeps of a passage, and its form as a Qdrant point."""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import BadRequest
from knowledge.passages import Hit, Passage
from knowledge.seeking.ports import Heading, Probe, Ranking, Scope

_NAMESPACE = uuid.UUID("6f1c8d2e-3a57-5b0c-9d41-7be0c5a1f3d2")
_COLLECTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_POINT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MAX_LIMIT = 200
MAX_PASSAGES = 2000
"""Passages of one document; they are kept in one step, and go over the wire in one request."""

MAX_PROBES = 64
MAX_RANKED = 1000
MAX_VALUES = 200
"""Of one key in a scope or filter."""
MAX_SCOPED = 10_000
"""Points or documents a scope names, and points fetched at once."""
TIES = 20
"""What stores are asked for beyond the limit, so that what scores the same at its end is cut off by id in all alike."""

# Payload fields a filter or a delete looks at; stores index them where they can.
DATES = ("metadata.valid_from", "metadata.valid_until")
LANGUAGES = "languages"
INDEXED = ("document", LANGUAGES, "metadata.region", "metadata.tier", "metadata.audience")


def field_of(key: str) -> str:
    """The payload field of a metadata key. A passage in "en-gb" is one in "en" too, and found by either."""
    return LANGUAGES if key == "language" else f"metadata.{key}"


def _languages(tag: str) -> list[str]:
    return list(dict.fromkeys(filter(None, (tag, tag.partition("-")[0]))))


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A passage ready to be kept.

    `vector` is (dim,) and `sentence_vectors` (n_sentences, dim), float32 with unit rows. `content_hash` is that of
    the whole document, `parts` the number of its passages, and `origin` the file it was read from.
    """

    passage: Passage
    vector: NDArray[np.float32]
    sentence_vectors: NDArray[np.float32]
    content_hash: str = ""
    parts: int = 1
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a library holds of a document; `content_hash` is "" while some of its passages are missing."""

    content_hash: str
    origin: str
    passages: int


def point_id(passage_id: str) -> str:
    """The UUID a passage has in every store."""
    return str(uuid.uuid5(_NAMESPACE, passage_id))


def embedding_text(passage: Passage) -> str:
    """What is embedded and indexed of a passage: its title and section, where the text does not open with them."""
    heading = [part for part in (passage.title, passage.section) if part and not passage.text.startswith(part)]
    return "\n".join([*heading, passage.text])


def sentence_embedding_texts(passage: Passage) -> list[str]:
    """What is embedded of each sentence: it, behind its document's title.

    A sentence seldom names what it is about ("It takes 3 to 5 working days"). On the sample's labelled conversations
    the best sentence is in a right article for 81 % of the everyday questions with the title, for 61 % without.
    """
    title = f"{passage.title}. " if passage.title else ""
    return [text if text.startswith(passage.title) else f"{title}{text}" for text in passage.sentence_texts()]


def payload(entry: Entry) -> dict[str, Any]:
    """The entry without its vector, as JSON. Sentence vectors are float16 in base64: 1 kB a sentence at 384
    dimensions, read back for eight passages in 0.1 ms."""
    passage = entry.passage
    return {
        "passage": passage.id,
        "document": passage.document_id,
        "title": passage.title,
        "text": passage.text,
        "source": passage.source,
        "section": passage.section,
        "sentences": [offset for span in passage.sentences for offset in span],
        "metadata": dict(passage.metadata),
        LANGUAGES: _languages(passage.metadata.get("language", "")),
        "vectors": pack(entry.sentence_vectors),
        "hash": entry.content_hash,
        "parts": entry.parts,
        "origin": entry.origin,
    }


def passage_of(stored: Mapping[str, Any]) -> Passage:
    """The passage in a payload."""
    offsets = stored["sentences"]
    return Passage(
        id=stored["passage"],
        document_id=stored["document"],
        title=stored["title"],
        text=stored["text"],
        source=stored["source"],
        section=stored["section"],
        sentences=tuple(zip(offsets[::2], offsets[1::2], strict=True)),
        metadata=stored["metadata"],
    )


def hit(stored: Mapping[str, Any], vector: NDArray[np.float32]) -> Hit:
    """A passage fetched by its point, not yet ranked, from its payload and its vector."""
    sentence_vectors = unpack(stored["vectors"], len(vector))
    unit = np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12), dtype=np.float32)
    return Hit(passage_of(stored), 0.0, None, None, sentence_vectors, unit)


def heading(point: str, stored: Mapping[str, Any]) -> Heading:
    return Heading(point, stored["document"], stored["title"], stored["section"])


def in_order(scored: Iterable[tuple[str, float]], limit: int) -> Ranking:
    """The best `limit`, best first; scores that differ only by a store's rounding go by id."""
    return sorted(scored, key=lambda each: (-round(each[1], 5), each[0]))[:limit]


def pack(vectors: NDArray[np.float32]) -> str:
    return base64.b64encode(np.ascontiguousarray(vectors, dtype="<f2").tobytes()).decode("ascii")


def unpack(packed: str, dim: int) -> NDArray[np.float32]:
    """(n, dim) float32 unit rows. Raises BadRequest when the bytes do not divide into rows."""
    try:
        flat = np.frombuffer(base64.b64decode(packed, validate=True), dtype="<f2")
        rows: NDArray[np.float32] = flat.astype(np.float32).reshape(-1, dim)
    except ValueError as error:
        raise BadRequest(f"packed vectors are not rows of {dim} half floats: {error}") from None
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(norms, 1e-12), dtype=np.float32)


def kept(payloads: Iterable[Mapping[str, Any]]) -> dict[str, Kept]:
    """Documents by id, from the payloads of all passages."""
    seen: dict[str, tuple[set[str], int, int, str]] = {}
    for stored in payloads:
        hashes, parts, count, _ = seen.get(stored["document"], (set(), 0, 0, ""))
        hashes.add(stored["hash"])
        seen[stored["document"]] = (hashes, max(parts, stored["parts"]), count + 1, stored["origin"])
    return {
        document: Kept(hashes.pop() if len(hashes) == 1 and count == parts else "", origin, count)
        for document, (hashes, parts, count, origin) in seen.items()
    }


def checked_collection(name: str) -> str:
    """`name`, which is also a folder's name. Raises BadRequest."""
    if not _COLLECTION.fullmatch(name):
        raise BadRequest(f"{name[:80]!r} is no collection name: letters, digits, - and _, at most 64")
    return name


def checked_filters(filters: Mapping[str, str | Sequence[str]] | None) -> dict[str, tuple[str, ...]]:
    """Metadata key to the values one of which is wanted. Raises BadRequest for a key no metadata can have."""
    given = (filters or {}).items()
    return _checked_values({key: (value,) if isinstance(value, str) else tuple(value) for key, value in given})


def _checked_values(wanted: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    for key, values in wanted.items():
        if not _KEY.fullmatch(key):
            raise BadRequest(f"{key[:80]!r} is no metadata key: letters, digits, - and _, at most 64")
        if len(values) > MAX_VALUES or not all(isinstance(value, str) for value in values):
            raise BadRequest(f"{key} takes at most {MAX_VALUES} values, all text")
    return {key: tuple(values) for key, values in wanted.items()}


def checked_scope(scope: Scope) -> Scope:
    """`scope`, whose keys and points may exist. Raises BadRequest."""
    _checked_values(scope.equal)
    _checked_values(scope.suits)
    _checked_values(scope.without)
    for named in (scope.points, scope.documents):
        if named is not None and len(named) > MAX_SCOPED:
            raise BadRequest(f"a scope names at most {MAX_SCOPED} points or documents, not {len(named)}")
    checked_points(scope.points or ())
    return scope


def nowhere(scope: Scope) -> bool:
    """Whether no passage can be in scope, whatever is held."""
    named = (scope.points, scope.documents)
    within_nothing = any(each is not None for each in named) and not any(named)
    return within_nothing or not all(scope.equal.values())


def checked_points(points: Iterable[str]) -> list[str]:
    """Each point once. Raises BadRequest for what is no point's id, or for too many."""
    once = list(dict.fromkeys(points))
    if len(once) > MAX_SCOPED:
        raise BadRequest(f"at most {MAX_SCOPED} points at once, not {len(once)}")
    for point in once:
        if not _POINT.fullmatch(point):
            raise BadRequest(f"{point[:80]!r} is no point's id")
    return once


def checked_probes(probes: Sequence[Probe], limit: int, dim: int) -> None:
    """Raises BadRequest for too many probes, a limit no store takes or a vector that is none."""
    if len(probes) > MAX_PROBES or not 1 <= limit <= MAX_RANKED:
        raise BadRequest(f"at most {MAX_PROBES} probes of 1 to {MAX_RANKED} points, not {len(probes)} of {limit}")
    for probe in probes:
        if probe.vector is not None:
            checked_vector(probe.vector, dim)


def checked_limit(limit: int) -> int:
    if not 1 <= limit <= MAX_LIMIT:
        raise BadRequest(f"limit must be 1 to {MAX_LIMIT}, not {limit}")
    return limit


def checked_vector(vector: NDArray[np.float32], dim: int) -> NDArray[np.float32]:
    """`vector`, which must be (dim,) and finite. Raises BadRequest."""
    if vector.shape != (dim,) or not np.isfinite(vector).all():
        raise BadRequest(f"the query vector must be {dim} finite numbers, not {vector.shape}")
    return vector
