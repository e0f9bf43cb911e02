"""The migrations build the schema that the code expects, on both databases, once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, make_url

from memory import migrate as module
from memory.errors import StoreUnavailable
from memory.migrate import HEAD, migrate
from memory.schema import metadata


def test_the_newest_file_is_the_head_that_processes_look_for() -> None:
    versions = Path(module.__file__).parent / "migrations" / "versions"
    assert max(path.name for path in versions.glob("*.py"))[:4] == HEAD


def test_what_the_migrations_build_is_what_the_tables_say(store_url: str) -> None:
    assert migrate(store_url) == ""
    url = make_url(store_url)
    engine = create_engine(url if url.drivername == "sqlite" else url.set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False, "compare_server_default": False})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


async def test_processes_that_start_together_migrate_once(store_url: str) -> None:
    before = await asyncio.gather(*(asyncio.to_thread(migrate, store_url) for _ in range(4)))
    assert set(before) <= {"", HEAD}
    assert migrate(store_url) == HEAD


def test_a_database_that_cannot_be_reached_is_named_as_such(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    with pytest.raises((StoreUnavailable, OSError)):
        migrate(f"sqlite:///{tmp_path}/file/x.db")
    with pytest.raises(StoreUnavailable):
        migrate("postgresql://nobody@127.0.0.1:1/none")
