"""`python -m evals.bench.retention [--events N]`: purging in short transactions beside one plain DELETE of it all.

Half of the conversations are over their time. A turn waits for the transaction that runs when it comes, so the longest
one is what counts; beside it stand the longest writes that a second writer, which appends an event every few
milliseconds meanwhile, waited for.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import uvloop
from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection, delete, insert, select, update

from agent.retention import NoIndex, Retention
from memory import schema
from memory.migrate import migrate
from memory.retention.rules import Rule, Rules
from memory.seal import MasterKey
from memory.store import Store, open_store
from memory.vault import Vault

EVENTS = 100_000
A_CONVERSATION = 20
_NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
_BODY = b"\x01" + bytes(range(199))
_RECORD = {"said": [{"role": "customer", "text": "Where is my parcel? " * 20}], "found": [{"text": "x " * 400}]}


@dataclass(frozen=True, slots=True)
class Purged:
    """One way of it: rows that went, seconds on the clock and of CPU, the longest transaction, and the longest that
    another writer waited (in milliseconds)."""

    name: str
    rows: int
    wall_s: float
    cpu_s: float
    longest_ms: float
    waited_ms: float


def fill(connection: Connection, number: int, events: int) -> None:
    """A conversation with turns, what was sent and claims; every other one is two years old."""
    at = _NOW - timedelta(days=730 if number % 2 else 10, seconds=number % 86_400)
    customer, conversation = f"p-{number}", f"c-{number}"
    head: dict[str, Any] = {
        "id": conversation,
        "inbox": "sms",
        "channel": "sms",
        "customer_id": customer,
        "thread_key": customer,
    }
    head |= {"address": b"x", "seq": events, "visible_seq": events, "inbound_seq": events, "answered_seq": events}
    connection.execute(insert(schema.customers).values(id=customer, key=b"x" * 61, created_at=at))
    connection.execute(insert(schema.conversations).values(**head, opened_at=at, last_at=at))
    row = {
        "conversation_id": conversation,
        "at": at,
        "visible": True,
        "body": _BODY,
        "redacted": "words " * 30,
        "meta": {},
    }
    connection.execute(
        insert(schema.events), [{**row, "seq": n, "prev": n - 1, "kind": "received"} for n in range(1, events + 1)]
    )
    pairs = range(events // 2)
    turn = {
        "conversation_id": conversation,
        "from_seq": 1,
        "to_seq": 1,
        "epoch": 0,
        "attempt": 1,
        "status": "committed",
    }
    connection.execute(
        insert(schema.turns),
        [{**turn, "id": f"t-{number}-{n}", "holder": "b", "started_at": at, "record": _RECORD} for n in pairs],
    )
    sent: dict[str, Any] = {
        "conversation_id": conversation,
        "customer_id": customer,
        "inbox": "sms",
        "channel": "sms",
        "status": "sent",
    }
    sent |= {"purpose": "reply", "payload": _BODY, "next_at": at, "created_at": at, "sent_at": at}
    connection.execute(insert(schema.outbox), [{**sent, "id": f"o-{number}-{n}", "seq": n} for n in pairs])
    claim: dict[str, Any] = {"inbox": "sms", "conversation_id": conversation, "at": at}
    connection.execute(insert(schema.claims), [{**claim, "provider_id": f"SM-{number}-{n}", "seq": n} for n in pairs])


def fill_all(connection: Connection, numbers: range) -> None:
    for number in numbers:
        fill(connection, number, A_CONVERSATION)


async def made(path: Path, events: int) -> Store:
    url = f"sqlite:///{path}"
    migrate(url)
    store = open_store(url)
    count = events // A_CONVERSATION
    for start in range(0, count, 200):
        numbers = range(start, min(count, start + 200))
        await store.write(partial(fill_all, numbers=numbers))
    return store


async def purged(store: Store) -> tuple[int, float]:
    rules = Rules((Rule("conversation", 365, "erase"),))
    vault = Vault(MasterKey.from_secret("0f" * 32))
    retention = Retention(store, vault, rules, "bench", index=NoIndex(), clock=lambda: _NOW)
    report = await retention.by_hand(_NOW, "bench", "system")
    return sum(report.rows.values()), report.longest_s * 1000


async def deleted(store: Store) -> tuple[int, float]:
    """Everything in one transaction, which is what a cron job would do."""
    old = select(schema.conversations.c.id).where(schema.conversations.c.last_at < _NOW - timedelta(days=365))

    def work(connection: Connection) -> int:
        parts = (schema.events, schema.turns, schema.outbox, schema.claims)
        gone = sum(connection.execute(delete(t).where(t.c.conversation_id.in_(old))).rowcount for t in parts)
        return (
            gone + connection.execute(delete(schema.conversations).where(schema.conversations.c.id.in_(old))).rowcount
        )

    began = time.perf_counter()
    rows = await store.write(work)
    return rows, (time.perf_counter() - began) * 1000


async def beside(store: Store, work: Callable[[Store], Awaitable[tuple[int, float]]], name: str) -> Purged:
    """The work while somebody else writes all the time."""
    waited: list[float] = []
    touch = update(schema.conversations).where(schema.conversations.c.id == "c-0").values(reason="x")

    over = asyncio.Event()

    async def write() -> None:
        while not over.is_set():
            began = time.perf_counter()
            await store.write(lambda c: c.execute(touch).rowcount)
            waited.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(0.005)

    other = asyncio.create_task(write())
    await asyncio.sleep(0.1)
    waited.clear()
    wall, cpu = time.perf_counter(), time.process_time()
    rows, longest = await work(store)
    took = time.perf_counter() - wall, time.process_time() - cpu
    over.set()
    await other
    return Purged(name, rows, *took, longest, max(waited))


async def measure(events: int, scratch: Path) -> list[Purged]:
    found: list[Purged] = []
    for name, work in (("one DELETE of all", deleted), ("in short transactions", purged)):
        store = await made(scratch / f"{len(found)}.db", events)
        try:
            found.append(await beside(store, work, name))
        finally:
            await store.close()
    return found


def table(found: list[Purged]) -> Table:
    shown = Table("how", "rows", "rows/s", "CPU s", "longest transaction ms", "another writer waited ms")
    for column in shown.columns[1:]:
        column.justify = "right"
    for each in found:
        shown.add_row(
            each.name,
            f"{each.rows:,}",
            f"{each.rows / each.wall_s:,.0f}",
            f"{each.cpu_s:.1f}",
            f"{each.longest_ms:.0f}",
            f"{each.waited_ms:.0f}",
        )
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m evals.bench.retention", description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS, metavar="N")
    wanted = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="frontdesk-bench-") as scratch,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        found = runner.run(measure(wanted.events, Path(scratch)))
    shown = Console()
    if not shown.is_terminal:
        shown.width = 120
    shown.print(table(found))


if __name__ == "__main__":
    main()
