"""What is out of date is named with its reason, as of the day asked about."""

from __future__ import annotations

from datetime import date

import pytest
from knowing_support import passage

from agent.knowing.validity import in_force, out_of_date
from knowledge.checking.findings import Stale
from knowledge.checking.validity import Ages, stale, standing
from knowledge.passages import Hit, Passage

TODAY = date(2026, 11, 27)


def found(*passages: Passage, on: date = TODAY, **more: object) -> tuple[Stale, ...]:
    return stale(passages, on, Ages(), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("metadata", "why"),
    [
        ({"valid_until": "2026-11-26"}, "expired"),
        ({"valid_until": "2026-11-26T10:00:00Z"}, "expired"),
        ({"valid_until": "2026-11-27"}, "expiring"),
        ({"valid_until": "2026-12-27"}, "expiring"),
        ({"valid_from": "2026-11-28"}, "not_yet"),
        ({"valid_until": "Christmas"}, "bad_date"),
        ({"updated": "2025-11-26"}, "old"),
    ],
)
def test_each_reason_is_told_from_the_others(metadata: dict[str, str], why: str) -> None:
    (each,) = found(passage("a", "Words.", **metadata))
    assert (each.why, each.document, each.passages) == (why, "a", 1)
    assert each.date in next(iter(metadata.values()))


@pytest.mark.parametrize(
    "metadata", [{}, {"valid_until": "2026-12-28"}, {"valid_from": "2026-11-27"}, {"updated": "2025-11-27"}]
)
def test_what_is_in_order_is_not_named(metadata: dict[str, str]) -> None:
    assert found(passage("a", "Words.", **metadata)) == ()


def test_a_document_is_named_once_with_its_passages_and_the_worst_comes_first() -> None:
    old = {"updated": "2020-01-01"}
    told = found(
        passage("old", "One.", **old), passage("over", "Two.", valid_until="2026-01-31"),
        passage("old", "Three.", n=1, **old),
    )  # fmt: skip
    assert [(each.why, each.document, each.passages) for each in told] == [("expired", "over", 1), ("old", "old", 2)]


def test_midnight_ends_what_holds_until_that_day() -> None:
    last = passage("a", "Words.", valid_until="2026-12-24")
    assert standing(last, date(2026, 12, 24)) == "in_force"
    assert standing(last, date(2026, 12, 25)) == "expired"


def test_a_file_that_is_gone_is_missing_unless_none_of_them_is_here() -> None:
    two = (passage("a", "One."), passage("b", "Two."))
    origins = {"a": "/help/a.md", "b": "/help/b.md", "c": "relative.md"}
    (gone,) = found(*two, origins=origins, is_there=lambda file: file == "/help/a.md")
    assert (gone.why, gone.document) == ("missing", "b")
    assert found(*two, origins=origins, is_there=lambda _: False) == ()


def test_the_record_says_what_was_found_and_is_out_of_date() -> None:
    hits = [
        Hit(passage(name, "Words.", title=name.title(), **metadata), 1.0, 0.7, None, None)  # type: ignore[arg-type]
        for name, metadata in (
            ("over", {"valid_until": "2026-01-31"}), ("now", {}), ("coming", {"valid_from": "2027-01-01"}),
        )
    ]  # fmt: skip
    told = out_of_date(hits, TODAY)
    assert [(each.rule, each.decision, each.evidence, each.score) for each in told] == [
        ("out_of_date", "pass", "over", 0.7),
        ("out_of_date", "pass", "coming", 0.7),
    ]
    assert told[0].reason == "“Over” held until 2026-01-31 and is not cited any more"
    assert [hit.passage.id for hit in in_force(hits, TODAY)] == ["now"]
