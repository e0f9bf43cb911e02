"""`frontdesk corrections`: what people said of answers; as labelled conversations for `frontdesk eval transcripts`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, TypeVar

import orjson
import typer
from sqlalchemy import Connection

from channels.commands.options import Config, Json, report, say
from channels.settings import Settings, load
from memory import corrections
from memory.corrections import Correction
from memory.migrate import migrate
from memory.store import open_store

T = TypeVar("T")
group = typer.Typer(name="corrections", help="Corrections of answers: list them, or keep them as evaluation cases.")


def add_to(app: typer.Typer) -> None:
    app.add_typer(group)


@group.command("list")
def listed(
    every: Annotated[bool, typer.Option("--all", help="Those withdrawn too.")] = False,
    config: Config = None,
    json: Json = None,
) -> None:
    """What holds now, newest first.

    Example: frontdesk corrections list --all
    """
    found = asyncio.run(_read(load(config), lambda c: corrections.listed(c, live=not every, limit=10_000)))
    lines = [_line(each) for each in found] or [
        "There are no corrections. People make them at the desk, below an answer."
    ]
    report([asdict(each) for each in found], json, lines)


@group.command("export")
def export(
    path: Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="Where the labelled conversations go.")],
    config: Config = None,
) -> None:
    """Each correction as a labelled conversation, with pseudonyms, for `frontdesk eval transcripts`.

    Example: frontdesk corrections export cases.jsonl
    """
    rows = asyncio.run(_read(load(config), corrections.cases))
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    say(f"{len(rows)} cases in {path}")


def _line(each: Correction) -> str:
    what = each.passage or each.document or each.question.replace("\n", " ")[:80] or each.turn
    state = f", withdrawn by {each.ended_by}" if each.ended_by else ""
    return f"{each.at:%Y-%m-%d %H:%M}  {each.kind:8} {what}  by {each.by}{state}"


async def _read(settings: Settings, work: Callable[[Connection], T]) -> T:
    await asyncio.to_thread(migrate, settings.store.url)
    store = open_store(settings.store.url)
    try:
        return await store.read(work)
    finally:
        await store.close()
