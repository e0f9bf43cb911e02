"""How a reply sounds, whether it says that a machine speaks, and whether it has anybody's data in it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.guardrails.disclosure import discloses
from agent.guardrails.personal import unsourced
from agent.guardrails.tone import exclamations, familiar, only_sorry, shouts


@pytest.mark.parametrize(
    ("text", "shouting"),
    [
        ("WE DO NOT TAKE THIS BACK", True),
        ("We do not take this back", False),
        ("VAT, PDF and UK are short.", False),
        ("OK", False),
        ("<EMAIL_ADDRESS_1> and <PHONE_NUMBER_22> are kept", False),
        ("ÜBERMORGEN GESCHLOSSEN", True),
        ("123456789012345", False),
        ("", False),
    ],
)
def test_capitals_throughout_are_shouting_and_short_codes_are_not(text: str, shouting: bool) -> None:
    assert shouts(text) == shouting


def test_exclamation_marks_are_counted_in_any_width() -> None:
    assert (exclamations("Yes! No！"), exclamations("")) == (2, 0)


@pytest.mark.parametrize(
    ("text", "is_familiar"),
    [
        ("No worries, mate!", True),
        ("lol that happens", True),
        ("Sure 😂", True),
        ("Our roommate tent sleeps two.", False),
        ("I'd love to help.", False),
        ("You can bring a friend.", False),
        ("", False),
    ],
)
def test_speaking_as_to_a_friend_is_told_from_friendliness(text: str, is_familiar: bool) -> None:
    assert familiar(text) == is_familiar


@pytest.mark.parametrize(
    ("text", "only"),
    [
        ("We are sorry about the delay.", True),
        ("We apologise for any inconvenience.", True),
        ("We are sorry about the delay. You can cancel it in your account.", False),
        ("I'm sorry. Would you like me to fetch a person?", False),
        ("The parcel is late.", False),
        ("", False),
    ],
)
def test_an_apology_is_followed_by_what_happens_next(text: str, only: bool) -> None:
    assert only_sorry(text) == only


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("I'm Acme's automated assistant.", True),
        ("You are talking to an AI.", True),
        ("Ich bin die KI von Acme.", True),
        ("Ich bin der digitale Assistent von Acme.", True),
        ("Je suis l'assistant virtuel d'Acme.", True),
        ("Soy el asistente automatizado de Acme.", True),
        ("Jestem wirtualnym asystentem.", True),
        ("This is Anna of Acme, how can I help?", False),
        ("I said aid is near the botanist.", False),
        ("", False),
    ],
)
def test_words_that_say_a_machine_speaks_are_known_in_several_languages(text: str, says: bool) -> None:
    assert discloses(text) == says


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Write to Ann.Other@mail.example.", ("an email address",)),
        ("Call 01632 960 123.", ("a telephone or card number",)),
        ("Call +44 1632 960001 now", ("a telephone or card number",)),
        ("Pay to GB33BUKB20201555555555", ("an account number", "a telephone or card number")[:1]),
        ("Your card 4111 1111 1111 1111", ("a telephone or card number",)),
        ("It costs £1,234,567.89.", ()),
        ("It takes 3 to 5 days, until 2026-11-27.", ()),
        ("Write to <EMAIL_ADDRESS_1>.", ()),
        ("", ()),
    ],
)
def test_values_that_no_source_has_are_named_by_their_kind(text: str, found: tuple[str, ...]) -> None:
    assert unsourced(text, ()) == found


def test_values_that_a_source_has_may_be_said() -> None:
    sources = ("Mail HELP@acme.example or ring (01632) 960-123.", "IBAN GB33 BUKB 2020 1555 5555 55")
    said = "Mail help@acme.example, ring 01632 960 123, pay to GB33BUKB20201555555555."
    assert unsourced(said, sources) == ()
    assert unsourced("Order 1234567890 is yours.", ("Where is order 1234567890?",)) == ()


@given(st.text(max_size=300))
def test_any_text_can_be_judged(text: str) -> None:
    assert isinstance((shouts(text), familiar(text), only_sorry(text), discloses(text)), tuple)
    assert unsourced(text, (text,)) == ()


@pytest.mark.parametrize("text", ["a@" * 20_000, "1 " * 20_000, "sorry " * 10_000, "GB33 " * 10_000, "!" * 50_000])
def test_a_hostile_text_takes_a_moment(text: str) -> None:
    began = time.process_time()
    for judge in (shouts, familiar, only_sorry, discloses):
        judge(text)
    unsourced(text, (text,))
    assert time.process_time() - began < 1.0
