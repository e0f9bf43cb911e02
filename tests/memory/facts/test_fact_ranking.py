"""What answers a question best stands first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.facts.index import Found
from memory.facts.ranking import Asked, asked, ranked, unnamed, unpersoned

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
NOTHING = Asked()
CALLED = {"caroline": "customer", "mel": "agent"}


def found(id: str, **fields: object) -> Found:
    given = {"customer": "k", "kind": "said", "conversation": f"c-{id}", "seq": 1, "said_at": NOW - timedelta(days=9)}
    return Found(id=id, **{**given, "dense": 0.2, **fields})  # type: ignore[arg-type]


def order(of: list[Found], question: Asked = NOTHING) -> list[str]:
    return [each.found.id for each in ranked(of, question, NOW)]


def test_a_rare_word_counts_more_than_a_common_one() -> None:
    common = [found(f"x{n}", words={1: 1.0}) for n in range(20)]
    assert order([*common, found("rare", words={2: 1.0})])[0] == "rare"


def test_rarity_is_that_among_the_persons_own_memories() -> None:
    """ "Parcel" may be in every message of a shop: what counts is where this person said it."""
    assert order([found("a", words={1: 1.0}), found("b"), found("c")])[0] == "a"


def test_likeness_counts() -> None:
    assert order([found("far", dense=0.1), found("near", dense=0.6), found("mid", dense=0.3)]) == ["near", "mid", "far"]


def test_the_answer_beside_a_question_is_lifted() -> None:
    asking = found("asking", conversation="c", seq=4, dense=0.7)
    answer = found("answer", conversation="c", seq=6, dense=0.2)
    apart = found("apart", conversation="d", seq=6, dense=0.205)
    assert order([asking, answer, apart]) == ["asking", "answer", "apart"]


def test_who_is_spoken_of_counts() -> None:
    mine, theirs = found("mine", role="customer"), found("theirs", role="agent", dense=0.22)
    assert order([theirs, mine]) == ["theirs", "mine"]
    assert order([theirs, mine], asked("What is my address?", NOW)) == ["mine", "theirs"]
    assert order([theirs, mine], asked("What did you promise?", NOW)) == ["theirs", "mine"]


def test_the_time_that_is_spoken_of_counts() -> None:
    may, august = (found(str(month), said_at=datetime(2026, month, 9, tzinfo=UTC), dense=0.2) for month in (5, 8))
    assert order([may, august], asked("What did I order?", NOW)) == ["8", "5"]
    assert order([may, august], asked("What did I order in May?", NOW)) == ["5", "8"]


def test_of_two_alike_the_newer_stands_first() -> None:
    old, new = found("old", said_at=NOW - timedelta(days=400)), found("new", said_at=NOW - timedelta(days=2))
    assert order([old, new]) == ["new", "old"]


def test_what_a_message_came_to_stands_before_the_message() -> None:
    assert order([found("said"), found("fact", kind="fact", memory="m")]) == ["fact", "said"]


def test_what_holds_no_longer_is_found_only_for_a_question_about_the_past() -> None:
    ended = found("ended", kind="fact", memory="m", valid_until=NOW - timedelta(days=1))
    still = found("still", kind="fact", memory="n", valid_until=NOW + timedelta(days=1))
    assert order([ended, still], asked("Where do I live?", NOW)) == ["still"]
    assert order([ended, still], asked("Where did I live previously?", NOW)) == ["still", "ended"]


def test_what_has_nothing_to_do_with_the_question_is_left_out() -> None:
    assert order(
        [found("unlike", dense=0.02), found("other", dense=None), found("word", dense=None, words={1: 1.0})]
    ) == ["word"]


def test_nothing_is_ranked_for_nobody() -> None:
    assert order([]) == []


def test_why_is_said() -> None:
    one = found("a", words={1: 1.0, 2: 1.0}, dense=0.51, said_at=datetime(2026, 5, 3, tzinfo=UTC))
    (first,) = ranked([one], asked("What did I say in May?", NOW), NOW)
    assert first.why == "2 of its words, likeness 0.51, of that time, said by whom it is about"


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("What did Caroline paint?", {"customer"}),
        ("caroline's dog", {"customer"}),
        ("Did Mel and Caroline meet?", {"customer", "agent"}),
        ("Melanie's car", set()),
        ("Where do I live?", {"customer"}),
        ("Did you tell me?", set()),
        ("What have you promised?", {"bot", "agent"}),
        ("Where is the parcel?", set()),
    ],
)
def test_a_question_says_whom_it_is_about(text: str, about: set[str]) -> None:
    assert asked(text, NOW, CALLED).about == about  # type: ignore[arg-type]


def test_names_of_who_speaks_do_not_count_as_words() -> None:
    assert unnamed("What did Caroline's sister tell Mel?", CALLED) == "What did sister tell ?"  # type: ignore[arg-type]
    assert unnamed("Melanie (a+b)", {"mel": "agent", ".": "bot"}) == "Melanie (a+b)"
    assert unpersoned("Does <PERSON_2>'s parcel go to <LOCATION_1>?") == "Does parcel go to <LOCATION_1>?"
    assert unpersoned("<PERSON_1>") == "<PERSON_1>"


points = st.builds(
    found,
    st.sampled_from("abcdefgh"),
    conversation=st.sampled_from(["c", "d"]),
    seq=st.integers(1, 30),
    kind=st.sampled_from(["said", "fact"]),
    role=st.sampled_from(["customer", "bot"]),
    dense=st.none() | st.floats(-1, 1),
    words=st.dictionaries(st.integers(0, 3), st.floats(0.1, 2.2), max_size=3),
)


@given(st.lists(points, max_size=5, unique_by=lambda each: each.id))
def test_the_order_does_not_depend_on_how_it_was_found(some: list[Found]) -> None:
    """For distinct places in a conversation; nothing is doubled, and better scores stand first."""
    some = list({(each.conversation, each.seq): each for each in some}.values())
    first = [(each.found.id, round(each.score, 9)) for each in ranked(some, NOTHING, NOW)]
    assert len({id for id, _ in first}) == len(first)
    assert [score for _, score in first] == sorted((score for _, score in first), reverse=True)
    for other in list(permutations(some))[:12]:
        assert [(each.found.id, round(each.score, 9)) for each in ranked(other, NOTHING, NOW)] == first
