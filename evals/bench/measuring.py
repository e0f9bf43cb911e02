"""CPU and wall time of repeated asynchronous work, and the table they make.

CPU seconds are the whole process's, all threads, since what a turn costs is what the machine cannot do meanwhile; on a
shared machine they are steadier than wall time. Collections of garbage count: they are part of the cost.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, replace

from rich.table import Table


@dataclass(frozen=True, slots=True)
class Cost:
    """One thing measured. `cpu_ms` and `wall_ms` are medians over rounds of the mean per unit; `cpu_ms_best` the
    least. `ratio` is to the CPU of the row named `beside`, None for that row itself; `bar_ms` is what was promised.
    `speed` is what share of that row's work is done in the same time, where that was measured, and `speed_bar` what was
    promised of it."""

    name: str
    unit: str
    n: int
    cpu_ms: float
    cpu_ms_best: float
    wall_ms: float
    beside: str | None = None
    ratio: float | None = None
    bar_ms: float | None = None
    speed: float | None = None
    speed_bar: float | None = None


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
    found = _cost(name, unit, [await _round(work) for _ in range(rounds)])
    if beside is None:
        return found
    return replace(found, beside=beside.name, ratio=found.cpu_ms / beside.cpu_ms, bar_ms=bar_ms)


async def turn_about(
    floor: tuple[str, Callable[[], Awaitable[int]]],
    other: tuple[str, Callable[[], Awaitable[int]]],
    unit: str,
    *,
    rounds: int = 5,
    speed_bar: float | None = None,
) -> list[Cost]:
    """Two works by their names, measured in turn, so that whatever else the machine does befalls both; the second
    beside the first, with the median of its speed in each round. Nothing is warmed up."""
    pairs = [(await _round(floor[1]), await _round(other[1])) for _ in range(rounds)]
    first = _cost(floor[0], unit, [bare for bare, _ in pairs])
    second = _cost(other[0], unit, [whole for _, whole in pairs])
    speed = statistics.median(bare[1] / whole[1] for bare, whole in pairs)
    ratio = second.cpu_ms / first.cpu_ms
    return [first, replace(second, beside=first.name, ratio=ratio, speed=speed, speed_bar=speed_bar)]


async def _round(work: Callable[[], Awaitable[int]]) -> tuple[float, float, int]:
    """CPU and wall ms a unit, and how many units."""
    cpu_begun, wall_begun = time.process_time(), time.perf_counter()
    did = await work()
    return (time.process_time() - cpu_begun) * 1000 / did, (time.perf_counter() - wall_begun) * 1000 / did, did


def _cost(name: str, unit: str, rounds: Sequence[tuple[float, float, int]]) -> Cost:
    cpu, wall, n = zip(*rounds, strict=True)
    return Cost(name, unit, sum(n), statistics.median(cpu), min(cpu), statistics.median(wall))


def table(costs: Sequence[Cost]) -> Table:
    """The costs as people read them."""
    made = Table("what", "unit", "CPU ms", "best", "bar", "wall ms", "ratio", "speed", "beside", title="What it costs")
    for column in made.columns[2:8]:
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
            _speed(each),
            each.beside or "",
        )
    return made


def _speed(each: Cost) -> str:
    if each.speed is None:
        return ""
    return f"{each.speed:.0%}" + ("" if each.speed_bar is None else f" of {each.speed_bar:.0%}")


def figures(costs: Sequence[Cost]) -> list[dict[str, object]]:
    """The costs as JSON has them."""
    return [asdict(each) for each in costs]
