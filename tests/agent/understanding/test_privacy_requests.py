"""Which messages are requests for a right, in eight languages, and which only sound like one."""

from __future__ import annotations

import time

import pytest
from privacy_lines import LINES

from agent.understanding.privacy_requests import privacy_request


def figures() -> tuple[float, float, int]:
    """(precision, recall, n): a right that is named wrongly counts as both a false alarm and a miss."""
    found = [(expected, privacy_request(text) or "") for expected, text in LINES]
    hits = sum(expected == said for expected, said in found if expected)
    return hits / sum(bool(said) for _, said in found), hits / sum(bool(e) for e, _ in found), len(LINES)


def test_a_request_is_told_from_what_only_sounds_like_one() -> None:
    wrong = [(kind, privacy_request(text), text) for kind, text in LINES if (privacy_request(text) or "") != kind]
    assert not wrong


def test_the_lines_are_many_and_hold_hard_negatives() -> None:
    precision, recall, n = figures()
    assert n >= 290
    assert sum(not kind for kind, _ in LINES) >= 120
    assert (precision, recall) == (1.0, 1.0)


@pytest.mark.parametrize(
    "text",
    [
        "delete " * 4000,
        "my data " * 4000,
        "not " * 9000 + "delete my data",
        "do you " * 5000,
        "\x00" * 20_000,
        "ä" * 30_000,
    ],
)
def test_hostile_text_takes_no_longer_than_its_length(text: str) -> None:
    started = time.process_time()
    privacy_request(text)
    assert time.process_time() - started < 2.0  # a pattern that backtracks without bound takes minutes


def test_a_request_in_the_middle_of_a_long_message_is_found() -> None:
    text = "The tent arrived. It is green.\n" * 20 + "Also, please delete all my personal data.\nRegards"
    assert privacy_request(text) == "erasure"
