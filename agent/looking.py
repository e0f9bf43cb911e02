"""Looking through every store of an installation for values: the proof of an erasure."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.engine import make_url

from agent.settings import Configured
from memory.erasure.apart import in_files_apart
from memory.erasure.certificate import StoreLooked
from memory.erasure.journal import ErasureJournal
from memory.erasure.looking import Rows, in_rows
from memory.erasure.needles import Looked, Needles
from memory.erasure.settling import sqlite_path
from memory.errors import MemoryFault
from memory.facts.index import FactIndex
from memory.facts.opening import FOLDER
from memory.store import Store

_NO_INDEX = (
    "its vectors were not removed: another process has the index, or it cannot be opened. The erasure goes on when a "
    "`frontdesk serve` that has it starts"
)
JOURNAL = "erasures.jsonl"
_POSTGRES = (
    "rows were looked through; PostgreSQL's own files keep what was removed, sealed, until its vacuum is through"
)


@dataclass(frozen=True, slots=True)
class Places:
    """Where something of a person may lie beside the database. `index` is None where there is none, or where another
    process has it, which `index_fault` says then. `knowledge` is the embedded folder of passages; `journal` None is for
    an installation that keeps nothing on disk."""

    index: FactIndex | None = None
    index_fault: str = ""
    journal: ErasureJournal | None = None
    knowledge: Path | None = None
    redis_url: str = ""


NOWHERE = Places()
"""Nothing of a person lies anywhere but in the database."""


def places_of(settings: Configured, index: FactIndex | None = None) -> Places:
    """The places of these settings. Without the index, what may lie in one is named as what could not be removed."""
    return Places(
        index=index,
        index_fault=_NO_INDEX if index is None and _has_index(settings) else "",
        journal=journal_of(settings),
        knowledge=Path(settings.qdrant.path) if settings.qdrant.url is None else None,
        redis_url=settings.redis.url if settings.redis is not None else "",
    )


def index_folder(settings: Configured) -> Path:
    """Where the embedded index of memories lies."""
    return Path(settings.qdrant.path) / FOLDER


def _has_index(settings: Configured) -> bool:
    return settings.memory.remember if settings.qdrant.url else index_folder(settings).exists()


def journal_of(settings: Configured) -> ErasureJournal | None:
    """The erasure journal: the file that was named, else one beside the SQLite file, else in `data`."""
    if settings.store.erasure_journal:
        return ErasureJournal(Path(settings.store.erasure_journal))
    if not settings.store.url.startswith("sqlite"):
        return ErasureJournal(Path("data") / JOURNAL)
    beside = sqlite_path(settings.store.url)
    return ErasureJournal(beside.with_name(JOURNAL)) if beside is not None else None


async def look(store: Store, places: Places, values: Sequence[str]) -> tuple[StoreLooked, ...]:
    """What every store has of `values`, by store."""
    needles = Needles(values)
    rows = await store.read(lambda c: in_rows(c, needles))
    found = [*await _database(store, needles, rows)]
    if places.index is not None:
        found.append(await _index(places.index, needles))
    if places.knowledge is not None:
        found.append(await _knowledge(places.knowledge, needles))
    if places.redis_url:
        found.append(await _redis(places.redis_url, needles))
    return tuple(found)


async def _database(store: Store, needles: Needles, rows: Rows) -> list[StoreLooked]:
    tables = tuple(sorted(rows.by_table))
    hits, elsewhere = len(rows.left), len(rows.elsewhere - rows.left)
    path = sqlite_path(store.url)
    if path is None:
        url = make_url(store.url).render_as_string(hide_password=True) if "://" in store.url else store.url
        note = "" if store.url.startswith("sqlite") else _POSTGRES
        return [_looked("database", url, "rows", rows.looked, hits=hits, elsewhere=elsewhere, tables=tables, note=note)]
    table = _looked("database", "every table", "rows", rows.looked, hits=hits, elsewhere=elsewhere, tables=tables)
    beside = path.with_name("parked.db")
    return [table, *await asyncio.gather(_file(path, needles, rows), _parked(beside, needles))]


async def _file(path: Path, needles: Needles, rows: Rows) -> StoreLooked:
    """A value that stands in the file and in no row lies in what was removed."""
    try:
        raw = await in_files_apart(_with_journal(path), needles.values)
    except MemoryFault as error:
        return _unseen("database", str(path), error)
    unexplained = raw.values - rows.looked.values
    return _looked("database", str(path), "files", raw, hits=len(unexplained), elsewhere=len(raw.values - unexplained))


async def _parked(path: Path, needles: Needles) -> StoreLooked:
    """Drafts that wait are of others by now; which of the values stand in theirs cannot be told, so all count."""
    try:
        found = await in_files_apart(_with_journal(path), needles.values)
    except MemoryFault as error:
        return _unseen("checkpoints", str(path), error)
    return _looked("checkpoints", str(path), "files", found, hits=len(found.values))


def _with_journal(path: Path) -> list[Path]:
    return [path.with_name(f"{path.name}{end}") for end in ("", "-wal", "-shm")]


def _unseen(store: str, where: str, error: MemoryFault) -> StoreLooked:
    return StoreLooked(store, where, "files", 0, 0, fault=f"it could not be looked through: {error}")


async def _index(index: FactIndex, needles: Needles) -> StoreLooked:
    try:
        found = await index.scan(needles.forms)
    except MemoryFault as error:
        return StoreLooked("index of memories", "", "parts", 0, 0, fault=f"it could not be looked through: {error}")
    seen = {needles.of[place] for place, times in found.hits.items() if times}
    return StoreLooked("index of memories", found.store, "parts", found.parts, found.bytes, hits=len(seen))


async def _knowledge(folder: Path, needles: Needles) -> StoreLooked:
    """The organisation's own articles: a value there is theirs, and a person should look whether it is this one's."""
    try:
        found = await in_files_apart([folder], needles.values)
    except MemoryFault as error:
        return _unseen("knowledge", str(folder), error)
    return _looked("knowledge", str(folder), "files", found, elsewhere=len(found.values))


async def _redis(url: str, needles: Needles) -> StoreLooked:
    """The doorbell's stream: conversations' ids. Signals on the bus are passed on and not kept."""
    client = Redis.from_url(url, socket_connect_timeout=2.0, socket_timeout=5.0)
    where = make_url(url).render_as_string(hide_password=True)
    try:
        chunks: list[bytes] = []
        async for key in client.scan_iter("frontdesk:*"):
            chunks.append(key)
            if await client.type(key) == b"stream":
                rows: Any = await client.xrange(key)
                chunks += [value for _, row in rows for pair in row.items() for value in pair]
            else:
                chunks.append(await client.dump(key) or b"")
    except (RedisError, OSError) as error:
        note = f"it does not answer ({type(error).__name__}); it keeps ids of conversations, and no text"
        return StoreLooked("Redis", where, "values", 0, 0, note=note)
    finally:
        await client.aclose()
    seen = needles.seen([b"\x00".join(chunks)])
    return StoreLooked("Redis", where, "values", len(chunks), sum(map(len, chunks)), hits=len(seen))


def _looked(
    store: str,
    where: str,
    unit: str,
    found: Looked,
    *,
    hits: int = 0,
    elsewhere: int = 0,
    tables: tuple[str, ...] = (),
    note: str = "",
) -> StoreLooked:
    return StoreLooked(store, where, unit, found.parts, found.bytes, hits, elsewhere, tables, note)
