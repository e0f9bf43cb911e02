"""A cost is what a unit of work cost, beside what it is compared with."""

from __future__ import annotations

import json
import time

import pytest
from rich.console import Console

from evals.bench.langgraph_floor import six_empty_nodes
from evals.bench.measuring import Cost, cost, figures, table, turn_about


async def burn(seconds: float, units: int) -> int:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
    return units


async def test_cpu_is_counted_by_the_unit_and_sleep_is_not() -> None:
    import asyncio

    async def work() -> int:
        await asyncio.sleep(0.03)
        return await burn(0.02, 4)

    found = await cost("work", "thing", work, rounds=3)
    assert found.n == 12
    assert 5.0 <= found.cpu_ms < 11.0
    assert found.wall_ms >= 12.0
    assert found.cpu_ms_best <= found.cpu_ms
    assert found.ratio is None


async def test_a_ratio_is_to_the_row_it_names() -> None:
    floor = Cost("floor", "thing", 1, 2.0, 2.0, 2.0)
    found = await cost("work", "thing", lambda: burn(0.02, 1), rounds=1, beside=floor, bar_ms=40.0)
    assert found.beside == "floor"
    assert found.ratio == pytest.approx(found.cpu_ms / 2.0)


async def test_two_works_in_turn_show_what_share_of_the_first_the_second_does_in_the_same_time() -> None:
    works = ("bare", lambda: burn(0.02, 1)), ("whole", lambda: burn(0.04, 1))
    bare, whole = await turn_about(*works, "thing", rounds=3, speed_bar=0.85)
    assert (bare.speed, whole.beside, whole.speed_bar, whole.n) == (None, "bare", 0.85, 3)
    assert whole.ratio == pytest.approx(2, rel=0.3)
    assert whole.speed is not None
    assert 0.1 < whole.speed < 1.5


async def test_work_is_run_once_more_than_it_is_counted() -> None:
    runs = 0

    async def work() -> int:
        nonlocal runs
        runs += 1
        return 1

    await cost("work", "thing", work, rounds=2)
    assert runs == 3


def test_the_table_shows_each_cost_with_its_ratio_and_bar() -> None:
    costs = [Cost("floor", "run", 5, 1.5, 1.4, 2.0), Cost("turn", "turn", 5, 30.0, 29.0, 40.0, "floor", 20.0, 40.0)]
    console = Console(width=160, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    with console.file:
        console.print(table(costs))
        shown = console.export_text()
    assert "1.50" in shown
    assert "20.0" in shown
    assert "40" in shown
    assert json.loads(json.dumps(figures(costs)))[1]["beside"] == "floor"


async def test_the_floor_is_six_nodes_that_change_nothing() -> None:
    graph = six_empty_nodes()
    assert len(graph.get_graph().nodes) == 6 + 2  # and the start and the end
    assert await graph.ainvoke({"n": 7}) == {"n": 7}
