"""`frontdesk eval` as a user runs it: files out, faults in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer

from evals.command import evaluate

MAILS = [{"raw": "Yes.\n\n> old", "reply": "Yes."}, {"raw": "No.", "reply": "Yes."}]


def mails(tmp_path: Path) -> Path:
    path = tmp_path / "mails.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in MAILS), encoding="utf-8")
    return path


def test_a_run_leaves_rows_and_a_page_and_two_runs_compare(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows, page, out = tmp_path / "rows.jsonl", tmp_path / "page.html", tmp_path / "compared.json"
    evaluate("email", data=mails(tmp_path), rows=rows, html=page)
    assert len(rows.read_text(encoding="utf-8").splitlines()) == 2
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    evaluate("compare", [rows, rows], html=page, json=str(out))
    assert "difference" in capsys.readouterr().out
    assert json.loads(out.read_text(encoding="utf-8"))["metrics"]["ties"] == 2
    assert "Nothing changed" in page.read_text(encoding="utf-8")


def test_what_cannot_be_written_is_said_before_the_run(tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match="its folder is not there"):
        evaluate("email", data=mails(tmp_path), rows=tmp_path / "nowhere" / "rows.jsonl")
    with pytest.raises(typer.BadParameter, match="a folder"):
        evaluate("email", data=mails(tmp_path), html=tmp_path)


def test_wrong_use_is_told_apart(tmp_path: Path) -> None:
    data = mails(tmp_path)
    for given, reason in (
        ({"suite": "email"}, "needs --data"),
        ({"suite": "email", "files": [data], "data": data}, "by --data, not"),
        ({"suite": "compare", "files": [data]}, "takes two files"),
        ({"suite": "compare", "files": [data, data], "data": data}, "takes two files"),
    ):
        with pytest.raises(typer.BadParameter, match=reason):
            evaluate(**given)


def test_files_that_are_no_rows_do_not_compare(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a row that"):
        evaluate("compare", [mails(tmp_path), mails(tmp_path)])
