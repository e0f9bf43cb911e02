"""Labelled questions as the ranker sees them: a BEIR folder's queries, each with its candidates and their signals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from evals.suites.beir_folder import Query, read
from evals.suites.retrieval_library import COLLECTION, filled
from evals.training.ranking import Row
from knowledge.embedding import LocalEmbedder
from knowledge.ingest import Progress
from knowledge.seeking.ports import Heading
from knowledge.seeking.seeker import Seeker

Told = Callable[[int, int], None]


async def gather(
    data: Path,
    embedder: LocalEmbedder,
    keep: Path | None = None,
    progress: Callable[[Progress], None] | None = None,
    asked: Told | None = None,
) -> list[Row]:
    """The rows of a folder's questions that have a right passage. `keep` holds the corpus for the next run; `asked` is
    told how many questions of how many are done. Raises BadDocument for a folder or row that is not BEIR's."""
    folder = read(data)
    queries = [query for query in folder.queries if folder.relevant.get(query.id)]
    async with filled(folder.corpus, embedder, keep, progress) as (library, _, _):
        seeker = Seeker(library, embedder, collection=COLLECTION)
        documents = _documents(await library.headings(COLLECTION))
        rows = []
        for number, query in enumerate(queries, 1):
            rows.append(await _row(query, folder.relevant[query.id], seeker, documents))
            if asked is not None:
                asked(number, len(queries))
    return rows


def _documents(headings: list[Heading]) -> dict[str, str]:
    return {each.point: each.document for each in headings}


async def _row(query: Query, relevant: Mapping[str, float], seeker: Seeker, documents: dict[str, str]) -> Row:
    seen = await seeker.see(query.text, query.history)
    ids = tuple(documents[point] for point in seen.points)
    gains = np.array([relevant.get(id, 0.0) for id in ids])
    return Row(ids, seen.signals.astype(np.float32), seen.gates, gains, relevant)
