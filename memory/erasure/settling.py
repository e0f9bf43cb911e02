"""Taking removed rows out of SQLite's files: out of its journal, and out of pages that were freed."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path

from sqlalchemy.engine import make_url

_PATIENCE_S = 3.0


def sqlite_path(store_url: str) -> Path | None:
    """The database's file, None for another database or one in memory."""
    url = make_url(store_url)
    if not url.drivername.startswith("sqlite") or not url.database or url.database == ":memory:":
        return None
    return Path(url.database)


async def settle(store_url: str) -> bool:
    """Writes SQLite's journal back into the file and empties it, so that no removed row lies there; False when another
    process reads just now, and it happens by itself later. PostgreSQL's vacuum does the like by itself."""
    path = sqlite_path(store_url)
    return path is None or await asyncio.to_thread(_empty_journal, path)


async def compact(path: Path) -> bool:
    """Writes a small SQLite file anew without what was removed from it; False when it is busy. A missing one is."""
    return await asyncio.to_thread(_compact, path)


def _empty_journal(path: Path) -> bool:
    connection = sqlite3.connect(path, timeout=2.0)
    try:
        until = time.monotonic() + _PATIENCE_S
        while not _truncated(connection):
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
        return True
    except sqlite3.OperationalError:
        return False
    finally:
        connection.close()


def _compact(path: Path) -> bool:
    if not path.exists():
        return True
    connection = sqlite3.connect(path, timeout=5.0, isolation_level=None)
    try:
        connection.execute("PRAGMA secure_delete=ON").fetchall()
        connection.execute("VACUUM")
        return _truncated(connection)
    except sqlite3.OperationalError:
        return False
    finally:
        connection.close()


def _truncated(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)
