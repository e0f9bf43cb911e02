"""`frontdesk dead-letters`: what was given up, and sending it again."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, TypeVar

import typer
from sqlalchemy import Connection

from channels.commands.options import Config, Json, report, say
from channels.settings import Settings, load
from memory import dead_letters
from memory.dead_letters import DeadLetter
from memory.migrate import migrate
from memory.store import open_store

T = TypeVar("T")
group = typer.Typer(name="dead-letters", help="Messages, webhooks and turns that were given up.")


def add_to(app: typer.Typer) -> None:
    app.add_typer(group)


@group.command("list")
def listed(
    every: Annotated[bool, typer.Option("--all", help="Those that were dealt with too.")] = False,
    config: Config = None,
    json: Json = None,
) -> None:
    """What was given up, newest first, and why.

    Example: frontdesk dead-letters list
    """
    found = asyncio.run(_run(load(config), lambda c: dead_letters.listed(c, every=every, limit=10_000), write=False))
    report([asdict(each) for each in found], json, [_line(each) for each in found] or ["Nothing was given up."])


@group.command("replay")
def replay(
    ids: Annotated[list[str], typer.Argument(metavar="ID…", help="From `frontdesk dead-letters list`.")],
    config: Config = None,
) -> None:
    """Sends it again, under the same key and through the gate.

    Example: frontdesk dead-letters replay 1f6b2c0d9e
    """
    settings, by, now = load(config), f"{getpass.getuser()} (command line)", datetime.now(UTC)
    for id in ids:
        again = partial(dead_letters.replay, id=id, by=by, role="admin", now=now)
        say(f"{asyncio.run(_run(settings, again, write=True)).id} is sent again")


def _line(each: DeadLetter) -> str:
    state = f", dealt with {each.resolved_at:%Y-%m-%d %H:%M}" if each.resolved_at else ""
    return f"{each.id}  {each.at:%Y-%m-%d %H:%M}  {each.kind:4}  {each.reason}{state}"


async def _run(settings: Settings, work: Callable[[Connection], T], *, write: bool) -> T:
    await asyncio.to_thread(migrate, settings.store.url)
    store = open_store(settings.store.url)
    try:
        return await (store.write(work) if write else store.read(work))
    finally:
        await store.close()
