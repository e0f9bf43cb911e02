"""A library's hybrid search, over what every store's adapter can do: rank by both sides, fuse, fetch. Written once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TypeAlias

from knowledge.entries import checked_filters, checked_limit
from knowledge.fusion import CANDIDATES, fuse
from knowledge.passages import Hit
from knowledge.seeking.ports import Probe, Scope, Shelves, Vector

Filters: TypeAlias = Mapping[str, str | Sequence[str]]
"""Metadata key to the value a passage must have, or to several of which it must have one."""


async def hybrid(
    shelves: Shelves,
    text: str,
    vector: Vector,
    *,
    limit: int,
    collection: str,
    filters: Filters | None = None,
    on: date | None = None,
) -> list[Hit]:
    """Best first, by reciprocal rank fusion of both sides; empty when the collection is empty or unknown.

    Raises LibraryError.
    """
    scope = Scope(equal=checked_filters(filters), on=on)
    wanted = max(CANDIDATES, checked_limit(limit))
    dense, sparse = await shelves.rankings(
        [Probe(vector=vector), Probe(text=text)], limit=wanted, collection=collection, scope=scope
    )
    ranked = fuse(dense, sparse, limit)
    found = await shelves.fetch([each.id for each in ranked], collection=collection)
    return [
        replace(found[each.id], score=each.score, dense=each.dense, sparse=each.sparse)
        for each in ranked
        if each.id in found
    ]
