"""`frontdesk eval SUITE`: measures the code that runs in a turn, with shipped defaults, on labelled data."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from channels.commands.options import Config, Json, report
from channels.commands.progress import progress
from channels.settings import Settings, load
from evals.rows import read_rows


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line said."""

    data: Path
    settings: Settings
    collection: str | None
    rows: Path | None


def evaluate(
    suite: Annotated[str, typer.Argument(help="retrieval, transcripts, pii or email.")],
    data: Annotated[Path, typer.Option(help="The labelled data: a file, or a BEIR folder.")],
    collection: Annotated[str | None, typer.Option(help="Knowledge of the transcripts suite.")] = None,
    rows: Annotated[Path | None, typer.Option(metavar="FILE", help="Each row's outcome, as JSONL.")] = None,
    config: Config = None,
    json: Json = None,
) -> None:
    """Measures a suite on labelled data; numbers only under `metrics`.

    Example: frontdesk eval transcripts --data sample/transcripts.jsonl --json out.json
    """
    if suite not in SUITES:
        raise typer.BadParameter(f"there is no suite {suite!r}; there are: {', '.join(SUITES)}")
    if not data.exists():
        raise typer.BadParameter(f"{data} is not there")
    found = asyncio.run(SUITES[suite](Asked(data, load(config), collection, rows)))
    lines = [f"{found['suite']} on {found['data']}, {found['n']} rows, {found['seconds']:.1f} s"]
    lines += [f"  {name:30} {_number(value)}" for name, value in found["metrics"].items()]
    report(found, json, lines)


def _number(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {_number(v)}" for k, v in value.items())
    return "-" if value is None else f"{value:.4f}" if isinstance(value, float) else str(value)


async def _retrieval(asked: Asked) -> dict[str, Any]:
    from evals.suites import retrieval

    with progress("ingesting", "documents") as show:
        return await retrieval.run(
            asked.data,
            model=asked.settings.models.embedding.model,
            per_query=asked.rows,
            progress=lambda step: show(step.done, step.total),
        )


async def _pii(asked: Asked) -> dict[str, Any]:
    from agent.assembly import open_detector
    from evals.suites import pii

    async with AsyncExitStack() as stack:
        return await pii.run(asked.data, await open_detector(stack, asked.settings))


async def _email(asked: Asked) -> dict[str, Any]:
    from evals.suites import email

    return email.run(asked.data)


async def _transcripts(asked: Asked) -> dict[str, Any]:
    from agent.assembly import open_deps, open_detector
    from channels.commands.opening import opened
    from evals.suites import transcripts

    started, rows = time.perf_counter(), read_rows(asked.data)
    settings, name = asked.settings, asked.collection or asked.settings.qdrant.collection
    settings = settings.model_copy(update={"qdrant": settings.qdrant.model_copy(update={"collection": name})})
    async with opened(settings) as (library, embedder), AsyncExitStack() as stack:
        deps = open_deps(stack, settings, embedder, library)
        with progress("answering", "conversations") as show:
            detector = await open_detector(stack, settings)
            done = await transcripts.run(rows, deps, detector, lambda n: show(n, len(rows)))
    if asked.rows:
        asked.rows.write_bytes(b"".join(orjson.dumps(asdict(row)) + b"\n" for row in done))
    return {
        "suite": "transcripts",
        "data": str(asked.data),
        "n": len(done),
        "metrics": transcripts.metrics(done),
        "config": {"collection": name, **deps.versions},
        "seconds": round(time.perf_counter() - started, 2),
    }


SUITES: Mapping[str, Callable[[Asked], Coroutine[Any, Any, dict[str, Any]]]] = {
    "retrieval": _retrieval,
    "transcripts": _transcripts,
    "pii": _pii,
    "email": _email,
}
