"""Frames: what a browser may send, and what it is told when it sends something else."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels import protocol
from channels.protocol import MAX_FRAME, MAX_TEXT, Message, ProtocolError, parse
from memory.messages import VISIBLE, Event

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def code_of(raw: str | bytes) -> str | None:
    """The code of the fault in `raw`, None for a frame; anything else that is raised fails the test."""
    try:
        parse(raw)
    except ProtocolError as error:
        return error.code
    return None


@given(st.one_of(st.text(), st.binary()))
def test_whatever_arrives_is_a_frame_or_a_protocol_error(raw: str | bytes) -> None:
    assert code_of(raw) in {None, "not_json", "bad_frame", "empty", "too_long", "too_large"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(
    st.sampled_from(["hello", "message", "typing", "person", "feedback", "x"]), st.dictionaries(st.text(), json_values)
)
def test_any_object_with_a_type_is_a_frame_or_a_protocol_error(kind: str, rest: dict[str, object]) -> None:
    try:
        raw = orjson.dumps({**rest, "type": kind})
    except (orjson.JSONEncodeError, UnicodeEncodeError):
        return
    assert code_of(raw) in {None, "bad_frame", "empty", "too_long"}


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("", "not_json"),
        ("{", "not_json"),
        ("[]", "bad_frame"),
        ("null", "bad_frame"),
        ("{}", "bad_frame"),
        ('{"type":"message"}', "bad_frame"),
        ('{"type":"message","id":"","text":"x"}', "bad_frame"),
        ('{"type":"message","id":"1","text":"   "}', "empty"),
        ('{"type":"message","id":"1","text":5}', "bad_frame"),
        ('{"type":"hello","after":-1}', "bad_frame"),
        ('{"type":"feedback","turn":"t","score":6}', "bad_frame"),
        ("[" * 5000, "not_json"),
        ("x" * (MAX_FRAME + 1), "too_large"),
    ],
)
def test_a_bad_frame_gets_its_own_code(raw: str, code: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        parse(raw)
    assert caught.value.code == code


def test_the_longest_message_passes_and_one_more_character_does_not() -> None:
    frame = parse(orjson.dumps({"type": "message", "id": "1", "text": "é" * MAX_TEXT}))
    assert isinstance(frame, Message)
    with pytest.raises(ProtocolError, match=r"8,001 characters; 8,000"):
        parse(orjson.dumps({"type": "message", "id": "1", "text": "é" * (MAX_TEXT + 1)}))


def test_an_error_never_repeats_what_was_sent() -> None:
    with pytest.raises(ProtocolError) as caught:
        parse('{"type":"message","id":"1","text":{"card":"4111111111111111"}}')
    assert "4111" not in str(caught.value)


@pytest.mark.parametrize("kind", sorted(VISIBLE))
def test_every_visible_event_has_a_frame_with_its_place_in_the_order(kind: str) -> None:
    frame = protocol.event(Event("c", 7, 5, kind, NOW, "text", meta={"person": "Ada"}))  # type: ignore[arg-type]
    assert (frame["type"], frame["seq"], frame["prev"]) == ("event", 7, 5)
    assert frame["kind"] in {"message", "handoff", "closed"}
    orjson.dumps(frame)
