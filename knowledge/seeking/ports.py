"""What a search needs of a library, and the values that cross. Every store's adapter has these methods, by shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from knowledge.passages import Hit

Vector: TypeAlias = NDArray[np.float32]
Ranking: TypeAlias = list[tuple[str, float]]
"""(point id, score), best first; scores that differ only by a store's rounding (the fifth decimal) go by id."""


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """What one side ranks by: the cosine with `vector`, (dim,) with unit length, or else the BM25 of `text`."""

    vector: Vector | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which passages may be found; without anything, all.

    `equal`: the metadata key has one of these values. `suits`: it has one of them, or the passage lacks the key and so
    holds for all. `without`: it has none of them. `on`: in force that day; a bound that is missing, or no date, is
    open. `points` and `documents`: one of these point ids, or of these document ids; both None is everywhere.
    """

    equal: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    suits: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    without: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    on: date | None = None
    points: frozenset[str] | None = None
    documents: frozenset[str] | None = None


EVERYWHERE = Scope()
FOR_CUSTOMERS = Scope(without={"audience": ("internal", "staff", "agents")})
"""What may be found where nobody says otherwise: nothing that was written for the people at the desk alone."""


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands over a passage: its point id, its document's id and title, and its section ("" for none)."""

    point: str
    document: str
    title: str
    section: str


class Shelves(Protocol):
    """A library that ranks by several probes at once. Each method raises knowledge.errors.LibraryError.

    An unknown or empty collection has no rankings, no hits and no headings.
    """

    async def rankings(
        self, probes: Sequence[Probe], *, limit: int, collection: str | None = None, scope: Scope = EVERYWHERE
    ) -> list[Ranking]:
        """One ranking a probe, in order, each of at most `limit` points. A `text` without words that count ranks
        nothing. IDF is that of the whole collection, whatever the scope."""
        ...

    async def fetch(self, points: Sequence[str], *, collection: str | None = None) -> dict[str, Hit]:
        """The passages of these points with their vectors, by point id; those that are not there are left out."""
        ...

    async def headings(self, collection: str | None = None) -> list[Heading]:
        """What stands over every passage, in the order of point ids."""
        ...

    async def revision(self, collection: str | None = None) -> str:
        """Another value whenever passages were added, changed or removed since; cheap to ask."""
        ...

    async def ready(self) -> None:
        """Raises LibraryError when it cannot be searched."""
        ...

    async def close(self) -> None: ...
