"""`frontdesk export` and `frontdesk erase`: everything held about a person, given out or removed."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import orjson
import typer

from agent.assembly import open_detector
from agent.keys import open_vault
from agent.looking import places_of
from agent.oversight import Actor, Oversight
from agent.parking import open_parking
from agent.redaction import NoDetector
from channels.commands.erasing import erased_by_serve, open_places
from channels.commands.options import Config, Json, report, say
from channels.settings import Settings, load
from channels.web import export_page
from channels.web.desk.customer_words import certificate, held
from memory.erasure.certificate import Certificate
from memory.errors import UnknownCustomer
from memory.export import counted
from memory.migrate import migrate
from memory.store import open_store

T = TypeVar("T")
WHO = Actor("command line", "admin")
WHOM = "An id, or a whole telephone or email address."
Customer = Annotated[str, typer.Argument(metavar="CUSTOMER", help=WHOM)]
WITH_INDEX, WITHOUT_INDEX = True, False


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
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help=WHOM)] = "",
    why: Annotated[str, typer.Option("--why", help="The reason, kept in the audit with pseudonyms.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    replay: Annotated[
        bool, typer.Option("--replay", help="Erase again who is in the journal and came back with a restored backup.")
    ] = False,
    config: Config = None,
    json: Json = None,
) -> None:
    """Removes a person everywhere, and prints the certificate: what was removed, and that nothing of it is found.

    It cannot be taken back. Beside a running `frontdesk serve` it is that one that does it.

    Example: frontdesk erase p-5f1c --why "asked by letter on 3 May" --yes
    """
    if bool(customer) == replay:
        sys.stderr.write("frontdesk: name one customer, or say --replay\n")
        raise typer.Exit(2)
    if not (yes or replay):
        _ask()
    settings = load(config)
    done = asyncio.run(_replayed(settings) if replay else _erased(settings, customer, why))
    if done is None:
        report({"erased": []}, json, ["Nobody who was erased is there: nothing to do."])
        return
    lines = [*certificate(done), *(f"  {name}: {count}" for name, count in held(done.removed).items())]
    report(done.facts(), json, lines)
    if not done.clean:
        raise typer.Exit(1)


def _ask() -> None:
    if not sys.stdin.isatty():
        sys.stderr.write("frontdesk: this cannot be taken back: say --yes to do it without being asked\n")
        raise typer.Exit(2)
    if typer.prompt("This cannot be taken back. Write ERASE to go on") != "ERASE":
        say("nothing was removed")
        raise typer.Exit(1)


async def _exported(oversight: Oversight, customer: str) -> dict[str, Any]:
    return await oversight.export(await _found(oversight, customer), WHO, datetime.now(UTC))


async def _erased(settings: Settings, words: str, why: str) -> Certificate:
    """By the `serve` that runs beside this, which has the folder of the memories' index, else here."""
    async with _opened(settings, WITHOUT_INDEX) as oversight:
        id = await _found(oversight, words)
    if (by_serve := await erased_by_serve(settings, id, why)) is not None:
        sys.stderr.write("erased by the running `frontdesk serve`\n")
        return by_serve
    async with _opened(settings, WITH_INDEX) as oversight:
        return await oversight.erase(id, WHO, why, datetime.now(UTC))


async def _replayed(settings: Settings) -> Certificate | None:
    async with _opened(settings, WITH_INDEX) as oversight:
        return await oversight.eraser.replay(WHO, datetime.now(UTC), wait_s=60.0)


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
    async with _opened(settings, WITHOUT_INDEX) as oversight:
        return await work(oversight)


@asynccontextmanager
async def _opened(settings: Settings, with_index: bool) -> AsyncIterator[Oversight]:
    """The stores alone, beside a running server too."""
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(migrate, settings.store.url)
        store = open_store(settings.store.url)
        stack.push_async_callback(store.close)
        vault = await open_vault(settings, store)
        parked = await open_parking(stack, settings.store.url)
        if with_index:
            detector, places = await open_detector(stack, settings), await open_places(stack, settings)
            yield Oversight(store, vault, parked, detector, places)
        else:  # nothing is written that a person said: the privacy filter's seconds are saved
            yield Oversight(store, vault, parked, NoDetector(), places_of(settings))


def _write(path: Path, body: bytes) -> None:
    """The file, readable by its owner alone."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(body)
