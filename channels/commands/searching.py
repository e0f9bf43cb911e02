"""`frontdesk search`: what a turn would find, and why."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from channels.commands.options import Config, Json, report
from channels.settings import Settings, load
from knowledge.entries import checked_filters
from knowledge.passages import Hit
from knowledge.seeking.ports import Scope
from knowledge.seeking.seeker import Sought
from memory.messages import Line, Role

_ROLES: dict[str, Role] = {"customer": "customer", "bot": "bot", "agent": "agent"}


def add_to(app: typer.Typer) -> None:
    app.command()(search)


def search(
    query: Annotated[str, typer.Argument(help="What a customer would ask.")],
    said: Annotated[
        list[str] | None,
        typer.Option("--said", metavar="WHO: TEXT", help="A line before it, by customer, bot or agent; oldest first."),
    ] = None,
    collection: Annotated[str | None, typer.Option(help="Collection; [qdrant] collection by default.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100)] = 5,
    wanted: Annotated[
        list[str] | None,
        typer.Option("--filter", metavar="K=V", help="Metadata a passage must have; again for another value or key."),
    ] = None,
    include_expired: Annotated[
        bool, typer.Option("--include-expired", help="Also what is not in force today.")
    ] = False,
    config: Config = None,
    json: Json = None,
) -> None:
    """Passages with scores, ids and sources, and what was searched.

    Example: frontdesk search "how long do refunds take" --filter region=uk --filter region=ie
    """
    settings = load(config)
    on = None if include_expired else datetime.now(UTC).date()
    scope = Scope(equal=checked_filters(_values(wanted or [])), on=on)
    history = [_line(each) for each in said or []]
    found = asyncio.run(_search(settings, query, history, collection, limit, scope))
    passages, searched = [_fields(hit) for hit in found.hits], found.searched.record()
    lines = [
        f"{n}. {f['score']:.4f}  {f['id']}  {f['title']}\n   {' '.join(str(f['text']).split())[:160]}\n   {f['source']}"
        for n, f in enumerate(passages, 1)
    ]
    why = [f"searched {kind}: {text}" for kind, text in searched["forms"].items()] + [f"because {searched['why']}"]
    report({"query": query, "passages": passages, "searched": searched}, json, [*(lines or ["nothing found"]), *why])


def _fields(hit: Hit) -> dict[str, Any]:
    passage = hit.passage
    return {
        "id": passage.id,
        "document": passage.document_id,
        "title": passage.title,
        "section": passage.section,
        "source": passage.source,
        "text": passage.text,
        "score": hit.score,
        "dense": hit.dense,
        "sparse": hit.sparse,
    }


def _line(given: str) -> Line:
    who, colon, text = given.partition(":")
    role = _ROLES.get(who.strip().lower())
    if not colon or role is None or not text.strip():
        raise typer.BadParameter("--said takes 'customer: TEXT', 'bot: TEXT' or 'agent: TEXT'")
    return Line(role, text.strip())


def _values(wanted: list[str]) -> dict[str, list[str]]:
    """Each key with the values given for it, one of which is wanted."""
    if any("=" not in pair for pair in wanted):
        raise typer.BadParameter("--filter takes KEY=VALUE")
    values: dict[str, list[str]] = {}
    for pair in wanted:
        key, _, value = pair.partition("=")
        values.setdefault(key, []).append(value)
    return values


async def _search(
    settings: Settings, query: str, history: list[Line], collection: str | None, limit: int, scope: Scope
) -> Sought:
    from agent.assembly import open_seeker
    from channels.commands.opening import opened

    async with opened(settings) as (library, embedder):
        seeker = open_seeker(settings, library, embedder)
        return await seeker.seek(query, history, limit=limit, collection=collection, scope=scope)
