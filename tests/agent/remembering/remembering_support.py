"""A log in SQLite, the real index in a folder, and what is said in it: what the tests of remembering stand on."""

from __future__ import annotations

import itertools
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import numpy as np
from sqlalchemy import Connection, RowMapping, Table, select

from agent.guardrails.pii import PiiSpan, PiiUnavailable
from agent.oversight import Actor
from agent.ports import Vector
from agent.remembering.curating import Curating
from agent.remembering.keeper import MemoryKeeper
from memory import log
from memory.facts import keeping
from memory.facts.edge_index import EdgeIndex
from memory.facts.index import FactIndex, Made
from memory.facts.memory import Memory
from memory.messages import Inbound
from memory.migrate import migrate
from memory.receive import NewIds, receive
from memory.seal import MasterKey
from memory.store import Store, open_store
from memory.vault import Vault

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ADA = Actor("ada", "agent")
DIM = 16
MADE = Made("words", DIM, "test")
T = TypeVar("T")
_serial = itertools.count(1)


class WordEmbedder:
    """The same vector for the same words; texts that share words are near each other."""

    name = "words"
    dim = DIM

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def embed(self, texts: Sequence[str]) -> Vector:
        self.texts.extend(texts)
        found = np.zeros((len(texts), DIM), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower()):
                found[row, int.from_bytes(blake2b(word.encode(), digest_size=2).digest()) % DIM] += 1.0
            found[row] /= max(float(np.linalg.norm(found[row])), 1e-9)
        return found


class NameDetector:
    """Finds the names, telephones and places it was told of."""

    def __init__(self, **found: str) -> None:
        self.patterns = {entity: re.compile(pattern) for entity, pattern in found.items()}
        self.works = True

    async def find(self, texts: Sequence[str]) -> list[list[PiiSpan]]:
        if not self.works:
            raise PiiUnavailable("told not to work")
        return [
            [
                PiiSpan(match.start(), match.end(), entity, 0.9)
                for entity, pattern in self.patterns.items()
                for match in pattern.finditer(text)
            ]
            for text in texts
        ]


@cache
def _empty_log() -> bytes:
    with TemporaryDirectory() as folder:
        migrate(f"sqlite:///{folder}/log.db")
        return Path(folder, "log.db").read_bytes()


@dataclass
class Remembering:
    """Everything one process has of it. `keeper(...)` makes another keeper over the same stores."""

    folder: Path
    store: Store
    vault: Vault
    index: FactIndex
    detector: NameDetector
    embedder: WordEmbedder = field(default_factory=WordEmbedder)

    @property
    def curating(self) -> Curating:
        return Curating(self.store, self.vault, self.detector)

    def keeper(self, index: FactIndex | None = None, **fields: Any) -> MemoryKeeper:
        return MemoryKeeper(self.store, self.vault, self.detector, self.embedder, index or self.index, **fields)

    async def remember(self, now: datetime = NOW + timedelta(days=30)) -> None:
        """Rounds until nothing waits."""
        keeper = self.keeper()
        while await keeper.look(now):
            pass
        await keeper.look(now)

    async def says(self, sender: str, text: str, at: datetime = NOW, **fields: Any) -> tuple[str, str]:
        """(customer, conversation) of a message by SMS."""
        n = next(_serial)
        inbound = Inbound("sms", "sms", f"SM{n}", sender, text, at, **fields)
        ids = NewIds(f"c-{n}", f"p-{n}", f"k-{n}")
        receipt = await self.store.write(lambda c: receive(c, self.vault, inbound, ids, at))
        head = await self.store.read(lambda c: log.read_head(c, receipt.conversation))
        return head["customer_id"], receipt.conversation

    async def add(self, conversation: str, kind: Any, text: str = "", at: datetime = NOW, **meta: Any) -> int:
        return await self.store.write(lambda c: log.append_one(c, self.vault, conversation, kind, text, meta, at))

    async def known(self, *customers: str, at: datetime | None = NOW + timedelta(days=1)) -> list[str]:
        return [memory.text for memory in await self.memories(*customers, at=at)]

    async def memories(self, *customers: str, at: datetime | None = None) -> tuple[Memory, ...]:
        return await self.store.read(lambda c: keeping.of(c, self.vault, customers, at))

    async def rows(self, table: Table) -> list[RowMapping]:
        return await self.read(lambda c: list(c.execute(select(table)).mappings()))

    async def read(self, work: Callable[[Connection], T]) -> T:
        return await self.store.read(work)


@asynccontextmanager
async def remembering(folder: Path, **found: str) -> AsyncIterator[Remembering]:
    """Opens what is in `folder`, new or from before."""
    database = folder / "log.db"
    if not database.exists():
        database.write_bytes(_empty_log())
    store = open_store(f"sqlite:///{database}")
    index = await EdgeIndex.open(folder / "memory", MADE)
    try:
        yield Remembering(folder, store, Vault(MasterKey.from_secret("0f" * 32)), index, NameDetector(**found))
    finally:
        await index.close()
        await store.close()
