"""A store with a vault and the few moves tests make on it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, RowMapping, Table, select

from memory import drafts, log, ownership, turns
from memory.messages import Event, Inbound
from memory.migrate import migrate
from memory.receive import NewIds, Receipt, receive
from memory.store import Store
from memory.turns import Committed, Outcome, Taken
from memory.vault import Vault

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(seconds=60)
LEASE_S = 15.0
KEY = "0f" * 32
T = TypeVar("T")


@cache
def empty_log() -> bytes:
    """A migrated SQLite file without rows; copying it takes a hundredth of migrating."""
    with tempfile.TemporaryDirectory() as folder:
        migrate(f"sqlite:///{folder}/log.db")
        return Path(folder, "log.db").read_bytes()


@dataclass(frozen=True)
class Kept:
    store: Store
    vault: Vault
    sms: Callable[..., Inbound]
    ids: Callable[[], NewIds]

    async def write(self, work: Callable[[Connection], T]) -> T:
        return await self.store.write(work)

    async def read(self, work: Callable[[Connection], T]) -> T:
        return await self.store.read(work)

    async def rows(self, table: Table) -> list[RowMapping]:
        return await self.read(lambda c: list(c.execute(select(table)).mappings()))

    async def receive(self, inbound: Inbound) -> Receipt:
        fresh = self.ids()
        return await self.write(lambda c: receive(c, self.vault, inbound, fresh, NOW))

    async def events(self, conversation: str) -> list[Event]:
        return await self.read(lambda c: log.read_events(c, self.vault, conversation))

    async def take_id(self, conversation: str, turn: str, now: datetime = NOW) -> Taken | None:
        return await self.write(
            lambda c: turns.take(c, self.vault, conversation, turn=turn, holder="test", now=now, lease_s=LEASE_S)
        )

    async def take(self, receipt: Receipt, turn: str) -> Taken | None:
        return await self.take_id(receipt.conversation, turn)

    async def received_and_taken(self) -> Taken:
        taken = await self.take(await self.receive(self.sms()), "t-1")
        assert taken is not None
        return taken

    def outcome(self, taken: Taken, **fields: Any) -> Outcome:
        return Outcome(
            turn=taken.turn,
            conversation=taken.head["id"],
            epoch=taken.head["epoch"],
            to_seq=taken.to_seq,
            route="answer",
            **fields,
        )

    async def commit(self, taken: Taken, **fields: Any) -> Committed:
        done = self.outcome(taken, **fields)
        return await self.write(lambda c: turns.commit(c, self.vault, done, NOW))

    def saying(self, conversation: str, person: str, text: str, key: str) -> Callable[[Connection], int]:
        return lambda c: ownership.say(c, self.vault, conversation, person, text, key=key, push=True, now=NOW)

    def deciding(self, turn: str) -> Callable[[Connection], RowMapping]:
        decision = {"decision": "approve", "text": "", "person": "ada"}
        return lambda c: drafts.decide(c, self.vault, turn, decision, holder="test", now=NOW, lease_s=LEASE_S)
