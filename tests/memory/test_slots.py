"""What is pinned to the letter, and what a message like "where is it?" is about."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.messages import Line, Role
from memory.slots import asked_for, in_focus, pins, slots_of, split, tells
from memory.summary import fold


def found(text: str, role: Role = "customer") -> list[tuple[str, str]]:
    return [(slot.kind, slot.value) for slot in slots_of((Line(role, text, 1),))]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("My order number is ORD-1234.", [("order", "ORD-1234")]),
        ("order 12345678 has not come", [("order", "12345678")]),
        ("Order #77 is late", [("order", "77")]),
        ("I ordered 2 tents of 3kg at 10am for 4 people", []),
        ("Parcel JD0002233445566", [("parcel", "JD0002233445566")]),
        ("tracking number is 99887766", [("parcel", "99887766")]),
        ("invoice INV-77 and receipt 4455", [("invoice", "INV-77"), ("invoice", "4455")]),
        ("Ref: X7", [("reference", "X7")]),
        ("my account number is <US_BANK_NUMBER_1>", [("reference", "<US_BANK_NUMBER_1>")]),
        ("I am <PERSON_1>", [("pseudonym", "<PERSON_1>")]),
        ("order for <PERSON_1>", [("pseudonym", "<PERSON_1>")]),
        ("£45, £1,234.50 and 20 EUR", [("amount", "£45"), ("amount", "£1,234.50"), ("amount", "20 EUR")]),
        ("1.234,50 € or 15%", [("amount", "1.234,50 €"), ("amount", "15%")]),
        ("on 3 March 2026 or 2026-03-04", [("date", "3 March 2026"), ("date", "2026-03-04")]),
        (
            "the 3rd of March, March 5th, 05/03/26",
            [("date", "3rd of March"), ("date", "March 5th"), ("date", "05/03/26")],
        ),
        ("Come next Monday", [("date", "Monday")]),
        ("Marble 5, size 42, 24/7", []),
        ("", []),
    ],
)
def test_what_is_said_to_the_letter_is_found_with_its_kind(text: str, wanted: list[tuple[str, str]]) -> None:
    assert found(text) == wanted


def test_a_value_goes_with_the_words_of_its_sentence() -> None:
    slots = {
        slot.value: slot.words for slot in slots_of((Line("bot", "Hello. We refunded £45 on 3 May. Bye now.", 4),))
    }
    assert slots == {"£45": "We refunded £45 on 3 May", "3 May": "We refunded £45 on 3 May"}


@given(st.text(max_size=200), st.sampled_from(["customer", "bot", "agent"]))
def test_every_slot_is_verbatim_in_its_line_and_only_a_customer_instructs(text: str, role: Role) -> None:
    for slot in slots_of((Line(role, text, 3),), "c-1"):
        assert slot.value in text
        assert not slot.words or slot.value in slot.words
        assert (slot.seq, slot.role, slot.conversation) == (3, role, "c-1")
        assert slot.kind != "instruction" or role == "customer"


@given(
    st.lists(st.sampled_from(["ORD-12", "£4", "please call me.", "3 May", "<PERSON_1>", "why?", "\n", "7"]), max_size=9)
)
def test_the_summary_keeps_all_that_is_pinned(words: list[str]) -> None:
    line = Line("customer", " ".join(words), 1)
    kept = fold("", (line,), 1)
    for slot in slots_of((line,)):
        assert " ".join(slot.value.split()) in kept


@pytest.mark.parametrize(
    ("sentence", "instruction"),
    [
        ("Please don't call me.", True),
        ("Could you leave it with the neighbour?", True),
        ("I'd rather have it on Friday", True),
        ("Email me instead", True),
        ("No phone calls", True),
        ("Could you please tell me when you open?", False),
        ("Hi Sam, can you please explain the returns?", False),
        ("Where is my order?", False),
        ("", False),
    ],
)
def test_what_tells_us_what_to_do_is_an_instruction_and_a_question_is_none(sentence: str, instruction: bool) -> None:
    assert tells(sentence) is instruction


HOSTILE = ["a-", "1,", "x", "£1.", "<A_", "order ", "please ", "<PERSON_1>", "1 ", "1-", "£", "a1-", ". ", "on Monday "]


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_text_is_read_in_linear_time(piece: str) -> None:
    def cpu(text: str) -> float:
        started = time.process_time()
        slots_of((Line("customer", text, 1),))
        return time.process_time() - started

    cpu(piece * 100)
    short, long = cpu(piece * 10_000), cpu(piece * 40_000)
    assert long < 12 * short + 0.2, "four times the text takes about four times as long"


def test_lone_surrogates_and_control_characters_are_read_past() -> None:
    assert found("\ud800 order ORD-1\x00\u202e £5\ufffd") == [("order", "ORD-1"), ("amount", "£5")]


# --- focus ---

BEFORE = slots_of(
    (
        Line("customer", "Order ORD-1 was fine. Now order ORD-2 for £30.", 1),
        Line("bot", "Invoice INV-9 is from 3 March 2026.", 2),
    ),
    "c-1",
)[::-1]


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("Where is my order?", ["ORD-2"]),
        ("where is it?", ["INV-9"]),
        ("Has that been paid?", ["INV-9"]),
        ("where is my parcel", ["ORD-2"]),
        ("And the other order?", ["ORD-1"]),
        ("I mean the first order", ["ORD-1"]),
        ("cancel both orders please", ["ORD-2", "ORD-1"]),
        ("what about ORD-77?", ["ORD-77"]),
        ("when do I get that refund?", ["£30"]),
        ("is it possible to return a tent?", []),
        ("How long does it take?", []),
        ("how do I return an order?", []),
        ("I heard that you sell tents", []),
        ("hello", []),
        ("", []),
    ],
)
def test_a_message_is_about_what_it_names_or_points_to(text: str, about: list[str]) -> None:
    assert [slot.value for slot in in_focus((Line("customer", text, 3),), BEFORE, "c-1")] == about


def test_nothing_is_in_focus_where_nothing_was_said_before() -> None:
    assert in_focus((Line("customer", "where is my order?", 1),), ()) == ()


def test_what_the_message_itself_says_does_not_count_as_said_before() -> None:
    said = (Line("customer", "where is it? <PERSON_1>", 3),)
    assert in_focus(said, slots_of(said, "c-1"), "c-1") == ()


def test_the_last_mention_counts_not_the_first() -> None:
    lines = (Line("customer", "ORD-1", 1), Line("customer", "ORD-2", 2), Line("bot", "ORD-1", 3))
    assert [slot.seq for slot in in_focus((Line("customer", "where is it?", 4),), slots_of(lines)[::-1])] == [3]


def test_a_message_says_which_kinds_it_asks_for() -> None:
    assert asked_for("When is my refund for the order?") == {"order", "amount", "date"}
    assert asked_for("Hello") == frozenset()


def test_sentences_and_pins_of_nothing_are_none() -> None:
    assert (split(""), split(" \n "), pins("")) == ([], [], [])
