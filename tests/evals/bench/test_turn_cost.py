"""What a turn may cost, as promised: CPU milliseconds of the whole process, on SQLite with its outbox row."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals.bench import langgraph_floor, turn

SAMPLE = Path(__file__).parents[3] / "sample"
pytestmark = [pytest.mark.slow, pytest.mark.model, pytest.mark.timeout(600)]


async def test_a_turn_costs_no_more_cpu_than_was_promised(tmp_path: Path) -> None:
    floor = await langgraph_floor.measure(runs=64)
    costs = await turn.measure(SAMPLE, tmp_path, *floor)
    over = {each.name: each.cpu_ms_best for each in costs if each.bar_ms and each.cpu_ms_best > each.bar_ms}
    assert over == {}
