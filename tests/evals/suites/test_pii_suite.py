"""The suite counts spans and characters as INTERFACES states them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agent.guardrails.recognisers.span import PiiSpan
from evals.suites.pii import run


class Scripted:
    """Finds what it is told to, by text."""

    def __init__(self, answers: dict[str, list[PiiSpan]]) -> None:
        self.answers = answers

    async def find(self, texts: Sequence[str]) -> list[list[PiiSpan]]:
        return [self.answers.get(text, []) for text in texts]


def row(text: str, *spans: tuple[int, int, str]) -> str:
    return json.dumps({"text": text, "spans": [{"start": a, "end": b, "label": label} for a, b, label in spans]})


def write(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


async def test_spans_count_by_label_and_any_overlap_and_characters_without_label(tmp_path: Path) -> None:
    data = write(
        tmp_path / "a.jsonl",
        row("Ann Lee, Leeds", (0, 7, "PERSON"), (9, 14, "LOCATION"), (0, 3, "TITLE")),
        row("call 12345", (5, 10, "PHONE_NUMBER")),
    )
    detector = Scripted(
        {
            "Ann Lee, Leeds": [PiiSpan(0, 3, "PERSON", 1), PiiSpan(9, 14, "PERSON", 1), PiiSpan(0, 1, "AGE", 1)],
            "call 12345": [PiiSpan(5, 10, "US_SSN", 1)],
        }
    )
    report = await run(data, detector)
    metrics = report["metrics"]
    assert (report["suite"], report["n"], report["data"]) == ("pii", 2, str(data))
    assert metrics["recall"] == pytest.approx(1 / 3)
    assert metrics["precision"] == pytest.approx(1 / 3)
    assert metrics["f1"] == pytest.approx(1 / 3)
    assert metrics["char_recall"] == pytest.approx((3 + 5 + 5) / (7 + 5 + 5))
    assert metrics["char_precision"] == 1.0
    assert metrics["per_label"]["PERSON"] == {"precision": 0.5, "recall": 1.0, "n": 1, "f1": pytest.approx(2 / 3)} | {
        "f2": pytest.approx(5 * 0.5 / (4 * 0.5 + 1))
    }
    assert metrics["per_label"]["US_SSN"]["recall"] is None
    assert "TITLE" not in metrics["per_label"]
    assert metrics["text_ms_p50"] >= 0
    json.dumps(report)


async def test_rows_without_spans_give_no_recall_and_no_rows_no_figures(tmp_path: Path) -> None:
    quiet = (await run(write(tmp_path / "q.jsonl", row("hello")), Scripted({})))["metrics"]
    assert (quiet["recall"], quiet["precision"], quiet["f1"], quiet["char_recall"]) == (None, None, None, None)
    empty = await run(write(tmp_path / "e.jsonl"), Scripted({}))
    assert (empty["n"], empty["metrics"]["text_ms_p50"]) == (0, None)


async def test_gzipped_files_and_folders_are_read(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", row("Ann", (0, 3, "PERSON")))
    with gzip.open(tmp_path / "b.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write(row("Bob", (0, 3, "PERSON")))
    assert (await run(tmp_path, Scripted({})))["n"] == 2


@pytest.mark.parametrize("line", ["{", "[]", '{"text": "x"}', '{"text": "x", "spans": [{"start": 0}]}'])
async def test_a_bad_row_is_named(tmp_path: Path, line: str) -> None:
    data = write(tmp_path / "a.jsonl", row("fine"), line)
    with pytest.raises(ValueError, match=r"a\.jsonl:2"):
        await run(data, Scripted({}))


async def test_each_text_says_what_was_missed_and_what_was_taken_needlessly(tmp_path: Path) -> None:
    data = write(
        tmp_path / "a.jsonl", row("Ann in Leeds", (0, 3, "PERSON"), (7, 12, "LOCATION")), row("hello"), row("hi")
    )
    found = {"Ann in Leeds": [PiiSpan(0, 3, "PERSON", 1), PiiSpan(4, 6, "URL", 1)], "hi": [PiiSpan(0, 2, "PERSON", 1)]}
    outcomes: list[dict[str, Any]] = []
    await run(data, Scripted(found), outcomes)
    assert outcomes[0]["outcome"] == "missed LOCATION 'Leeds'\nextra URL 'in'"
    assert [each["f2"] for each in outcomes] == [pytest.approx(0.5), 1.0, 0.0]
    assert [each["id"] for each in outcomes] == ["1", "2", "3"]
    json.dumps(outcomes)
