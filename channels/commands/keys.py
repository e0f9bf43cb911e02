"""`frontdesk keys rotate`: a new master key, while servers go on."""

from __future__ import annotations

import asyncio
import getpass
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from agent.acting import Actor
from agent.keys import key_source, source_of
from agent.rotating import Rotated, Rotation, with_new_key
from agent.settings import Secret
from channels.commands.options import Config, Json, report
from channels.settings import Settings, load
from memory.key_files import key_path
from memory.migrate import migrate
from memory.seal import MasterKey
from memory.store import open_store

group = typer.Typer(name="keys", help="The master key that wraps every customer's key.")


def add_to(app: typer.Typer) -> None:
    app.add_typer(group)


@group.callback()
def keys() -> None:
    """The master key that wraps every customer's key."""


@group.command("rotate")
def rotate(
    to: Annotated[
        str, typer.Option("--to", metavar="env:NAME|file:PATH", help="Where the new key is; a file is made.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done; change nothing.")] = False,
    config: Config = None,
    json: Json = None,
) -> None:
    """Puts every customer's key under a new master key. Broken off, it goes on when it is run again.

    A key file gets the new key itself, and loses the old one at the end. Where the key is a variable, set
    store.master_key to the new one and store.previous_master_keys to the old one, restart, then run this.

    Example: frontdesk keys rotate --dry-run
    """
    if to and not to.startswith(("env:", "file:")):
        sys.stderr.write("frontdesk: say --to env:NAME or --to file:PATH: a key itself would be seen in the shell\n")
        raise typer.Exit(2)
    done = asyncio.run(_rotate(load(config), to, dry_run))
    report(asdict(done), json, list(_lines(done, to)))


async def _rotate(settings: Settings, to: str, dry_run: bool) -> Rotated:
    await asyncio.to_thread(migrate, settings.store.url)
    held = key_source(settings).keys()
    path = key_path(settings.store.master_key.get_secret_value())
    if to:
        masters = _new_first(source_of(Secret(to), "--to").keys(), held)
        file = None
    elif path is not None and not settings.store.previous_master_keys:
        masters, file = await asyncio.to_thread(with_new_key, path, dry_run=dry_run), path
    else:
        masters, file = held, None
    store = open_store(settings.store.url)
    try:
        rotation = Rotation(store, masters, file)
        if dry_run:
            return await rotation.plan()
        return await rotation.run(Actor(f"{getpass.getuser()} (command line)", "admin"), datetime.now(UTC), _progress)
    finally:
        await store.close()


def _new_first(new: tuple[MasterKey, ...], held: tuple[MasterKey, ...]) -> tuple[MasterKey, ...]:
    return (*new, *(each for each in held if each.key_id not in {one.key_id for one in new}))


def _progress(count: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{count:,} keys")
        sys.stderr.flush()


def _lines(done: Rotated, to: str) -> list[str]:
    if done.dry_run:
        return [f"{_keys(done.wrapped)} would be put under {_named(done)}; nothing was changed"]
    were = "was" if done.wrapped == 1 else "were"
    lines = [f"{_keys(done.wrapped)} {were} put under the master key {done.to}" if done.wrapped else ""]
    if done.already:
        lines = [f"every key is under the master key {done.to} already"]
    if done.file:
        lines.append(f"the old key was taken out of {done.file}: keep a copy of that file, and destroy those of before")
        lines.append("backups made before still need the old key")
    elif to:
        lines.append(f'set store.master_key = "{to}" now, in every process of this installation, and restart them')
    else:
        lines.append("take the old key out of store.previous_master_keys; backups made before still need it")
    return lines


def _keys(count: int) -> str:
    return "1 key" if count == 1 else f"{count:,} keys"


def _named(done: Rotated) -> str:
    return "a new key of the file" if done.file else f"the master key {done.to}"
