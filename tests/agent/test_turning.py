"""From the log to a Turn and back: what is read, what is left out, what is kept. No text but pseudonyms."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from agent_support import ANSWERED, SECOND, run, turn
from hypothesis import given
from hypothesis import strategies as st

from agent.ports import Bench
from agent.state import Citation, Draft, Found, Handoff, Sentence, Triage, Turn
from agent.turning import begin, outcome, record, sources
from memory.identity.profile import Profile
from memory.messages import Event, EventKind
from memory.pseudonyms import PseudonymBook
from memory.segments import Segment
from memory.turns import Taken

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HEAD = {
    "id": "c-1",
    "customer_id": "p-1",
    "inbox": "sms",
    "channel": "sms",
    "owner": "bot",
    "epoch": 3,
    "summary_to": 0,
    "introduced": True,
    "proof": "signed",
}
WHO = Profile("p-1", region="GB", members=("p-1",), known_by=(("email", "signed"),))
PIECE = Segment(1, 1, 0, 1, "extractive", "Customer: before")


def event(seq: int, kind: EventKind, redacted: str | None = "said", /, **meta: Any) -> Event:
    given = {"kind": "message"} if kind == "received" else {}
    return Event("c-1", seq, seq - 1, kind, NOW, "REAL NAME", redacted, None, given | meta)


def taken(*events: Event, from_seq: int = 1, to_seq: int = 99, **head: Any) -> Taken:
    return Taken(
        "t-1", HEAD | head, from_seq, to_seq, 1, events, PseudonymBook(), False, segments=(PIECE,), profile=WHO
    )


def begun(of: Taken, *, failed: bool = False) -> Turn:
    return begin(of, redaction_failed=failed, autonomy="automatic", versions={"prompt": "p-1"})


def test_what_is_asked_and_what_was_said_before_are_told_apart() -> None:
    events = (event(1, "received"), event(2, "replied"), event(3, "received"), event(4, "received"))
    made = begun(taken(*events, from_seq=3, to_seq=4))
    assert [line.seq for line in made.said] == [3, 4]
    assert [(line.role, line.seq) for line in made.history] == [("customer", 1), ("bot", 2)]
    assert made.text == "said\nsaid"


NEVER_SAID: list[EventKind] = [
    *("triaged", "summarised", "parked", "decided", "handed_over", "taken", "released", "closed", "noted"),
    *("delivered", "bounced", "opted_out", "opted_in", "feedback"),
]


@pytest.mark.parametrize("kind", NEVER_SAID)
def test_what_nobody_said_to_anybody_never_enters_a_turn(kind: EventKind) -> None:
    made = begun(taken(event(1, kind, "PRIVATE REMARK", reason="PRIVATE REMARK"), event(2, "received"), from_seq=2))
    assert made.history == ()
    assert "PRIVATE" not in json.dumps(record(made, Bench()), default=str)


def test_automatic_mail_is_neither_answered_nor_remembered() -> None:
    made = begun(taken(event(1, "received", automatic=True), event(2, "received"), from_seq=2))
    assert made.history == ()
    made = begun(taken(event(1, "received"), event(2, "received", automatic=True), from_seq=1))
    assert [line.seq for line in made.said] == [1]


def test_a_turn_carries_the_redacted_text_alone() -> None:
    made = begun(taken(event(1, "received"), event(2, "received"), from_seq=2))
    assert "REAL NAME" not in repr(made)


def test_an_event_without_a_redacted_text_is_left_out_rather_than_shown() -> None:
    made = begun(taken(event(1, "received", None), event(2, "received", None), from_seq=2))
    assert (made.said, made.history) == ((), ())


def test_where_redaction_failed_there_is_no_text_of_the_customer_at_all() -> None:
    made = begun(taken(event(1, "received"), event(2, "received"), from_seq=2), failed=True)
    assert (made.said, made.history, made.summary, made.text) == ((), (), "", "")


@pytest.mark.parametrize(("kind", "asked"), [("person", True), ("message", False)])
def test_the_button_for_a_person_counts_for_the_messages_it_came_with(kind: str, asked: bool) -> None:
    assert begun(taken(event(1, "received", kind=kind), from_seq=1)).asked_for_person is asked
    assert begun(taken(event(1, "received", kind=kind), event(2, "received"), from_seq=2)).asked_for_person is False


@given(st.lists(st.sampled_from(["received", "replied", "said", "noted", "triaged", "taken"]), max_size=30), st.data())
def test_every_line_that_was_said_is_in_the_turn_once(kinds: list[EventKind], data: st.DataObject) -> None:
    events = tuple(event(n, kind) for n, kind in enumerate(kinds, 1))
    from_seq = data.draw(st.integers(1, len(kinds) + 1))
    made = begun(taken(*events, from_seq=from_seq, to_seq=len(kinds)))
    found = [line.seq for line in (*made.history, *made.said)]
    assert found == sorted(set(found))
    spoken = [e.seq for e in events if e.kind in ("received", "replied", "said") and e.seq < from_seq]
    asked = [e.seq for e in events if e.kind == "received" and e.seq >= from_seq]
    assert found == spoken + asked


def test_a_turn_knows_who_writes_how_it_was_proven_and_what_was_said_before_the_window() -> None:
    made = begun(taken(event(1, "received")))
    assert (made.profile, made.proof, made.segments, made.summary) == (WHO, "signed", (PIECE,), "Customer: before")


# --- outcome ---


def citation(passage: str, start: int, end: int) -> Citation:
    return Citation(passage, passage, passage.title(), "https://x.example", "", start, end, 1.0)


def found(passage: str, text: str) -> Found:
    return Found(passage, passage, passage.title(), "", "https://x.example", text, 0.9, 0.9, None)


def test_sources_are_numbered_as_they_are_first_used_and_each_once() -> None:
    text = f"{ANSWERED} {SECOND}"
    first, second = citation("b", 0, len(ANSWERED)), citation("b", len(ANSWERED) + 1, len(text))
    other = citation("a", 0, 3)
    sentences = (
        Sentence("One.", (other,)),
        Sentence("Two.", (first, other)),
        Sentence("Three.", (second,)),
        Sentence("Four.", (first,)),
    )
    made = turn(draft=Draft(sentences, made_by="m"), found=(found("b", text), found("a", "Yes. No.")))
    listed = sources(made)
    assert [(each["n"], each["passage"], each["quote"]) for each in listed] == [
        (1, "a", "Yes"),
        (2, "b", ANSWERED),
        (3, "b", SECOND),
    ]


def test_a_source_that_is_not_among_what_was_found_has_no_quote() -> None:
    made = turn(draft=Draft((Sentence("One.", (citation("gone", 0, 3),)),), made_by="m"))
    assert sources(made)[0]["quote"] == ""


def test_without_a_draft_there_is_no_reply_and_no_source() -> None:
    made = outcome(turn(handoff=Handoff("opted_out", "opted out"), route="handoff"), Bench(), push=True)
    assert (made.reply, list(made.sources), made.introduces) == ("", [], False)
    assert sources(turn()) == []


def test_a_silent_turn_leaves_nothing_but_that_it_was_silent() -> None:
    made = outcome(turn(route="silent", draft=Draft((Sentence("No."),), made_by="m")), Bench(), push=True)
    assert (made.reply, made.record, made.route) == ("", {}, "silent")


def test_only_a_reply_introduces() -> None:
    draft = Draft((Sentence("Hello."),), made_by="m")
    for introduce, said, expected in ((True, draft, True), (True, None, False), (False, draft, False)):
        assert outcome(turn(introduce=introduce, draft=said), Bench(), push=False).introduces is expected


def test_decisions_are_typed_and_go_into_the_log_as_they_are() -> None:
    made = outcome(
        turn(triage=Triage("person", 0.9, "asked"), handoff=Handoff("asked", "they asked", "high")), Bench(), push=False
    )
    assert made.handoff == {"code": "asked", "reason": "they asked", "priority": "high", "matter": ""}
    assert made.triage is not None
    assert made.triage["kind"] == "person"


async def test_the_record_holds_all_a_reply_was_made_from_and_is_json() -> None:
    ran = await run(turn())
    kept = json.loads(json.dumps(record(ran.turn, ran.bench)))
    assert {"said", "query", "found", "draft", "verdicts", "versions", "triage", "timings_ms", "context"} <= set(kept)
    assert "customer" not in kept
