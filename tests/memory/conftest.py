"""A migrated store of each kind, and a clock that stands still."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from kept import KEY, Kept, empty_log

from memory.messages import Inbound
from memory.migrate import migrate
from memory.receive import NewIds
from memory.seal import MasterKey
from memory.store import Store, open_store
from memory.vault import Vault

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def _prepare(url: str) -> None:
    if url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).write_bytes(empty_log())
    else:
        migrate(url)


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    _prepare(store_url)
    opened = open_store(store_url)
    yield opened
    await opened.close()


@pytest.fixture
def vault() -> Vault:
    return Vault(MasterKey.from_secret(KEY))


_serial = itertools.count(1)


@pytest.fixture
def ids() -> Callable[[], NewIds]:
    def make() -> NewIds:
        n = next(_serial)
        return NewIds(f"c-{n}", f"p-{n}", f"k-{n}")

    return make


@pytest.fixture
def sms() -> Callable[..., Inbound]:
    serial = itertools.count(1)

    def make(text: str = "Where is my parcel?", **fields: object) -> Inbound:
        given = {
            "inbox": "sms",
            "channel": "sms",
            "provider_id": f"SM{next(serial)}",
            "sender": "+441632960001",
            "text": text,
            "received_at": NOW,
        }
        return Inbound(**{**given, **fields})  # type: ignore[arg-type]

    return make


@pytest.fixture
def kept(store: Store, vault: Vault, sms: Callable[..., Inbound], ids: Callable[[], NewIds]) -> Kept:
    return Kept(store, vault, sms, ids)
