"""`python -m evals.bench [turn|ingest|search|understanding|memory] [--json PATH]`: the table, and the same as JSON."""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import tempfile
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import uvloop
from rich.console import Console

from evals.bench import ingest, langgraph_floor, memory_opening, memory_survival, search, turn, understanding
from evals.bench.measuring import Cost, figures, table

SAMPLE = Path(__file__).parents[2] / "sample"
CHOICES = ("all", "turn", "ingest", "search", "understanding", "memory")


async def measure(what: str, articles: Path, scratch: Path) -> list[Cost]:
    costs: list[Cost] = []
    if what in ("turn", "all"):
        floor = await langgraph_floor.measure()
        costs += [*floor, *await turn.measure(SAMPLE, scratch / "turn", *floor)]
    if what in ("ingest", "all"):
        costs += await ingest.measure(articles, scratch / "ingest")
    return costs


async def remember(scratch: Path, postgres: str) -> tuple[list[memory_opening.Opening], list[memory_survival.Survival]]:
    """What a long conversation costs to open, and what of it is still known."""
    (scratch / "memory").mkdir()
    openings = await memory_opening.measure(scratch / "memory", postgres)
    return openings, await memory_survival.measure(SAMPLE, scratch / "memory")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m evals.bench", description=__doc__)
    parser.add_argument("what", nargs="?", choices=CHOICES, default="all")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write the figures there too")
    parser.add_argument(
        "--articles", type=Path, metavar="PATH", default=SAMPLE / "help-centre", help="what ingest reads; the sample"
    )
    parser.add_argument(
        "--texts", type=Path, metavar="DIR", default=SAMPLE / "help-centre", help="whose sentences are searched"
    )
    parser.add_argument("--passages", type=int, metavar="N", default=search.PASSAGES, help="how many are searched")
    parser.add_argument(
        "--postgres", metavar="URL", default="", help="an empty database: conversations are opened there too"
    )
    wanted = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="frontdesk-bench-") as scratch,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,  # as `frontdesk serve` runs
    ):
        costs = runner.run(measure(wanted.what, wanted.articles, Path(scratch)))
        searches = (
            runner.run(search.measure(wanted.texts, Path(scratch) / "search", wanted.passages))
            if wanted.what in ("search", "all")
            else []
        )
        readings = runner.run(understanding.measure()) if wanted.what in ("understanding", "all") else []
        openings, survivals = (
            runner.run(remember(Path(scratch), wanted.postgres)) if wanted.what in ("memory", "all") else ([], [])
        )
    shown = Console()
    if not shown.is_terminal:
        shown.width = 140
    if costs:
        shown.print(table(costs))
    if searches:
        shown.print(search.table(searches))
    if readings:
        shown.print(understanding.table(readings))
    if openings:
        shown.print(memory_opening.table(openings))
        shown.print(memory_survival.table(survivals))
    if wanted.json:
        machine = {
            "python": platform.python_version(),
            "machine": platform.machine(),
            "frontdesk": version("frontdesk"),
        }
        found: dict[str, Any] = {"costs": figures(costs), "searches": [asdict(each) for each in searches]}
        found |= {"readings": [asdict(each) for each in readings], **machine}
        found |= {"openings": [asdict(each) for each in openings], "survivals": [asdict(each) for each in survivals]}
        wanted.json.parent.mkdir(parents=True, exist_ok=True)
        wanted.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
