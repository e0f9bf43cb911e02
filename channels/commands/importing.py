"""`frontdesk import`: another provider's export as knowledge and as labelled conversations."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from channels.commands.ingesting import Telling, pairs
from channels.commands.knowledge import JOURNAL, STOPPED
from channels.commands.options import Config, Json, report
from channels.commands.progress import Screen, progress, screen
from channels.settings import Settings, load

if TYPE_CHECKING:
    from channels.importing.run import Read, Written
    from knowledge.ingest import Report

SHOWN = 20
"""Names of what was skipped on the terminal; `--json` has them all."""


class Provider(StrEnum):
    zendesk = "zendesk"
    intercom = "intercom"
    chatwoot = "chatwoot"


def add_to(app: typer.Typer) -> None:
    app.command(name="import")(bring_in)


def bring_in(
    provider: Annotated[Provider, typer.Argument(help="Whose export it is.")],
    export: Annotated[Path, typer.Argument(metavar="EXPORT", help="A file, a folder or a .zip of JSON.")],
    transcripts: Annotated[
        Path | None, typer.Option(metavar="OUT.jsonl", help="Where the labelled conversations go.")
    ] = None,
    articles: Annotated[bool, typer.Option("--articles/--no-articles", help="Articles into the collection.")] = True,
    collection: Annotated[str | None, typer.Option(help="Collection; [qdrant] collection by default.")] = None,
    metadata: Annotated[list[str] | None, typer.Option("--metadata", metavar="K=V", help="Added to all.")] = None,
    prune: Annotated[bool, typer.Option("--prune", help="Remove imported articles that are no longer there.")] = False,
    internal: Annotated[
        bool, typer.Option("--internal", help="Drafts and internal articles too, as audience=internal.")
    ] = False,
    sure: Annotated[bool, typer.Option("--sure", help="Only conversations whose label is no guess.")] = False,
    keep_personal_data: Annotated[
        bool, typer.Option("--keep-personal-data", help="Write names, addresses and numbers as they are.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace OUT.jsonl.")] = False,
    config: Config = None,
    json: Json = None,
) -> None:
    """Articles and conversations of another support desk, from its JSON export.

    Example: frontdesk import zendesk export.zip --transcripts past.jsonl
    """
    from channels.importing import run
    from channels.importing.transcripts import check

    values = pairs(metadata or [])
    if transcripts is not None:
        check(transcripts, force=force)
    settings = load(config)
    name = collection or settings.qdrant.collection

    async def work() -> tuple[Read, Report | None, Written | None]:
        found = await run.read(provider.value, export)
        kept = written = None
        if articles and found.export.articles:
            with screen() as shown:
                kept = await _articles(settings, found, name, values, shown, internal=internal, prune=prune)
        if transcripts is not None:
            written = await _conversations(settings, found, transcripts, sure=sure, redact=not keep_personal_data)
        return found, kept, written

    try:
        found, kept, written = asyncio.run(work())
    except KeyboardInterrupt:
        sys.stderr.write("stopped: what was kept stays, and the same command goes on from there\n")
        raise typer.Exit(STOPPED) from None
    left_out = [] if internal else found.internal
    lines = _lines(found, kept, written, transcripts, [*found.export.skipped, *left_out])
    report(_facts(found, kept, written, transcripts, left_out), json, lines)


async def _articles(
    settings: Settings,
    found: Read,
    collection: str,
    metadata: dict[str, str],
    shown: Screen,
    *,
    internal: bool,
    prune: bool,
) -> Report:
    from channels.commands.opening import opened
    from channels.importing.run import keep_articles

    async with opened(settings) as (library, embedder):
        return await keep_articles(
            found,
            library=library,
            embedder=embedder,
            collection=collection,
            metadata=metadata,
            internal=internal,
            prune=prune,
            progress=Telling(shown).step,
            journal=Path(settings.qdrant.path).parent / JOURNAL,
        )


async def _conversations(settings: Settings, found: Read, out: Path, *, sure: bool, redact: bool) -> Written:
    from agent.assembly import open_detector
    from agent.guardrails.pii import PiiDetector
    from channels.importing.run import chosen, keep_transcripts

    async with AsyncExitStack() as stack:
        detector = None
        if redact and settings.agent.redact:
            detector = await open_detector(stack, settings)
        elif redact:  # turns may go unredacted here, but a file on the disk needs to be asked for
            detector = PiiDetector(allow=frozenset({settings.organisation.name}))
            stack.push_async_callback(detector.aclose)
        with progress("writing", "conversations") as show:
            return await keep_transcripts(chosen(found, sure=sure), out, detector, show, settings.organisation.name)


def _facts(
    found: Read, kept: Report | None, written: Written | None, out: Path | None, left_out: Sequence[Any]
) -> dict[str, Any]:
    fields = ("collection", "added", "unchanged", "removed", "passages", "unpruned", "seconds")
    skipped = [(each.place, each.reason) for each in found.export.skipped]
    return {
        "provider": found.provider,
        "articles": {
            "read": len(found.export.articles),
            "left_out": [(each.place, each.reason) for each in left_out],
            **({field: getattr(kept, field) for field in fields} if kept else {}),
        },
        "conversations": {
            "read": len(found.export.conversations),
            "answered": len(found.talks),
            **({"file": str(out), **asdict(written)} if written else {}),
        },
        "skipped": skipped + [tuple(each) for each in (kept.skipped if kept else ())],
    }


def _lines(
    found: Read, kept: Report | None, written: Written | None, out: Path | None, skipped: Sequence[Any]
) -> list[str]:
    named = [(each.place, each.reason) for each in skipped] + list(kept.skipped if kept else ())
    lines = [f"skipped {place}: {why}" for place, why in named[:SHOWN]]
    if len(named) > SHOWN:
        lines.append(f"… and {len(named) - SHOWN} more: --json names them all")
    if kept:
        lines.append(
            f"{kept.collection}: {kept.added} articles added or changed ({kept.passages} passages), "
            f"{kept.unchanged} unchanged, {kept.removed} removed"
        )
        lines += [f"not pruned: {why}" for why in kept.unpruned]
    talks = f"{len(found.export.conversations)} conversations, {len(found.talks)} of them answered"
    if written is None:
        return [*lines, talks + ("" if not found.talks else "; --transcripts OUT.jsonl keeps them as labelled rows")]
    routes = ", ".join(f"{count} {route}" for route, count in sorted(written.routes.items()))
    lines.append(f"{talks}; {written.rows} rows in {out} ({routes or 'none'}; {written.weak} of them guesses)")
    if written.resumed:
        lines.append(f"went on after {written.resumed} conversations that an earlier run had written")
    return lines
