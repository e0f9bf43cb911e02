"""`frontdesk ingest` and `search`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from channels.commands.options import Config, Json, report
from channels.commands.progress import progress
from channels.settings import Settings, load
from knowledge.ingest import Report
from knowledge.passages import Hit


def add_to(app: typer.Typer) -> None:
    app.command()(ingest)
    app.command()(search)


def ingest(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Files, folders or a BEIR corpus.jsonl.")],
    collection: Annotated[str | None, typer.Option(help="Collection; [qdrant] collection by default.")] = None,
    metadata: Annotated[list[str] | None, typer.Option("--metadata", metavar="K=V", help="Added to all.")] = None,
    prune: Annotated[bool, typer.Option("--prune", help="Remove what is no longer under PATH.")] = False,
    config: Config = None,
    json: Json = None,
) -> None:
    """Files, folders or a BEIR corpus into Qdrant; resumable, and again does only what changed.

    Example: frontdesk ingest help-centre --prune
    """
    settings, pairs = load(config), _pairs(metadata or [])
    done = asyncio.run(_ingest(settings, paths, collection or settings.qdrant.collection, pairs, prune))
    lines = [f"skipped {origin}: {why}" for origin, why in done.skipped]
    lines.append(
        f"{done.collection}: {done.added} documents added or changed ({done.passages} passages), "
        f"{done.unchanged} unchanged, {done.removed} removed, {len(done.skipped)} skipped "
        f"in {done.seconds:.1f} s ({done.docs_per_s:.0f} documents/s)"
    )
    fields = ("collection", "added", "unchanged", "removed", "passages", "skipped", "seconds", "docs_per_s")
    report({name: getattr(done, name) for name in fields}, json, lines)


def _pairs(metadata: list[str]) -> dict[str, str]:
    pairs = dict(pair.partition("=")[::2] for pair in metadata)
    if any("=" not in pair for pair in metadata):
        raise typer.BadParameter("--metadata takes KEY=VALUE")
    return pairs


async def _ingest(
    settings: Settings, paths: list[Path], collection: str, metadata: dict[str, str], prune: bool
) -> Report:
    from channels.commands.opening import opened
    from knowledge.ingest import ingest as run

    async with opened(settings) as (library, embedder):
        with progress("ingesting", "documents") as show:
            return await run(
                paths,
                library=library,
                embedder=embedder,
                collection=collection,
                metadata=metadata,
                prune=prune,
                progress=lambda step: show(step.done, step.total),
            )


def search(
    query: Annotated[str, typer.Argument(help="What a customer would ask.")],
    collection: Annotated[str | None, typer.Option(help="Collection; [qdrant] collection by default.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100)] = 5,
    config: Config = None,
    json: Json = None,
) -> None:
    """Passages with scores, ids and sources.

    Example: frontdesk search "how long do refunds take"
    """
    settings = load(config)
    hits = asyncio.run(_search(settings, query, collection or settings.qdrant.collection, limit))
    found = [
        {
            "id": h.passage.id,
            "document": h.passage.document_id,
            "title": h.passage.title,
            "section": h.passage.section,
            "source": h.passage.source,
            "text": h.passage.text,
            "score": h.score,
            "dense": h.dense,
            "sparse": h.sparse,
        }
        for h in hits
    ]
    lines = [
        f"{n}. {f['score']:.4f}  {f['id']}  {f['title']}\n   {' '.join(str(f['text']).split())[:160]}\n   {f['source']}"
        for n, f in enumerate(found, 1)
    ]
    report({"query": query, "passages": found}, json, lines or ["nothing found"])


async def _search(settings: Settings, query: str, collection: str, limit: int) -> list[Hit]:
    from channels.commands.opening import opened
    from knowledge.query import search_query

    async with opened(settings) as (library, embedder):
        text = search_query(query)
        (vector,) = await embedder.embed([text])
        found: list[Hit] = await library.search(text, vector, limit=limit, collection=collection)
        return found
