"""What a search of an embedded library costs beyond embedding the question, and what its codes miss of an exact one.

The texts are sentences of real files: those of a folder, or of the sample organisation's help centre in pairs, so that
there are enough of them.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from rich.table import Table

from knowledge.edge_library import EdgeLibrary
from knowledge.embedding import open_embedder
from knowledge.entries import Entry, point_id
from knowledge.passages import Passage
from knowledge.seeking.ports import EVERYWHERE, Probe, Scope, Vector
from knowledge.sentences import sentences as spans

PASSAGES = 15_000
"""By default: more than are compared exactly, embedded in a minute or two."""
QUESTIONS = 200
DENSE, SPARSE, EACH, WITHIN = 5, 4, 60, 600
"""What one search in a conversation ranks: first everywhere, then the points of what is in focus."""
BAR_MS = 15.0
RECALL_BAR = 0.98
_BATCH = 500
_SHORTEST, _LONGEST = 15, 2000
_REGIONS = ("uk", "de", "us")


@dataclass(frozen=True, slots=True)
class Search:
    """One way to ask, over `n` passages.

    `cpu_ms_p95` is of all threads' CPU time, steadier on a busy machine. `recall` is that of the exact ten best, None
    where it was not looked at. The bars are what was promised.
    """

    name: str
    n: int
    p50_ms: float
    p95_ms: float
    cpu_ms_p95: float
    bar_ms: float | None = None
    recall: float | None = None
    recall_bar: float | None = None


def sentences(folder: Path) -> list[str]:
    """Every sentence of the .md and .txt files under `folder`, each once, in the order of files."""
    found: dict[str, None] = {}
    for path in sorted(each for each in folder.rglob("*") if each.suffix in (".md", ".txt")):
        text = path.read_text(encoding="utf-8", errors="replace")
        for start, end in spans(text):
            sentence = " ".join(text[start:end].split())
            if _SHORTEST <= len(sentence) <= _LONGEST:
                found[sentence] = None
    return list(found)


def enough(found: Sequence[str], wanted: int, seed: int = 1) -> list[str]:
    """At most `wanted` of the sentences, mixed; where there are fewer, pairs of them too."""
    mixed = [found[place] for place in np.random.default_rng(seed).permutation(len(found))]
    pairs = (f"{one} {two}" for by in range(1, len(mixed)) for one, two in zip(mixed, mixed[by:], strict=False))
    return list(itertools.islice(itertools.chain(mixed, pairs), wanted))


async def measure(texts: Path, folder: Path, passages: int = PASSAGES) -> list[Search]:
    """`texts` is a folder to read, `folder` scratch space."""
    found = enough(await asyncio.to_thread(sentences, texts), passages + QUESTIONS)
    embedder = await open_embedder("bundled")
    try:
        vectors = await embedder.embed(found)
    finally:
        await embedder.close()
    return await measure_of(found, vectors, folder)


async def measure_of(texts: Sequence[str], vectors: Vector, folder: Path, questions: int = QUESTIONS) -> list[Search]:
    """The last `questions` of the texts are asked, the others searched. `vectors` is (n_texts, dim) with unit rows."""
    held = len(texts) - questions
    library = await EdgeLibrary.open(folder, embedder="bench", dim=vectors.shape[1])
    try:
        await _fill(library, texts[:held], vectors[:held])
        return await _asked(library, texts, vectors, held)
    finally:
        await library.close()


async def _fill(library: EdgeLibrary, texts: Sequence[str], vectors: Vector) -> None:
    nothing = np.empty((0, vectors.shape[1]), dtype=np.float32)
    for start in range(0, len(texts), _BATCH):
        rows = range(start, min(start + _BATCH, len(texts)))
        await library.upsert("help", [Entry(_passage(n, texts[n]), vectors[n], nothing, "h") for n in rows])


def _passage(number: int, text: str) -> Passage:
    metadata = {"region": _REGIONS[number % 3], "valid_until": "2020-06-30" if number % 200 == 0 else "2099-06-30"}
    return Passage(str(number), str(number), "", text, "", metadata=metadata)


async def _asked(library: EdgeLibrary, texts: Sequence[str], vectors: Vector, held: int) -> list[Search]:
    questions = len(texts) - held
    today = datetime.now(UTC).date()
    chosen = np.random.default_rng(1).choice(held, size=min(WITHIN, held), replace=False)
    focus = Scope(points=frozenset(point_id(str(number)) for number in chosen))

    async def search(number: int) -> None:
        row = held + number
        await library.search(texts[row], vectors[row], filters={"region": "uk"}, on=today)

    def several(limit: int, scope: Scope) -> Callable[[int], Awaitable[None]]:
        async def rank(number: int) -> None:
            rows = [held + (number + ahead) % questions for ahead in range(max(DENSE, SPARSE))]
            asked = [Probe(vector=vectors[row]) for row in rows[:DENSE]] + [
                Probe(text=texts[row]) for row in rows[:SPARSE]
            ]
            await library.rankings(asked, limit=limit, scope=scope)

        return rank

    recall = await _recall(library, vectors, held)
    probes = f"{DENSE} dense and {SPARSE} sparse probes"
    return [
        Search("search, filtered, in force today", held, *await _times(search, questions), BAR_MS, recall, RECALL_BAR),
        Search(f"{probes} of {EACH}", held, *await _times(several(EACH, EVERYWHERE), questions)),
        Search(f"{probes} of {EACH}, in force today", held, *await _times(several(EACH, Scope(on=today)), questions)),
        Search(f"{probes} within {len(chosen)} points", held, *await _times(several(len(chosen), focus), questions)),
    ]


async def _times(work: Callable[[int], Awaitable[None]], questions: int) -> tuple[float, float, float]:
    """Wall time's p50 and p95 and CPU time's p95 in ms, one call after the other."""
    wall, cpu = [], []
    for number in range(questions):
        cpu_begun, begun = time.process_time(), time.perf_counter()
        await work(number)
        wall.append((time.perf_counter() - begun) * 1000)
        cpu.append((time.process_time() - cpu_begun) * 1000)
    return float(np.percentile(wall, 50)), float(np.percentile(wall, 95)), float(np.percentile(cpu, 95))


async def _recall(library: EdgeLibrary, vectors: Vector, held: int, best: int = 10) -> float:
    """Share of the exact best that is found; what scores the same as the last of them counts too."""
    found = 0
    for row in range(held, len(vectors)):
        scores = vectors[:held] @ vectors[row]
        least = np.partition(scores, -best)[-best] - 1e-5
        (ranking,) = await library.rankings([Probe(vector=vectors[row])], limit=best)
        found += sum(score >= least for _, score in ranking)
    return found / (best * (len(vectors) - held))


def table(searches: Sequence[Search]) -> Table:
    """The searches as people read them."""
    made = Table(
        "what", "passages", "p50 ms", "p95 ms", "CPU p95", "bar", "recall@10", "bar", title="What a search costs"
    )
    for column in made.columns[1:]:
        column.justify = "right"
    for each in searches:
        made.add_row(
            each.name,
            f"{each.n:,}",
            f"{each.p50_ms:.1f}",
            f"{each.p95_ms:.1f}",
            f"{each.cpu_ms_p95:.1f}",
            "" if each.bar_ms is None else f"{each.bar_ms:.0f}",
            "" if each.recall is None else f"{each.recall:.4f}",
            "" if each.recall_bar is None else f"{each.recall_bar:.2f}",
        )
    return made
