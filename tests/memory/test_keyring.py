"""A new master key opens what the old one sealed, and nobody is lost to it, wherever it is broken off."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from kept import NOW, Kept
from sqlalchemy import insert, select, update

from agent.acting import Actor
from agent.rotating import Rotation, RotationFailed, with_new_key
from memory import audit, keyring, schema
from memory.customers import find_or_make
from memory.errors import UnknownConversation
from memory.key_files import KeySource, load_or_create_master_keys, new_secret, read_secrets, write_secrets
from memory.seal import MasterKey, MasterKeyError, WrongKey
from memory.vault import Vault

OLD, NEW = MasterKey.from_secret("0f" * 32), MasterKey.from_secret("a correct horse battery")
WHO = Actor("ada", "admin")


async def with_customers(kept: Kept, count: int) -> None:
    def fill(connection: Any) -> None:
        for n in range(count):
            find_or_make(connection, kept.vault, "sms", f"+4416329{n:05}", f"p-{n:04}", NOW)

    await kept.write(fill)


async def opens(kept: Kept, vault: Vault, count: int) -> None:
    def look(connection: Any) -> list[str]:
        rows = connection.execute(select(schema.identities)).mappings().all()
        return [vault.sealer(connection, row["customer_id"]).unseal(row["value"], b"identity:phone") for row in rows]

    assert len(await kept.read(look)) == count


async def test_everything_opens_under_the_new_key_alone_and_people_are_found_again(kept: Kept) -> None:
    await with_customers(kept, 30)
    done = await Rotation(kept.store, (NEW, OLD)).run(WHO, NOW)
    assert (done.wrapped, done.already) == (31, False), "30 customers and the lookup key"
    lookup = await kept.read(lambda c: keyring.read_lookup(c, (NEW,)))
    assert lookup == OLD.lookup_key()
    vault = Vault(NEW, lookup=lookup)
    await opens(kept, vault, 30)
    assert await kept.write(lambda c: find_or_make(c, vault, "sms", "+441632900003", "p-x", NOW)) == "p-0003"
    assert await kept.read(audit.verify) is None
    assert [row["act"] for row in await kept.rows(schema.audit)] == ["keys.rotated"]


async def test_a_second_rotation_keeps_the_lookup_key_of_the_first(kept: Kept) -> None:
    third = MasterKey(os.urandom(32))
    await with_customers(kept, 3)
    await Rotation(kept.store, (NEW, OLD)).run(WHO, NOW)
    await Rotation(kept.store, (third, NEW)).run(WHO, NOW)
    assert await kept.read(lambda c: keyring.read_lookup(c, (third,))) == OLD.lookup_key()
    await opens(kept, Vault(third), 3)


async def test_run_again_it_does_nothing(kept: Kept) -> None:
    await with_customers(kept, 3)
    await Rotation(kept.store, (NEW, OLD)).run(WHO, NOW)
    again = await Rotation(kept.store, (NEW, OLD)).run(WHO, NOW)
    assert (again.wrapped, again.already) == (0, True)
    assert len(await kept.rows(schema.audit)) == 1


async def test_an_empty_database_has_its_lookup_key_kept(kept: Kept) -> None:
    assert (await Rotation(kept.store, (NEW, OLD)).plan()).wrapped == 0
    await Rotation(kept.store, (NEW, OLD)).run(WHO, NOW)
    assert await kept.read(lambda c: keyring.read_lookup(c, (NEW,))) == OLD.lookup_key()


@pytest.mark.parametrize("stopped_after", [0, 1, 2, 3])
async def test_broken_off_anywhere_both_keys_open_it_and_it_goes_on(kept: Kept, stopped_after: int) -> None:
    await with_customers(kept, 6)
    await kept.write(lambda c: keyring.keep_lookup(c, (OLD,), NOW))
    after = ""
    for _ in range(stopped_after):
        step = await kept.write(partial(keyring.rewrap, masters=(NEW, OLD), after=after, limit=2))
        after = step.after or after
    await opens(kept, Vault(NEW, keys=lambda: (NEW, OLD)), 6)
    await Rotation(kept.store, (NEW, OLD)).run(WHO, NOW)
    await opens(kept, Vault(NEW), 6)


async def test_a_customer_whose_key_opens_with_none_is_named_and_the_rest_is_done(kept: Kept, tmp_path: Path) -> None:
    await with_customers(kept, 4)
    strange = MasterKey(os.urandom(32)).wrap(os.urandom(32), b"p-0001")
    await kept.write(
        lambda c: c.execute(update(schema.customers).where(schema.customers.c.id == "p-0001").values(key=strange)) and 0
    )
    file = tmp_path / "key"
    write_secrets(file, [new_secret(), "0f" * 32])
    with pytest.raises(RotationFailed, match=r"1 customers .*p-0001.*previous_master_keys"):
        await Rotation(kept.store, with_new_key(file), file).run(WHO, NOW)
    assert len(read_secrets(file)) == 2, "the old key is not taken away while something needs it"


async def test_a_server_that_runs_meanwhile_goes_on_with_its_file(kept: Kept, tmp_path: Path) -> None:
    file = tmp_path / "master.key"
    file.write_text("0f" * 32)
    source = KeySource(file)
    server = Vault(source.keys()[0], keys=source.keys)
    await with_customers(kept, 5)
    stop, made = asyncio.Event(), 0

    async def serve() -> None:
        nonlocal made
        while not stop.is_set():
            sender, id = f"+4416330{made:05}", f"p-s{made:05}"
            given: dict[str, Any] = {"vault": server, "channel": "sms", "sender": sender, "new_id": id, "now": NOW}
            await kept.write(partial(find_or_make, **given))
            made += 1

    serving = asyncio.create_task(serve())
    await asyncio.sleep(0.05)
    await Rotation(kept.store, with_new_key(file), file).run(WHO, NOW)
    await asyncio.sleep(0.05)
    stop.set()
    await serving
    assert made > 2
    assert len(read_secrets(file)) == 1
    await opens(kept, Vault(load_or_create_master_keys(file)[0]), 5 + made)
    await opens(kept, server, 5 + made)


async def test_the_wrong_key_is_said_at_once(kept: Kept) -> None:
    await with_customers(kept, 1)
    with pytest.raises(WrongKey, match="sealed under another master key"):
        await kept.read(lambda c: keyring.in_use(c, (NEW,)))


async def test_a_customer_without_a_key_is_one_who_is_gone(kept: Kept) -> None:
    await with_customers(kept, 1)
    await kept.write(lambda c: c.execute(update(schema.customers).values(key=b"")) and 0)
    with pytest.raises(UnknownConversation):
        await kept.read(lambda c: Vault(OLD).sealer(c, "p-0000"))
    assert (await Rotation(kept.store, (NEW, OLD)).run(WHO, NOW)).wrapped == 1


async def test_a_kept_key_is_bound_to_its_name(kept: Kept) -> None:
    wrapped = OLD.wrap(b"x" * 32, b"keyring:other")
    await kept.write(lambda c: c.execute(insert(schema.keyring).values(id="lookup", wrapped=wrapped, at=NOW)) and 0)
    with pytest.raises(Exception, match="altered, or moved"):
        await kept.read(lambda c: keyring.read_lookup(c, (OLD,)))


def test_a_file_of_keys_is_for_its_owner_alone_and_whole_or_as_before(tmp_path: Path) -> None:
    file = tmp_path / "master.key"
    write_secrets(file, ["first passphrase of mine", "second passphrase of mine"])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert read_secrets(file) == ["first passphrase of mine", "second passphrase of mine"]
    assert [p.name for p in tmp_path.iterdir()] == ["master.key"]


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("0f" * 32, 1),
        ("a phrase of\nseveral lines that\nis one secret", 1),
        ("0f" * 32 + "\n" + "0a" * 32 + "\n\n", 2),
        ("# keys\nfirst phrase is long enough\nsecond phrase is long enough\n", 2),
    ],
)
def test_how_many_keys_a_file_holds(tmp_path: Path, body: str, count: int) -> None:
    (tmp_path / "key").write_text(body)
    assert len(load_or_create_master_keys(tmp_path / "key")) == count


@pytest.mark.parametrize("body", ["", "\n\n", "# nothing but a word\n"])
def test_a_file_without_a_key_is_named(tmp_path: Path, body: str) -> None:
    (tmp_path / "key").write_text(body)
    with pytest.raises(MasterKeyError, match="there is no key in it"):
        load_or_create_master_keys(tmp_path / "key")


def test_a_file_that_vanishes_or_breaks_keeps_nobody_from_working(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("0f" * 32)
    source = KeySource(file)
    first = source.keys()[0].key_id
    breaks: list[Callable[[], object]] = [lambda: file.write_text("short"), file.unlink]
    for each in breaks:
        each()
        assert source.keys()[0].key_id == first
    file.write_text("0a" * 32)
    assert source.keys()[0].key_id != first
