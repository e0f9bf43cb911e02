"""Looking through every row of the database for values, table by table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import JSON, Connection, LargeBinary, String, Table, Text, inspect, select
from sqlalchemy import text as sql

from memory.erasure.needles import Looked, Needles
from memory.schema import metadata

_AT_ONCE = 500
_CHECKPOINTS: Final = ("checkpoints", "checkpoint_blobs", "checkpoint_writes")
# Tables in which nothing of a person must be left. What stands in another one is other people's or the organisation's
# own text by then, as the name of a city may be.
_OF_ONE: Final = frozenset({"audit", "controls", "keyring", "chores"})


@dataclass(frozen=True, slots=True)
class Rows:
    """What looking through the tables gave. `by_table` has the tables in which something was seen."""

    looked: Looked
    by_table: Mapping[str, frozenset[int]]

    @property
    def elsewhere(self) -> frozenset[int]:
        """Values that stand in rows of other people or of the organisation's own texts."""
        return frozenset().union(*(found for name, found in self.by_table.items() if name not in _OF_ONE))

    @property
    def left(self) -> frozenset[int]:
        """Values in tables that must not hold any of a person who was erased."""
        return frozenset().union(*(found for name, found in self.by_table.items() if name in _OF_ONE))


def in_rows(connection: Connection, needles: Needles) -> Rows:
    """Every text, JSON and binary column of every table, those of paused turns too where they lie in this database."""
    by_table: dict[str, frozenset[int]] = {}
    parts = size = 0
    for name, query in _queries(connection):
        counted = _Counted(connection, query)
        if seen := needles.seen(counted):
            by_table[name] = frozenset(seen)
        parts, size = parts + counted.rows, size + counted.size
    every: frozenset[int] = frozenset().union(*by_table.values())
    return Rows(Looked(parts, size, every), by_table)


def _queries(connection: Connection) -> Iterator[tuple[str, Any]]:
    there = set(inspect(connection).get_table_names())
    for table in metadata.sorted_tables:
        if table.name in there and (columns := _columns(table)):
            yield str(table.name), select(*columns)
    for name in _CHECKPOINTS:
        if name in there:
            yield name, sql(f"SELECT * FROM {name}")  # noqa: S608  (names from above)


def _columns(table: Table) -> list[Any]:
    return [column for column in table.columns if isinstance(column.type, String | Text | JSON | LargeBinary)]


@dataclass(slots=True, eq=False)
class _Counted:
    connection: Connection
    query: Any
    rows: int = 0
    size: int = 0

    def __iter__(self) -> Iterator[bytes]:
        found = self.connection.execute(self.query.execution_options(yield_per=_AT_ONCE))
        try:
            for batch in found.partitions():
                self.rows += len(batch)
                chunk = b"\x00".join(_bytes(value) for row in batch for value in row if value is not None)
                self.size += len(chunk)
                yield chunk + b"\x00"
        finally:
            found.close()


def _bytes(value: Any) -> bytes:
    if isinstance(value, bytes | memoryview):
        return bytes(value)
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    return orjson.dumps(value, default=_plain)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else repr(value)
