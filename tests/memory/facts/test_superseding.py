"""What holds of what was claimed, in whatever order it came to be known."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from memory.facts.memory import Memory
from memory.facts.superseding import Claim, Standing, in_force, resolved

DAY = timedelta(days=1)
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def claim(id: str, value: str, day: int, **fields: object) -> Claim:
    given = {
        "id": id, "customer": "p-1", "kind": "fact", "attribute": "home", "value": value, "text": value,
        "said_at": BEGIN + day * DAY, "valid_from": BEGIN + day * DAY, "confidence": 0.9, "seq": 1,
    }  # fmt: skip
    return Claim(**{**given, **fields})  # type: ignore[arg-type]


def memory(of: Claim, stands: Standing) -> Memory:
    return Memory(
        of.id, of.customer, of.kind, of.text, of.said_at, of.attribute, of.value, seq=of.seq,
        valid_from=of.valid_from, valid_until=stands.until,
    )  # fmt: skip


def holding(claims: Sequence[Claim], day: float) -> list[str]:
    found = resolved(claims)
    shown = [memory(each, found[each.id]) for each in claims if not each.denies]
    return sorted(each.value for each in in_force(shown, BEGIN + day * DAY))


def test_a_move_ends_where_they_lived_from_the_day_of_the_move() -> None:
    york, leeds = claim("1", "York", 0), claim("2", "Leeds", 10)
    found = resolved([york, leeds])
    assert found["1"] == Standing(leeds.valid_from, "2", "superseded")
    assert found["2"] == Standing(None)


def test_what_was_said_earlier_and_heard_later_keeps_history_right() -> None:
    york, hull, leeds = claim("1", "York", 0), claim("2", "Hull", 5), claim("3", "Leeds", 10)
    found = resolved([leeds, york, hull])
    assert (found["1"].by, found["2"].by, found["3"].until) == ("2", "3", None)
    assert holding([leeds, york, hull], 7) == ["Hull"]


def test_a_move_next_month_leaves_the_old_home_until_then() -> None:
    move = claim("2", "Leeds", 10, valid_from=BEGIN + 40 * DAY)
    assert holding([claim("1", "York", 0), move], 20) == ["York"]
    assert holding([claim("1", "York", 0), move], 41) == ["Leeds"]


def test_a_move_that_was_called_off_leaves_everything_as_it_was() -> None:
    move = claim("2", "Leeds", 10, valid_from=BEGIN + 40 * DAY)
    off = claim("3", "Leeds", 20, denies=True)
    assert holding([claim("1", "York", 0), move, off], 50) == ["York"]


def test_what_holds_for_a_time_stands_before_the_rest_and_gives_way_again() -> None:
    porch = claim("1", "porch", 0, attribute="delivery", kind="instruction")
    neighbour = claim("2", "neighbour", 5, attribute="delivery", kind="instruction", until=BEGIN + 8 * DAY)
    assert [holding([porch, neighbour], day) for day in (4, 6, 9)] == [["porch"], ["neighbour"], ["porch"]]


def test_a_guess_ends_no_plain_word_and_does_not_hold_itself() -> None:
    plain, guess = claim("1", "York", 0), claim("2", "Hull", 5, confidence=0.5)
    assert resolved([plain, guess])["2"].why == "outweighed"
    assert holding([plain, guess], 9) == ["York"]


def test_a_plain_word_ends_a_guess() -> None:
    assert holding([claim("1", "Hull", 0, confidence=0.5), claim("2", "York", 5)], 9) == ["York"]


def test_two_products_may_both_hold() -> None:
    assert holding([claim("1", "Nova 3", 0, attribute="product"), claim("2", "Bolt 2", 1, attribute="product")], 5) == [
        "Bolt 2",
        "Nova 3",
    ]


def test_a_denial_ends_without_a_successor() -> None:
    york, gone = claim("1", "York", 0), claim("2", "", 5, denies=True)
    assert resolved([york, gone])["1"] == Standing(gone.valid_from, "", "denied")
    assert holding([york, gone], 9) == []


def test_a_denial_of_another_place_ends_nothing() -> None:
    assert holding([claim("1", "York", 0), claim("2", "Hull", 5, denies=True)], 9) == ["York"]


def test_the_same_said_twice_holds_once_since_it_was_first_said() -> None:
    first, again = claim("1", "York", 0), claim("2", "york.", 5)
    assert resolved([first, again])["2"] == Standing(again.valid_from, "1", "repeated")


def test_a_return_to_an_old_home_is_no_repetition() -> None:
    claims = [claim("1", "York", 0), claim("2", "Leeds", 5), claim("3", "York", 10)]
    assert [holding(claims, day) for day in (1, 6, 11)] == [["York"], ["Leeds"], ["York"]]


def test_the_desk_puts_right_exactly_what_it_names() -> None:
    one, other = claim("1", "Nova 3", 0, attribute="product"), claim("2", "Bolt 2", 1, attribute="product")
    right = claim("3", "Nova 4", 5, attribute="product", replaces="1", origin="desk")
    assert holding([one, other, right], 6) == ["Bolt 2", "Nova 4"]
    assert resolved([one, other, right])["1"].why == "corrected"


def test_customers_never_end_each_others() -> None:
    mine, theirs = claim("1", "York", 0), claim("2", "Leeds", 5, customer="p-2")
    found = resolved([mine, theirs])
    assert (found["1"].until, found["2"].until) == (None, None)


_claims = st.lists(
    st.builds(
        lambda n, value, day, later, length, sure, denies: (value, day, later, length, sure, denies, n),
        st.integers(0, 9), st.sampled_from(["York", "Leeds", "Hull", "york"]), st.integers(0, 40),
        st.integers(-3, 20), st.none() | st.integers(1, 10), st.sampled_from([0.5, 0.8, 0.9, 1.0]), st.booleans(),
    ),
    max_size=12,
)  # fmt: skip


def built(rows: Sequence[tuple[str, int, int, int | None, float, bool, int]]) -> list[Claim]:
    found = []
    for at, (value, day, later, length, sure, denies, n) in enumerate(rows):
        begins = BEGIN + (day + later) * DAY
        until = None if length is None or denies else begins + length * DAY
        found.append(
            claim(f"{at}", value, day, valid_from=begins, until=until, confidence=sure, denies=denies and n < 4, seq=n)
        )
    return found


@given(_claims, st.randoms(use_true_random=False))
def test_what_holds_does_not_depend_on_the_order_it_came_in(rows: list, shuffler: random.Random) -> None:  # type: ignore[type-arg]
    claims = built(rows)
    mixed = list(claims)
    shuffler.shuffle(mixed)
    assert resolved(mixed) == resolved(claims) == resolved([*claims, *mixed])


@given(_claims)
def test_nobody_has_two_homes_at_once(rows: list) -> None:  # type: ignore[type-arg]
    claims = built(rows)
    for day in range(0, 70, 3):
        assert len(holding(claims, day + 0.5)) <= 1


@given(_claims)
def test_an_end_never_lies_before_the_beginning_and_what_ended_it_is_there(rows: list) -> None:  # type: ignore[type-arg]
    claims = built(rows)
    ids = {each.id for each in claims}
    for each in claims:
        stands = resolved(claims)[each.id]
        assert stands.until is None or stands.until >= each.valid_from
        assert not stands.by or stands.by in ids - {each.id}


def test_thousands_of_claims_about_one_thing_are_settled_in_time() -> None:
    claims = [claim(f"{n}", f"town {n}", n) for n in range(3000)]
    assert holding(claims[-200:], 5000) == ["town 2999"]
    assert resolved(claims)["2999"].until is None
