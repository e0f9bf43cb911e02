"""Promises of `frontdesk import` at the terminal."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from channels.cli import main

EXPORTS = Path(__file__).parent / "exports"


def frontdesk(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["frontdesk", *arguments])
    try:
        main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def test_a_report_says_what_was_read_and_names_what_was_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "past.jsonl"
    arguments = ["--no-articles", "--keep-personal-data", "--transcripts", str(out), "--json"]
    assert frontdesk(monkeypatch, "import", "zendesk", str(EXPORTS / "zendesk"), *arguments) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["articles"]["read"] == 5
    assert told["conversations"]["rows"] == len(out.read_text(encoding="utf-8").splitlines()) == 4
    assert ["tickets.jsonl, line 6", "is no JSON object"] in told["skipped"]
    assert any("for user segment 77" in why for _, why in told["articles"]["left_out"])


def test_a_file_that_is_there_is_kept_and_the_line_says_how_to_replace_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "past.jsonl"
    out.write_text("mine")
    given = ["import", "zendesk", str(EXPORTS / "zendesk"), "--no-articles", "--transcripts", str(out)]
    assert frontdesk(monkeypatch, *given) == 1
    assert "--force" in capsys.readouterr().err
    assert out.read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["zendesk", "nowhere.zip"], 1, "does not exist"),
        (["zendesk", "empty"], 1, "holds no articles and no conversations of zendesk"),
        (["freshdesk", "empty"], 2, "freshdesk"),
        (["zendesk", "empty", "--metadata", "novalue"], 2, "KEY=VALUE"),
    ],
)
def test_wrong_use_and_an_empty_export_are_one_clear_line(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    status: int,
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    assert frontdesk(monkeypatch, "import", *arguments) == status
    assert says in capsys.readouterr().err
