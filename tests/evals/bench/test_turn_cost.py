"""A turn does not get dearer unnoticed: CPU of the whole process, on SQLite with its outbox row.

The bars are those of a quiet machine, where six empty LangGraph nodes cost 1.2 ms. A slower or busier one is given as
much more as it needs for those, and half again for noise: `make bench` on a quiet machine says whether a bar is met.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from evals.bench import langgraph_floor, turn

SAMPLE = Path(__file__).parents[3] / "sample"
QUIET_FLOOR_MS = 1.2
NOISE = 1.5
pytestmark = [pytest.mark.slow, pytest.mark.model, pytest.mark.timeout(600)]


async def test_a_turn_costs_no_more_cpu_than_was_promised_for_such_a_machine(tmp_path: Path) -> None:
    floor = await langgraph_floor.measure(runs=64)
    costs = await turn.measure(SAMPLE, tmp_path, *floor)
    slower = max(1.0, floor[0].cpu_ms / QUIET_FLOOR_MS) * NOISE
    over = {each.name: each.cpu_ms_best for each in costs if each.bar_ms and each.cpu_ms_best > each.bar_ms * slower}
    assert over == {}
