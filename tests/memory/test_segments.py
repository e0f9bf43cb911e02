"""Pieces of a summary follow each other without a gap, once, sealed, and keep what was said to the letter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kept import NOW, Kept
from sqlalchemy import Connection, insert, update

from memory import segments
from memory.bearing import bearing, chosen, pinned
from memory.customer_views import customer as customer_view
from memory.errors import StoreUnavailable, UnknownConversation
from memory.log import Head, redact_events
from memory.messages import Line
from memory.schema import conversations, events
from memory.schema import segments as table
from memory.segments import PIECE_TOKENS, READ, Segment, fold_segment, fold_segments, next_number
from memory.slots import pins
from memory.window import count_tokens

WORDS = st.sampled_from(["order", "AB-1234", "£5.99", "3 May 2026", "please", "never ring", "<PERSON_1>", "wool", "."])
LINES = st.lists(
    st.builds(
        Line,
        st.sampled_from(["customer", "bot", "agent"]),
        st.one_of(st.text(max_size=300), st.lists(WORDS, max_size=40).map(" ".join)),
    ),
    max_size=80,
).map(lambda found: [Line(line.role, line.text, 2 * n) for n, line in enumerate(found, 1)])


def said(n: int, text: str = "I paid £{n}.50 for order AB-{n} on {n} May 2026.") -> list[Line]:
    return [Line("customer", text.replace("{n}", str(10 + at)), at) for at in range(1, n + 1)]


# --- made ---


@given(LINES, st.integers(1, 50), st.integers(0, 3), st.integers(1, 400))
def test_pieces_cover_every_line_once_in_order_and_without_a_gap(
    lines: list[Line], number: int, more: int, budget: int
) -> None:
    end = (lines[-1].seq if lines else 0) + more
    made = fold_segments(lines, number, 1, budget_tokens=budget, to_seq=end)
    assert [piece.number for piece in made] == list(range(number, number + len(made)))
    covered = [(piece.from_seq, piece.to_seq) for piece in made]
    assert [seq for first, last in covered for seq in range(first, last + 1)] == list(range(1, end + 1))


@given(LINES, st.integers(1, 400))
def test_what_is_pinned_is_in_the_piece_that_covers_it_to_the_letter(lines: list[Line], budget: int) -> None:
    made = fold_segments(lines, 1, 1, budget_tokens=budget)
    for line in lines:
        (piece,) = [each for each in made if each.from_seq <= line.seq <= each.to_seq]
        held = " ".join([piece.text, *(slot.value for slot in piece.slots)])
        for pin in pins(" ".join(line.text.split())):
            assert pin in held


@given(LINES, st.integers(1, 400))
def test_the_same_lines_give_the_same_pieces(lines: list[Line], budget: int) -> None:
    assert fold_segments(lines, 1, 1, budget_tokens=budget) == fold_segments(lines, 1, 1, budget_tokens=budget)


def test_nothing_to_fold_is_no_piece() -> None:
    assert fold_segments([], 3, 7, budget_tokens=400) == ()


def test_events_that_nobody_said_are_passed_over_by_an_empty_piece() -> None:
    assert fold_segments([], 3, 7, budget_tokens=400, to_seq=9) == (Segment(3, 7, 9, 1, "extractive", ""),)


def test_a_piece_is_small_however_much_is_folded() -> None:
    made = fold_segments(said(200), 1, 1, budget_tokens=400)
    assert len(made) > 3
    assert all(count_tokens(piece.text) <= PIECE_TOKENS for piece in made)


def test_a_line_larger_than_a_piece_is_one_of_its_own() -> None:
    made = fold_segments(
        [*said(1), Line("customer", "word " * 20_000, 2), Line("bot", "I see.", 3)], 1, 1, budget_tokens=9
    )
    assert [(piece.from_seq, piece.to_seq) for piece in made] == [(1, 1), (2, 2), (3, 3)]


def test_the_next_number_follows_the_highest() -> None:
    pieces = [Segment(n, n, n, 1, "extractive", "") for n in (7, 3)]
    assert (next_number(pieces), next_number([])) == (8, 1)


# --- chosen ---


def piece(number: int, text: str) -> Segment:
    return Segment(number, number, number, 1, "extractive", text)


def test_an_old_piece_is_read_when_the_message_speaks_of_what_it_holds() -> None:
    filler = "Customer: We talked of the weather in the hills for quite a while. " * 30
    found = [piece(n, filler) for n in range(40, 1, -1)] + [piece(1, "Customer: The kettle cost £89.95.")]
    assert 1 in [each.number for each in chosen(found, "What did I pay for the kettle?")]
    assert 1 not in [each.number for each in chosen(found, "And the toaster?")]


def test_the_last_piece_is_always_read_and_the_order_is_that_of_the_conversation() -> None:
    found = [piece(n, "word " * 5_000) for n in (3, 2, 1)]
    assert [each.number for each in chosen(found, "")] == [3]
    assert chosen([], "anything") == ()


def test_of_an_old_piece_the_lines_that_bear_on_the_message_are_named() -> None:
    talk = "Customer: We talked of the weather.\nAssistant: The kettle is blue.\nCustomer: My kettle cost £89.95.\n"
    found = [piece(n, f"Customer: {'word ' * 2_000}") for n in range(9, 1, -1)] + [piece(1, talk + "Person: Good.")]
    first, *_, last = chosen(found, "What did I pay for the kettle?")
    assert (first.number, first.text, last.number, last.bears) == (1, found[-1].text, 9, "")
    assert first.bears == "Assistant: The kettle is blue.\nCustomer: My kettle cost £89.95."
    assert bearing(found, "What did I pay for the kettle?", 9) == {1: "Customer: My kettle cost £89.95."}


@pytest.mark.parametrize("message", ["", "?", "the and you", "\x00 ‮", "x" * 50_000, "<PERSON_1>"])
def test_any_message_may_be_looked_for(message: str) -> None:
    assert len(bearing([piece(2, "Customer: <PERSON_1> wrote."), piece(1, "")], message)) <= 1


def test_rarer_words_count_for_more() -> None:
    found = [piece(3, "parcel"), piece(2, "parcel kettle"), piece(1, "parcel")]
    assert bearing(found, "the parcel with the kettle", 6) == {2: "parcel kettle", 3: "parcel"}
    assert bearing(found, "the parcel with the kettle", 4) == {2: "parcel kettle"}


def test_what_the_customer_said_counts_for_more() -> None:
    found = [piece(2, "Assistant: A kettle."), piece(1, "Customer: A kettle.")]
    assert bearing(found, "kettle", 5) == {1: "Customer: A kettle."}


def test_of_pieces_that_are_not_read_the_instructions_are_known_all_the_same() -> None:
    lines = [Line("customer", "Never ring me. I came home on 3 May 2026 with the kettle.", 2)]
    old = fold_segment(lines, 1, 1, budget_tokens=400)
    assert [slot.value for slot in pinned([piece(2, ""), old], [piece(2, "")], "Hello")] == ["Never ring me."]
    asked = pinned([piece(2, ""), old], [piece(2, "")], "When was that?")
    assert [slot.value for slot in asked] == ["3 May 2026", "Never ring me."]
    assert pinned([piece(2, ""), old], [piece(2, ""), old], "When was that?") == ()


def test_a_line_that_holds_what_the_message_asks_for_counts_for_more() -> None:
    lines = [Line("customer", f"My boots are nice, number {n}.", n) for n in range(1, 8)]
    dated = [*lines, Line("customer", "The boots are from 26 July.", 8), *(replace(line, seq=9) for line in lines)]
    found = [fold_segment(dated, 1, 1, budget_tokens=4_000)]
    assert bearing(found, "On which day were the boots bought?", 10) == {1: "Customer: The boots are from 26 July."}


# --- kept ---


async def spoken(kept: Kept, n: int) -> str:
    for at in range(n):
        receipt = await kept.receive(kept.sms(f"Order AB-{at} cost £{at}.50."))
    return receipt.conversation


def keeping(kept: Kept, conversation: str, made: Sequence[Segment], turn: str | None = "t-1") -> object:
    def work(connection: Connection) -> int:
        head = Head.lock(connection, kept.vault, conversation)
        done = segments.keep(head, made, turn, NOW)
        head.save()
        return done

    return work


def whole(n: int, number: int = 1, from_seq: int = 1) -> tuple[Segment, ...]:
    lines = [Line("customer", f"Order AB-{at} cost £{at}.50.", from_seq + at) for at in range(n)]
    return (fold_segment(lines, number, from_seq, budget_tokens=400),)


async def test_a_piece_is_kept_as_it_was_made_and_marked_in_the_log(kept: Kept) -> None:
    conversation = await spoken(kept, 6)
    (made,) = whole(4)
    assert await kept.write(keeping(kept, conversation, [made])) == 1  # type: ignore[arg-type]
    (found,) = await kept.read(lambda c: segments.newest(c, kept.vault, conversation))
    assert (found.number, found.from_seq, found.to_seq, found.version, found.made_by, found.text) == (
        (1, 1, 4, 1, "extractive", made.text)
    )
    assert [(slot.kind, slot.value, slot.seq, slot.role) for slot in found.slots] == [
        (slot.kind, slot.value, slot.seq, slot.role) for slot in made.slots
    ]
    mark = (await kept.events(conversation))[-1]
    assert (mark.kind, mark.text, mark.turn) == ("summarised", "", "t-1")
    assert mark.meta == {"number": 1, "version": 1, "made_by": "extractive", "from": 1, "to": 4}
    (row,) = await kept.rows(conversations)
    assert (row["summary_to"], row["summary_seq"]) == (4, mark.seq)


async def test_a_piece_that_does_not_go_on_from_the_last_is_refused_with_all_after_it(kept: Kept) -> None:
    conversation = await spoken(kept, 12)
    for made in (
        whole(3, from_seq=2),  # a gap
        whole(3, number=2),  # a number too many
        (Segment(1, 1, 400, 1, "extractive", "beyond the end"),),
        (Segment(1, 1, 0, 1, "extractive", "nothing"),),
        (*whole(3, from_seq=2), *whole(3, number=2, from_seq=5)),
    ):
        assert await kept.write(keeping(kept, conversation, made)) == 0  # type: ignore[arg-type]
    assert await kept.rows(table) == []
    both = (*whole(3), *whole(3, number=2, from_seq=4))
    assert await kept.write(keeping(kept, conversation, both)) == 2  # type: ignore[arg-type]
    assert await kept.write(keeping(kept, conversation, both)) == 0  # type: ignore[arg-type]
    assert [row["number"] for row in await kept.rows(table)] == [1, 2]


async def test_a_transaction_that_is_cut_leaves_neither_piece_nor_mark(kept: Kept) -> None:
    conversation = await spoken(kept, 6)
    work = keeping(kept, conversation, whole(4))

    def cut(connection: Connection) -> int:
        work(connection)  # type: ignore[operator]
        raise StoreUnavailable("cut")

    with pytest.raises(StoreUnavailable):
        await kept.write(cut)
    assert await kept.rows(table) == []
    (row,) = await kept.rows(conversations)
    assert (row["summary_to"], row["summary_seq"], row["seq"]) == (0, 0, 6)
    assert await kept.write(work) == 1  # type: ignore[arg-type]


async def test_the_piece_that_covers_an_event_is_found(kept: Kept) -> None:
    conversation = await spoken(kept, 12)
    await kept.write(keeping(kept, conversation, (*whole(3), *whole(3, number=2, from_seq=4))))  # type: ignore[arg-type]

    async def number(seq: int) -> int | None:
        found = await kept.read(lambda c: segments.covering(c, kept.vault, conversation, seq))
        return found.number if found else None

    assert [await number(seq) for seq in (1, 3, 4, 6, 7, 0, 99)] == [1, 1, 2, 2, None, None, None]


async def test_the_newest_pieces_come_first_and_no_more_than_asked(kept: Kept) -> None:
    conversation = await spoken(kept, 12)
    many = [whole(1, number=n, from_seq=n)[0] for n in range(1, 10)]
    await kept.write(keeping(kept, conversation, many))  # type: ignore[arg-type]
    found = await kept.read(lambda c: segments.newest(c, kept.vault, conversation, 4))
    assert [each.number for each in found] == [9, 8, 7, 6]
    assert await kept.read(lambda c: segments.newest(c, kept.vault, conversation, 0)) == []
    with pytest.raises(UnknownConversation):
        await kept.read(lambda c: segments.newest(c, kept.vault, "c-nobody", READ))


async def test_nothing_of_a_piece_is_readable_in_its_row(kept: Kept) -> None:
    conversation = await spoken(kept, 6)
    await kept.write(keeping(kept, conversation, whole(4)))  # type: ignore[arg-type]
    (row,) = await kept.rows(table)
    assert b"AB-1" not in row["body"]
    assert b"cost" not in row["body"]


async def test_a_piece_written_anew_keeps_its_place_and_only_one_writer_wins(kept: Kept) -> None:
    conversation = await spoken(kept, 6)
    (made,) = whole(4)
    await kept.write(keeping(kept, conversation, [made]))  # type: ignore[arg-type]
    (before,) = await kept.rows(conversations)
    later, anew = NOW + timedelta(hours=1), Segment(1, 1, 4, 2, "clever", "Four orders.", made.slots)

    def writing(connection: Connection) -> bool:
        return segments.write_anew(connection, kept.vault, conversation, 1, anew, later)

    assert await kept.write(writing)
    assert not await kept.write(writing)
    (found,) = await kept.read(lambda c: segments.newest(c, kept.vault, conversation))
    assert (found.version, found.made_by, found.text, found.to_seq) == (2, "clever", "Four orders.", 4)
    assert [slot.value for slot in found.slots] == [slot.value for slot in made.slots]
    (after,) = await kept.rows(conversations)
    assert after["last_at"] == before["last_at"], "nobody said anything"
    marks = [event.meta["version"] for event in await kept.events(conversation) if event.kind == "summarised"]
    assert marks == [1, 2]


# --- a conversation that was summarised as one running text ---


async def summarised_before(kept: Kept) -> str:
    conversation = await spoken(kept, 8)
    old = {"conversation_id": conversation, "seq": 9, "prev": 8, "kind": "summarised", "at": NOW, "visible": False}
    row = {**old, "redacted": "Customer: Order AB-0 cost £0.50.", "meta": {"to": 5}}
    moved = update(conversations).where(conversations.c.id == conversation)

    def work(connection: Connection) -> None:
        connection.execute(insert(events).values(**row))
        connection.execute(moved.values(seq=9, summary_seq=9, summary_to=5))

    await kept.write(work)
    return conversation


async def test_an_older_summary_is_read_as_the_first_piece(kept: Kept) -> None:
    conversation = await summarised_before(kept)
    (found,) = await kept.read(lambda c: segments.newest(c, kept.vault, conversation))
    assert found == Segment(1, 1, 5, 1, "extractive", "Customer: Order AB-0 cost £0.50.")
    covering = await kept.read(lambda c: segments.covering(c, kept.vault, conversation, 5))
    assert covering == found
    assert await kept.read(lambda c: segments.covering(c, kept.vault, conversation, 6)) is None


async def test_an_older_summary_becomes_the_first_piece_when_the_next_is_made(kept: Kept) -> None:
    conversation = await summarised_before(kept)
    assert await kept.write(keeping(kept, conversation, whole(2, number=2, from_seq=6))) == 1  # type: ignore[arg-type]
    found = await kept.read(lambda c: segments.newest(c, kept.vault, conversation))
    assert [(each.number, each.from_seq, each.to_seq) for each in found] == [(2, 6, 7), (1, 1, 5)]
    assert found[1].text == "Customer: Order AB-0 cost £0.50."


async def test_a_customers_page_has_the_summary_with_real_values(kept: Kept) -> None:
    conversation = await spoken(kept, 6)
    await kept.write(keeping(kept, conversation, whole(4)))  # type: ignore[arg-type]
    (row,) = await kept.rows(conversations)
    view = await kept.read(lambda c: customer_view(c, kept.vault, row["customer_id"]))
    (summary,) = view.summaries
    assert "AB-3" in summary


async def test_a_text_is_redacted_once_however_many_do_it(kept: Kept) -> None:
    conversation = await spoken(kept, 1)
    for text in ("first", "second"):
        await kept.write(lambda c, text=text: redact_events(c, conversation, {1: text}))  # type: ignore[misc]
    assert (await kept.events(conversation))[0].redacted == "first"
