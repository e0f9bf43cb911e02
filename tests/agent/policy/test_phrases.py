"""Words and patterns of rules find what people write, and no message makes them slow."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.policy.phrases import FIRST, LAST, LONGEST_PATTERN, Unsuitable, folded, pattern, words

_LONG = FIRST + LAST


@pytest.mark.parametrize(
    ("those", "text", "found"),
    [
        (["lawyer"], "I'll call my LAWYER.", True),
        (["lawyer"], "lawyers and more", False),
        (["lawyer*"], "lawyers and more", True),
        (["sue"], "I issue a pursued refund", False),
        (["money back"], "my money-back guarantee", True),
        (["money back"], "my money\n back", True),
        (["money back"], "my money is not back", False),
        (["don't"], "I don’t", True),
        (["refund"], "ｒｅｆｕｎｄ please", True),
        (["refund"], "re\u200bfund please", True),
        (["c++"], "written in C++, mostly", True),
        (["größe"], "Welche GRÖSSE? Welche Größe?", True),
        (["返品"], "商品を返品したい", True),
        ([".*"], "anything at all", False),
        (["(["], "a plain ([ stands here", True),
        (["refund"], "", False),
    ],
)
def test_a_word_is_found_whole_in_any_case_and_spelling(those: list[str], text: str, found: bool) -> None:
    assert bool(words(those).search(folded(text))) == found


@pytest.mark.parametrize("those", [[], [""], ["  "], ["*"], ["a*b"], ["a" * 201], [str(n) for n in range(2001)]])
def test_what_is_no_word_is_refused(those: list[str]) -> None:
    with pytest.raises(Unsuitable):
        words(those)


@given(st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=5), st.text(max_size=200))
def test_any_list_of_words_is_refused_or_can_be_searched(those: list[str], text: str) -> None:
    try:
        made = words(those)
    except Unsuitable:
        return
    made.search(folded(text))


@given(st.text(alphabet="abcXYZ 019", min_size=1, max_size=12).filter(str.strip))
def test_every_word_is_found_in_itself(word: str) -> None:
    assert words([word]).search(folded(f"so: {word}."))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("(unclosed", "not valid"),
        ("*", "not valid"),
        ("[z-a]", "not valid"),
        ("a**", "not valid"),
        ("(?P<x>a)(?P<x>b)", "not valid"),
        ("[[a]", "not valid"),
        ("a*", "upper bound"),
        (r"\w+", "upper bound"),
        ("(a{1,9}){2,}", "upper bound"),
        (".{0,40}.{0,40}.{0,40}", "too long"),
        ("(?:a{0,5}){0,30}", "too long"),
        ("(?:a|a){0,30}", "too long"),
        ("(?=.{0,60}).{0,60}", "too long"),
        ("a{0,1001}", "too long"),
        ("", "characters"),
        ("a" * (LONGEST_PATTERN + 1), "characters"),
        ("(" * 240 + ")" * 240, ""),
    ],
)
def test_a_pattern_that_is_wrong_or_could_take_too_long_is_refused(text: str, says: str) -> None:
    if not says:
        pattern(text)
        return
    with pytest.raises(Unsuitable, match=says):
        pattern(text)


@pytest.mark.parametrize(
    "text", [r"\brefund\w{0,10}", r"\bsue\b.{0,40}\byou\b", "(?:a|b)c?", r"\d{1,3}%", "(?<!not )free", r"(\w)\1"]
)
def test_patterns_that_people_write_are_taken(text: str) -> None:
    pattern(text)


HOSTILE = ["a" * _LONG, "ab" * (_LONG // 2), " " * _LONG, "a " * (_LONG // 2), "ÿ" * _LONG, "🙂" * _LONG]


@pytest.mark.parametrize("text", [".{0,40}.{0,40}b", "a{0,43}a{0,43}!", "(?:a|aa){0,6}!", "(?:a?){0,9}!"])
def test_the_worst_pattern_on_the_worst_text_takes_a_moment(text: str) -> None:
    made = pattern(text)
    for hostile in HOSTILE:
        began = time.process_time()
        made.search(folded(hostile * 3))
        assert time.process_time() - began < 1.0


@settings(deadline=None)
@given(st.text(alphabet="ab.|?(){},0123456789[]^\\w+*", max_size=24))
def test_any_pattern_is_refused_or_quick(text: str) -> None:
    try:
        made = pattern(text)
    except Unsuitable:
        return
    began = time.process_time()
    made.search(folded("ab" * _LONG))
    assert time.process_time() - began < 1.0


def test_a_long_text_is_read_by_its_start_and_its_end() -> None:
    text = folded("start " + "x" * 100_000 + " end")
    assert len(text) <= _LONG + 1
    assert words(["start"]).search(text)
    assert words(["end"]).search(text)
