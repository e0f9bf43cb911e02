"""Findings say what the numbers say, also where there are none, and charts carry their units."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from channels.web.desk.dashboards_charts import option
from channels.web.desk.dashboards_words import Figure, change, findings, points, seconds
from memory.trends import Cost, Gate, Handoffs, Numbers, OptOuts, Resolution, Scope, Waits, quantile

NOW = datetime(2026, 11, 24, tzinfo=UTC)
LABELS = ("Mon", "Tue")
NOTHING = Numbers(
    Scope(NOW - timedelta(days=2), NOW, 2), {}, Waits(), Handoffs(), Gate(), OptOuts((0, 0), (0, 0)), {},
    dict.fromkeys(range(1, 6), 0), Cost((0.0, 0.0)), Resolution(),
)  # fmt: skip
SOME = replace(
    NOTHING,
    volume={"chat": [3, 5], "sms": [0, 2]},
    waits=Waits({"chat": (1.0, 2.0, 3.0, 200.0)}, 1),
    handoffs=Handoffs(10, 2, {"asked": 2, "odd_code": 1}),
    gate=Gate({"sms": 4, "email": 6}, {"sms": 2, "email": 6}, {("sms", "opted_out"): 2, ("sms", "ok"): 2}),
    opt_outs=OptOuts((1, 0), (200, 300)),
    signals={"complaints": 3, "negative": 1},
    ratings={1: 0, 2: 1, 3: 0, 4: 0, 5: 3},
    cost=Cost((0.5, 0.25), 30, 9000),
    resolution=Resolution(7, 2, 1),
)


def found(now: Numbers, before: Numbers = NOTHING) -> dict[str, Figure]:
    return {figure.key: figure for figure in findings(now, before, LABELS, "day from", "2 days")}


def test_a_title_says_the_finding() -> None:
    titles = {key: figure.title for key, figure in found(SOME).items()}
    assert titles == {
        "volume": "10 messages came in",
        "resolution": "The assistant alone answered 70 % of conversations",
        "waits": "Half of customers had a first answer within 2.0 s, 95 of 100 within 3 min",
        "handoffs": "20 % of conversations went to a person, most often: the customer asked",
        "signals": "4 signs of trouble, most: complaints",
        "ratings": "Customers gave 4.2 of 5 on average, in 4 ratings",
        "gate": "80 % of messages passed the gate and left, SMS least (50 %)",
        "opt_outs": "2.0 opt-outs for every 1,000 messages that left",
        "cost": "30 answers cost 0.75, 0.0250 each",
    }


def test_nothing_is_said_of_nothing_and_what_will_be_there() -> None:
    for key, figure in found(NOTHING).items():
        assert figure.title, key
        assert figure.chart is None, key
        assert "%" not in figure.title, key


def test_every_chart_has_units_a_table_behind_it_and_its_period() -> None:
    for key, figure in found(SOME, SOME).items():
        assert figure.chart is not None, key
        assert figure.chart.unit, key
        assert figure.chart.axis, key
        assert figure.rows, key
        assert all(len(row) == len(figure.heads) for row in figure.rows), key
        assert "2 days before" in figure.compared, key
        for dark in (False, True):
            drawn = option(figure.chart, dark)
            axes = drawn["xAxis"], drawn["yAxis"]
            assert figure.chart.unit in {axis["name"] for axis in axes}, key
            assert "http" not in str(drawn), key


def test_several_series_are_told_apart_without_colour() -> None:
    chart = found(SOME)["volume"].chart
    assert chart is not None
    drawn = option(chart, dark=False)
    assert drawn["aria"]["decal"]["show"]
    assert drawn["legend"]["show"]


@pytest.mark.parametrize(
    ("now", "before", "words"),
    [
        (112, 100, "12 % more than in the 7 days before."),
        (50, 100, "50 % fewer than in the 7 days before."),
        (100, 100, "As many as in the 7 days before."),
        (5, 0, "None in the 7 days before."),
        (0, 0, "Nothing to compare with in the 7 days before."),
    ],
)
def test_a_change_is_said_with_what_it_is_compared_with(now: int, before: int, words: str) -> None:
    assert change(now, before, "7 days") == words


def test_shares_move_in_points() -> None:
    assert points(18.4, 15.2, "7 days") == "3 points more than in the 7 days before."
    assert points(14.0, 15.0, "7 days") == "1 point fewer than in the 7 days before."
    assert points(15.1, 15.2, "7 days") == "As in the 7 days before."


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.42, "0.4 s"), (12.3, "12 s"), (59.9, "60 s"), (200, "3 min"), (7500, "2 h 5 min"), (7200, "2 h")],
)
def test_a_wait_is_said_as_people_say_it(value: float, words: str) -> None:
    assert seconds(value) == words


def test_a_quantile_is_a_value_that_was_measured() -> None:
    assert quantile((1.0,), 0.95) == 1.0
    assert quantile((1.0, 2.0, 3.0, 4.0), 0.5) == 2.0
    assert quantile(tuple(map(float, range(1, 101))), 0.95) == 95.0
