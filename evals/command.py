"""`frontdesk eval SUITE`: measures the code that runs in a turn, with shipped defaults, on labelled data; and
`frontdesk eval compare A B` sets two runs side by side."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib import import_module
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
    """What the command line said. `outcomes` receives each row's, None where nobody wants them."""

    data: Path
    settings: Settings
    collection: str | None
    keep: Path | None
    outcomes: list[dict[str, Any]] | None
    train: Path | None = None


def evaluate(
    suite: Annotated[str, typer.Argument(help="retrieval, transcripts, triage, pii, … or compare.")],
    files: Annotated[list[Path] | None, typer.Argument(help="For compare: two files of --rows.")] = None,
    data: Annotated[Path | None, typer.Option(help="The labelled data: a file, or a BEIR folder.")] = None,
    collection: Annotated[str | None, typer.Option(help="Knowledge of the transcripts suite.")] = None,
    train: Annotated[Path | None, typer.Option(metavar="FILE", help="Examples to train on before.")] = None,
    rows: Annotated[Path | None, typer.Option(metavar="FILE", help="Each row's outcome, as JSONL.")] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="A page of figures and worst rows.")] = None,
    keep: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep retrieval's passages for the next run.")
    ] = None,
    config: Config = None,
    json: Json = None,
) -> None:
    """Measures a suite on labelled data; numbers only under `metrics`.

    Example: frontdesk eval retrieval --data DIR --rows before.jsonl --html before.html
    """
    for path in (rows, html):
        _writable(path)
    if suite == "compare":
        found, page = _compared(files or [], data, rows)
    else:
        found, outcomes = _measured(suite, files, data, collection, keep, rows or html, config, train)
        if rows:
            rows.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in outcomes))
        page = _page(found, outcomes) if html else ""
    if html:
        html.write_text(page, encoding="utf-8")
    report(found, json, _lines(found))


def _writable(path: Path | None) -> None:
    """Said before a long run rather than after it."""
    if path is not None and (path.is_dir() or not path.absolute().parent.is_dir()):
        raise typer.BadParameter(
            f"{path} cannot be written: {'a folder' if path.is_dir() else 'its folder is not there'}"
        )


def _measured(
    suite: str,
    files: list[Path] | None,
    data: Path | None,
    collection: str | None,
    keep: Path | None,
    wanted: Path | None,
    config: Path | None,
    train: Path | None,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    if suite not in SUITES:
        raise typer.BadParameter(f"there is no suite {suite!r}; there are: {', '.join(SUITES)}, and compare")
    if files:
        raise typer.BadParameter(f"{suite} takes its data by --data, not {files[0]}")
    if data is None and suite not in OWN_DATA:
        raise typer.BadParameter(f"{suite} needs --data")
    if data is not None and not data.exists():
        raise typer.BadParameter(f"{data} is not there")
    if train is not None and suite not in TAUGHT:
        raise typer.BadParameter(f"{suite} takes no --train; {', '.join(sorted(TAUGHT))} do")
    if train is not None and not train.is_file():
        raise typer.BadParameter(f"{train} is not there")
    outcomes: list[dict[str, Any]] = []
    asked = Asked(data or Path(OWN_DATA[suite]), load(config), collection, keep, outcomes if wanted else None, train)
    return asyncio.run(SUITES[suite](asked)), outcomes


def _compared(files: list[Path], data: Path | None, rows: Path | None) -> tuple[dict[str, Any], str]:
    from evals import comparing
    from evals.pages import comparison

    if len(files) != 2 or data or rows:
        raise typer.BadParameter("compare takes two files that --rows wrote: frontdesk eval compare A.jsonl B.jsonl")
    before, after = files
    compared = comparing.compare(before, after)
    found = comparing.report(before, after, compared)
    return found, comparison.render(found, compared)


def _page(found: Mapping[str, Any], outcomes: list[dict[str, Any]]) -> str:
    from evals.pages import bias, errors, judged, retrieval

    own = {"retrieval": retrieval.render, "bias": bias.render, **dict.fromkeys(errors.SUITES, errors.render)}
    return own.get(found["suite"], judged.render)(found, outcomes)


def _lines(found: Mapping[str, Any]) -> list[str]:
    """For the terminal: figures with their intervals, where they have one."""
    bounds = found.get("intervals", {})
    lines = [f"{found['suite']} on {found['data']}, {found['n']} rows, {found['seconds']:.1f} s"]
    for name, value in found["metrics"].items():
        if isinstance(value, Mapping) and any(isinstance(each, Mapping) for each in value.values()):
            lines += [f"  {name}", *(f"    {label:40} {_number(each)}" for label, each in value.items())]
            continue
        each = bounds.get(name)
        sure = f"  ({each[0]:.4f} to {each[1]:.4f})" if each else ""
        lines.append(f"  {name:30} {_number(value)}{sure}")
    return lines


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
            keep=asked.keep,
            passages=asked.settings.agent.passages,
            card=asked.settings.agent.ranking,
            rows=asked.outcomes,
            progress=lambda step: show(step.done, step.total),
        )


async def _pii(asked: Asked) -> dict[str, Any]:
    from agent.assembly import open_detector
    from evals.suites import pii

    async with AsyncExitStack() as stack:
        return await pii.run(asked.data, await open_detector(stack, asked.settings), asked.outcomes)


async def _email(asked: Asked) -> dict[str, Any]:
    from evals.suites import email

    return email.run(asked.data, asked.outcomes)


async def _transcripts(asked: Asked) -> dict[str, Any]:
    from agent.assembly import open_deps, open_detector, open_seeker
    from channels.commands.opening import opened
    from evals.suites import transcripts

    started, rows = time.perf_counter(), read_rows(asked.data)
    settings, name = asked.settings, asked.collection or asked.settings.qdrant.collection
    settings = settings.model_copy(update={"qdrant": settings.qdrant.model_copy(update={"collection": name})})
    async with opened(settings) as (library, embedder), AsyncExitStack() as stack:
        deps = open_deps(stack, settings, embedder, open_seeker(settings, library, embedder))
        with progress("answering", "conversations") as show:
            detector = await open_detector(stack, settings)
            done = await transcripts.run(rows, deps, detector, lambda n: show(n, len(rows)))
    if asked.outcomes is not None:
        asked.outcomes.extend(transcripts.outcome(row, judged) for row, judged in zip(rows, done, strict=True))
    return {
        "suite": "transcripts",
        "data": str(asked.data),
        "n": len(done),
        "metrics": transcripts.metrics(done),
        "config": {"collection": name, **deps.versions},
        "seconds": round(time.perf_counter() - started, 2),
    }


def _suite(name: str) -> Callable[[Asked], Coroutine[Any, Any, dict[str, Any]]]:
    """The suite of a module's name, whose `run` takes what was asked; imported when it is run, as models are heavy."""

    async def run(asked: Asked) -> dict[str, Any]:
        found: dict[str, Any] = await import_module(f"evals.suites.{name}").run(asked)
        return found

    return run


OWN_DATA: Mapping[str, str] = {"bias": "shipped"}
"""The suites that bring messages of their own where --data names none, and what their data is then called."""
TAUGHT = frozenset({"triage", "handoff", "sentiment", "urgency"})
"""The suites that take --train."""
SUITES: Mapping[str, Callable[[Asked], Coroutine[Any, Any, dict[str, Any]]]] = {
    "retrieval": _retrieval,
    "transcripts": _transcripts,
    "triage": _suite("triage"),
    "handoff": _suite("handoff"),
    "sentiment": _suite("sentiment"),
    "urgency": _suite("urgency"),
    "pii": _pii,
    "injection": _suite("injection"),
    "grounding": _suite("grounding"),
    "bias": _suite("bias"),
    "email": _email,
    "memory": _suite("memory"),
}
