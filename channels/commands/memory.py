"""`frontdesk memory`: what is remembered of a customer, shown, forgotten, or read anew from the log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from agent.assembly import open_detector
from agent.keys import open_vault
from agent.oversight import Actor
from agent.redaction import Detector, NoDetector
from agent.remembering.curating import Curating, MemoryView
from channels.commands.options import Config, Json, report
from channels.http.memories import shown
from channels.settings import Settings, load
from memory import customer_views
from memory.errors import UnknownCustomer
from memory.facts import keeping
from memory.facts.superseding import WHY
from memory.identity.profile import members
from memory.migrate import migrate
from memory.store import Store, open_store
from memory.vault import Vault

group = typer.Typer(name="memory", help="What is remembered of customers: show, forget, reindex.")
WHO = Actor("command line", "admin")
Customer = Annotated[str, typer.Argument(metavar="CUSTOMER", help="An id, or a whole telephone or email address.")]
_HEADS = {"fact": "Facts", "preference": "Preferences", "instruction": "Standing instructions", "outcome": "Outcomes"}


def add_to(app: typer.Typer) -> None:
    app.add_typer(group)


@group.command("show")
def show(
    customer: Customer,
    ended: Annotated[bool, typer.Option("--all", help="Also what holds no longer, and why.")] = False,
    config: Config = None,
    json: Json = None,
) -> None:
    """What is known of a customer: what holds, since when, and where it was said. Works beside a running server.

    Example: frontdesk memory show +441632960001 --all
    """
    id, found = asyncio.run(_shown(load(config), customer))
    holds = [view for view in found if ended or view.in_force]
    known = {"customer": id, "memories": [shown(view) for view in holds]}
    report(known, json, list(_lines(id, holds, len(found))))


@group.command("forget")
def forget(
    customer: Customer,
    memory: Annotated[str, typer.Argument(metavar="MEMORY", help="Its id, as `memory show` prints it.")],
    why: Annotated[str, typer.Option("--why", help="The reason, kept in the audit with pseudonyms.")] = "",
    config: Config = None,
    json: Json = None,
) -> None:
    """Removes a memory and its repetitions for good, and what was said where it came from out of the index.

    Example: frontdesk memory forget +441632960001 m-5f1c --why "asked by telephone"
    """
    gone = asyncio.run(_forgotten(load(config), customer, memory, why))
    report({"memory": memory, "forgotten": gone}, json, [f"forgotten: {gone}"])


@group.command("reindex")
def reindex(
    customer: Annotated[str, typer.Argument(metavar="[CUSTOMER]", help="One customer; all without it.")] = "",
    config: Config = None,
    json: Json = None,
) -> None:
    """Has everything that was said read again, for what is known and for the index. The server does it, beside turns.

    Example: frontdesk memory reindex
    """
    count = asyncio.run(_started_over(load(config), customer))
    report({"conversations": count}, json, [f"{count} conversations are read again when a server or worker runs"])


@dataclass(frozen=True, slots=True)
class _Stores:
    store: Store
    vault: Vault
    curating: Curating


@asynccontextmanager
async def _opened(settings: Settings, *, redacts: bool = False) -> AsyncIterator[_Stores]:
    """The stores alone, beside a running server too."""
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(migrate, settings.store.url)
        store = open_store(settings.store.url)
        stack.push_async_callback(store.close)
        vault = await open_vault(settings, store)
        detector: Detector = await open_detector(stack, settings) if redacts else NoDetector()
        yield _Stores(store, vault, Curating(store, vault, detector))


async def _shown(settings: Settings, words: str) -> tuple[str, tuple[MemoryView, ...]]:
    async with _opened(settings) as opened:
        id = await _found(opened, words)
        return id, await opened.curating.memories(id, WHO, datetime.now(UTC))


async def _forgotten(settings: Settings, words: str, memory: str, why: str) -> int:
    async with _opened(settings, redacts=bool(why)) as opened:
        id = await _found(opened, words)
        return await opened.curating.forget(id, memory, why, WHO, datetime.now(UTC))


async def _started_over(settings: Settings, words: str) -> int:
    async with _opened(settings) as opened:
        if not words:
            return await opened.store.write(keeping.start_over)
        id = await _found(opened, words)
        return await opened.store.write(lambda c: keeping.start_over(c, members(c, id)))


async def _found(opened: _Stores, words: str) -> str:
    """The id of the one customer known by these words. Raises UnknownCustomer."""
    lines = await opened.store.read(lambda c: customer_views.search(c, opened.vault, words)) if words.strip() else []
    if not lines:
        raise UnknownCustomer(
            f"nobody is known as {words[:64]!r}: give the id, the telephone with its country, or the whole address"
        )
    if len(lines) > 1:
        ids = ", ".join(line.id for line in lines)
        raise UnknownCustomer(f"{words[:64]!r} is known of several customers: give one of the ids {ids}")
    return lines[0].id


def _lines(customer: str, views: Sequence[MemoryView], known: int) -> Iterator[str]:
    yield f"customer {customer}: {sum(view.in_force for view in views)} memories hold, {known} are kept"
    for kind, head in _HEADS.items():
        of_kind = [view for view in views if view.kind == kind]
        if of_kind:
            yield f"{head}:"
        for view in of_kind:
            yield f"  {view.text}{_times(view)}"
            yield f"    {view.id}, {_origin(view)}, confidence {view.confidence:.2f}"


def _times(view: MemoryView) -> str:
    since = f"since {view.valid_from:%Y-%m-%d}" if view.valid_from else ""
    if view.valid_until is None:
        return f"  ({since})"
    why: Any = WHY.get(view.ended_why, "")
    if view.valid_from is not None and view.valid_until <= view.valid_from:
        return f"  (holds no longer: {why})" if why else f"  ({since})"
    return f"  ({since} until {view.valid_until:%Y-%m-%d}{f': {why}' if why else ''})"


def _origin(view: MemoryView) -> str:
    if not view.conversation:
        return f"written at the desk on {view.said_at:%Y-%m-%d}"
    return f"said on {view.said_at:%Y-%m-%d} in {view.conversation}, event {view.seq}"
