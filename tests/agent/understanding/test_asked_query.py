from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from understanding_support import bot, customer

from agent.understanding.query import MAX_QUERY_CHARS, asking_clause, focus, names, plain, search_query
from memory.messages import Line


def test_a_message_that_stands_alone_is_searched_with_its_synonyms_only() -> None:
    query = search_query("How much is postage for two backpacks?", [customer("Hello"), bot("Hello, this is Ashdown.")])
    assert query.startswith("How much is postage for two backpacks?")
    assert "delivery" in query
    assert "Hello" not in query


def test_a_follow_up_takes_the_line_before_it_along() -> None:
    query = search_query("and at weekends?", [customer("when is the pool open"), bot("The pool opens at 7:00.")])
    assert "The pool opens at 7:00." in query
    assert query.count("and at weekends?") == 2


def test_a_long_answer_does_not_drown_the_follow_up() -> None:
    answer = "word " * 80
    assert "word" not in search_query("and at weekends?", [customer("hours?"), bot(answer)])


def test_names_of_the_conversation_come_along() -> None:
    lines = [customer("a quiet hotel"), bot("There is the Northgate Lodge. Shall I book it?")]
    assert "Northgate Lodge" in search_query("Does breakfast cost extra and when is it served?", lines)


def test_a_city_brings_its_country() -> None:
    query = search_query("what is shipping to Galway")
    assert "Ireland" in query
    assert "EU" in query


def test_chat_spelling_is_written_out() -> None:
    assert (
        plain("wots the cost 2 send n how long u take, thurs?")
        == "what is the cost 2 send and how long you take, thursday?"
    )


def test_pseudonyms_and_contact_details_are_not_searched() -> None:
    query = search_query("Hello, my name is <PERSON_1>, <EMAIL_ADDRESS_1>. How do I return a lamp?")
    assert "PERSON" not in query
    assert "EMAIL" not in query
    assert "How do I return a lamp?" in query


def test_courtesies_go_and_the_question_is_said_twice() -> None:
    text = "Good morning. I bought a kettle in May. Can I still return it? Kind regards"
    assert focus(text) == "I bought a kettle in May. Can I still return it? Can I still return it?"


def test_a_message_of_courtesies_alone_is_left_whole() -> None:
    assert focus("Thanks a lot!") == "Thanks a lot!"


def test_the_asking_clause_leaves_the_story_out() -> None:
    assert asking_clause("I bought a kettle in May. It is blue. Can I still return it?") == "Can I still return it?"
    assert asking_clause("kettle broken") == "kettle broken"


def test_booking_codes_and_sentence_openers_are_no_names() -> None:
    assert names("Booked. The Grey Heron is nice. Your reference is QZXTRB7. Unfortunately Leeds is full.") == (
        "Grey Heron",
        "Leeds",
    )


@given(st.text(max_size=4000), st.lists(st.text(max_size=600), max_size=8))
def test_any_conversation_makes_a_query_of_bounded_length(text: str, said: list[str]) -> None:
    history = [Line("customer" if n % 2 else "bot", line) for n, line in enumerate(said)]
    assert len(search_query(text, history)) <= MAX_QUERY_CHARS


def test_an_empty_message_makes_an_empty_query() -> None:
    assert search_query("") == ""
    assert search_query("   \n ") == ""
