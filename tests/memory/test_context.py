"""What a turn may know: always within its budget, with a bill that names every part, in or out."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory.building import build, remembered, shortened
from memory.context import ORDER, Block, Context, Left, Parts
from memory.facts.memory import Memory, Recalled
from memory.identity.profile import Profile
from memory.messages import Line, Role
from memory.segments import Segment
from memory.slots import Slot, slots_of
from memory.window import count_tokens

NOW = datetime(2026, 11, 20, tzinfo=UTC)
WHO = Profile(
    "p-1", "GB", "gold", "Europe/London", ("p-1",), (("email", "signed"), ("phone", "")), {"sms": {"marketing": "no"}}
)
MESSAGE = Line("customer", "Where is my parcel?", 9)

TEXT = st.one_of(
    st.text(max_size=60),
    st.sampled_from(["", " ", "\n", "a" * 4000, "Order ORD-1 for £45.00", "<PERSON_1> please never call", "\ud800"]),
)
ROLES: list[Role] = ["customer", "bot", "agent"]
ROLE = st.sampled_from(ROLES)
MEMORIES = st.builds(
    lambda n, kind, text, seq: Memory(f"m{n}", "p-1", kind, text, NOW, conversation="c-1", seq=seq, score=0.5),
    st.integers(0, 30),
    st.sampled_from(["fact", "preference", "instruction", "outcome", "said"]),
    TEXT,
    st.integers(0, 12),
)
SLOTS = st.builds(
    lambda kind, value, seq, role, there: Slot(kind, value or "x", seq, role, "c-0" if there else "c-1"),
    st.sampled_from(["order", "parcel", "invoice", "reference", "amount", "date", "pseudonym", "instruction"]),
    TEXT,
    st.integers(0, 12),
    ROLE,
    st.booleans(),
)
BLOCKS = st.lists(st.builds(lambda text: text, TEXT), max_size=6)


@st.composite
def everything(draw: st.DrawFn) -> Parts:
    lines = [Line(draw(ROLE), draw(TEXT), seq) for seq in range(1, draw(st.integers(1, 8)))]
    passages = [Block("passage", text, 0, f"p{n}", "found") for n, text in enumerate(draw(BLOCKS))]
    external = [Block("external", text, 0, f"lookup:{n}", "looked up") for n, text in enumerate(draw(BLOCKS))]
    pieces = [
        Segment(n, n, n, 1, "extractive", draw(TEXT), bears=draw(st.sampled_from(["", "Customer: a kettle"])))
        for n in range(1, draw(st.integers(1, 5)))
    ]
    recalled = Recalled(
        tuple(m for m in draw(st.lists(MEMORIES, max_size=4)) if m.kind in ("preference", "instruction")),
        tuple(draw(st.lists(MEMORIES, max_size=6))),
    )
    return Parts(
        said=(Line("customer", draw(TEXT), 9),),
        conversation="c-1",
        channel="chat",
        profile=draw(st.sampled_from([WHO, Profile("")])),
        recalled=recalled,
        slots=draw(st.lists(SLOTS, max_size=8)),
        focus=draw(st.lists(SLOTS, max_size=2)),
        segments=pieces,
        window=lines,
        earlier=[Line(draw(ROLE), draw(TEXT), seq) for seq in range(1, draw(st.integers(1, 4)))],
        earlier_segments=[Segment(n, n, n, 1, "x", draw(TEXT)) for n in range(1, draw(st.integers(1, 3)))],
        passages=passages,
        external=external,
        failed=(Left("external", 0, "lookup:x", "it failed"),),
    )


def listed(made: Context) -> list[Block | Left]:
    return [*made.blocks, *made.left_out]


def named(made: Context, *kinds: str) -> int:
    """How many blocks and left-outs of these kinds the bill has."""
    return sum(each.kind in kinds for each in listed(made))


@settings(max_examples=200)
@given(everything(), st.integers(0, 3000))
def test_the_budget_is_never_exceeded_and_every_part_is_in_or_left_out_with_a_reason(parts: Parts, budget: int) -> None:
    made = build(parts, budget)
    assert made.tokens == sum(block.tokens for block in made.blocks) <= budget
    assert all(block.tokens == count_tokens(block.text) for block in made.blocks)
    assert all(each.why and each.source for each in listed(made))
    assert named(made, "window") == len(parts.window)
    assert named(made, "summary") == len(parts.segments) + sum(bool(piece.bears) for piece in parts.segments)
    assert named(made, "earlier") == len(parts.earlier) + len(parts.earlier_segments)
    assert named(made, "passage") == len(parts.passages)
    assert named(made, "external") == len(parts.external) + 1
    assert named(made, "slot") == sum(slot.kind != "instruction" for slot in parts.slots)
    assert named(made, "focus") == len(parts.focus)
    found = Counter(memory.kind for memory in parts.recalled.found)
    standing = Counter(memory.kind for memory in parts.recalled.standing)
    told = sum(slot.kind == "instruction" for slot in parts.slots)
    assert named(made, "instruction") == standing["instruction"] + found["instruction"] + told
    assert named(made, "preference") == standing["preference"] + found["preference"]
    assert named(made, "fact", "outcome", "said") == found["fact"] + found["outcome"] + found["said"]
    assert named(made, "message") >= 1


@settings(max_examples=100)
@given(everything(), st.integers(0, 3000))
def test_the_same_parts_give_the_same_context(parts: Parts, budget: int) -> None:
    assert build(parts, budget) == build(parts, budget)


@settings(max_examples=100)
@given(everything(), st.integers(0, 3000))
def test_the_typed_parts_are_those_of_the_blocks(parts: Parts, budget: int) -> None:
    made = build(parts, budget)
    assert len(made.of("window")) == len(made.window)
    assert [block.text for block in made.of("window")] == [f"{line.role}: {line.text}" for line in made.window]
    assert len(made.of("slot")) == len(made.slots)
    assert len(set(made.summary)) == len(made.summary) <= len(made.of("summary"))
    assert len(made.of("passage")) == len(made.passages)
    assert len(made.of("external")) == len(made.external)
    for block, slot in zip(made.of("slot"), made.slots, strict=True):
        assert slot.value in block.text, "pinned to the letter"
    ranks = [ORDER.index(block.kind) for block in made.blocks]
    assert ranks == sorted(ranks)


@settings(max_examples=100)
@given(everything(), st.integers(0, 3000))
def test_window_summary_and_earlier_lines_are_cut_at_one_place(parts: Parts, budget: int) -> None:
    made = build(parts, budget)
    assert list(made.window) == list(parts.window)[len(parts.window) - len(made.window) :]
    assert list(made.earlier) == list(parts.earlier)[len(parts.earlier) - len(made.earlier) :]
    whole = [block.source for block in made.of("summary") if not block.source.endswith("lines of it")]
    kept = [piece.number for piece in made.summary if f"events {piece.from_seq} to {piece.to_seq}" in whole]
    worded = [piece.number for piece in parts.segments if piece.text.strip()]
    assert kept == worded[len(worded) - len(kept) :]


@given(st.text(max_size=400), st.integers(0, 60))
def test_a_shortened_text_fits_and_is_its_beginning_and_its_end(text: str, tokens: int) -> None:
    made = shortened(text, tokens)
    assert not made or count_tokens(made) <= tokens
    if made != text and made:
        head, _, tail = made.rpartition(" … ")
        assert text.startswith(head)
        assert text.rstrip().endswith(tail.rstrip()) or not tail


def small(**more: Any) -> Parts:
    return Parts(said=(MESSAGE,), conversation="c-1", channel="chat", profile=WHO, **more)


def kinds(made: Context) -> list[str]:
    return [block.kind for block in made.blocks]


def test_it_says_who_writes_without_a_single_value() -> None:
    made = build(replace(small(), proof="signed"), 4000)
    (who,) = made.of("customer")
    assert who.text == (
        "known by email (signed), phone (not proven); on chat; this conversation proven by a signed identity; "
        "region GB; tier gold; time zone Europe/London"
    )
    assert made.of("consent")[0].text == "sms marketing: no"
    assert (made.customer, made.region, made.tier, made.consents) == ("p-1", "GB", "gold", {"sms": {"marketing": "no"}})
    assert "p-1" not in made.words


def test_a_message_longer_than_half_of_the_budget_leaves_room_and_the_bill_says_what_of_it_is_in() -> None:
    huge = Line("customer", "Hello, here is my log. " + "x" * 40_000 + " Why does the stove not light?", 9)
    passage = Block("passage", "The stove lights when dry.", 0, "p0", "found")
    made = build(Parts(said=(huge,), passages=(passage,)), 4000)
    assert made.message.startswith("Hello, here is my log.")
    assert made.message.endswith("Why does the stove not light?")
    assert [block.source for block in made.passages] == ["p0"]
    (left,) = made.left_out
    assert left.kind == "message"
    assert "of 10014 tokens are in" in left.why


def test_a_budget_too_small_for_the_message_says_so() -> None:
    made = build(small(), 1)
    assert made.message == ""
    assert ("message", "the budget is too small") in [(left.kind, left.why) for left in made.left_out]


def test_what_stands_in_the_window_is_not_pinned_again_and_what_fell_out_is() -> None:
    line = Line("customer", "My order is ORD-7 and never call me.", 8)
    old = Line("customer", "My order was ORD-1, paid £45.00. Always ring twice.", 1)
    slots = slots_of((old, line), "c-1")[::-1]
    made = build(small(window=(line,), slots=slots), 4000)
    assert [slot.value for slot in made.slots] == ["ORD-1", "£45.00"]
    assert [slot.value for slot in made.instructions if isinstance(slot, Slot)] == ["Always ring twice."]
    why = {left.kind: left.why for left in made.left_out}
    assert why == {"slot": "its line is in the window", "instruction": "its line is in the window"}


def test_what_a_line_that_did_not_fit_pins_is_pinned_instead() -> None:
    line = Line("customer", "Order ORD-7. Never call me. " + "word " * 400, 8)
    made = build(small(window=(line,), slots=slots_of((line,), "c-1")[::-1]), 200)
    assert made.window == ()
    assert [slot.value for slot in made.slots] == ["ORD-7"]
    assert [each.value for each in made.instructions if isinstance(each, Slot)] == ["Never call me."]


def test_an_instruction_is_served_before_the_evidence_and_five_hundred_do_not_crowd_it_out() -> None:
    told = tuple(Slot("instruction", f"Please always do thing {n} for me.", n, "customer", "c-1") for n in range(500))
    passages = tuple(Block("passage", "word " * 100, 0, f"p{n}", "found") for n in range(4))
    made = build(small(slots=told, passages=passages), 2000)
    assert len(made.passages) == 4
    assert made.instructions[0] == told[0], "the newest first"
    assert named(made, "instruction") == 500
    assert made.tokens <= 2000


def test_the_same_instruction_is_told_once() -> None:
    memory = Memory("m1", "p-1", "instruction", "Never call me.", NOW)
    slot = Slot("instruction", "never  call me.", 2, "customer", "c-1")
    made = build(small(recalled=Recalled(standing=(memory,)), slots=(slot,)), 4000)
    assert made.instructions == (memory,)
    assert [(left.kind, left.why) for left in made.left_out] == [("instruction", "the same as memory m1")]


def test_what_a_message_asks_for_is_pinned_before_what_it_does_not() -> None:
    dates = [Slot("date", f"{n} March 2026", n, "customer", "c-1") for n in range(1, 29)]
    order = Slot("order", "ORD-1", 0, "bot", "c-1")
    made = build(
        Parts(said=(Line("customer", "What was my order?", 90),), conversation="c-1", slots=(*dates, order)), 60
    )
    assert order in made.slots
    assert len(made.slots) < 29


def test_what_a_message_is_about_is_said_with_where_it_was_said() -> None:
    slot = Slot("order", "ORD-7", 3, "customer", "c-1")
    made = build(small(slots=(slot,), focus=(slot,)), 4000)
    assert [(block.text, block.source) for block in made.of("focus")] == [("order ORD-7", "event 3, customer")]
    assert made.of("slot") == ()


def test_a_memory_says_when_it_was_said_by_whom_and_until_when_it_held() -> None:
    fact = Memory("m1", "p-1", "fact", "lives in <LOCATION_1>", NOW, valid_until=datetime(2026, 11, 25, tzinfo=UTC))
    said = Memory("m2", "p-1", "said", "I moved", NOW, role="customer", conversation="c-0", seq=4)
    assert remembered(fact) == "2026-11-20: lives in <LOCATION_1> (until 2026-11-25)"
    assert remembered(said) == "2026-11-20, customer: I moved"


def test_a_recalled_message_that_is_in_the_window_is_not_shown_twice() -> None:
    line = Line("customer", "I moved", 4)
    here = Memory("m1", "p-1", "said", "I moved", NOW, conversation="c-1", seq=4)
    there = replace(here, id="m2", conversation="c-0")
    made = build(small(window=(line,), recalled=Recalled(found=(here, there))), 4000)
    assert [memory.id for memory in made.facts] == ["m2"]
    assert [left.why for left in made.left_out] == ["it stands in the window"]


def test_parts_yield_in_the_order_that_is_written_down() -> None:
    """At every budget: what comes later in the order is there only where all that comes before it is."""
    line = "word " * 40
    full = small(
        window=tuple(Line("bot", f"{n} {line}", n) for n in range(1, 6)),
        segments=(Segment(1, 1, 1, 1, "extractive", line),),
        earlier=(Line("customer", line, 1),),
        passages=tuple(Block("passage", f"{n} {line}", 0, f"p{n}", "found") for n in range(8)),
        recalled=Recalled(found=(Memory("m1", "p-1", "fact", line, NOW),)),
    )
    whole = build(full, 4000)
    assert whole.left_out == ()
    for made in (build(full, budget) for budget in range(100, 1300, 20)):
        assert made.message == MESSAGE.text
        assert "consent" in kinds(made)
        there = [
            len(made.passages) >= 4,
            bool(made.facts),
            len(made.passages) == 8,
            bool(made.summary),
            bool(made.earlier),
        ]
        assert there == sorted(there, reverse=True), f"at {made.budget_tokens}: {there}"


@pytest.mark.parametrize("budget", [0, -5])
def test_without_a_budget_there_is_a_bill_and_nothing_else(budget: int) -> None:
    made = build(small(window=(MESSAGE,)), budget)
    assert (made.tokens, made.blocks) == (0, ())
    assert {left.kind for left in made.left_out} == {"message", "customer", "consent", "window"}


def test_the_bill_of_very_many_is_bounded_and_counts_them_all() -> None:
    slots = tuple(Slot("reference", f"R-{n:05}", n, "customer", "c-1") for n in range(3000))
    made = build(small(slots=slots), 4000)
    rows = made.bill()["left_out"]
    assert len(made.slots) + len(made.left_out) == 3000
    assert len(rows) == 201
    assert rows[-1]["source"] == f"{len(made.left_out) - 200} more"
    assert sum(row["tokens"] for row in rows) == sum(left.tokens for left in made.left_out)


def test_the_bill_holds_no_text_that_the_record_holds_elsewhere() -> None:
    made = build(
        small(window=(Line("bot", "Hello", 1),), recalled=Recalled(found=(Memory("m", "p", "fact", "f", NOW),))), 99
    )
    bill = made.bill()
    assert (bill["budget_tokens"], bill["tokens"]) == (99, made.tokens)
    assert {block["kind"]: "text" in block for block in bill["blocks"]} == {
        "message": False,
        "customer": True,
        "consent": True,
        "window": False,
        "fact": True,
    }


def test_what_is_in_the_window_anyway_is_counted_in_one_row() -> None:
    lines = tuple(Line("customer", f"Order ORD-{n:03} for £{n}.00", n) for n in range(1, 31))
    made = build(small(window=lines, slots=slots_of(lines, "c-1")[::-1]), 4000)
    assert len(made.left_out) == 60, "each is named"
    assert made.bill()["left_out"] == [
        {
            "kind": "slot",
            "tokens": sum(left.tokens for left in made.left_out),
            "source": "60 of them",
            "why": "its line is in the window",
        }
    ]
