"""Points of embedded Qdrant, and how they are ranked. Synchronous."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import qdrant_edge as qdrant
from numpy.typing import NDArray

from knowledge import sparse
from knowledge.edge_conditions import over_or_early
from knowledge.entries import TIES, Entry, embedding_text, in_order, payload, point_id
from knowledge.seeking.ports import Probe, Ranking

EXACT_UP_TO = 12_000
"""Passages up to which vectors are compared as they are (docs/stores.md has the times); beyond, by their 8-bit codes
first."""
FEW_OUT = 1000
"""Points out of force up to which they are excluded by name."""
OVERSAMPLING = 2.0
"""How many more of the best by their codes are compared again as they are (docs/stores.md has the recall)."""


def point(entry: Entry) -> qdrant.Point:
    words = sparse.document_vector(embedding_text(entry.passage))
    vectors = {"dense": entry.vector.tolist(), "sparse": qdrant.SparseVector(words.indices, words.values)}
    return qdrant.Point(point_id(entry.passage.id), vectors, payload(entry))


def dense_of(record: qdrant.Record) -> NDArray[np.float32]:
    """The vector of a record that was retrieved with it."""
    named = record.vector
    return np.asarray(named["dense"] if isinstance(named, dict) else named, dtype=np.float32)


def out_of_force(shard: qdrant.EdgeShard, day: date) -> frozenset[str] | None:
    """The points that are not in force that day, None when they are many."""
    out = qdrant.Filter(should=[*over_or_early(day)])
    records, _ = shard.scroll(qdrant.ScrollRequest(limit=FEW_OUT + 1, filter=out, with_payload=False))
    return frozenset(str(record.id) for record in records) if len(records) <= FEW_OUT else None


def ranked(
    shard: qdrant.EdgeShard, probes: Sequence[Probe], limit: int, within: qdrant.Filter | None, few: bool
) -> list[Ranking]:
    """One ranking a probe, all in one call of the store. `few` says that `within` leaves only some passages, which are
    compared exactly."""
    exact = few or shard.info().points_count <= EXACT_UP_TO
    quantization = qdrant.QuantizationSearchParams(ignore=exact, rescore=True, oversampling=OVERSAMPLING)
    params = qdrant.SearchParams(quantization=quantization)
    asked = [(number, query) for number, probe in enumerate(probes) if (query := _query(probe)) is not None]
    requests = [
        qdrant.QueryRequest(limit=limit + TIES, query=query, filter=within, params=params) for _, query in asked
    ]
    rankings: list[Ranking] = [[] for _ in probes]
    answers = shard.query_batch(qdrant.QueryBatchRequest(requests)) if requests else []
    for (number, _), found in zip(asked, answers, strict=True):
        rankings[number] = in_order(((str(each.id), each.score) for each in found), limit)
    return rankings


def _query(probe: Probe) -> qdrant.Query | None:
    """None for a text without words that count."""
    if probe.vector is not None:
        return qdrant.Query.Nearest(probe.vector.tolist(), using="dense")
    words = sparse.query_vector(probe.text)
    return (
        qdrant.Query.Nearest(qdrant.SparseVector(words.indices, words.values), using="sparse")
        if words.indices
        else None
    )
