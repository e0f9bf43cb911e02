"""CPU and wall time of repeated asynchronous work, and the table they make.

CPU seconds are the whole process's, all threads, since what a turn costs is what the machine cannot do meanwhile; on a
shared machine they are steadier than wall time. Collections of garbage count: they are part of the cost.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass

from rich.table import Table


@dataclass(frozen=True, slots=True)
class Cost:
    """One thing measured. `cpu_ms` and `wall_ms` are medians over rounds of the mean per unit; `cpu_ms_best` the
    least. `ratio` is to the CPU of the row named `beside`, None for that row itself; `bar_ms` is what was promised."""

    name: str
    unit: str
    n: int
    cpu_ms: float
    cpu_ms_best: float
    wall_ms: float
    beside: str | None = None
    ratio: float | None = None
    bar_ms: float | None = None


async def cost(
    name: str,
    unit: str,
    work: Callable[[], Awaitable[int]],
    *,
    rounds: int = 5,
    beside: Cost | None = None,
    bar_ms: float | None = None,
) -> Cost:
    """Runs `work` once to warm up and then `rounds` times; each run returns how many units it did, above 0."""
    await work()
    cpu, wall, n = [], [], 0
    for _ in range(rounds):
        cpu_begun, wall_begun = time.process_time(), time.perf_counter()
        did = await work()
        cpu.append((time.process_time() - cpu_begun) * 1000 / did)
        wall.append((time.perf_counter() - wall_begun) * 1000 / did)
        n += did
    median = statistics.median(cpu)
    ratio = median / beside.cpu_ms if beside else None
    return Cost(
        name, unit, n, median, min(cpu), statistics.median(wall), beside.name if beside else None, ratio, bar_ms
    )


def table(costs: Sequence[Cost]) -> Table:
    """The costs as people read them."""
    made = Table("what", "unit", "CPU ms", "best", "bar", "wall ms", "ratio", "beside", title="What it costs")
    for column in made.columns[2:7]:
        column.justify = "right"
    for each in costs:
        made.add_row(
            each.name,
            each.unit,
            f"{each.cpu_ms:.2f}",
            f"{each.cpu_ms_best:.2f}",
            "" if each.bar_ms is None else f"{each.bar_ms:.0f}",
            f"{each.wall_ms:.2f}",
            "1" if each.ratio is None else f"{each.ratio:.1f}",
            each.beside or "",
        )
    return made


def figures(costs: Sequence[Cost]) -> list[dict[str, object]]:
    """The costs as JSON has them."""
    return [asdict(each) for each in costs]
