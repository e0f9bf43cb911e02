from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from agent.gateway.reasoning import LONGEST_TAIL, ReasoningFilter, visible_text, without_reasoning

# Everything that matters to the filter, and what looks like it.
TAGS = ["<think>", "</think>", "<THINK>", "</Think>", "<thinking>", "</thinking>", "[THINK]", "[/THINK]"]
ALMOST = ["<thinker>", "<think >", "<<think>", "think>", "<", "</", "<th", "[", "[1]"]
WORDS = ["a < b", " ", "\n\n", "Yes", "no ", "ſ", "İ", "😀"]
FRAGMENTS = st.sampled_from([*TAGS, *ALMOST, *WORDS])
TEXTS = st.lists(FRAGMENTS, max_size=14).map("".join)


def cut(text: str, places: list[int]) -> list[str]:
    edges = sorted({0, len(text), *(place % (len(text) + 1) for place in places)})
    return [text[start:end] for start, end in pairwise(edges)]


def assembled(pieces: list[str], *, begins_inside: bool = False) -> str:
    cleaner = ReasoningFilter(begins_inside=begins_inside)
    out = ""
    for shown in [*(cleaner.feed(piece) for piece in pieces), cleaner.close()]:
        out = shown.text if shown.void else out + shown.text
    return out


@pytest.mark.parametrize(
    ("text", "visible"),
    [
        ("Plain.", "Plain."),
        ("<think>why</think>Because.", "Because."),
        ("<think>why</think>\n\nBecause.", "Because."),
        ("Well, <think>why</think>because.", "Well, because."),
        ("<think>one<think>two</think>three</think>four", "four"),
        ("<think>never closed", ""),
        ("shown <think>never closed", "shown "),
        ("why, why</think>Because.", "Because."),
        ("a</think>b</think>c", "c"),
        ("<THINK>why</Think>Because.", "Because."),
        ("<thinking>a</thinking>b<reasoning>c</reasoning>d", "bd"),
        ("<think>a</thinking>b</think>c", "c"),
        ("[THINK]why[/THINK]Because [1].", "Because [1]."),
        ("a < b and <thinker> and <think >", "a < b and <thinker> and <think >"),
        ("the end <thin", "the end <thin"),
        ("<thin\u212a>no tag", "<thin\u212a>no tag"),
        ("", ""),
        ("  \n", ""),
    ],
)
def test_reasoning_is_taken_out(text: str, visible: str) -> None:
    assert without_reasoning(text) == visible


@given(TEXTS, st.lists(st.integers(0, 200), max_size=12), st.booleans())
@example("<think>a</think>b", [1, 2, 3, 4, 5, 6, 7, 8, 9], False)
def test_every_way_of_cutting_a_reply_shows_the_same(text: str, places: list[int], begins_inside: bool) -> None:
    whole = assembled([text], begins_inside=begins_inside)
    assert assembled(cut(text, places), begins_inside=begins_inside) == whole
    assert assembled(list(text), begins_inside=begins_inside) == whole


@given(TEXTS)
def test_knowing_that_a_reply_begins_with_reasoning_changes_when_not_what(text: str) -> None:
    assert assembled(list(text), begins_inside=True) == assembled(list(text))


@given(st.text(max_size=20), TEXTS, st.lists(st.integers(0, 200), max_size=12))
def test_what_stands_between_tags_is_not_shown_meanwhile(before: str, secret: str, places: list[int]) -> None:
    assume("</think>" not in secret.lower() and "<" not in before and "[" not in before)
    cleaner = ReasoningFilter()
    pieces = cut(f"{before}<think>\ue000{secret}\ue001</think>after", places)
    assert "\ue000" not in "".join(cleaner.feed(piece).text for piece in pieces) + cleaner.close().text


@given(st.text())
@example("İ" * 30)
def test_a_reply_without_tags_is_shown_as_it_is(text: str) -> None:
    if not any(mark in text for mark in "<["):
        assert without_reasoning(text) == text.lstrip()


@given(st.text(alphabet="<[/think] ", max_size=80))
def test_no_more_than_a_tags_length_is_held_back(text: str) -> None:
    assert len(ReasoningFilter().feed(text).text) >= len(text.lstrip()) - LONGEST_TAIL


def test_a_long_reply_of_almost_tags_takes_no_time() -> None:
    cleaner = ReasoningFilter()
    text = "<" * 200_000
    assert len(cleaner.feed(text).text) >= len(text) - LONGEST_TAIL


def test_only_text_blocks_are_visible() -> None:
    blocks = [{"type": "thinking", "thinking": "why"}, {"type": "text", "text": "Because."}, "plain", {"type": "text"}]
    assert visible_text(blocks) == "Because.plain"
    assert visible_text("as it is") == "as it is"
    assert visible_text([]) == ""
