"""`frontdesk knowledge gaps` and `check`: what the knowledge does not answer, and what in it needs a person's eye."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from channels.care_json import findings_json, gaps_json
from channels.care_words import check_lines, gap_lines
from channels.commands.digest import moment
from channels.commands.options import Config, Json, report
from channels.commands.progress import progress
from channels.settings import Settings, load
from knowledge.checking.findings import KINDS, Findings
from knowledge.checking.looking import Look
from knowledge.checking.validity import Ages
from memory.migrate import migrate
from memory.store import open_store

if TYPE_CHECKING:
    from agent.knowing.care import Care
    from agent.knowing.gaps import Gaps

group = typer.Typer(name="knowledge", help="The care of the knowledge: what it lacks, and what in it is out of order.")
Collection = Annotated[str | None, typer.Option(help="Collection; [qdrant] collection by default.")]
_AGE = re.compile(r"(\d{1,5})([dwmy])")
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}


def add_to(app: typer.Typer) -> None:
    app.add_typer(group)


@group.command("gaps")
def gaps(
    since: Annotated[str, typer.Option("--since", help="A span (24h, 30d, 8w) or a moment (2026-11-01).")] = "30d",
    limit: Annotated[int, typer.Option(min=1, max=500, help="Groups to show, those of most customers first.")] = 20,
    inbox: Annotated[str, typer.Option(help="One inbox; all by default.")] = "",
    config: Config = None,
    json: Json = None,
) -> None:
    """What customers asked and were not answered, grouped by meaning, with what the knowledge has that comes near.

    Example: frontdesk knowledge gaps --since 30d
    """
    settings, begin = load(config), moment(since, datetime.now(UTC))
    found = asyncio.run(_gaps(settings, begin, limit, inbox))
    report(gaps_json(found), json, gap_lines(found))


@group.command("check")
def check(
    collection: Collection = None,
    older_than: Annotated[str, typer.Option(help="`updated` longer ago than this is old: 1y, 6m, 90d.")] = "1y",
    soon: Annotated[str, typer.Option(help="What ends within this ends soon.")] = "30d",
    on: Annotated[str, typer.Option(metavar="DAY", help="As of this day (2026-12-24); today by default.")] = "",
    fail_on: Annotated[
        str, typer.Option(metavar="KINDS", help="Exit 1 on any of these: stale, duplicate, contradiction.")
    ] = "",
    config: Config = None,
    json: Json = None,
) -> None:
    """Passages that are out of date, doubled, or contradict each other.

    Example: frontdesk knowledge check --fail-on contradiction,stale
    """
    settings, failing = load(config), _kinds(fail_on)
    look = Look(Ages(soon_days=_span("--soon", soon), old_days=_span("--older-than", older_than)))
    day = _day(on)
    found = asyncio.run(_check(settings, collection or settings.qdrant.collection, day, look))
    report(findings_json(found), json, check_lines(found))
    if any(found.counts[kind] for kind in KINDS if kind in failing):
        raise typer.Exit(1)


def _kinds(given: str) -> frozenset[str]:
    kinds = frozenset(part.strip() for part in given.split(",") if part.strip())
    if unknown := sorted(kinds - set(KINDS)):
        raise typer.BadParameter(f"--fail-on {unknown[0][:40]}: it is one or more of {', '.join(KINDS)}")
    return kinds


def _span(option: str, given: str) -> int:
    found = _AGE.fullmatch(given.strip())
    if found is None:
        raise typer.BadParameter(f"{option} {given[:40]}: write 90d, 8w, 6m or 1y")
    return min(int(found[1]) * _DAYS[found[2]], 100 * 365)


def _day(given: str) -> date:
    try:
        return date.fromisoformat(given.strip()) if given else datetime.now(UTC).date()
    except ValueError:
        raise typer.BadParameter(f"--on {given[:40]}: write a day such as 2026-12-24") from None


async def _gaps(settings: Settings, since: datetime, limit: int, inbox: str) -> Gaps:
    async with _opened(settings) as care:
        return await care.gaps(since, limit=limit, inbox=inbox)


async def _check(settings: Settings, collection: str, on: date, look: Look) -> Findings:
    async with _opened(settings) as care:
        with progress("reading", "passages") as show:
            return await care.check(on, collection, look, show)


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Care]:
    from agent.knowing.care import Care
    from channels.commands.opening import opened

    await asyncio.to_thread(migrate, settings.store.url)
    store = open_store(settings.store.url)
    collections = {name: inbox.collection for name, inbox in settings.inboxes.items() if inbox.collection}
    try:
        async with opened(settings) as (library, embedder):
            yield Care(store, embedder, library, settings.qdrant.collection, collections)
    finally:
        await store.close()
