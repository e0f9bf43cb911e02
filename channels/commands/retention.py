"""`frontdesk retention`: what is over its time by the rules, and removing it."""

from __future__ import annotations

import asyncio
import getpass
import os
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import typer
from sqlalchemy import Connection

from agent.keys import open_vault
from agent.parking import open_parking
from agent.retention import Report
from channels.commands.options import Config, Json, report, say
from channels.retaining import open_retention
from channels.retention_words import entry_json, entry_words, plan_json, plan_lines, report_json, report_lines
from channels.settings import Settings, load
from memory.migrate import migrate
from memory.retention import history, planning
from memory.retention.history import Entry
from memory.retention.planning import Plan
from memory.store import open_store

T = TypeVar("T")
NO_RULES = "There are no rules, so nothing is ever purged: write [[retention.rule]], see docs/retention.md."


def add_to(app: typer.Typer) -> None:
    app.command()(retention)


def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    clock_is_right: Annotated[
        bool, typer.Option("--clock-is-right", help="Run although the last run was long ago.")
    ] = False,
    runs: Annotated[bool, typer.Option("--runs", help="Show the last plans and runs instead.")] = False,
    config: Config = None,
    json: Json = None,
) -> None:
    """Removes what is over its time by the rules of [retention]; first it says what that is.

    Example: frontdesk retention --dry-run
    """
    settings = load(config)
    if runs:
        told = asyncio.run(_read(settings, lambda c: history.told(c, 50)))
        report([entry_json(each) for each in told], json, [_run(each) for each in told] or ["There was no run yet."])
        return
    if not settings.retention.rule:
        report({"rules": [], "plan": None}, json, [NO_RULES])
        return
    now, rules = datetime.now(UTC), settings.retention.rules()
    found = asyncio.run(_read(settings, lambda c: planning.plan(c, rules, now)))
    if dry_run:
        report(plan_json(found), json, [*plan_lines(found), "Nothing was changed."])
        return
    _agree(found, yes, quiet=json == "-")
    done = asyncio.run(_done(settings, clock_is_right))
    report(report_json(done), json, report_lines(done))


def _agree(plan: Plan, yes: bool, *, quiet: bool) -> None:
    """Shows the plan and asks. Exits with 2 where there is nobody to ask, with 1 where they say no."""
    if not quiet:
        for line in plan_lines(plan):
            say(line)
    if yes:
        return
    if not sys.stdin.isatty():
        sys.stderr.write("frontdesk: this cannot be taken back: say --yes to do it without being asked, or --dry-run\n")
        raise typer.Exit(2)
    if typer.prompt("This cannot be taken back. Write PURGE to go on") != "PURGE":
        say("nothing was removed")
        raise typer.Exit(1)


async def _read(settings: Settings, work: Callable[[Connection], T]) -> T:
    """Looks into the database and at nothing else: no key is needed to count."""
    await asyncio.to_thread(migrate, settings.store.url)
    store = open_store(settings.store.url)
    try:
        return await store.read(work)
    finally:
        await store.close()


async def _done(settings: Settings, clock_is_right: bool) -> Report:
    """With the stores alone, beside a running server too, which takes the vectors out of its index."""
    async with AsyncExitStack() as stack:
        store = open_store(settings.store.url)
        stack.push_async_callback(store.close)
        vault = await open_vault(settings, store)
        parked = await open_parking(stack, settings.store.url)
        retention = open_retention(settings, store, vault, f"command:{os.getpid()}", parked)
        by = f"{getpass.getuser()} (command line)"
        return await retention.by_hand(datetime.now(UTC), by, "admin", clock_is_right=clock_is_right)


def _run(each: Entry) -> str:
    return f"{each.at:%Y-%m-%d %H:%M}  {each.actor}  {entry_words(each)}"
