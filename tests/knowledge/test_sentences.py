"""Promises of the sentence splitter."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.sentences import MAX_CHARS, sentences

ABBREVIATIONS = ("approx", "dept", "sept", "tues", "thurs", "incl", "excl", "corp", "para", "blvd")


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Send it back. We refund you.", ["Send it back.", "We refund you."]),
        ("It costs £4.99 to Spain. Free over £50.", ["It costs £4.99 to Spain.", "Free over £50."]),
        ("Ask Dr. Smith, e.g. by email. He answers.", ["Ask Dr. Smith, e.g. by email.", "He answers."]),
        ("Open from 9 a.m. to 5 p.m. on weekdays.", ["Open from 9 a.m. to 5 p.m. on weekdays."]),
        ("We close at 5 p.m. Monday. We open at 9 a.m. Parking is free.",
         ["We close at 5 p.m. Monday.", "We open at 9 a.m.", "Parking is free."]),
        ("Version 2.1 is out. See v. 3.", ["Version 2.1 is out.", "See v. 3."]),
        ("J. Smith signed it.", ["J. Smith signed it."]),
        ("Really?! Yes. \"No.\" She left.", ["Really?!", "Yes.", '"No."', "She left."]),
        ("See www.example.com for more. Bye.", ["See www.example.com for more.", "Bye."]),
        ("Wait... what is that? Nothing.", ["Wait... what is that?", "Nothing."]),
        ("返品できます。返金します。", ["返品できます。", "返金します。"]),
    ],
)  # fmt: skip
def test_a_full_stop_ends_a_sentence_only_where_one_ends(text: str, expected: list[str]) -> None:
    assert split(text) == expected


def test_each_list_item_is_one_sentence_without_its_marker() -> None:
    text = "You need:\n- your order number. It is in the email.\n- the label\n2. A box"
    assert split(text) == ["You need:", "your order number. It is in the email.", "the label", "A box"]


def test_each_table_row_is_one_sentence_and_its_header_none() -> None:
    text = "| Service | Price |\n|---|---|\n| Express | £9.95. Next day. |\n| Post | free |"
    assert split(text) == ["| Express | £9.95. Next day. |", "| Post | free |"]


def test_headings_are_no_sentences() -> None:
    assert split("# Returns\nSend it back.\n## Gifts\nAlso gifts.") == ["Send it back.", "Also gifts."]


def test_a_line_without_a_stop_does_not_run_into_the_next_unless_that_goes_on_in_lower_case() -> None:
    assert split("Opening hours\nWe open at nine.") == ["Opening hours", "We open at nine."]
    assert split("We open\nat nine.") == ["We open\nat nine."]


@pytest.mark.parametrize("text", ["", "   ", "\n\n\n", "---", "|---|---|", "# ", "...", "!?", "\x00", "- "])
def test_text_without_words_has_no_sentences(text: str) -> None:
    assert sentences(text) == []


def test_a_megabyte_without_a_stop_is_cut_and_loses_no_word() -> None:
    text = "word " * 200_000
    pieces = split(text)
    assert max(map(len, pieces)) <= MAX_CHARS
    assert " ".join(pieces).split() == text.split()


@pytest.mark.parametrize("text", [". " * 100_000, "a.\n" * 50_000, "|" * 100_000, "- " * 100_000, "#" * 100_000])
def test_hostile_text_is_split_in_time(text: str) -> None:
    sentences(text)


@given(st.text(alphabet=st.sampled_from("ab A.!?\n|-# 1\u3002\"'") | st.characters(), max_size=400))
def test_spans_are_in_order_apart_trimmed_and_hold_every_letter_outside_headings_and_headers(text: str) -> None:
    spans = sentences(text)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert all(text[start:end] == text[start:end].strip() for start, end in spans)


@given(st.lists(st.from_regex(r"[A-Z][a-z]{2,8}( [a-z]{4,8}){1,5}\.", fullmatch=True), min_size=1, max_size=8))
def test_plain_sentences_joined_by_spaces_come_apart_again(parts: list[str]) -> None:
    kept = [part for part in parts if part.rsplit(" ", 1)[1][:-1] not in ABBREVIATIONS]
    assert split(" ".join(kept)) == kept
