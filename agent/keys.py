"""The vault of these settings: the master key in use, those before it, and the kept lookup key."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from sqlalchemy import Connection

from agent.errors import Misconfigured
from agent.settings import Configured, Secret
from memory import keyring
from memory.key_files import KeySource
from memory.seal import MasterKey, SealError
from memory.store import Store
from memory.vault import Vault


def key_source(settings: Configured) -> KeySource:
    """`file:` is made at first start; `env:` and values must be there. Raises Misconfigured."""
    previous: tuple[MasterKey, ...] = ()
    for number, secret in enumerate(settings.store.previous_master_keys, 1):
        previous += source_of(secret, f"store.previous_master_keys, number {number}").keys()
    return source_of(settings.store.master_key, "store.master_key", previous)


def source_of(spec: Secret, name: str, previous: tuple[MasterKey, ...] = ()) -> KeySource:
    """The keys of one setting. Raises Misconfigured naming it."""
    raw = spec.get_secret_value()
    try:
        return KeySource(raw if raw.startswith("file:") else spec.reveal(), previous)
    except (SealError, ValueError) as error:
        raise Misconfigured(f"{name}: {error}") from error


async def open_vault(settings: Configured, store: Store) -> Vault:
    """The vault over a migrated store. Raises Misconfigured when no key of these settings is the one that sealed it."""
    source = await asyncio.to_thread(key_source, settings)
    masters, now = source.keys(), datetime.now(UTC)
    try:
        lookup = await store.read(lambda c: keyring.read_lookup(c, masters) or _derived(c, masters))
        if lookup is None:  # the first start beside a previous key: what is found by the old one stays so
            lookup = await store.write(lambda c: keyring.keep_lookup(c, masters, now))
    except SealError as error:
        raise Misconfigured(f"store.master_key: {error}") from error
    return Vault(masters[0], lookup=lookup, keys=source.keys)


def _derived(connection: Connection, masters: tuple[MasterKey, ...]) -> bytes | None:
    """The lookup key of the one master key; None where there are several and it has to be kept which it came from."""
    in_use = keyring.in_use(connection, masters)
    return masters[0].lookup_key() if len(masters) == 1 or in_use is None else None
