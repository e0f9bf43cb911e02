"""`python -m evals.bench [turn|ingest] [--json PATH]`: the table, and the same as JSON."""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import tempfile
from importlib.metadata import version
from pathlib import Path

import uvloop
from rich.console import Console

from evals.bench import ingest, langgraph_floor, turn
from evals.bench.measuring import Cost, figures, table

SAMPLE = Path(__file__).parents[2] / "sample"


async def measure(what: str, scratch: Path) -> list[Cost]:
    costs: list[Cost] = []
    if what in ("turn", "all"):
        floor = await langgraph_floor.measure()
        costs += [*floor, *await turn.measure(SAMPLE, scratch / "turn", *floor)]
    if what in ("ingest", "all"):
        costs += await ingest.measure(SAMPLE / "help-centre", scratch / "ingest")
    return costs


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m evals.bench", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("all", "turn", "ingest"), default="all")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write the figures there too")
    wanted = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="frontdesk-bench-") as scratch,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,  # as `frontdesk serve` runs
    ):
        costs = runner.run(measure(wanted.what, Path(scratch)))
    shown = Console()
    if not shown.is_terminal:
        shown.width = 140
    shown.print(table(costs))
    if wanted.json:
        machine = {
            "python": platform.python_version(),
            "machine": platform.machine(),
            "frontdesk": version("frontdesk"),
        }
        wanted.json.parent.mkdir(parents=True, exist_ok=True)
        wanted.json.write_text(json.dumps({"costs": figures(costs), **machine}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
