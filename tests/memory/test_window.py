"""Nothing of a conversation falls between window and summary."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from memory.messages import Line
from memory.summary import fold
from memory.window import count_tokens, slide

lines = st.lists(
    st.builds(Line, st.sampled_from(["customer", "bot", "agent"]), st.text(max_size=400)), max_size=60
).map(lambda found: [Line(line.role, line.text, n) for n, line in enumerate(found, 1)])


@given(lines, st.integers(1, 500), st.integers(0, 200))
def test_every_line_is_in_the_window_or_folded_and_order_is_kept(
    said: list[Line], window_tokens: int, fold_tokens: int
) -> None:
    folded, kept = slide(said, window_tokens, fold_tokens)
    assert [*folded, *kept] == said
    assert sum(count_tokens(line.text) for line in kept) <= window_tokens


@given(lines)
def test_nothing_is_folded_while_all_of_it_fits(said: list[Line]) -> None:
    assert slide(said, 1_000_000, 0) == ((), tuple(said))


def test_folding_leaves_room_so_that_not_every_turn_folds() -> None:
    said = [Line("customer", "x" * 40, n) for n in range(1, 101)]
    _, kept = slide(said, 500, 200)
    assert sum(count_tokens(line.text) for line in kept) <= 300


def test_ids_amounts_and_dates_survive_however_small_the_budget() -> None:
    said = [
        Line("customer", "Hello there, I wrote last week. My order is WO-48213 and I paid £89.95 on 3 March 2026.", 1),
        Line("bot", "I see. It was sent by courier on 2026-03-04 and weighs 12 kg or so.", 2),
        Line("customer", "Please never ring me before noon. It is about <PERSON_1>.", 3),
    ]
    summary = fold("", said, 5)
    for kept in ("WO-48213", "£89.95", "3 March 2026", "2026-03-04", "never ring me before noon", "<PERSON_1>"):
        assert kept in summary


def test_folding_in_two_steps_keeps_what_the_first_step_kept() -> None:
    first = fold("", [Line("customer", "Order AB-1 is late.", 1)], 400)
    both = fold(first, [Line("customer", "So is AB-2.", 2)], 400)
    assert "AB-1" in both
    assert "AB-2" in both
    assert fold(both, [], 1) == both


def test_the_summary_shrinks_to_what_is_pinned_when_it_outgrows_its_budget() -> None:
    talk = [Line("customer", f"I am telling you story number {n} at length, in many words.", n) for n in range(60)]
    assert len(fold("", talk, 200)) < len(fold("", talk, 10_000))


def test_what_the_customer_said_outlasts_what_the_bot_said() -> None:
    said = [
        Line("customer", "It rained again today. I cannot wear merino wool, it makes me itch.", 1),
        Line("bot", "I am sorry to hear it. The jacket has a lining that is made of cotton.", 2),
    ]
    assert "merino wool" in fold("", said, 400)
    assert "lining" not in fold("", said, 400), "only its first sentence"
    tight = fold("", said, 20)
    assert "merino wool" in tight
    assert "sorry" not in tight


def test_of_a_long_message_the_statement_outlasts_the_small_talk() -> None:
    said = [
        Line("customer", "Is it open? What a day it was. I take a wide forty-three in shoes. And so on it goes.", 1)
    ]
    assert fold("", said, 12) == "Customer: I take a wide forty-three in shoes."
