"""`frontdesk digest`: what a period held, on the terminal or to staff."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from agent.dispatch.in_process import InProcessBus
from agent.keys import open_vault
from channels.commands.options import Config, Json, report
from channels.proactive.assembly import open_campaigns, open_digester
from channels.proactive.digest import Digest, compose
from channels.settings import Settings, load
from memory.migrate import migrate
from memory.store import open_store

_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


def add_to(app: typer.Typer) -> None:
    app.command()(digest)


def digest(
    since: Annotated[str, typer.Option("--since", help="A span (24h, 7d, 2w) or a moment (2026-11-01T08:00).")] = "24h",
    send: Annotated[bool, typer.Option("--send", help="Also to whoever gets digests, by a running server.")] = False,
    config: Config = None,
    json: Json = None,
) -> None:
    """What a period up to now held, beside the one before it.

    Example: frontdesk digest --since 7d
    """
    settings, now = load(config), datetime.now(UTC)
    made, lines = asyncio.run(_make(settings, moment(since, now), now, send))
    report(made, json, lines)


def moment(text: str, now: datetime) -> datetime:
    """When a period begins. Raises ValueError with the forms that are understood."""
    if found := re.fullmatch(r"(\d{1,4})([hdw])", text.strip()):
        return now - timedelta(**{_UNITS[found[2]]: int(found[1])})
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(
            f"--since {text}: write a span such as 24h, 7d or 2w, or a moment such as 2026-11-01"
        ) from None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    if at >= now:
        raise ValueError(f"--since {text}: that is not in the past")
    return at


async def _make(settings: Settings, since: datetime, now: datetime, send: bool) -> tuple[Digest, list[str]]:
    await asyncio.to_thread(migrate, settings.store.url)
    store = open_store(settings.store.url)
    try:
        vault = await open_vault(settings, store)
        digester = open_digester(settings, open_campaigns(settings, store, vault), InProcessBus())
        made = await digester.digest(since, now)
        lines = compose(made, digester.zone).text.splitlines()
        if send:
            places = await digester.send(since, now, now)
            lines += ["", f"sent to {places} places" if places else "nobody gets digests: see [digests.destinations]"]
        return made, lines
    finally:
        await store.close()
