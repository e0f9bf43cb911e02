"""`frontdesk eval bias` as a user runs it, on the shipped parts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer

from evals.command import evaluate

MESSAGES = ("Where is my parcel? I have not had it.", "I want to speak to your manager now.")


@pytest.mark.model
def test_a_run_without_knowledge_measures_route_and_tone_and_two_runs_compare(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, data = tmp_path / "frontdesk.toml", tmp_path / "messages.jsonl"
    config.write_text(f'[qdrant]\npath = "{tmp_path}/qdrant"\n', encoding="utf-8")
    data.write_text("".join(json.dumps({"text": text}) + "\n" for text in MESSAGES), encoding="utf-8")
    rows, page, out = tmp_path / "rows.jsonl", tmp_path / "page.html", tmp_path / "out.json"
    evaluate("bias", data=data, rows=rows, html=page, config=config, json=str(out))
    report = json.loads(out.read_text(encoding="utf-8"))
    assert report["config"]["knowledge"] == "none there"
    assert report["metrics"]["per_group"]["names/english_woman"]["route"] == 0.0
    assert "route_changed" in capsys.readouterr().out
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    evaluate("compare", [rows, rows], json=str(out))
    compared = json.loads(out.read_text(encoding="utf-8"))
    assert compared["metrics"]["difference"] == 0
    assert compared["config"]["of"] == "bias"


def test_other_suites_still_ask_for_their_data(tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match="injection needs --data"):
        evaluate("injection")
    with pytest.raises(typer.BadParameter, match="is not there"):
        evaluate("bias", data=tmp_path / "nothing.jsonl")
