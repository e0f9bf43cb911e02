"""The suites that measure how a message is heard, and the command that makes the heads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from channels.settings import load
from evals.command import Asked
from evals.suites import handoff, sentiment, urgency
from evals.training.command import app

pytestmark = pytest.mark.model


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def asked(data: Path, train: Path | None = None, outcomes: list[dict[str, Any]] | None = None) -> Asked:
    return Asked(data, load(None), None, None, outcomes, train)


async def test_handing_over_is_measured_by_the_kind_that_triage_gives(tmp_path: Path) -> None:
    rows = [
        {"text": "let me speak to a real person please", "handoff": True},
        {"text": "your heater caught fire and burnt my hand", "handoff": True},
        {"text": "what are your opening hours?", "handoff": False},
        {"text": "", "handoff": False},
    ]
    outcomes: list[dict[str, Any]] = []
    found = await handoff.run(asked(write(tmp_path / "rows.jsonl", rows), outcomes=outcomes))
    assert found["metrics"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0}
    assert (found["suite"], found["n"]) == ("handoff", 4)
    assert [row["found"] for row in outcomes] == ["yes", "yes", "no", "no"]
    assert all(0.0 <= row["score"] <= 1.0 and row["outcome"] for row in outcomes)


async def test_without_a_handoff_there_is_no_recall(tmp_path: Path) -> None:
    found = await handoff.run(asked(write(tmp_path / "rows.jsonl", [{"text": "do you ship?", "handoff": False}])))
    assert found["metrics"] == {"precision": None, "recall": None, "f1": None}


async def test_sentiment_is_measured_with_the_shipped_head(tmp_path: Path) -> None:
    rows = [
        {"text": "thank you, you were wonderful", "sentiment": "positive"},
        {"text": "worst service ever, still no answer", "sentiment": "negative"},
        {"text": "which bus goes to the museum?", "sentiment": "neutral"},
    ]
    found = await sentiment.run(asked(write(tmp_path / "rows.jsonl", rows)))
    assert found["metrics"] == {"accuracy": 1.0, "macro_f1": 1.0}
    assert found["config"]["examples"] == 0


async def test_a_head_is_fitted_to_other_rows_where_they_are_given(tmp_path: Path) -> None:
    words = {"high": "the turbine has stopped", "medium": "the turbine hums", "low": "the turbine needs paint"}
    rows = [{"text": f"{text}, unit {n}", "urgency": label} for n in range(8) for label, text in words.items()]
    test = [{"text": f"{text}, unit 99", "urgency": label} for label, text in words.items()]
    found = await urgency.run(asked(write(tmp_path / "test.jsonl", test), write(tmp_path / "train.jsonl", rows)))
    assert found["metrics"]["accuracy"] == 1.0
    assert found["config"]["examples"] == 24


async def test_a_row_with_an_unknown_value_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"row 1: sentiment must be one of"):
        await sentiment.run(asked(write(tmp_path / "rows.jsonl", [{"text": "hm", "sentiment": "angry"}])))


async def test_an_empty_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("", encoding="utf-8")
    with pytest.raises(ValueError, match="no rows"):
        await urgency.run(asked(tmp_path / "rows.jsonl"))


def test_the_command_names_a_bad_row_and_a_missing_file(tmp_path: Path) -> None:
    bad = write(tmp_path / "rows.jsonl", [{"text": "hm", "abuse": "very"}])
    for path, words in ((bad, "abuse must be true or false"), (tmp_path / "none.jsonl", "is not there")):
        run = CliRunner().invoke(app, ["moods", str(path), "--out", str(tmp_path / "out")])
        assert run.exit_code == 2
        assert words in " ".join(run.output.replace("│", " ").split())
    assert not (tmp_path / "out").exists()
