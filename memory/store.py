"""Where transactions run. A transaction is one synchronous function of a Connection; it runs whole or not at all.

SQLite runs writes on one thread per process with group commit: what waits is run together, each function in its own
savepoint, and one fsync makes all of it durable before any caller hears of success. Reads run beside it on threads of
their own. PostgreSQL runs both through an async pool. Functions may run more than once, so they touch nothing but the
Connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import orjson
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from memory.errors import StoreFull, StoreUnavailable

T = TypeVar("T")
Work = Callable[[Connection], T]

# A batch larger than this gains nothing more from one fsync and delays its first caller.
_BATCH = 64
# Seconds SQLite waits for another process's write before it says busy.
_BUSY_S = 10
_TRANSIENT_PG = {"40001", "40P01", "55P03"}


class Store(Protocol):
    """Runs transactions. `write` returns after the commit is durable; `read` sees one consistent snapshot."""

    url: str

    async def write(self, work: Work[T]) -> T: ...
    async def read(self, work: Work[T]) -> T: ...
    async def close(self) -> None: ...


def open_store(url: str) -> Store:
    """The store behind a SQLAlchemy URL. The schema must be there: see `memory.migrate`."""
    return SqliteStore(url) if url.startswith("sqlite") else PostgresStore(url)


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()


def sqlite_engine(url: str) -> Engine:
    """An engine whose connections use WAL and fsync every commit, and whose transactions begin as writers."""
    database = make_url(url).database
    if database and database != ":memory:":
        Path(database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url, json_serializer=_dumps, json_deserializer=orjson.loads, connect_args={"timeout": _BUSY_S}
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # SQLAlchemy's BEGIN below decides, not the driver
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            # A PRAGMA that was not read to its end is a statement in progress, and no transaction could commit.
            connection.execute(f"PRAGMA {pragma}").fetchall()

    return engine


_FULL = ("full", "readonly", "read-only", "disk i/o", "no space")
_AWAY = ("locked", "busy", "connection", "unable to open", "recovery", "starting up", "shutting down")


def translate(error: DBAPIError | sqlite3.Error) -> StoreUnavailable | None:
    """The store fault behind a driver's exception, or None when it is a fault of the statement."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    words = str(cause).lower()
    if any(word in words for word in _FULL):
        return StoreFull(f"the database cannot be written: {cause}")
    invalid = isinstance(error, DBAPIError) and error.connection_invalidated
    if invalid or any(word in words for word in _AWAY):
        return StoreUnavailable(f"the database cannot be reached: {cause}")
    return None


@dataclass(slots=True, eq=False)
class _Job:
    work: Work[Any]
    done: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop
    result: Any = None
    error: Exception | None = None

    def attempt(self, connection: Connection) -> None:
        """Runs the work and keeps what it gave or raised. Raises only what the driver raised."""
        self.error = None
        try:
            self.result = self.work(connection)
        except DBAPIError:
            raise
        except Exception as error:  # noqa: BLE001  (the caller's, handed to it whole)
            self.error = error


class SqliteStore:
    """One file, one writer thread in this process; other processes wait their turn at SQLite's lock."""

    def __init__(self, url: str, readers: int = 2) -> None:
        self.url = url
        self._engine = sqlite_engine(url)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="store-read")
        self._local = threading.local()
        self._opened: list[Connection] = []
        self._closed = False
        self._writer = threading.Thread(target=self._write_all, name="store-write", daemon=True)
        self._writer.start()

    async def write(self, work: Work[T]) -> T:
        if self._closed:
            raise StoreUnavailable("the store is closed")
        loop = asyncio.get_running_loop()
        job = _Job(work, loop.create_future(), loop)
        self._jobs.put(job)
        result: T = await asyncio.shield(job.done)
        return result

    async def read(self, work: Work[T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)

    async def close(self) -> None:
        """Finishes what is queued, then closes. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        self._jobs.put(None)
        await asyncio.to_thread(self._writer.join)
        self._readers.shutdown()
        for connection in self._opened:
            connection.close()
        self._engine.dispose()

    def _read(self, work: Work[T]) -> T:
        connection: Connection | None = getattr(self._local, "connection", None)
        try:
            if connection is None or connection.closed:
                connection = self._local.connection = self._engine.connect()
                self._opened.append(connection)
            snapshot = connection.begin()
            try:
                connection.exec_driver_sql("BEGIN")
                return work(connection)
            finally:
                snapshot.rollback()  # nothing was written, and unlike a commit it may end unread results
        except DBAPIError as error:
            self._drop(connection)
            self._local.connection = None
            raise translate(error) or error from error

    def _write_all(self) -> None:
        connection: Connection | None = None
        while (job := self._jobs.get()) is not None:
            batch = [job, *self._drain()]
            try:
                connection = connection or self._engine.connect()
                self._run(connection, batch)
            except (DBAPIError, sqlite3.Error) as error:
                connection = self._drop(connection)
                if len(batch) == 1:
                    batch[0].error = translate(error) or error
                else:
                    connection = self._one_by_one(batch)
            _tell(batch)
        if connection is not None:
            connection.close()

    def _drain(self) -> list[_Job]:
        jobs: list[_Job] = []
        with contextlib.suppress(queue.Empty):
            while len(jobs) < _BATCH - 1:
                job = self._jobs.get_nowait()
                if job is None:
                    self._jobs.put(None)
                    break
                jobs.append(job)
        return jobs

    @staticmethod
    def _run(connection: Connection, batch: Sequence[_Job]) -> None:
        """One transaction for the batch; a job's own error undoes that job alone, a driver's error the batch.

        BEGIN and the savepoints go to the driver itself: through SQLAlchemy they cost as much as the work between.
        """
        with connection.begin() as transaction:
            raw = connection.connection.dbapi_connection
            assert raw is not None  # noqa: S101  (a connection that was not invalidated has one)
            raw.execute("BEGIN IMMEDIATE")
            if len(batch) == 1:
                batch[0].attempt(connection)
                if batch[0].error is not None:
                    transaction.rollback()
                return
            for job in batch:
                raw.execute("SAVEPOINT job")
                job.attempt(connection)
                if job.error is not None:
                    raw.execute("ROLLBACK TO job")
                raw.execute("RELEASE job")

    def _one_by_one(self, batch: Sequence[_Job]) -> Connection | None:
        """After a batch failed as a whole: each job alone, so that one job's fault is not its neighbours'."""
        connection: Connection | None = None
        for job in batch:
            try:
                connection = connection or self._engine.connect()
                self._run(connection, [job])
            except (DBAPIError, sqlite3.Error) as error:
                job.error = translate(error) or error
                connection = self._drop(connection)
        return connection

    @staticmethod
    def _drop(connection: Connection | None) -> None:
        if connection is not None:
            with contextlib.suppress(DBAPIError):
                connection.invalidate()
                connection.close()


def _tell(batch: Sequence[_Job]) -> None:
    """Wakes the callers, one hop a loop."""
    for loop in {job.loop for job in batch}:
        with contextlib.suppress(RuntimeError):  # the loop is gone: nobody waits any more
            loop.call_soon_threadsafe(_resolve, [job for job in batch if job.loop is loop])


def _resolve(jobs: Sequence[_Job]) -> None:
    for job in jobs:
        if job.done.cancelled():
            continue
        if job.error is not None:
            job.done.set_exception(job.error)
        else:
            job.done.set_result(job.result)


class PostgresStore:
    """A pool of connections to one PostgreSQL; deadlocks and serialisation failures are run again."""

    def __init__(self, url: str, pool: int = 10) -> None:
        self.url = url
        self._engine = create_async_engine(
            make_url(url).set(drivername="postgresql+psycopg"),
            json_serializer=_dumps,
            json_deserializer=orjson.loads,
            pool_size=pool,
            max_overflow=pool,
            pool_pre_ping=True,
        )

    async def write(self, work: Work[T]) -> T:
        for attempt in range(4):
            try:
                async with self._engine.begin() as connection:
                    return await connection.run_sync(work)
            except DBAPIError as error:
                if attempt < 3 and getattr(error.orig, "sqlstate", None) in _TRANSIENT_PG:
                    continue
                raise translate(error) or error from error
            except OSError as error:
                raise StoreUnavailable(f"the database cannot be reached: {error}") from error
        raise AssertionError("unreachable")

    async def read(self, work: Work[T]) -> T:
        return await self.write(work)

    async def close(self) -> None:
        await self._engine.dispose()
