"""Promises of the comparison of two runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evals.comparing import compare, report
from evals.pages.comparison import render


def row(id: str, value: float, **more: Any) -> dict[str, Any]:
    return {"suite": "retrieval", "kind": "query", "id": id, "ndcg@10": value, "text": f"question {id}", **more}


def run(tmp_path: Path, name: str, rows: list[dict[str, Any]]) -> Path:
    path = tmp_path / name
    path.write_text("".join(json.dumps(each) + "\n" for each in rows), encoding="utf-8")
    return path


def test_the_difference_is_counted_query_by_query(tmp_path: Path) -> None:
    a = run(tmp_path, "a", [row("1", 0.0), row("2", 0.5), row("3", 1.0), row("gone", 1.0)])
    b = run(tmp_path, "b", [row("2", 0.5), row("1", 1.0), row("3", 0.5), row("new", 0.0)])
    compared = compare(a, b)
    metrics = compared.metrics()
    assert (metrics["wins"], metrics["ties"], metrics["losses"]) == (1, 1, 1)
    assert metrics["difference"] == pytest.approx(0.1667)
    assert [pair.id for pair in compared.pairs] == ["1", "3", "2"]
    assert (compared.only_before, compared.only_after) == (1, 1)


def test_a_small_gain_on_every_query_is_seen_and_a_coin_is_not(tmp_path: Path) -> None:
    before = [row(str(n), n % 10 / 10) for n in range(60)]
    gain = [row(str(n), n % 10 / 10 + 0.02) for n in range(60)]
    coin = [row(str(n), min(1, max(0, n % 10 / 10 + (0.1 if n // 10 % 2 else -0.1)))) for n in range(60)]
    a = run(tmp_path, "a", before)
    sure, chance = compare(a, run(tmp_path, "b", gain)), compare(a, run(tmp_path, "c", coin))
    assert sure.metrics()["p"] < 0.001
    assert sure.intervals()["difference"][0] > 0
    assert chance.metrics()["p"] > 0.2
    assert chance.intervals()["difference"][0] < 0 < chance.intervals()["difference"][1]


def test_a_run_beside_itself_differs_in_nothing(tmp_path: Path) -> None:
    a = run(tmp_path, "a", [row("1", 0.3)])
    found = report(a, a, compare(a, a))
    assert (found["metrics"]["p"], found["metrics"]["ties"]) == (1.0, 1)
    assert "Nothing changed" in render(found, compare(a, a))


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([{**row("1", 1.0), "suite": "email", "normalised": 1.0}], "is of retrieval and .* of email: not comparable"),
        ([row("other", 1.0)], "no query in common"),
        ([], "no query in common"),
        ([row("1", 1.0), row("1", 0.0)], "row 2: the id '1' occurs twice"),
        ([row("1", 7.0)], r"row 1: ndcg@10 must be a number from 0 to 1"),
        ([{"_id": "1"}], "row 1: not a row that"),
        ([row("1", 1.0, ranking=["a"])], "must be lists of objects"),
        ([row("1", 1.0, history="x")], "must be lists of objects"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_line(tmp_path: Path, rows: list[Any], reason: str) -> None:
    a = run(tmp_path, "a", [row("1", 1.0)])
    with pytest.raises(ValueError, match=reason) as refused:
        compare(a, run(tmp_path, "b", rows))
    assert "\n" not in str(refused.value)


def test_questions_without_an_answer_are_not_compared_by_ranking(tmp_path: Path) -> None:
    none = {"suite": "retrieval", "kind": "no_answer", "id": "n", "answerable": {}}
    a = run(tmp_path, "a", [row("1", 1.0), none])
    assert len(compare(a, a).pairs) == 1


def test_the_page_shows_both_rankings_of_what_changed_most(tmp_path: Path) -> None:
    ranking = [{"id": "d", "title": "<b>Old title", "text": "t", "score": 1.0, "gain": 0.0}]
    other = [{"id": "e", "title": "New title", "text": "t", "score": 1.0, "gain": 1.0}]
    a = run(tmp_path, "a", [row("1", 0.0, ranking=ranking)])
    b = run(tmp_path, "b", [row("1", 1.0, ranking=other)])
    compared = compare(a, b)
    page = render(report(a, b, compared), compared)
    assert "&lt;b&gt;Old title" in page
    assert "New title" in page
    assert "+1.000" in page
