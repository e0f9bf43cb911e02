"""Brings a database's schema to this version: at start, and by `frontdesk migrate`."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from memory.errors import StoreUnavailable
from memory.store import sqlite_engine, translate

HEAD = "0004"
"""The newest revision; a test holds it to the newest file in `migrations/versions`."""

# Any number will do, as long as every process of every version takes the same one.
_PG_LOCK = 0x0F0D


def migrate(url: str) -> str:
    """Upgrades the database at `url` to HEAD; returns what it was before ("" for an empty one).

    Processes that start together wait for each other. Raises StoreUnavailable when it cannot be reached.
    """
    engine = _engine(url)
    try:
        with engine.connect() as connection:
            before = revision(connection)
            connection.rollback()
            if before != HEAD:
                _upgrade(connection)
            return before
    except DBAPIError as error:
        raise translate(error) or StoreUnavailable(f"the database cannot be opened: {error.orig}") from error
    finally:
        engine.dispose()


def revision(connection: Connection) -> str:
    """The schema's revision, "" where there is none."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""


def _engine(url: str) -> Engine:
    if url.startswith("sqlite"):
        return sqlite_engine(url)
    return create_engine(make_url(url).set(drivername="postgresql+psycopg"))


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    with connection.begin():
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _PG_LOCK})
        if revision(connection) != HEAD:
            command.upgrade(config, "head")
