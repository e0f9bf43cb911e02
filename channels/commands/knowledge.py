"""`frontdesk ingest`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from channels.commands.ingesting import FIELDS, Telling, lines, pairs
from channels.commands.options import Config, Json, report
from channels.commands.progress import screen
from channels.settings import Settings, load
from knowledge.errors import BadDocument
from knowledge.ingest import Report

STOPPED = 130
"""The exit status of what Ctrl-C ended, as shells have it."""
JOURNAL = "ingest-journal"
"""Beside the library's folder, for vectors of documents on their way into it."""
SITES = "sites"
"""Beside it too, for pages fetched from sites."""


def add_to(app: typer.Typer) -> None:
    app.command()(ingest)


def ingest(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH…", help="Files, folders, a BEIR corpus.jsonl, or the address of a site's sitemap."
        ),
    ],
    collection: Annotated[str | None, typer.Option(help="Collection; [qdrant] collection by default.")] = None,
    metadata: Annotated[list[str] | None, typer.Option("--metadata", metavar="K=V", help="Added to all.")] = None,
    prune: Annotated[bool, typer.Option("--prune", help="Remove what is no longer under PATH.")] = False,
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="Also fetch from internal addresses, and over plain http.")
    ] = False,
    config: Config = None,
    json: Json = None,
) -> None:
    """Files, folders, a BEIR corpus or a site into Qdrant; resumable, and again does only what changed.

    Example: frontdesk ingest help-centre --prune
    """
    settings, values = load(config), pairs(metadata or [])
    with screen() as shown:
        telling = Telling(shown)
        try:
            done = asyncio.run(
                _ingest(
                    settings, paths, collection or settings.qdrant.collection, values, prune, telling, allow_private
                )
            )
        except KeyboardInterrupt:
            shown.say(telling.stopped())
            raise typer.Exit(STOPPED) from None
    report({name: getattr(done, name) for name in FIELDS}, json, lines(done))
    if not done.read:
        raise BadDocument(f"nothing could be read under {', '.join(map(str, paths))}")


async def _ingest(
    settings: Settings,
    paths: list[str],
    collection: str,
    metadata: dict[str, str],
    prune: bool,
    telling: Telling,
    allow_private: bool,
) -> Report:
    from channels.commands.opening import opened
    from channels.crawling.local import local_paths
    from knowledge.ingest import ingest as run

    beside = Path(settings.qdrant.path).parent
    found = await local_paths(
        paths, beside / SITES, allow_private=allow_private, progress=telling.fetched, not_kept=telling.not_fetched
    )
    async with opened(settings) as (library, embedder):
        return await run(
            found,
            library=library,
            embedder=embedder,
            collection=collection,
            metadata=metadata,
            prune=prune,
            progress=telling.step,
            skipped=telling.skipped,
            journal=beside / JOURNAL,
        )
