"""An erasure leaves nothing that was known of a person in any store, wherever it is broken off, and proves it."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select

from agent.acting import Actor
from agent.erasing import STARTING, Eraser, replay_at_start
from agent.looking import Places
from agent.parking import open_parking
from memory import attachments, audit, controls, schema
from memory.consent import record_consent, standing
from memory.erasure.holds import hold_name
from memory.erasure.journal import ErasureJournal, JournalBusy, JournalFault, Line
from memory.erasure.rows import end_keys, end_rows
from memory.errors import Held, UnknownCustomer
from memory.facts.index import IndexUnavailable, Scanned
from memory.log import Head
from memory.messages import Inbound
from memory.migrate import migrate
from memory.receive import NewIds, receive
from memory.seal import MasterKey
from memory.store import Store, open_store
from memory.vault import Vault

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ADA = Actor("ada", "admin")
NAME, PHONE, ORDER = "Xanthippe Quillfeather", "+441632960001", "ORD-48213-XQ"


@dataclass
class RecordingIndex:
    """An index that keeps counts, and is away when told so."""

    points: dict[str, int] = field(default_factory=dict)
    away: bool = False
    body: bytes = b""

    async def forget(self, customers: Sequence[str]) -> int:
        if self.away:
            raise IndexUnavailable("it is away")
        return sum(self.points.pop(customer, 0) for customer in customers)

    async def count(self, customers: Sequence[str] | None = None) -> int:
        return sum(n for customer, n in self.points.items() if customers is None or customer in customers)

    async def scan(self, needles: Sequence[bytes]) -> Scanned:
        hits = {n: 1 for n, needle in enumerate(needles) if needle in self.body.lower()}
        return Scanned("recording", 1, len(self.body), hits)


@dataclass
class World:
    url: str
    folder: Path
    store: Store
    vault: Vault
    index: RecordingIndex
    eraser: Eraser

    @property
    def journal(self) -> ErasureJournal:
        assert self.eraser.places.journal is not None
        return self.eraser.places.journal

    def states(self) -> list[str]:
        return [line.state for line in self.journal.read().erasures]

    async def talk(self, sender: str, text: str, n: int = 1, name: str = "") -> str:
        inbound = Inbound("sms", "sms", f"SM{sender}{n}", sender, text, NOW)
        ids = NewIds(f"c-{sender[-4:]}{n}", f"p-{sender[-4:]}{n}", f"k-{sender[-4:]}{n}")

        def work(connection: Connection) -> str:
            receipt = receive(connection, self.vault, inbound, ids, NOW)
            if name:
                book = self.vault.book(connection, receipt.customer, to_write=True)
                book.pseudonym_for("PERSON", name)
                self.vault.keep(connection, receipt.customer, book)
                head = Head.lock(connection, self.vault, receipt.conversation)
                attachments.keep(connection, self.vault, head, 1, f"{name}.txt", "text/plain", b"x", f"a-{n}", NOW)
            return receipt.customer

        return await self.store.write(work)

    async def rows(self, table: Any) -> list[Any]:
        return await self.store.read(lambda c: list(c.execute(select(table)).mappings()))


@pytest.fixture
async def world(store_url: str, tmp_path: Path) -> AsyncIterator[World]:
    await asyncio.to_thread(migrate, store_url)
    async with AsyncExitStack() as stack:
        store = open_store(store_url)
        stack.push_async_callback(store.close)
        parked = await open_parking(stack, store_url)
        vault, index = Vault(MasterKey.from_secret("0f" * 32)), RecordingIndex()
        places = Places(index=index, journal=ErasureJournal(tmp_path / "elsewhere" / "erasures.jsonl"))  # type: ignore[arg-type]
        yield World(store_url, tmp_path, store, vault, index, Eraser(store, vault, parked, places))


async def test_nothing_known_of_the_person_is_found_and_the_certificate_says_where_it_looked(world: World) -> None:
    customer = await world.talk(PHONE, f"My order is {ORDER}", name=NAME)
    world.index.points[customer] = 7
    other = await world.talk("+441632960002", "Mine stays", n=2)
    done = await world.eraser.erase(customer, ADA, "they asked", NOW)
    assert (done.clean, done.key_destroyed, done.vectors_removed, done.vectors_left) == (True, True, 7, 0)
    assert done.values >= 3, "the name, the telephone, the order"
    assert (done.removed["identities"], done.removed["customers"], done.removed["events"]) == (1, 1, 1)
    assert {each.store for each in done.stores} >= {"database", "index of memories"}
    assert all(each.bytes > 0 for each in done.stores if each.store == "database" and each.unit == "rows")
    assert not any(value in str(done.facts()) for value in (NAME, PHONE, ORDER))
    assert world.states() == ["done"]
    (entry,) = await world.rows(schema.audit)
    assert (entry["seq"], entry["detail"]["digest"]) == (done.audit_seq, done.digest)
    assert await world.store.read(audit.verify) is None
    assert [row["id"] for row in await world.rows(schema.customers)] == [other]


async def test_what_is_left_somewhere_is_found_and_named(world: World) -> None:
    customer = await world.talk(PHONE, f"My order is {ORDER}", name=NAME)
    detail = {"words": f"about {NAME}"}
    await world.store.write(lambda c: audit.note(c, actor="b", role="", act="x", subject="y", detail=detail, now=NOW))
    world.index.body = ORDER.encode()
    done = await world.eraser.erase(customer, ADA, "", NOW)
    assert not done.clean
    found = {each.store: (each.hits, each.tables) for each in done.stores if each.hits}
    assert found == {"database": (1, ("audit",)), "index of memories": (1, ())}


async def test_what_others_say_too_is_theirs(world: World) -> None:
    customer = await world.talk(PHONE, "I live in Knaresborough, code KNB-7781")
    await world.talk("+441632960002", "x", n=2)
    spec = {"id": "m-1", "name": "KNB-7781", "kind": "k", "spec": {}, "status": "done", "by": "a", "created_at": NOW}
    await world.store.write(lambda c: c.execute(insert(schema.campaigns).values(**spec)).rowcount)
    done = await world.eraser.erase(customer, ADA, "", NOW)
    assert done.clean
    assert [(e.elsewhere, e.tables) for e in done.stores if e.elsewhere and e.tables] == [(1, ("campaigns",))]


async def test_a_value_that_stands_in_no_row_but_in_the_file_is_a_hit(world: World) -> None:
    if not world.url.startswith("sqlite"):
        pytest.skip("a file of SQLite's own")
    customer = await world.talk(PHONE, "hello", name=NAME)
    beside = world.folder / "parked.db"
    with closing(sqlite3.connect(beside)) as connection, connection:
        connection.execute("CREATE TABLE stray (t TEXT)")
        connection.execute("INSERT INTO stray VALUES (?)", (NAME,))
    done = await world.eraser.erase(customer, ADA, "", NOW)
    assert [(e.store, e.hits) for e in done.stores if e.hits] == [("checkpoints", 1)]


@pytest.mark.parametrize("after", ["begun", "keys", "rows", "vectors"])
async def test_an_erasure_broken_off_anywhere_goes_on_at_the_next_start(world: World, after: str) -> None:
    customer = await world.talk(PHONE, f"My order is {ORDER}", name=NAME)
    world.index.points[customer] = 3
    line = Line("e-1", NOW, "begun", (customer,))
    world.journal.add(line)
    if after in ("keys", "rows", "vectors"):
        await world.store.write(lambda c: end_keys(c, world.vault, line.customers, NOW))
    if after in ("rows", "vectors"):
        await world.store.write(lambda c: end_rows(c, line.customers))
    if after == "vectors":
        await world.index.forget(line.customers)
    done = await world.eraser.replay(STARTING, NOW)
    assert done is not None
    assert (done.clean, done.why_again != "") == (True, True)
    assert done.values_known is (after == "begun"), "what the key opened cannot be learnt when it is gone"
    assert await world.rows(schema.customers) == []
    assert await world.rows(schema.events) == []
    assert world.index.points == {}
    assert world.states() == ["done"]
    assert await world.eraser.replay(STARTING, NOW) is None, "once"


async def test_who_comes_back_with_a_restored_backup_is_erased_again(world: World) -> None:
    if not world.url.startswith("sqlite"):
        pytest.skip("a copy of SQLite's file; the journal is the same for both")
    customer = await world.talk(PHONE, f"My order is {ORDER}", name=NAME)
    kept = await world.talk("+441632960002", "Mine stays", n=2)
    database, backup = world.folder / "log.db", world.folder / "backup.db"
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(backup)) as copy:
        source.backup(copy)
    await world.eraser.erase(customer, ADA, "", NOW)
    await world.store.close()
    shutil.copy(backup, database)
    for end in ("-wal", "-shm"):
        database.with_name(f"log.db{end}").unlink(missing_ok=True)
    store = open_store(world.url)
    try:
        restored = replace(world.eraser, store=store, vault=Vault(MasterKey.from_secret("0f" * 32)))
        assert len(await store.read(lambda c: list(c.execute(select(schema.customers))))) == 2
        await replay_at_start(restored, STARTING, NOW)
        left = await store.read(lambda c: list(c.execute(select(schema.customers.c.id)).scalars()))
        acts = await store.read(lambda c: list(c.execute(select(schema.audit.c.act)).scalars()))
    finally:
        await store.close()
    assert (left, acts) == ([kept], ["customer.erased_again"])
    held = b"".join(path.read_bytes() for path in world.folder.glob("log.db*"))
    assert NAME.encode() not in held
    assert ORDER.encode() not in held


async def test_who_writes_again_is_somebody_new_and_stays(world: World) -> None:
    customer = await world.talk(PHONE, "hello")
    await world.store.write(
        lambda c: record_consent(
            c, id="k-9", customer=customer, channel="sms", purpose="marketing", state="out", evidence={}, now=NOW
        )
    )
    done = await world.eraser.erase(customer, ADA, "", NOW)
    assert done.suppressed == 1
    assert any("suppression list keeps 1" in each for each in done.stays)
    again = await world.talk(PHONE, "it is me", n=5)
    assert again != customer
    assert await world.store.read(lambda c: standing(c, again, "sms", "marketing")) == "out"
    assert await world.eraser.replay(STARTING, NOW) is None
    assert [row["id"] for row in await world.rows(schema.customers)] == [again]


async def test_a_legal_hold_keeps_everything(world: World) -> None:
    customer = await world.talk(PHONE, "hello")
    await world.store.write(lambda c: controls.put(c, hold_name(customer), {"on": True}, "b", "claim", NOW, "admin"))
    with pytest.raises(Held):
        await world.eraser.erase(customer, ADA, "", NOW)
    assert world.states() == []
    world.journal.add(Line("e-1", NOW, "begun", (customer,)))
    with pytest.raises(Held):  # put while an erasure had been broken off before it did anything
        await world.eraser.replay(STARTING, NOW)
    assert world.states() == ["dropped"]
    assert len(await world.rows(schema.events)) == 1


async def test_without_its_index_it_says_so_and_ends_it_when_it_is_back(world: World) -> None:
    customer = await world.talk(PHONE, "hello")
    world.index.points[customer], world.index.away = 2, True
    done = await world.eraser.erase(customer, ADA, "", NOW)
    assert (done.clean, done.vectors_left) == (False, 2)
    assert any("it is away" in each.fault for each in done.stores)
    assert world.states() == ["begun"]
    world.index.away = False
    again = await world.eraser.replay(STARTING, NOW + timedelta(hours=1))
    assert again is not None
    assert (again.vectors_removed, world.states()) == (2, ["done"])


async def test_nothing_is_erased_without_a_journal_that_can_be_written(world: World, tmp_path: Path) -> None:
    customer = await world.talk(PHONE, "hello")
    (tmp_path / "folder").mkdir()
    unwritable = replace(world.eraser.places, journal=ErasureJournal(tmp_path / "folder"))
    with pytest.raises(JournalFault, match="nothing was erased"):
        await replace(world.eraser, places=unwritable).erase(customer, ADA, "", NOW)
    assert len(await world.rows(schema.events)) == 1


async def test_two_at_once_erase_one_after_the_other(world: World) -> None:
    one, two = await world.talk(PHONE, "hello"), await world.talk("+441632960002", "hello", n=2)
    done = await asyncio.gather(*(world.eraser.erase(each, ADA, "", NOW) for each in (one, two)))
    assert all(each.clean for each in done)
    assert world.states() == ["done", "done"]
    again = await asyncio.gather(*(world.eraser.erase(one, ADA, "", NOW) for _ in range(2)), return_exceptions=True)
    assert [type(each) for each in again] == [UnknownCustomer, UnknownCustomer]


async def test_a_start_beside_an_erasure_waits_for_nothing(world: World) -> None:
    with world.journal.exclusive():
        with pytest.raises(JournalBusy):
            await world.eraser.replay(STARTING, NOW)
        await replay_at_start(world.eraser, STARTING, NOW)


async def test_an_empty_world_has_nothing_to_replay(world: World) -> None:
    assert await world.eraser.replay(STARTING, NOW) is None
    assert await replace(world.eraser, places=Places()).replay(STARTING, NOW) is None


async def test_looking_through_the_files_leaves_the_database_to_those_who_have_it_open(world: World) -> None:
    """Another process opens and closes the database after an erasure: what is written here later is seen by all."""
    if not world.url.startswith("sqlite"):
        pytest.skip("SQLite's locks")
    customer = await world.talk(PHONE, "hello", name=NAME)
    assert (await world.eraser.erase(customer, ADA, "", NOW)).clean
    path = str(world.folder / "log.db")
    count = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); print(len([*c.execute('SELECT seq FROM events')]))"
    for n in range(1, 4):
        await world.talk("+441632960002", f"message {n}", n=n)
        child = await asyncio.create_subprocess_exec(sys.executable, "-c", count, path, stdout=asyncio.subprocess.PIPE)
        said, _ = await child.communicate()
        assert int(said) == n
