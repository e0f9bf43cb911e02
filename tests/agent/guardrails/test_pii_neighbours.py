"""A message is looked at beside what it answers and what it goes on with."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.guardrails.neighbours import Said, lead_for, merged, views
from agent.guardrails.recognisers.span import PiiSpan, settle
from agent.guardrails.recognisers.tagged import find_tagged


def found(*lines: Said) -> dict[int, list[str]]:
    """What is hidden of each of the customer's lines."""
    wanted = [at for at, line in enumerate(lines) if line.who == "customer"]
    looked = [(view, settle(view.text, find_tagged(view.text))) for view in views(lines, wanted)]
    spans = merged(lines, looked)
    return {
        at: sorted({lines[at].text[span.start : span.end] for span in settle(lines[at].text, spans[at])})
        for at in wanted
    }


@pytest.mark.model
@pytest.mark.parametrize(
    ("question", "answer", "hidden"),
    [
        ("What is your account number?", "84900641324", ["84900641324"]),
        ("Could you please tell me the password?", "bananaman7", ["bananaman7"]),
        ("Thanks! Please enter the code we sent you.", "481216", ["481216"]),
        ("May I have your full name?", "ragu mani", ["ragu mani"]),
        ("Can I have the last four of your SSN please?", "4521", ["4521"]),
        ("What is your order number?", "1234567890", []),
        ("Could you give me the booking reference?", "07700900123", []),
        ("Is there anything else?", "no", []),
        ("Your order is on its way.", "1234", []),
    ],
)
def test_an_answer_is_what_was_asked_for(question: str, answer: str, hidden: list[str]) -> None:
    assert found(Said("us", question), Said("customer", answer))[1] == hidden


@pytest.mark.model
@pytest.mark.parametrize(
    ("first", "second", "hidden"),
    [
        ("call me on 07700", "900123", (["07700"], ["900123"])),
        ("my account number is", "84900641324", ([], ["84900641324"])),
        ("my email is ann.lee", "@example.org", (["ann.lee"], ["@example.org"])),
        ("my order number is", "1234567890", ([], [])),
    ],
)
def test_a_value_in_two_messages_is_hidden_in_both(
    first: str, second: str, hidden: tuple[list[str], list[str]]
) -> None:
    seen = found(Said("customer", first), Said("customer", second))
    assert (seen[0], seen[1]) == hidden


def test_of_several_things_asked_for_the_last_decides() -> None:
    assert lead_for("I have your name. What is your account number?") == "my account number is "
    assert lead_for("We sent the order to your address.") == ""


def test_our_own_line_between_two_messages_keeps_them_apart() -> None:
    lines = [Said("customer", "call me on 07700"), Said("us", "Sure."), Said("customer", "900123")]
    assert [view.text for view in views(lines, [2])] == ["900123"]


LINES = st.lists(st.builds(Said, st.sampled_from(["customer", "us"]), st.text(max_size=80)), max_size=6)


@given(LINES, st.data())
def test_spans_stay_inside_their_lines_whatever_was_found(lines: list[Said], data: st.DataObject) -> None:
    looked = []
    for view in views(lines, range(len(lines))):
        ends = data.draw(st.lists(st.integers(0, len(view.text)), min_size=2, max_size=2).map(sorted))
        looked.append((view, [PiiSpan(ends[0], ends[1], "PERSON", 0.9)] if ends[0] < ends[1] else []))
    seen = merged(lines, looked)
    assert set(seen) == set(range(len(lines)))
    for at, spans in seen.items():
        assert all(0 <= span.start <= span.end <= len(lines[at].text) for span in spans)
