"""`frontdesk export` and `frontdesk erase`: everything held about a person, given out or removed."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import orjson
import typer

from agent.assembly import master_key, open_detector
from agent.oversight import Actor, Oversight
from agent.parking import open_parking
from channels.commands.options import Config, Json, report, say
from channels.settings import Settings, load
from channels.web import export_page
from channels.web.desk.customer_words import certificate, held
from memory.errors import UnknownCustomer
from memory.export import counted
from memory.migrate import migrate
from memory.store import open_store
from memory.vault import Vault

T = TypeVar("T")
WHO = Actor("command line", "admin")
Customer = Annotated[str, typer.Argument(metavar="CUSTOMER", help="An id, or a whole telephone or email address.")]


def add_to(app: typer.Typer) -> None:
    app.command()(export)
    app.command()(erase)


def export(
    customer: Customer,
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where the two files go.")] = Path(),
    config: Config = None,
    json: Json = None,
) -> None:
    """Everything held about a customer: a JSON file for a program, and an HTML page to read.

    Example: frontdesk export +441632960001 --out exports
    """
    settings = load(config)
    found = asyncio.run(_with(settings, lambda oversight: _exported(oversight, customer)))
    if json is not None:
        report(found, json, [])
        return
    out.mkdir(parents=True, exist_ok=True)
    whole, page = out / f"{found['customer']}.json", out / f"{found['customer']}.html"
    _write(whole, orjson.dumps(found, option=orjson.OPT_INDENT_2))
    _write(page, export_page.page(found, settings.organisation.name).encode())
    for name, count in held(counted(found["held"])).items():
        say(f"{name}: {count}")
    if found["unreadable"]:
        say(f"could not be opened: {', '.join(found['unreadable'])}")
    say(f"written to {whole} and {page}")


def erase(
    customer: Customer,
    why: Annotated[str, typer.Option("--why", help="The reason, kept in the audit with pseudonyms.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: Config = None,
    json: Json = None,
) -> None:
    """Removes a customer everywhere, and prints the certificate. It cannot be taken back.

    Example: frontdesk erase p-5f1c --why "asked by letter on 3 May" --yes
    """
    if not yes:
        if not sys.stdin.isatty():
            sys.stderr.write("frontdesk: this cannot be taken back: say --yes to do it without being asked\n")
            raise typer.Exit(2)
        if typer.prompt("This cannot be taken back. Write ERASE to go on") != "ERASE":
            say("nothing was removed")
            raise typer.Exit(1)
    done = asyncio.run(_with(load(config), lambda oversight: _erased(oversight, customer, why)))
    facts = {name: count for name, count in asdict(done).items() if name != "turns"}
    report(facts, json, [*certificate(done), *(f"  {name}: {count}" for name, count in held(done.removed).items())])


async def _exported(oversight: Oversight, customer: str) -> dict[str, Any]:
    return await oversight.export(await _found(oversight, customer), WHO, datetime.now(UTC))


async def _erased(oversight: Oversight, customer: str, why: str) -> Any:
    return await oversight.erase(await _found(oversight, customer), WHO, why, datetime.now(UTC))


async def _found(oversight: Oversight, words: str) -> str:
    """The id of the one customer known by these words. Raises UnknownCustomer."""
    lines = await oversight.customers(words) if words.strip() else []
    if not lines:
        raise UnknownCustomer(
            f"nobody is known as {words[:64]!r}: give the id, the telephone with its country, or the whole address"
        )
    if len(lines) > 1:
        ids = ", ".join(line.id for line in lines)
        raise UnknownCustomer(f"{words[:64]!r} is known of several customers: give one of the ids {ids}")
    return lines[0].id


async def _with(settings: Settings, work: Callable[[Oversight], Awaitable[T]]) -> T:
    async with _opened(settings) as oversight:
        return await work(oversight)


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Oversight]:
    """The stores alone, beside a running server too."""
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(migrate, settings.store.url)
        store = open_store(settings.store.url)
        stack.push_async_callback(store.close)
        parked = await open_parking(stack, settings.store.url)
        detector = await open_detector(stack, settings)
        yield Oversight(store, Vault(master_key(settings)), parked, detector)


def _write(path: Path, body: bytes) -> None:
    """The file, readable by its owner alone."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(body)
