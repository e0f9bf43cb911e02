"""The email suite: what it counts, and that it reads mail as a turn does."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from evals.pages.errors import render
from evals.suites.email import measure, read, run

ROWS = [
    {"raw": "Yes.\n\nOn 3 Mar 2026 at 17:21, Nora <n@example.org> wrote:\n> ok?", "reply": "Yes.", "format": "text"},
    {"raw": "Yes.\nPlease.\n", "reply": "Yes. Please."},
    {
        "raw": "Yes.\n\nSent from my iPhone\n\nOn 3 Mar 2026 at 17:21, Nora wrote:\n> x",
        "reply": "Yes.\n\nSent from my iPhone",
    },
    {"raw": "No.", "reply": "Yes."},
]


def test_the_three_measures_forgive_more_and_more() -> None:
    assert measure(ROWS) == {"exact": 0.25, "whitespace": 0.5, "normalised": 0.75}
    assert measure([]) == {"exact": None, "whitespace": None, "normalised": None}


def test_the_format_is_known_by_its_looks() -> None:
    html = "<html><body><p>Yes.</p><blockquote>old</blockquote></body></html>"
    mail = (
        "Message-ID: <a@b>\nFrom: ann@example.org\nMIME-Version: 1.0\nContent-Type: text/html\n"
        "Content-Transfer-Encoding: quoted-printable\n\n<p>Yes.</p><blockquote>o=6Cd</blockquote>\n"
    )
    for raw in (html, mail, "Yes.\n\n> old"):
        assert read(raw) == "Yes."
    assert read("From: me\nI need boots <5kg") == "From: me\nI need boots <5kg"


def test_files_folders_and_gzip_are_read_and_other_rows_left_out(tmp_path: Path) -> None:
    lines = "\n".join(json.dumps(row) for row in [*ROWS, {"raw": "x", "signature": "y"}]) + "\n\n"
    (tmp_path / "a.jsonl").write_text(lines)
    with gzip.open(tmp_path / "b.jsonl.gz", "wt") as file:
        file.write(lines)
    assert run(tmp_path / "a.jsonl")["n"] == 4
    report = run(tmp_path)
    assert report["n"] == 8
    assert {"suite", "data", "n", "metrics", "config", "seconds"} == set(report)
    assert report["metrics"]["normalised"] == 0.75


def test_what_was_read_from_each_mail_can_be_looked_at(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps(row) for row in ROWS), encoding="utf-8")
    outcomes: list[dict[str, Any]] = []
    report = run(tmp_path / "a.jsonl", outcomes)
    assert [row["normalised"] for row in outcomes] == [1.0, 1.0, 1.0, 0.0]
    assert (outcomes[3]["outcome"], outcomes[3]["wanted"]) == ("No.", "Yes.")
    page = render(report, outcomes)
    assert "1 of 4 not right" in page
