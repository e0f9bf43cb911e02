"""Opening a long conversation costs little more than opening a short one, and what was planted in it is found again."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from rich.console import Console

from evals.bench import memory_opening, memory_survival
from evals.bench.memory_facts import planted
from evals.bench.memory_talk import talk
from memory.slots import pins

SAMPLE = Path(__file__).parents[3] / "sample"


def test_twenty_facts_of_four_kinds_have_values_that_only_they_have() -> None:
    for seed in range(20):
        facts = planted(random.Random(seed))
        assert len(facts) == 20
        assert {sum(fact.kind == kind for fact in facts) for kind in ("id", "amount", "date", "preference")} == {5}
        assert all(fact.value in fact.said and fact.value not in fact.asked for fact in facts)
        assert len({fact.said for fact in facts}) == 20


def test_ordinary_talk_holds_nothing_that_could_be_asked_for() -> None:
    lines = talk(random.Random(1), 400)
    assert len(lines) == 400
    assert not [pin for line in lines for pin in pins(line)]
    assert talk(random.Random(1), 400) == lines


async def test_opening_a_long_conversation_reads_no_more_than_opening_a_short_one(tmp_path: Path) -> None:
    """Ten times as long here; the bench does a hundred times, on both databases."""
    found = await memory_opening.measure(tmp_path, long=1_000, rounds=7)
    assert [each.owner for each in found] == ["bot", "person"]
    for each in found:
        assert each.pieces > 30
        assert each.cpu_ratio < 2.0, "its own bar is 1.5, on a quiet machine"
    Console(quiet=True).print(memory_opening.table(found))


@pytest.mark.model
async def test_what_was_planted_is_in_the_context_that_asks_for_it(tmp_path: Path) -> None:
    found = await memory_survival.measure(SAMPLE, tmp_path, lengths=(30,), seeds=1)
    assert [each.budget_tokens for each in found] == list(memory_survival.BUDGETS)
    assert found[0].share >= 0.95, found[0].lost
    assert all(each.tokens <= each.budget_tokens for each in found)
    assert found[1].share > found[1].window_share
    Console(quiet=True).print(memory_survival.table(found))
