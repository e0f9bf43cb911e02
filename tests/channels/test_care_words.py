"""Gaps and findings in words: what a person at the terminal reads."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from knowing_support import passage
from typer.testing import CliRunner

from agent.knowing.gaps import Example, Gap, Gaps, Nearest
from channels.care_json import findings_json, gaps_json
from channels.care_words import check_lines, gap_lines, one_line
from channels.cli import app
from channels.commands.care import _day, _kinds, _span
from knowledge.checking.findings import Contradiction, Duplicate, Findings, Stale, place

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LEFT, RIGHT = passage("how", "Free within 30 days.", "How to return"), passage("policy", "Free within 14 days.")


def gap(*scores: float) -> Gap:
    near = tuple(Nearest("p", "boats.md", "Boats", "Sizes", "boats.md", "Words.", score) for score in scores)
    example = Example("do you have\nkayaks", "t-1", "c-1", "chat", NOW)
    return Gap("Do you sell kayaks?", 3, 2, NOW - timedelta(days=2), NOW, {"rated": 1}, {"chat": 3}, (example,), near)


def test_gaps_are_told_with_how_often_by_whom_and_what_comes_near() -> None:
    found = Gaps(NOW - timedelta(days=30), NOW, 3, 2, 1, (gap(0.61),))
    assert gap_lines(found) == [
        "3 questions of 2 customers since 2026-10-25 were not answered, in 1 group",
        "",
        "1. Do you sell kayaks?",
        "   3 questions of 2 customers, 2026-11-22 to 2026-11-24; chat 3; rated low 1",
        "   “do you have kayaks” (c-1)",
        "   There are articles about it, but they lack this:",
        "     0.61  Boats › Sizes",
    ]


@pytest.mark.parametrize(
    ("scores", "said"), [((), "The knowledge has nothing at all."), ((0.2,), "No article is about it. The nearest:")]
)
def test_whether_there_is_an_article_is_said(scores: tuple[float, ...], said: str) -> None:
    assert f"   {said}" in gap_lines(Gaps(NOW, NOW, 1, 1, 1, (gap(*scores),)))


def test_nothing_found_is_said_too() -> None:
    assert gap_lines(Gaps(NOW, NOW, 0, 0, 0, ())) == ["No question since 2026-11-24 was left without an answer."]
    empty = Findings("help", NOW.date(), 0, 0)
    assert check_lines(empty) == ["help on 2026-11-24: there are no passages"]
    assert check_lines(Findings("help", NOW.date(), 2, 3)) == [
        "help on 2026-11-24: nothing to mend in 3 passages of 2 documents"
    ]


def test_findings_are_told_with_both_sentences() -> None:
    found = Findings(
        "help", date(2026, 11, 24), 2, 2,
        (Stale("expired", "old.md", "Old", "old.md", "2026-01-31", 1), Stale("missing", "gone.md", "", "", "", 1)),
        (Duplicate(True, 1.0, (place(LEFT), place(RIGHT))),),
        (Contradiction(place(LEFT), place(RIGHT), "30 days", "14 days"),),
    )  # fmt: skip
    assert check_lines(found) == [
        "help on 2026-11-24: 2 passages of 2 documents",
        "",
        "1 contradiction",
        "- 30 days or 14 days",
        "  How to return (how): Free within 30 days.",
        "  policy (policy): Free within 14 days.",
        "",
        "2 documents out of date, or soon",
        "- Old (old.md): held until 2026-01-31; never cited any more",
        "- gone.md (gone.md): the file it was read from is not there any more",
        "",
        "1 group of copies",
        "- 2 passages of 2 documents, word for word",
        "  How to return (how): Free within 30 days.",
        "  policy (policy): Free within 14 days.",
    ]
    assert findings_json(found)["counts"] == {"stale": 2, "duplicate": 1, "contradiction": 1}


def test_json_says_whether_an_article_is_there() -> None:
    found = gaps_json(Gaps(NOW, NOW, 1, 1, 1, (gap(0.9), gap(0.1))))
    assert [each["has_article"] for each in found["gaps"]] == [True, False]


def test_a_long_text_is_cut_with_an_ellipsis() -> None:
    assert one_line("word " * 100).endswith("word…")
    assert one_line("a\n b") == "a b"


def test_options_are_read_and_what_they_cannot_be_is_said() -> None:
    assert [_span("--soon", given) for given in ("90d", "8w", "6m", "1y")] == [90, 56, 180, 365]
    assert _kinds("stale, contradiction") == {"stale", "contradiction"}
    assert _day("2026-12-24") == date(2026, 12, 24)
    for call, said in (
        (lambda: _span("--soon", "soon"), "write 90d"),
        (lambda: _kinds("typos"), "stale, duplicate, contradiction"),
        (lambda: _day("someday"), "write a day"),
    ):
        with pytest.raises(Exception, match=said):
            call()


@pytest.mark.parametrize("command", ["gaps", "check"])
def test_each_command_has_help_with_an_example_and_takes_a_configuration(command: str) -> None:
    shown = CliRunner().invoke(app, ["knowledge", command, "--help"])
    assert shown.exit_code == 0
    assert f"frontdesk knowledge {command}" in shown.output
    assert "--config" in shown.output
    assert "--json" in shown.output


@pytest.mark.parametrize("given", [["--fail-on", "typos"], ["--soon", "soon"], ["--on", "someday"], ["--bogus"]])
def test_wrong_use_of_the_check_exits_2(given: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(app, ["knowledge", "check", *given]).exit_code == 2
