"""What one durable turn costs: received, taken, answered, committed with its outbox row, on SQLite.

`shipped` is the extractive default with redaction, embedding and the sample organisation's knowledge. `bare` leaves out
what models cost: no redaction, nothing taken into memory, a fixed vector, one passage, a scripted reply. Both take the
real path: the runtime's `receive`, the doorbell, the worker's lease, the graph, the commit.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import structlog

from agent.assembly import Beyond, assemble
from agent.ports import Deps, Question, Vector
from agent.runtime import Runtime
from agent.settings import Agent, Endpoint, Memory, Models, Qdrant, RouteSettings, Secret, Store
from agent.state import Triage, Verdict
from channels.settings import Settings
from evals.bench.measuring import Cost, cost
from knowledge.ingest import ingest
from knowledge.passages import Hit, Passage
from knowledge.seeking.ports import EVERYWHERE, Scope
from knowledge.seeking.seeker import Searched, Sought
from memory.messages import Inbound, Line

INBOX = "bench"
TURNS_A_CONVERSATION = 4
SENTENCE = "You may return anything within 60 days."


class Customers:
    """Ask, and wait until the turn that answers is committed. Raises TimeoutError when it is not in a minute."""

    def __init__(self, runtime: Runtime, questions: Sequence[str]) -> None:
        self._runtime = runtime
        self._questions = itertools.cycle(questions)
        self._done: dict[str, asyncio.Event] = {}

    async def converse(self, turns: int) -> int:
        """A new customer asks that many questions, one after another; how many were committed."""
        sender = f"+4420{uuid.uuid4().int % 10**8:08d}"
        for _ in range(turns):
            await self._ask(sender)
        return turns

    async def _ask(self, sender: str) -> None:
        message = Inbound(
            inbox=INBOX,
            channel="sms",
            provider_id=uuid.uuid4().hex,
            sender=sender,
            text=next(self._questions),
            received_at=datetime.now(UTC),
        )
        receipt = await self._runtime.receive(message)
        async with asyncio.timeout(60):
            await self._done.setdefault(receipt.conversation, asyncio.Event()).wait()
        del self._done[receipt.conversation]

    async def listen(self) -> None:
        """Hears of every commit, until cancelled."""
        async with self._runtime.bus.watch(None) as watch:
            while True:
                signal = await watch.next(60)
                if signal and signal.turn:
                    self._done.setdefault(signal.conversation, asyncio.Event()).set()


@asynccontextmanager
async def running(
    folder: Path, articles: Path, questions: Sequence[str], *, bare: bool = False
) -> AsyncIterator[Customers]:
    """A runtime of its own in `folder`, answering."""
    settings = Settings(
        store=Store(url=f"sqlite:///{folder}/frontdesk.db", master_key=Secret(f"file:{folder}/master.key")),
        qdrant=Qdrant(path=str(folder / "qdrant")),
        agent=Agent(redact=not bare),
        memory=Memory(remember=not bare),
        models=scripted() if bare else Models(),
    )
    runtime = await assemble(settings, Beyond(pushes=frozenset({INBOX})))
    try:
        deps = runtime.worker.deps
        await ingest([articles], library=runtime.library, embedder=deps.embedder)
        if bare:
            runtime.worker.deps = without_models(deps)
        runtime.start()
        customers = Customers(runtime, questions)
        listening = asyncio.create_task(customers.listen())
        try:
            yield customers
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
    finally:
        await runtime.close()


async def measure(sample: Path, scratch: Path, floor: Cost, floor_16: Cost) -> list[Cost]:
    """As shipped, and bare, each alone and 16 at once."""
    articles, questions = sample / "help-centre", answerable(sample / "transcripts.jsonl")
    with logs_to_nowhere():
        async with running(scratch / "shipped", articles, questions) as customers:
            shipped = await pair("turn as shipped", customers, 12, floor, floor_16, (40.0, None))
        async with running(scratch / "bare", articles, questions, bare=True) as customers:
            bare = await pair("turn without models", customers, 60, floor, floor_16, (10.0, 8.0))
    return [*shipped, *bare]


@contextmanager
def logs_to_nowhere() -> Iterator[None]:
    """Log lines are made, as they are in production, and then written to nobody."""
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        structlog.configure(
            processors=[structlog.processors.add_log_level, structlog.processors.JSONRenderer()],
            logger_factory=structlog.PrintLoggerFactory(nowhere),
        )
        try:
            yield
        finally:
            structlog.reset_defaults()


async def pair(
    name: str, customers: Customers, turns: int, floor: Cost, floor_16: Cost, bars: tuple[float | None, float | None]
) -> list[Cost]:
    conversations = turns // TURNS_A_CONVERSATION

    async def alone() -> int:
        return sum([await customers.converse(TURNS_A_CONVERSATION) for _ in range(conversations)])

    async def together() -> int:
        return sum(await asyncio.gather(*(customers.converse(TURNS_A_CONVERSATION) for _ in range(16))))

    return [
        await cost(name, "turn", alone, beside=floor, bar_ms=bars[0]),
        await cost(f"{name}, 16 at once", "turn", together, rounds=3, beside=floor_16, bar_ms=bars[1]),
    ]


def answerable(transcripts: Path) -> list[str]:
    """The questions of one turn that the sample's labels say are answered from knowledge."""
    rows = [json.loads(line) for line in transcripts.read_text(encoding="utf-8").splitlines()]
    return [row["turns"][0]["text"] for row in rows if row["expect"]["route"] == "answer" and len(row["turns"]) == 1]


def scripted() -> Models:
    """The gateway with a model that always says the same, and cites it."""
    endpoint = Endpoint(provider="scripted", options={"replies": [f"{SENTENCE} [1]"]})
    return Models(endpoints={"scripted": endpoint}, routes={"answer": RouteSettings(endpoints=["scripted"])})


def without_models(deps: Deps) -> Deps:
    """The same turn with everything that a model does replaced by the same answer each time."""
    return replace(
        deps,
        embedder=FixedEmbedder(deps.embedder.dim),
        library=OnePassage(deps.embedder.dim),
        understanding=AlwaysAQuestion(),
        floor=AlwaysEnough(),
        judges=(),
    )


class FixedEmbedder:
    """The same unit vector for every text."""

    name = "fixed"

    def __init__(self, dim: int) -> None:
        self.dim = dim

    async def embed(self, texts: Sequence[str]) -> Vector:
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        vectors[:, 0] = 1.0
        return vectors

    async def close(self) -> None:
        """Nothing to let go."""


class OnePassage:
    """Finds the same passage for every question."""

    def __init__(self, dim: int) -> None:
        vector = np.zeros((1, dim), dtype=np.float32)
        vector[0, 0] = 1.0
        passage = Passage("returns", "returns", "Returns", SENTENCE, "returns.md", sentences=((0, len(SENTENCE)),))
        self._hit = Hit(passage, 1.0, 1.0, 1.0, vector)

    async def seek(
        self,
        text: str,
        history: Sequence[Line] = (),
        *,
        limit: int = 8,
        collection: str | None = None,
        scope: Scope = EVERYWHERE,
        rewritten: str = "",
        known: Mapping[str, Vector] | None = None,
    ) -> Sought:
        vector = self._hit.sentence_vectors[0]
        return Sought(text, vector, (self._hit,), Searched({"message": text}))

    async def ready(self) -> None:
        """Always."""

    async def close(self) -> None:
        """Nothing to let go."""


class AlwaysAQuestion:
    async def triage(self, text: str, history: Sequence[Line], vector: Vector | None) -> Triage:
        return Triage("question", 1.0, "measured")


class AlwaysEnough:
    def judge(self, question: Question) -> Verdict:
        return Verdict("floor", "retrieve", "pass", "measured")

    def nearest(self, question: Question, limit: int) -> Question:
        return question
