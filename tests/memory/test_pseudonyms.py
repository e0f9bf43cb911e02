"""Pseudonyms are stable, restore exactly, also from any stream, and nobody can forge one."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory.pseudonyms import LONGEST, Pseudonym, PseudonymBook, StreamRestorer, pseudonymise


@dataclass(frozen=True)
class Found:
    start: int
    end: int
    entity: str
    score: float = 0.85


def book() -> PseudonymBook:
    return PseudonymBook(
        [
            Pseudonym("PERSON", 1, "Priya Raghunathan"),
            Pseudonym("PERSON", 2, "<PERSON_1>"),
            Pseudonym("PHONE_NUMBER", 11, "+44 7700 900123"),
            Pseudonym("A" * 40, 999_999_999, "the longest"),
        ]
    )


replies = st.lists(
    st.sampled_from(
        [
            "<PERSON_1>",
            "<PERSON_2>",
            "<PHONE_NUMBER_11>",
            "<PERSON_9>",
            "<PERSON_01>",
            "<",
            ">",
            "<<PERSON_1>>",
            "<PERS",
            "ON_1>",
            "<person_1>",
            "_",
            "1",
            " hi ",
            f"<{'A' * 40}_999999999>",
            f"<{'A' * 41}_1>",
            "<B" * 30,
            "‹PERSON_1›",
        ]
    )
    | st.text(max_size=5),
    max_size=20,
).map("".join)


@settings(deadline=None)
@given(replies, st.data())
def test_a_stream_restores_to_the_same_text_however_it_is_cut(reply: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(reply)), max_size=30)))
    restorer = StreamRestorer(book())
    pieces = [restorer.feed(reply[a:b]) for a, b in zip([0, *cuts], [*cuts, len(reply)], strict=True)]
    assert "".join(pieces) + restorer.flush() == book().restore(reply)


@settings(deadline=None)
@given(replies)
def test_a_stream_holds_back_less_than_one_pseudonym(reply: str) -> None:
    bare = PseudonymBook()  # restores nothing, so lengths can be compared
    restorer = StreamRestorer(bare)
    shown = 0
    for at, character in enumerate(reply, start=1):
        shown += len(restorer.feed(character))
        assert at - shown < LONGEST


def test_a_restored_value_is_not_restored_again() -> None:
    assert book().restore("<PERSON_2>") == "<PERSON_1>"


def test_an_unknown_pseudonym_stays_as_it_is() -> None:
    assert book().restore("Dear <PERSON_7>, <CITY_1> <PERSON_1") == "Dear <PERSON_7>, <CITY_1> <PERSON_1"


@pytest.mark.parametrize(
    ("entity", "first", "again"),
    [
        ("PERSON", "Priya Raghunathan", "priya  raghunathan"),
        ("PERSON", "Priya", "PRIYA,"),
        ("PERSON", "Priya", "priya's"),
        ("PERSON", "Priya", "PRIYA’S"),
        ("NATIONAL_ID", "AB 12 34 56 C", "ab123456c"),
        ("PERSON", "Zoë", "Zoe\u0308"),
        ("PHONE_NUMBER", "+44 7700 900123", "07700 900 123"),
        ("PHONE_NUMBER", "0044 7700 900123", "+447700900123"),
        ("PHONE_NUMBER", "(212) 555-0100", "+1 212.555.0100"),
        ("PHONE_NUMBER", "1-212-555-0100", "212 555 0100"),
        ("EMAIL_ADDRESS", "Ann@Example.org", "ann@example.org."),
        ("IBAN_CODE", "DE89 3704 0044 0532 0130 00", "de89370400440532013000"),
        ("US_SSN", "536-22-1234", "536 22 1234"),
        ("LOCATION", "221B Baker Street,\nLondon", "221b baker street, London"),
    ],
)
def test_the_same_value_written_otherwise_is_the_same_pseudonym(entity: str, first: str, again: str) -> None:
    pseudonyms = PseudonymBook()
    assert pseudonyms.pseudonym_for(entity, first) == pseudonyms.pseudonym_for(entity, again) == f"<{entity}_1>"
    assert pseudonyms.restore(f"<{entity}_1>") == first


@pytest.mark.parametrize(
    ("entity", "one", "other"),
    [
        ("PASSWORD", "hunter2", "Hunter2"),
        ("PERSON", "Priya", "Priya Raghunathan"),
        ("PHONE_NUMBER", "020 7946 0958", "030 7946 0958"),
        ("PHONE_NUMBER", "extension", "switchboard"),
        ("EMAIL_ADDRESS", "a.b@example.org", "ab@example.org"),
    ],
)
def test_different_values_are_different_pseudonyms(entity: str, one: str, other: str) -> None:
    pseudonyms = PseudonymBook()
    assert pseudonyms.pseudonym_for(entity, one) != pseudonyms.pseudonym_for(entity, other)


def test_only_what_is_new_waits_to_be_stored_and_numbers_go_on_after_a_restart() -> None:
    pseudonyms = book()
    assert pseudonyms.new_entries() == ()
    assert pseudonyms.pseudonym_for("PERSON", "Tom") == "<PERSON_3>"
    assert pseudonyms.pseudonym_for("PHONE_NUMBER", "07700 900123") == "<PHONE_NUMBER_11>"
    assert pseudonyms.new_entries() == (Pseudonym("PERSON", 3, "Tom"),)
    pseudonyms.mark_stored()
    assert pseudonyms.new_entries() == ()
    again = PseudonymBook(pseudonyms.entries())
    assert again.pseudonym_for("PERSON", "tom") == "<PERSON_3>"


@pytest.mark.parametrize("entity", ["", "person", "PERSON>", "<X", "A" * 41, "1A", "PERSON 1"])
def test_an_entity_that_cannot_be_part_of_a_pseudonym_is_refused(entity: str) -> None:
    with pytest.raises(ValueError, match="cannot name a pseudonym"):
        PseudonymBook().pseudonym_for(entity, "x")


def test_a_typed_pseudonym_reads_nobody_s_value_and_breaks_nothing() -> None:
    pseudonyms = book()
    typed = "I am <PERSON_1> and <PERSON_2>, call <Tom>"
    at = typed.index("Tom")
    hidden = pseudonymise(typed, [Found(at, at + 3, "PERSON")], pseudonyms)
    assert hidden == "I am ‹PERSON_1› and ‹PERSON_2›, call <<PERSON_3>>"
    assert pseudonyms.restore(hidden) == "I am ‹PERSON_1› and ‹PERSON_2›, call <Tom>"


def test_a_typed_pseudonym_inside_a_span_is_a_value_like_any_other() -> None:
    pseudonyms = PseudonymBook()
    hidden = pseudonymise("my name is <PERSON_1>", [Found(11, 21, "PERSON")], pseudonyms)
    assert hidden == "my name is <PERSON_1>"
    assert pseudonyms.restore(hidden) == "my name is <PERSON_1>"


@pytest.mark.parametrize(
    ("spans", "hidden"),
    [
        ([Found(0, 3, "PERSON"), Found(0, 11, "LOCATION", 0.4)], "<LOCATION_1> ok"),
        ([Found(0, 11, "PERSON", 0.6), Found(0, 11, "LOCATION", 0.7)], "<LOCATION_1> ok"),
        ([Found(0, 3, "PERSON"), Found(4, 11, "PERSON")], "<PERSON_1> <PERSON_2> ok"),
        ([Found(0, 8, "PERSON"), Found(4, 14, "LOCATION")], "<PERSON_1> <LOCATION_1>"),
        ([Found(-5, 4, "PERSON"), Found(11, 99, "LOCATION")], "<PERSON_1> Hill rd <LOCATION_1>"),
        ([Found(5, 5, "X"), Found(9, 2, "Y"), Found(20, 30, "Z")], "Ann Hill rd ok"),
        ([Found(3, 4, "PERSON")], "Ann Hill rd ok"),
    ],
)
def test_of_overlapping_spans_the_longest_wins_and_nothing_found_stays_readable(
    spans: list[Found], hidden: str
) -> None:
    assert pseudonymise("Ann Hill rd ok", spans, PseudonymBook()) == hidden


@st.composite
def texts_and_spans(draw: st.DrawFn) -> tuple[str, list[Found]]:
    text = draw(st.text("ab <>PERSON_12‹\n", max_size=60))
    spans = st.builds(
        Found, st.integers(-2, 62), st.integers(-2, 62), st.sampled_from(["PERSON", "URL"]), st.floats(0, 1)
    )
    return text, draw(st.lists(spans, max_size=8))


@settings(deadline=None)
@given(texts_and_spans())
def test_no_letter_of_a_span_stays_and_restoring_gives_the_harmless_text_back(
    case: tuple[str, list[Found]],
) -> None:
    text, spans = case
    pseudonyms = PseudonymBook()
    # Every letter of the text is marked as found when a span covers it; what is left must be uncovered letters.
    letters = "".join(
        ch
        for at, ch in enumerate(text)
        if ch in "ab" and not any(max(0, span.start) <= at < span.end for span in spans)
    )
    hidden = pseudonymise(text, spans, pseudonyms)
    assert "".join(ch for ch in hidden if ch in "ab") == letters
    values = {(entry.entity, entry.value) for entry in pseudonyms.entries()}
    assert len(values) == len(pseudonyms.entries())


@settings(deadline=None)
@given(st.text(max_size=100))
def test_without_spans_a_text_only_loses_its_look_alikes(text: str) -> None:
    hidden = pseudonymise(text, [], book())
    assert hidden.replace("‹", "<").replace("›", ">") == text.replace("‹", "<").replace("›", ">")
    assert book().restore(hidden) == hidden


def test_what_was_found_once_is_hidden_again_although_no_span_says_so() -> None:
    pseudonyms = book()
    hidden = pseudonymise("priya raghunathan? 07700 900123, +44 7700 900123 not +44 7700 9001234", [], pseudonyms)
    assert hidden == "<PERSON_1>? 07700 900123, <PHONE_NUMBER_11> not +44 7700 9001234"
    assert pseudonyms.new_entries() == ()
    short = PseudonymBook([Pseudonym("PERSON", 1, "Will")])
    assert pseudonymise("will it rain", [], short) == "will it rain"


def test_of_a_possessive_only_the_name_is_hidden() -> None:
    pseudonyms = PseudonymBook()
    hidden = pseudonymise("Ann's order, ANN'S bag", [Found(0, 5, "PERSON"), Found(13, 18, "PERSON")], pseudonyms)
    assert hidden == "<PERSON_1>'s order, <PERSON_1>'S bag"
    assert pseudonyms.restore(hidden) == "Ann's order, Ann'S bag"


@pytest.mark.parametrize(
    ("name", "text", "hidden"),
    [
        ("Siobhan", "I said that Siobhan called, Siobhan!", "I said that <PERSON_1> called, <PERSON_1>!"),
        ("siobhan", "it is Siobhan's parcel", "it is <PERSON_1>'s parcel"),
        ("Will", "Will it rain? it will", "Will it rain? it will"),
        ("May", "it came in May", "it came in May"),
        ("Ann", "the Anniversary of Annie", "the Anniversary of Annie"),
    ],
)
def test_a_name_of_one_word_is_hidden_again_where_only_a_name_has_a_capital(name: str, text: str, hidden: str) -> None:
    assert pseudonymise(text, [], PseudonymBook([Pseudonym("PERSON", 1, name)])) == hidden


@settings(deadline=None)
@given(st.text(alphabet="abAB '<>PERSON_1‹›\u200b＜＞", max_size=40))
def test_nothing_a_customer_types_restores_to_a_value(typed: str) -> None:
    assert book().restore(pseudonymise(typed, [], book())).count("Raghunathan") == 0


def test_two_hundred_thousand_characters_and_two_thousand_spans_take_seconds() -> None:
    text = "Ann Hill <PERSON_1> " * 10_000
    spans = [Found(at, at + 3, "PERSON") for at in range(0, 200_000, 100)]
    began = time.process_time()
    hidden = pseudonymise(text, spans, PseudonymBook())
    restorer = StreamRestorer(book())
    assert "".join(map(restorer.feed, hidden)) + restorer.flush() == book().restore(hidden)
    assert time.process_time() - began < 8
