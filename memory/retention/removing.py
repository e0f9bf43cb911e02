"""Purging, one short transaction at a time: each looks again whether its rows may go, and audits what it did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Table, delete, select, tuple_, update

from memory import audit
from memory.retention.acts import SUBJECT, Done, Run, blank_files, pend
from memory.retention.planning import Scope, on_hold
from memory.retention.talks import Claims, erase, redact
from memory.retention.words import forget_words
from memory.schema import attachments, conversations, memories

_NEEDED = frozenset({"id", "conversation_id", "customer_id", "seq", "data_class"})
"""Columns that purging reads, besides the keys: never a body, which may be large."""


def purge(
    connection: Connection, run: Run, scope: Scope, keys: Sequence[tuple[Any, ...]], claimed: Claims, now: datetime
) -> Done:
    """Does what the scope's rule says with those of these rows that may still go. Of a long conversation it takes a
    part: ask again while there is `more`."""
    rows: Counter[str] = Counter()
    found = _again(connection, scope, keys)
    if scope.kind.table is conversations:
        more = _conversations(connection, run, scope, found, claimed, rows, now)
    else:
        more = False
        _rows(connection, run, scope, found, rows)
        if scope.kind.table is memories:
            pend(connection, [("memory", row["id"], row["customer_id"], 0) for row in found], now)
    rows += Counter()  # without what was nothing
    if rows:
        detail = {"rule": str(scope.rule), "digest": run.rules.digest, "rows": dict(sorted(rows.items()))}
        audit.note(
            connection, actor=run.by, role=run.role, act="retention.purged", subject=SUBJECT, detail=detail, now=now
        )
    return Done(dict(rows), more)


def _again(connection: Connection, scope: Scope, keys: Sequence[tuple[Any, ...]]) -> list[RowMapping]:
    """The rows, locked, as they are now: what changed since they were found may keep them."""
    kind, held = scope.kind, on_hold(connection)
    columns = [column for column in kind.table.c if column.name in _NEEDED or column.name in kind.keys]
    query: Any = (
        select(*columns)
        .select_from(kind.source)
        .where(_keyed(kind.table, kind.keys, keys), scope.where, kind.reason(held) == "")
        .with_for_update(of=kind.table)
    )
    return list(connection.execute(query).mappings())


def _keyed(table: Table, names: Sequence[str], keys: Sequence[tuple[Any, ...]]) -> ColumnElement[bool]:
    if len(names) == 1:
        return table.c[names[0]].in_([key[0] for key in keys])
    return tuple_(*(table.c[name] for name in names)).in_(list(keys))


def _rows(connection: Connection, run: Run, scope: Scope, found: Sequence[RowMapping], rows: Counter[str]) -> None:
    """Rows of a class that is not a conversation."""
    table = scope.kind.table
    mine = _keyed(table, scope.kind.keys, [tuple(row[name] for name in scope.kind.keys) for row in found])
    if scope.rule.what == "erase":
        connection.execute(delete(table).where(mine))
    elif table is attachments:
        blank_files(connection, run.vault, found)
    else:
        connection.execute(update(table).where(mine).values(**scope.kind.blank))
    rows[str(table.name)] += len(found)


def _conversations(
    connection: Connection,
    run: Run,
    scope: Scope,
    found: Sequence[RowMapping],
    claimed: Claims,
    rows: Counter[str],
    now: datetime,
) -> bool:
    """Whether something of them is still to go."""
    if scope.kind.of == "message":
        return sum(forget_words(connection, run, row, scope.rule, rows, now) for row in found) > 0
    if scope.rule.what == "redact":
        return sum(redact(connection, run, row, rows, now) for row in found) > 0
    return erase(connection, run, found, claimed, rows, now)
