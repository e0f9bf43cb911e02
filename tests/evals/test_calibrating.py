"""A calibrated threshold keeps its promise: the risk is above the bound no more often than was asked."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from agent.guardrails.evidence_card import read_card, shipped
from evals.calibrating.command import app
from evals.calibrating.risk import (
    GRID,
    NotCertified,
    Of,
    choose,
    least_rows,
    p_value,
    rows_for,
    two_sided,
    upper_bound,
)

CLI = CliRunner()


def world(rng: np.random.Generator, n: int) -> tuple[list[float], list[bool]]:
    """Rows drawn alike: a third are wrong, and those score lower, on the whole."""
    wrong = rng.random(n) < 1 / 3
    scores = np.where(wrong, rng.beta(2, 4, n), rng.beta(4, 2, n))
    return scores.tolist(), wrong.tolist()


def true_risks(of: Of) -> dict[float, float]:
    """The risk at each threshold of the grid, by so many rows that it is known."""
    scores, wrong = (np.array(each) for each in world(np.random.default_rng(99), 400_000))
    of_wrong, of_right = (np.sort(scores[kind]) for kind in (wrong, ~wrong))
    bad = len(of_wrong) - np.searchsorted(of_wrong, GRID)
    good = len(of_right) - np.searchsorted(of_right, GRID)
    of_what = {"ungrounded": len(of_wrong), "all": len(scores), "sent": np.maximum(1, bad + good)}[of]
    return dict(zip(GRID, (bad / of_what).tolist(), strict=True))


@pytest.mark.parametrize(("of", "risk"), [("ungrounded", 0.05), ("all", 0.03), ("sent", 0.1)])
def test_the_risk_is_above_its_bound_no_more_often_than_asked(of: Of, risk: float) -> None:
    """400 calibrations at a confidence of 0.9: of them 40 may fail; 58 would be three standard deviations more."""
    risks = true_risks(of)
    failures = certified = 0
    for seed in range(400):
        try:
            chosen = choose(*world(np.random.default_rng(seed), 900), risk, 0.9, of)
        except NotCertified:
            continue
        certified += 1
        failures += risks[chosen.threshold] > risk
    assert certified > 300
    assert failures <= 58


def test_in_expectation_the_risk_of_the_next_row_is_within_the_bound() -> None:
    risks = true_risks("ungrounded")
    found = [choose(*world(np.random.default_rng(seed), 900), 0.05, 0.5).in_expectation for seed in range(200)]
    mean = np.mean([risks[t] for t in found if t is not None])
    assert mean <= 0.05 + 3 * 0.02 / np.sqrt(200)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000), st.sampled_from(["ungrounded", "all"]))
def test_a_smaller_risk_or_a_higher_confidence_is_never_more_lenient(seed: int, of: Of) -> None:
    scores, wrong = world(np.random.default_rng(seed), 1200)
    by_risk = [choose(scores, wrong, risk, 0.9, of).threshold for risk in (0.03, 0.06, 0.12, 0.25)]
    assert by_risk == sorted(by_risk, reverse=True)
    by_confidence = [choose(scores, wrong, 0.1, sure, of).threshold for sure in (0.99, 0.9, 0.6)]
    assert by_confidence == sorted(by_confidence, reverse=True)


def test_the_bound_of_the_chosen_threshold_is_within_the_risk() -> None:
    chosen = choose(*world(np.random.default_rng(1), 2000), 0.05, 0.95)
    assert chosen.wrong / chosen.n < chosen.upper <= 0.05
    assert chosen.coverage == chosen.sent_right / chosen.right
    assert chosen.coverage_interval is not None
    assert chosen.coverage_interval[0] < chosen.coverage < chosen.coverage_interval[1]


def test_too_few_rows_are_counted() -> None:
    assert least_rows(0.01, 0.05) == 299
    with pytest.raises(NotCertified, match="at least 299 are needed") as caught:
        choose([0.1] * 298, [True] * 298, 0.01, 0.95)
    assert (caught.value.rows, caught.value.least_rows) == (298, 299)
    assert choose([0.1] * 299, [True] * 299, 0.01, 0.95).threshold > 0.1


def test_wrong_rows_that_are_certain_cannot_be_kept_back() -> None:
    with pytest.raises(NotCertified, match="no threshold keeps the risk"):
        choose([1.0] * 500, [True] * 500, 0.01, 0.95)


@pytest.mark.parametrize(("risk", "confidence"), [(0, 0.9), (1, 0.9), (0.1, 0), (0.1, 1), (-1, 0.9), (0.1, 2)])
def test_a_risk_or_confidence_outside_of_0_and_1_is_refused(risk: float, confidence: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        choose([0.5], [True], risk, confidence)


def test_no_rows_certify_nothing() -> None:
    for of in ("ungrounded", "all", "sent"):
        with pytest.raises(NotCertified):
            choose([], [], 0.1, 0.9, of)  # type: ignore[arg-type]


def test_the_bounds_are_those_of_clopper_and_pearson() -> None:
    assert upper_bound(0, 299, 0.95) == pytest.approx(1 - 0.05 ** (1 / 299))
    assert upper_bound(5, 5, 0.95) == 1.0
    assert two_sided(0, 10)[0] == 0.0
    assert two_sided(10, 10)[1] == 1.0
    assert p_value(0, 299, 0.01) <= 0.05 < p_value(0, 298, 0.01)
    assert rows_for(0.02, 0.01, 0.05) is None
    more = rows_for(0.005, 0.01, 0.05)
    assert more is not None
    assert more > 299


# --- the command

FACTS = ["The shop opens at nine.", "Returns are free for thirty days.", "Tents are sold in May.", "Parking costs £2."]


def written(path: Path, n: int) -> Path:
    rows = []
    for place in range(n):
        fact, other = FACTS[place % 4], FACTS[(place + 1) % 4]
        rows.append({"reply": fact, "evidence": [f"{fact} {other}"], "label": "grounded"})
        rows.append({"reply": f"Penguins number {place} like fish.", "evidence": [fact], "label": "ungrounded"})
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def test_the_command_writes_a_card_that_the_judge_reads(tmp_path: Path) -> None:
    data, out = written(tmp_path / "rows.jsonl", 60), tmp_path / "card.json"
    done = CLI.invoke(app, ["grounding", "--data", str(data), "--risk", "0.1", "--out", str(out), "--json", "-"])
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout[done.stdout.index("{") : done.stdout.rindex("}") + 1])
    assert report["certified"]
    assert report["coverage"] == 1.0
    assert report["risk_upper"] <= 0.1
    model = read_card(out)
    assert model.threshold == report["threshold"]
    assert model.fingerprint == shipped().fingerprint == model.made["calibrated"]["weights"]
    assert model.made["calibrated"]["risk"] == 0.1


def test_a_risk_that_cannot_be_certified_fails_and_says_how_many_rows_would(tmp_path: Path) -> None:
    data, out = written(tmp_path / "rows.jsonl", 20), tmp_path / "card.json"
    done = CLI.invoke(app, ["grounding", "--data", str(data), "--out", str(out)])
    assert done.exit_code == 1
    assert "at least 299 are needed" in done.output
    assert not out.exists()


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"evidence": [], "label": "grounded"}, "reply must be a string"),
        ({"reply": "x", "evidence": "x", "label": "grounded"}, "evidence must be a list"),
        ({"reply": "x", "evidence": [1], "label": "grounded"}, "evidence must be a list"),
        ({"reply": "x", "evidence": [], "label": "maybe"}, "label must be one of"),
    ],
)
def test_a_row_that_is_none_is_named(tmp_path: Path, row: dict[str, object], told: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(row), "utf-8")
    done = CLI.invoke(app, ["grounding", "--data", str(path)])
    assert done.exit_code == 1
    assert isinstance(done.exception, ValueError)
    assert "row 1" in str(done.exception)
    assert told in str(done.exception)


def test_data_or_a_folder_that_is_not_there_is_said_first(tmp_path: Path) -> None:
    assert CLI.invoke(app, ["grounding", "--data", str(tmp_path / "none.jsonl")]).exit_code == 2
    data = written(tmp_path / "rows.jsonl", 1)
    assert CLI.invoke(app, ["grounding", "--data", str(data), "--out", str(tmp_path / "no" / "c.json")]).exit_code == 2
