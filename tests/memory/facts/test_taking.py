"""What is taken of a message, and above all what is not. The labelled lines are in the two `.tsv` files beside this."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from labelled_takings import SAID_AT, figures, labelled, plain, shipped

from memory.facts.taking import MOST, claims, is_kept_out, take_event, take_from

DEV, HELD_OUT = "remembered_phrases.tsv", "remembered_held_out.tsv"


@pytest.mark.parametrize("name", [DEV, HELD_OUT])
def test_hardly_anything_is_invented_and_most_is_found(name: str) -> None:
    rows = labelled(name)
    precision, recall = figures(rows, shipped)
    assert precision >= 0.95
    assert recall >= 0.85
    plainly = figures(rows, plain)
    assert precision > plainly[0] + 0.3
    assert recall > plainly[1] + 0.3


def test_the_labelled_lines_are_many_and_told_once() -> None:
    dev, held_out = labelled(DEV), labelled(HELD_OUT)
    assert len(dev) + len(held_out) >= 250
    assert not {row.text for row in dev} & {row.text for row in held_out}


def taken(text: str, role: str = "customer") -> list[str]:
    return [each.text for each in take_from(text, SAID_AT, role)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "I have epilepsy and live in Leeds.",
        "I'm a Catholic priest and I prefer email bills.",
        "my pin is 1234 and I live in Leeds",
        "Because of my cancer treatment never call before 10.",
        "I live in Leeds and my card is <CREDIT_CARD_1>",
        "I was arrested and live in Hull now.",
        "My trade union rep says call me Sam",
    ],
)
def test_special_categories_and_secrets_are_kept_out_with_all_that_stands_beside_them(text: str) -> None:
    assert taken(text) == []
    assert is_kept_out(text)


def test_another_persons_name_does_not_come_along() -> None:
    assert taken("Always leave parcels with <PERSON_3> at number 9.") == ["Leave deliveries at number 9."]


def test_validity_is_read_against_the_moment_it_was_said() -> None:
    (taking,) = take_from("From 1 December until 10 January leave my parcels in the shed.", SAID_AT)
    assert (taking.valid.start, taking.valid.end) == (
        datetime(2026, 12, 1, tzinfo=UTC),
        datetime(2027, 1, 11, tzinfo=UTC),
    )


def test_a_day_begins_where_the_organisation_is() -> None:
    (taking,) = take_from("Until Friday leave my parcels in the shed.", SAID_AT, timezone="America/New_York")
    assert taking.valid.end == datetime(2026, 11, 28, 5, tzinfo=UTC)


def test_a_guess_is_kept_as_one() -> None:
    (guess,), (plain_word,) = (
        take_from("I think I'm on the Pro plan", SAID_AT),
        take_from("I'm on the Pro plan", SAID_AT),
    )
    assert guess.confidence < 0.6 < plain_word.confidence


def test_what_people_of_the_organisation_say_of_themselves_is_not_the_customers() -> None:
    assert taken("I live in Leeds and prefer email bills. Call me Sam.", "agent") == []


def test_a_handover_and_a_closing_are_outcomes() -> None:
    assert [each.attribute for each in take_event("handed_over", {"code": "asked"})] == ["handover"]
    assert [each.attribute for each in take_event("closed", {})] == ["closed"]
    assert take_event("noted", {"code": "asked"}) == ()


def test_claims_have_the_same_ids_each_time_and_differ_by_place() -> None:
    takings = take_from("I live in Leeds. Never call before 10.", SAID_AT)

    def ids(conversation: str, seq: int) -> list[str]:
        made = claims(takings, customer="p", conversation=conversation, seq=seq, role="customer", said_at=SAID_AT)
        return [each.id for each in made]

    assert ids("c-1", 1) == ids("c-1", 1)
    assert len({*ids("c-1", 1), *ids("c-1", 2), *ids("c-2", 1)}) == 6


def test_a_long_list_gives_a_bounded_number() -> None:
    assert len(take_from(" ".join(f"I have a Nova {n} router." for n in range(200)), SAID_AT)) == MOST


@given(st.text(max_size=400))
def test_no_text_breaks_it_and_every_value_stands_in_the_text(text: str) -> None:
    for each in take_from(text, SAID_AT):
        assert len(each.text) < 400
        assert each.confidence > 0


@pytest.mark.parametrize(
    "piece",
    ["I live in ", "always leave parcels ", "I have a Nova ", "call me ", "until Friday ", "\"", "I prefer ", "if ",
     "a-", ", ", "and i ", "next week ", "my home is 1 <LOCATION_1> ", "( ", "order A1 ", "<PERSON_1> "],
)  # fmt: skip
def test_a_hostile_message_takes_no_longer_than_a_letter(piece: str) -> None:
    begun = time.process_time()
    take_from(piece * 3000, SAID_AT)
    take_from((piece + "x") * 3000, SAID_AT)
    assert time.process_time() - begun < 2.0
