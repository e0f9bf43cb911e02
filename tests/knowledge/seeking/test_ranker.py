"""Signals, and the weights that make a score of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from knowledge.errors import BadRequest
from knowledge.seeking.focus import Focus
from knowledge.seeking.forms import Forms
from knowledge.seeking.ranker import Ranker, from_card, read, shipped, to_card
from knowledge.seeking.signals import GATES, SIGNALS, Candidates, Sides, gates, signals


def sides(dense: list[float], sparse: list[float]) -> Sides:
    return Sides(np.array(dense), np.array(sparse))


def candidates(*, names: tuple[dict[int, float], ...] = ({}, {})) -> Candidates:
    message = sides([0.9, 0.2], [4.0, 0.0])
    zeros = np.zeros(2)
    return Candidates(names, message, message, message.sparse, (), message.dense, message.dense, zeros, zeros)


def column(table: np.ndarray, name: str) -> list[float]:
    return [round(float(value), 4) for value in table[:, SIGNALS.index(name)]]


def test_each_signal_has_its_column() -> None:
    table = signals(candidates(names=({7: 1.0}, {})), Focus(now={7: 0.6}, held={7: 0.5, 8: 1.0}, latest=(8, 7)))
    assert table.shape == (2, len(SIGNALS))
    assert column(table, "dense_message") == [0.9, 0.2]
    assert column(table, "sparse_message") == [1.0, 0.0]
    assert column(table, "name_now") == [0.6, 0.0]
    assert column(table, "name_held") == [0.5, 0.0]
    assert column(table, "name_top") == [0.0, 0.0]
    assert column(table, "name_latest") == [0.6, 0.0]
    assert column(table, "fused_message")[0] > column(table, "fused_message")[1]


def test_no_candidates_have_no_signals_and_no_scores() -> None:
    none = np.zeros(0)
    empty = Candidates((), Sides(none, none), Sides(none, none), none, (), none, none, none, none)
    table = signals(empty, Focus())
    assert table.shape == (0, len(SIGNALS))
    assert shipped().scores(table, np.ones(len(GATES))).shape == (0,)


@pytest.mark.parametrize(
    ("text", "gate", "is_open"),
    [
        ("and there?", "leans", True),
        ("Which of your hotels near the station has a gym?", "leans", False),
        ("do they allow dogs", "spoken", True),
        ("Do they allow dogs?", "spoken", False),
        ("is it far", "points_back", True),
    ],
)
def test_gates_say_what_kind_of_message_it_is(text: str, gate: str, is_open: bool) -> None:
    found = gates(text, Forms(message=text), Focus(), has_history=True)
    assert bool(found[GATES.index(gate)]) == is_open
    assert found[GATES.index("no_history")] == 0.0


def test_a_gate_lets_the_same_signal_weigh_differently() -> None:
    weights = np.zeros((len(GATES), len(SIGNALS)))
    weights[GATES.index("leans"), SIGNALS.index("name_top")] = 2.0
    table = np.zeros((2, len(SIGNALS)))
    table[0, SIGNALS.index("name_top")] = 1.0
    closed, leaning = np.zeros(len(GATES)), np.zeros(len(GATES))
    leaning[GATES.index("leans")] = 1.0
    ranker = Ranker(weights, {})
    assert ranker.scores(table, closed).tolist() == [0.0, 0.0]
    assert ranker.scores(table, leaning).tolist() == [2.0, 0.0]


def test_a_card_says_the_same_after_it_was_written_and_read(tmp_path: Path) -> None:
    weights = np.arange(len(GATES) * len(SIGNALS), dtype=np.float64).reshape(len(GATES), len(SIGNALS)) / 8
    path = tmp_path / "ranking.json"
    path.write_text(json.dumps(to_card(weights, {"date": "2026-01-31"})), "utf-8")
    found = read(path)
    assert np.array_equal(found.weights, weights)
    assert found.made["date"] == "2026-01-31"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"weights": {}}', '{"weights": {"always": {"dense_message": "x"}}}'])
def test_a_card_that_does_not_fit_is_refused_in_words(tmp_path: Path, text: str) -> None:
    path = tmp_path / "ranking.json"
    path.write_text(text, "utf-8")
    with pytest.raises(BadRequest, match="card"):
        read(path)
    with pytest.raises(BadRequest, match="cannot read"):
        read(tmp_path / "missing.json")


def test_weights_that_are_no_numbers_are_refused() -> None:
    card = to_card(np.zeros((len(GATES), len(SIGNALS))), {})
    card["weights"]["always"]["dense_message"] = float("nan")
    with pytest.raises(BadRequest, match="no numbers"):
        from_card(card)


def test_the_shipped_card_says_from_what_and_when_it_was_made() -> None:
    made = shipped().made
    assert made["made_by"] == "frontdesk train ranking"
    assert made["date"]
    assert made["ndcg@10"]
    # Sets whose licence does not allow it must not be among what the shipped weights learnt from.
    assert "dstc9_faq" not in made["data"]
