"""Plain words that ask to end messages are told from words that only look like them, in eight languages."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.opt_out_words import opt_out

HERE = Path(__file__).parent


def phrases(name: str) -> list[tuple[str, str, str]]:
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [(label, language, text) for label, language, text in (line.split("\t") for line in lines)]


@pytest.mark.parametrize("name", ["opt_out_phrases.tsv", "opt_out_held_out.tsv"])
def test_what_asks_to_stop_is_told_from_what_only_looks_like_it(name: str) -> None:
    rows = phrases(name)
    wrong = [(label, text) for label, _, text in rows if (opt_out(text, "sms") is not None) != (label == "out")]
    found = sum(opt_out(text, "sms") is not None for label, _, text in rows if label == "out")
    asked = sum(label == "out" for label, _, _ in rows)
    print(f"{name}: {len(rows)} phrases, recall {found}/{asked}, wrong {wrong}")  # noqa: T201  (its figures)
    assert wrong == []


def test_the_list_has_every_language_with_hard_negatives() -> None:
    rows = phrases("opt_out_phrases.tsv")
    assert len(rows) >= 150
    for language in ("en", "es", "fr", "de", "it", "pt", "nl", "pl"):
        labels = [label for label, each, _ in rows if each == language]
        assert min(labels.count("out"), labels.count("keep")) >= 12


@pytest.mark.parametrize(
    ("text", "written_on", "channels", "purpose"),
    [
        ("Please stop texting me", "sms", ("sms",), "all"),
        ("Please stop texting me", "email", ("sms", "whatsapp"), "all"),
        ("unsubscribe me from your emails", "sms", ("email",), "all"),
        ("Unsubscribe me from your newsletter", "email", ("email",), "marketing"),
        ("no more ads please", "whatsapp", ("whatsapp",), "marketing"),
        ("don't call me again", "sms", ("voice",), "all"),
        ("stop messaging me", "chat", ("push",), "all"),
        ("Stop please", "sms", ("sms",), "all"),
    ],
)
def test_the_words_say_which_channel_and_which_messages(
    text: str, written_on: str, channels: tuple[str, ...], purpose: str
) -> None:
    found = opt_out(text, written_on)
    assert found is not None
    assert (found.channels, found.purpose, found.whole) == (channels, purpose, True)


@pytest.mark.parametrize("text", ["stop", "Stop it", "please stop"])
def test_a_bare_stop_in_the_web_chat_is_conversation(text: str) -> None:
    assert opt_out(text, "chat") is None


@pytest.mark.parametrize(
    "text",
    [
        "Stop texting me. And where is my refund? It has been three weeks",
        "Stop sending me ads! My order 1234 never came and nobody answers the phone, please look into it today",
    ],
)
def test_a_message_that_asks_something_else_as_well_still_waits_for_an_answer(text: str) -> None:
    found = opt_out(text, "sms")
    assert found is not None
    assert not found.whole


@pytest.mark.parametrize("text", ["stop calling me Charlie", "", " ", "?" * 50, "😀" * 40])
def test_what_says_nothing_of_the_kind_is_nothing(text: str) -> None:
    assert opt_out(text, "sms") is None


@given(st.text(max_size=300), st.sampled_from(["sms", "chat", "email", "whatsapp", "webhook"]))
def test_any_text_is_read_without_a_fault(text: str, channel: str) -> None:
    opt_out(text, channel)


@pytest.mark.parametrize("unit", ["stop ", "stop sending me ", "no more ", "je ne veux plus ", "keine ", "a", "stop, "])
def test_a_hostile_text_is_read_to_its_end(unit: str) -> None:
    """Patterns that go back and forth would not come to it before the test's timeout."""
    opt_out(unit * 20_000, "sms")
