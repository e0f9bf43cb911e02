"""One PostgreSQL database for these tests, emptied before each: migrating it anew for every test takes longer than
the tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from services import PostgresServer

from memory.migrate import migrate
from memory.schema import metadata


@pytest.fixture(scope="session")
def _migrated(postgres_server: PostgresServer) -> Iterator[str]:
    url = postgres_server.database()
    migrate(url)
    yield url
    postgres_server.drop(url)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The url of an empty store, on both databases."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/log.db"
    url: str = request.getfixturevalue("_migrated")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"TRUNCATE {', '.join(metadata.tables)}".encode())
    return url
