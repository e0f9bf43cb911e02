"""`frontdesk report`: what would have been answered, handed over and refused of conversations that were had."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from channels.commands.options import Config, Json
from channels.commands.options import report as tell
from channels.commands.progress import progress
from channels.settings import Settings, load
from evals.forecast import figures, page
from evals.forecast.figures import Share
from evals.forecast.gaps import Asked, unanswered
from evals.forecast.rows import Loaded
from evals.forecast.rows import load as load_rows
from evals.forecast.running import Outcome

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Told:
    """Everything the report says."""

    collection: str
    loaded: Loaded
    outcomes: Sequence[Outcome]
    gaps: Sequence[Asked]
    versions: Mapping[str, str]
    seconds: float


def report(
    transcripts: Annotated[Path, typer.Argument(metavar="TRANSCRIPTS.jsonl", help="As `frontdesk import` wrote them.")],
    collection: Annotated[str | None, typer.Option(help="Collection; [qdrant] collection by default.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="That many rows, drawn at random, not all.")] = None,
    html: Annotated[Path | None, typer.Option("--html", metavar="OUT.html", help="The report as a page.")] = None,
    config: Config = None,
    json: Json = None,
) -> None:
    """What would have been answered, handed over and refused, with intervals, and what was not answered most often.

    Example: frontdesk report past.jsonl --html report.html
    """
    if html is not None and (html.is_dir() or not html.parent.is_dir()):
        raise typer.BadParameter(f"{html} cannot be written: there is no such folder, or it is one")
    settings, loaded = load(config), load_rows(transcripts)
    if limit is not None and limit < len(loaded.rows):
        kept = sorted(random.Random(7).sample(range(len(loaded.rows)), limit))  # noqa: S311 - a sample, no secret
        loaded = Loaded([loaded.rows[at] for at in kept], loaded.skipped)
    told = asyncio.run(_told(settings, loaded, collection or settings.qdrant.collection))
    shares, agreement = figures.fates(told.outcomes), figures.agreement(told.outcomes)
    inboxes = figures.groups(told.outcomes, lambda each: [each.inbox])
    tags = figures.groups(told.outcomes, lambda each: each.tags)
    if html is not None:
        whole = page.html(transcripts.name, shares, agreement, inboxes, tags, told.gaps, told.outcomes)
        html.write_text(whole, encoding="utf-8")
    facts = _facts(transcripts, told, shares, agreement, inboxes, tags)
    tell(facts, json, _lines(transcripts, told, shares, agreement, inboxes))


async def _told(settings: Settings, loaded: Loaded, collection: str) -> Told:
    from agent.assembly import open_deps, open_detector, open_seeker
    from channels.commands.opening import opened
    from evals.forecast.running import run

    started = time.perf_counter()
    settings = settings.model_copy(update={"qdrant": settings.qdrant.model_copy(update={"collection": collection})})
    async with opened(settings) as (library, embedder), AsyncExitStack() as stack:
        deps = open_deps(stack, settings, embedder, open_seeker(settings, library, embedder))
        detector = await open_detector(stack, settings)
        with progress("answering", "conversations") as show:
            outcomes = await run(loaded.rows, deps, detector, lambda done: show(done, len(loaded.rows)))
        gaps = await unanswered(outcomes, embedder)
    return Told(collection, loaded, outcomes, gaps, deps.versions, time.perf_counter() - started)


def _facts(
    transcripts: Path,
    told: Told,
    shares: Mapping[str, Share],
    agreement: Mapping[str, Share],
    inboxes: Mapping[str, Mapping[str, Share]],
    tags: Mapping[str, Mapping[str, Share]],
) -> dict[str, Any]:
    def grouped(found: Mapping[str, Mapping[str, Share]]) -> dict[str, Any]:
        return {name: {fate: each.facts() for fate, each in shares.items()} for name, shares in found.items()}

    return {
        "data": str(transcripts),
        "n": len(told.outcomes),
        "conversations": len({each.conversation for each in told.outcomes}),
        "guesses": sum(not each.sure for each in told.outcomes),
        "outcomes": {name: each.facts() for name, each in shares.items()},
        "agreement": {name: each.facts() for name, each in agreement.items()},
        "reasons": [{"outcome": fate, "reason": why, "rows": n} for fate, why, n in figures.reasons(told.outcomes)],
        "inboxes": grouped(inboxes),
        "tags": grouped(tags),
        "not_answered": [{"question": g.question, "count": g.count, "rows": list(g.rows)} for g in told.gaps],
        "samples": [_sample(each) for each in told.outcomes if each.fate == "answered" and each.said][:50],
        "skipped": told.loaded.skipped,
        "turn_ms_p50": statistics.median(each.ms for each in told.outcomes),
        "config": {"collection": told.collection, **told.versions},
        "seconds": round(told.seconds, 2),
    }


def _sample(each: Outcome) -> dict[str, Any]:
    return {"id": each.id, "question": each.question, "reply": each.reply, "sources": each.sources, "said": each.said}


def _lines(
    transcripts: Path,
    told: Told,
    shares: Mapping[str, Share],
    agreement: Mapping[str, Share],
    inboxes: Mapping[str, Mapping[str, Share]],
) -> list[str]:
    lines = [f"skipped line {number}: {why}" for number, why in told.loaded.skipped]
    lines.append(f"{transcripts}: {len(told.outcomes)} questions with {told.collection}, {told.seconds:.1f} s")
    lines += [_line(name, each) for name, each in shares.items()]
    known = {name: each for name, each in agreement.items() if each.of}
    if known:
        lines += ["where it is known what was right:", *(_line(name, each) for name, each in known.items())]
    if len(inboxes) > 1:
        lines += ["answered, by inbox:", *(_line(name, each["answered"]) for name, each in inboxes.items())]
    if told.gaps:
        lines.append("most often not answered:")
        lines += [f"  {each.count:4}  {' '.join(each.question.split())[:110]}" for each in told.gaps[:_SHOWN]]
    return lines


def _line(name: str, each: Share) -> str:
    return f"  {name:44} {page.percent(each):>5}  ({page.interval(each)}; {each.count} of {each.of})"
