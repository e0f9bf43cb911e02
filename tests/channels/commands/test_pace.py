"""Promises of what a person is told of the speed of long work."""

from __future__ import annotations

from pathlib import Path

import pytest

from channels.commands.ingesting import Telling, lines
from channels.commands.pace import WINDOW_S, Pace, lasting
from channels.commands.progress import Lines
from knowledge.ingest import Progress, Report
from knowledge.loaders.reading import Skipped


def test_the_rate_is_that_of_the_last_minute() -> None:
    pace = Pace(100.0)
    assert (pace.per_s(), pace.left_s(10)) == (0.0, None)
    for second in range(1, 200):
        pace.add(100.0 + second, second * 10.0)
    assert pace.per_s() == pytest.approx(10)
    for second in range(200, 200 + int(WINDOW_S) + 2):
        pace.add(100.0 + second, 1990.0 + (second - 199))
    assert pace.per_s() == pytest.approx(1, rel=0.2)
    assert pace.left_s(2151) == pytest.approx(100, rel=0.2)


def test_other_work_begins_a_rate_of_its_own() -> None:
    pace = Pace(0.0)
    pace.add(10.0, 1000.0)
    pace.add(11.0, 0.0)
    assert pace.per_s() == 0
    pace.add(12.0, 5.0)
    assert pace.per_s() == 5


def test_more_than_all_leaves_nothing() -> None:
    pace = Pace(0.0)
    pace.add(1.0, 50.0)
    assert pace.left_s(10) == 0


def test_times_are_told_as_people_say_them() -> None:
    told = [lasting(seconds) for seconds in (0.2, 59, 60, 200, 3600, 7500)]
    assert told == ["1 s", "59 s", "1 min", "3 min 20 s", "1 h 0 min", "2 h 5 min"]


def test_lines_come_every_few_seconds_and_at_the_end() -> None:
    now, said = [0.0], []
    shown = Lines(said.append, each_s=5, clock=lambda: now[0])
    for second in range(12):
        now[0] = float(second)
        shown.show(f"at {second}", None)
    shown.show("the end", 1.0, last=True)
    assert said == ["at 5\n", "at 10\n", "the end\n"]


class Screen:
    def __init__(self) -> None:
        self.shown: list[tuple[str, float | None, bool]] = []
        self.said: list[str] = []

    def show(self, text: str, at: float | None, last: bool = False) -> None:
        self.shown.append((text, at, last))

    def say(self, line: str) -> None:
        self.said.append(line)


def step(done: int, chars: int, passages: int) -> Progress:
    return Progress(done, 3, 1.0, passages=passages, passages_total=40, chars=chars, chars_total=1000)


def test_how_far_it_is_goes_by_the_text_and_not_by_documents_of_any_size() -> None:
    screen = Screen()
    telling = Telling(screen)
    telling.step(Progress(100, 0, 0.0, "reading"))
    telling.step(step(2, 100, 4))
    telling.step(step(2, 1000, 40))
    telling.step(step(3, 1000, 40))
    telling.step(Progress(3, 3, 0.0, "settling"))
    assert [at for _, at, _ in screen.shown] == [None, 0.1, 1.0, 1.0, None]
    assert [last for _, _, last in screen.shown] == [False, False, False, True, False]
    assert screen.shown[0][0] == "reading: 100 documents"
    assert screen.shown[1][0].startswith("ingesting: 4 of 40 passages, 2 of 3 documents kept, ")
    assert screen.shown[1][0].endswith(" left")
    assert " left" not in screen.shown[2][0]
    assert screen.shown[4][0] == "tidying up"
    assert telling.stopped() == "stopped: 3 of 3 documents were kept; the same command goes on from there"


def test_what_is_passed_over_is_said_at_once_on_one_line(tmp_path: Path) -> None:
    screen = Screen()
    Telling(screen).skipped(Skipped("a.pdf", "is\nencrypted", whole=True))
    assert screen.said == ["skipped a.pdf: is encrypted"]


def test_the_report_says_what_was_not_embedded_again_what_repeats_and_what_was_not_pruned() -> None:
    report = Report("help", 1, 2, 3, 4, [("a", "b")], 2.0, 0.5, 3, 10, 90, 5, [("Our people", 7)], ["x stays"], "full")
    assert lines(report) == [
        "help: 1 documents added or changed (4 passages), 2 unchanged, 3 removed, 1 skipped in 2.0 s (0 documents/s)",
        "90 of 100 texts were embedded before and are not again",
        "5 passages say word for word what another document says; all are kept",
        "in 7 documents: Our people",
        "not pruned: x stays",
        "nothing is written down for a run that is killed: full",
    ]
    assert len(lines(Report("help"))) == 1
