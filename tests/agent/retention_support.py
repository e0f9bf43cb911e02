"""Conversations of long ago, made as real ones are, and a run over them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, RowMapping, Table, insert, select, update

from agent.retention import Retention
from memory import log, turns
from memory.facts.index import said_id
from memory.messages import Inbound
from memory.receive import NewIds, Receipt, receive
from memory.retention.rules import Rule, Rules
from memory.schema import customers, memories, metadata
from memory.segments import Segment
from memory.store import Store
from memory.turns import Outcome
from memory.vault import Vault

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
T = TypeVar("T")


class Vectors:
    """An index that only knows which points it has, and may be away."""

    def __init__(self) -> None:
        self.points: set[str] = set()
        self.forgotten: list[str] = []
        self.fails: Exception | None = None

    async def remove(self, ids: Sequence[str]) -> None:
        if self.fails:
            raise self.fails
        self.points -= set(ids)

    async def forget(self, customers: Sequence[str]) -> int:
        if self.fails:
            raise self.fails
        self.forgotten += customers
        return 0


@dataclass
class Past:
    """A store in which things were said long ago."""

    store: Store
    vault: Vault
    index: Vectors = field(default_factory=Vectors)
    serial: Any = field(default_factory=lambda: itertools.count(1))

    async def write(self, work: Callable[[Connection], T]) -> T:
        return await self.store.write(work)

    async def rows(self, table: Table) -> list[RowMapping]:
        return await self.store.read(lambda c: list(c.execute(select(table)).mappings()))

    async def count(self, table: Table) -> int:
        return len(await self.rows(table))

    async def everything(self) -> dict[str, list[RowMapping]]:
        return {name: await self.rows(table) for name, table in metadata.tables.items()}

    async def say(self, who: int, days_ago: float, text: str = "Where is my parcel?", **fields: Any) -> Receipt:
        n, at = next(self.serial), NOW - timedelta(days=days_ago)
        given = {"inbox": "sms", "channel": "sms", "sender": f"+4416329{who:05}", "received_at": at} | fields
        inbound = Inbound(provider_id=f"SM{n}", text=text, **given)
        ids = NewIds(f"c-{n}", f"p-{n}", f"k-{n}")
        return await self.write(lambda c: receive(c, self.vault, inbound, ids, at))

    async def talk(self, who: int, days_ago: float, text: str = "I am <PERSON_1>", **fields: Any) -> Receipt:
        """A message and its answer, with a turn's record, a sent reply, a vector for each and a pseudonym."""
        receipt = await self.say(who, days_ago, text, **fields)
        at, turn = NOW - timedelta(days=days_ago), f"t-{next(self.serial)}"

        def answered(connection: Connection) -> int:
            taken = turns.take(
                connection, self.vault, receipt.conversation, turn=turn, holder="test", now=at, lease_s=15
            )
            assert taken is not None
            log.redact_events(connection, receipt.conversation, {receipt.seq: text})
            made = Outcome(
                turn=turn,
                conversation=receipt.conversation,
                epoch=taken.head["epoch"],
                to_seq=taken.to_seq,
                route="answer",
                reply="It is on its way.",
                push=True,
                record={"said": [{"role": "customer", "text": text}]},
            )
            return turns.commit(connection, self.vault, made, at).seq

        seq = await self.write(answered)
        await self.write(lambda c: c.execute(_SENT.where(_OUTBOX.c.id == f"turn-{turn}").values(sent_at=at)).rowcount)
        self.index.points |= {said_id(receipt.conversation, n) for n in range(1, seq + 1)}
        return receipt

    async def names(self, customer: str, *values: str) -> None:
        """Puts persons into the customer's book: `<PERSON_1>` and on."""

        def work(connection: Connection) -> None:
            book = self.vault.book(connection, customer, to_write=True)
            for value in values:
                book.pseudonym_for("PERSON", value)
            self.vault.keep(connection, customer, book)

        await self.write(work)

    async def place(self, customer: str, region: str, tier: str = "") -> None:
        values = {"region": region, "tier": tier}
        await self.write(
            lambda c: c.execute(update(customers).where(customers.c.id == customer).values(**values)).rowcount
        )

    async def remember(self, receipt: Receipt, id: str, days_ago: float, **fields: Any) -> None:
        at = NOW - timedelta(days=days_ago)

        def work(connection: Connection) -> None:
            sealer = self.vault.sealer(connection, receipt.customer)
            body = sealer.seal('{"text":"lives in <LOCATION_1>","attribute":"home"}', f"memory:{id}".encode())
            row = {"id": id, "customer_id": receipt.customer, "kind": "fact", "body": body, "confidence": 1.0}
            row |= {"origin": "said", "conversation_id": receipt.conversation, "seq": receipt.seq, "said_at": at}
            connection.execute(insert(memories).values(**row, valid_from=at, created_at=at, indexed_at=at, **fields))

        await self.write(work)

    async def fold(self, conversation: str, to_seq: int, text: str) -> None:
        """Puts a piece of summary over everything up to an event."""
        from memory.log import Head
        from memory.segments import keep

        def work(connection: Connection) -> None:
            head = Head.lock(connection, self.vault, conversation)
            first = int(head.row["summary_to"]) + 1
            number = len(connection.execute(_PIECES.where(_SEGMENTS.c.conversation_id == conversation)).all()) + 1
            at = head.row["last_at"]
            assert keep(head, [Segment(number, first, to_seq, 1, "extractive", text)], None, at) == 1
            head.set(last_at=at)
            head.save()

        await self.write(work)

    def retention(self, *rules: Rule, **fields: Any) -> Retention:
        given = {"holder": "test", "index": self.index, "clock": lambda: NOW} | fields
        return Retention(self.store, self.vault, Rules(tuple(rules)), **given)

    async def purge(self, *rules: Rule, now: datetime = NOW, **fields: Any) -> Any:
        return await self.retention(*rules, **fields).by_hand(now, "ada", "admin")


_OUTBOX = metadata.tables["outbox"]
_SEGMENTS = metadata.tables["segments"]
_PIECES = select(_SEGMENTS.c.number)
_SENT = update(_OUTBOX).values(status="sent")
