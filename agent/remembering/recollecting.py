"""What is remembered of a customer that may bear on a message: what stands, and what a search of the index finds.

A search is of one person: the index filters by their customers, what it answers is checked against them, and the words
are read from the database under the same condition. A store that is away or slow makes a recall poorer and says so; it
never ends a turn.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

import structlog
from sqlalchemy import Connection

from agent.ports import Embedder, Vector
from agent.state import Turn
from agent.understanding.titles import untitled
from knowledge import sparse
from memory.errors import MemoryFault
from memory.facts import keeping
from memory.facts.index import FactIndex, Found, IndexUnavailable
from memory.facts.memory import Memory, Recalled
from memory.facts.ranking import Ranked, asked, ranked, unnamed, unpersoned
from memory.facts.reading import for_reader, opened
from memory.messages import Role
from memory.seal import SealError
from memory.store import Store
from memory.vault import Vault

_log = structlog.get_logger(__name__)
Result = TypeVar("Result")
Opened = TypeVar("Opened")

LIMIT: Final = 30
"""Memories a recall brings; the context takes of them what its budget holds."""
_SPARE: Final = 10
"""For those among them that are gone, or say the same as another."""
TIMEOUT_S: Final = 0.5
TERMS: Final = 48
"""Different words of a message that are searched for; a longer message's rarer kinds go first."""


@dataclass(frozen=True, slots=True, eq=False)
class Recollections:
    """Recalls from the index and the database. Without an index, as where another process has its folder, only what
    stands is recalled. `called` says by which names, in lower case, who speaks in the conversations is called, where
    that is known."""

    store: Store
    vault: Vault
    index: FactIndex | None
    embedder: Embedder
    limit: int = LIMIT
    timeout_s: float = TIMEOUT_S
    called: Mapping[str, Role] = field(default_factory=dict)

    async def recall(self, turn: Turn, vector: Vector | None) -> Recalled:
        """As agent.ports.Recollector has it. `figures` has `recall_ms`, and how many memories were looked at."""
        began = time.perf_counter()
        (standing, no_standing), ((found, seen), not_found) = await asyncio.gather(
            self._within(self._standing(turn), ()), self._within(self._found(turn, vector), ((), 0))
        )
        return Recalled(
            standing=tuple(standing),
            found=tuple(found),
            degraded="; ".join(filter(None, (no_standing, not_found))),
            figures={"recall_ms": round((time.perf_counter() - began) * 1000, 2), "looked_at": seen},
        )

    async def _within(self, work: Awaitable[Result], instead: Result) -> tuple[Result, str]:
        """What the work gives, or `instead` with why there is no more."""
        try:
            async with asyncio.timeout(self.timeout_s):
                return await work, ""
        except TimeoutError:
            return instead, f"took longer than {self.timeout_s:g} s"
        except (MemoryFault, SealError) as fault:
            _log.info("recall_degraded", error=type(fault).__name__)
            return instead, str(fault) or type(fault).__name__
        except Exception as error:  # noqa: BLE001  (an adapter's edge: a memory that fails must not end a turn)
            _log.error("recall_failed", error=type(error).__name__, exc_info=True)
            return instead, f"failed: {type(error).__name__}"

    async def _standing(self, turn: Turn) -> Sequence[Memory]:
        return await self._read(
            turn, lambda c: keeping.standing(c, self.vault, _members(turn), turn.started_at), lambda read: read
        )

    async def _found(self, turn: Turn, vector: Vector | None) -> tuple[Sequence[Memory], int]:
        """The best memories for the message, and how many were looked at."""
        if self.index is None:
            raise IndexUnavailable("the index of memories is not open in this process")
        text, members = untitled(turn.text), _members(turn)
        if not text.strip():
            return (), 0
        words = unnamed(text, self.called)
        found = await self.index.search(members, await self._vector(text, words, vector), _terms(words))
        found = self._own(found, members)
        question = asked(text, turn.started_at, self.called)
        order = ranked(_unspoken(found, turn), question, turn.started_at)[: self.limit + _SPARE]
        memories = await self._read(
            turn,
            lambda c: opened(c, self.vault, members, [each.found for each in order]),
            lambda read: _scored(order, read, self.limit),
        )
        return memories, len(found)

    async def _vector(self, text: str, words: str, vector: Vector | None) -> Vector | None:
        """The vector of what is asked; names of who speaks and pseudonyms do not count in it. Without an embedding the
        search goes by words alone."""
        plain = unpersoned(words)
        if vector is not None and plain == text:
            return vector
        try:
            embedded: Vector = (await self.embedder.embed([plain]))[0]
        except (RuntimeError, OSError, ValueError) as error:
            _log.warning("recall_by_words", error=type(error).__name__)
            return vector
        return embedded

    def _own(self, found: Sequence[Found], members: Sequence[str]) -> list[Found]:
        """Only what is of this person: the index was asked for that, and is not believed."""
        own = [each for each in found if each.customer in members]
        if len(own) < len(found):
            _log.error("index_crossed_customers", dropped=len(found) - len(own))
        return own

    async def _read(
        self, turn: Turn, read: Callable[[Connection], Opened], chosen: Callable[[Opened], Sequence[Memory]]
    ) -> list[Memory]:
        """What `chosen` takes of what was read, in the pseudonyms of the turn's customer."""

        def work(connection: Connection, to_write: bool) -> list[Memory] | None:
            memories = chosen(read(connection))
            return for_reader(connection, self.vault, turn.customer, memories, to_write=to_write)

        memories = await self.store.read(lambda c: work(c, False))
        if memories is None:  # the reader's book has to learn a value first
            memories = await self.store.write(lambda c: work(c, True))
        return memories or []


def _members(turn: Turn) -> tuple[str, ...]:
    return turn.profile.members or (turn.customer,)


def _terms(text: str) -> list[int]:
    """The numbers of the words that are searched for; of a long message those with digits, then the longest."""
    found = sparse.query_vector(text).indices
    if len(found) <= TERMS:
        return found
    words = sorted(set(text.split()), key=lambda word: (not any(c.isdigit() for c in word), -len(word), word))
    return list(dict.fromkeys(number for word in words for number in sparse.query_vector(word).indices))[:TERMS]


def _unspoken(found: Sequence[Found], turn: Turn) -> list[Found]:
    """Without the messages that the turn has before it anyway."""
    near = {line.seq for line in (*turn.history, *turn.said)}
    return [
        each for each in found if each.kind != "said" or each.conversation != turn.conversation or each.seq not in near
    ]


def _scored(order: Sequence[Ranked], read: Mapping[str, Memory], limit: int) -> list[Memory]:
    """The best that could be read, each text once."""
    chosen: dict[str, Memory] = {}
    for each in order:
        memory = read.get(each.found.id)
        if memory is not None:
            chosen.setdefault(memory.text.strip().casefold(), replace(memory, score=round(each.score, 4), why=each.why))
    return [*chosen.values()][:limit]
