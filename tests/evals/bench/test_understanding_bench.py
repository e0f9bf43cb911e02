"""What the bench of understanding reads, and how it shows what it measured."""

from __future__ import annotations

import statistics

from rich.console import Console

from evals.bench.understanding import Reading, messages, table


def test_its_messages_differ_and_are_of_two_hundred_characters() -> None:
    made = messages(200)
    assert len(set(made)) == 200
    assert 170 <= statistics.mean(map(len, made)) <= 230


def test_the_table_sets_each_figure_beside_its_bar() -> None:
    console = Console(width=140, record=True)
    console.print(table([Reading("whole", 10, 11.25, 14.0, 160.4, 12.0, 150.0), Reading("part", 10, 4.0, 4.0, 300.0)]))
    shown = console.export_text()
    assert "11.2" in shown
    assert "160" in shown
    assert "150" in shown
