from __future__ import annotations

from functools import reduce

from hypothesis import given
from hypothesis import strategies as st
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessageChunk
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk

from agent.gateway.chunks import ending, restart, speech

USAGE = UsageMetadata(input_tokens=1, output_tokens=2, total_tokens=3)
STREAMS = st.lists(st.one_of(st.none(), st.text(max_size=5)), min_size=1, max_size=12)


def stream(pieces: list[str | None]) -> list[ChatGenerationChunk]:
    return [restart() if piece is None else speech(piece) for piece in pieces]


def said_last(pieces: list[str | None]) -> str:
    at = max((at for at, piece in enumerate(pieces) if piece is None), default=-1)
    return "".join(piece or "" for piece in pieces[at + 1 :])


@given(STREAMS)
def test_added_up_in_any_way_chunks_say_what_came_after_the_last_restart(pieces: list[str | None]) -> None:
    expected = said_last(pieces)
    chunks = stream(pieces)
    messages = [chunk.message for chunk in chunks]
    assert reduce(lambda left, right: left + right, messages).text == expected
    assert reduce(lambda right, left: left + right, reversed(messages)).text == expected
    assert (messages[0] + messages[1:]).text == expected
    assert (chunks[0] + chunks[1:]).message.text == expected
    assert generate_from_stream(iter(stream(pieces))).generations[0].text == expected


def test_what_the_last_chunk_knows_survives_addition() -> None:
    after = [restart().message, speech("No").message, ending(USAGE, {"cost": 0.5}).message]
    whole = speech("Yes").message.__add__(after)
    assert isinstance(whole, AIMessageChunk)
    assert (whole.text, whole.usage_metadata, whole.response_metadata) == ("No", USAGE, {"cost": 0.5})
