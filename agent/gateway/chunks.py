"""The chunks a Gateway streams. Added together they are one coherent reply, also when the gateway started again."""

from __future__ import annotations

from typing import Any

from langchain_core.messages import AIMessageChunk, BaseMessage, BaseMessageChunk
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk

RESTART = "restart"


class GatewayChunk(AIMessageChunk):
    """An AIMessageChunk whose addition obeys the restart marker: what came before one is void.

    So LangChain's own summing (traces, `generate_from_stream`, `stream_mode="messages"`) never joins two halves.
    """

    def __add__(self, other: Any) -> BaseMessageChunk:  # type: ignore[override]
        others: list[BaseMessageChunk] = list(other) if isinstance(other, list | tuple) else [other]
        for at in range(len(others) - 1, -1, -1):
            if is_restart(others[at]):
                rest = others[at + 1 :]
                return others[at] + rest if rest else others[at]
        return super().__add__(others if isinstance(other, list | tuple) else other)


def is_restart(message: BaseMessage) -> bool:
    """Whether this chunk says that everything streamed before it is void."""
    return bool(message.additional_kwargs.get(RESTART))


def restart() -> ChatGenerationChunk:
    return ChatGenerationChunk(message=GatewayChunk(content="", additional_kwargs={RESTART: True}))


def speech(text: str, tool_calls: list[Any] | None = None) -> ChatGenerationChunk:
    return ChatGenerationChunk(message=GatewayChunk(content=text, tool_call_chunks=tool_calls or []))


def ending(usage: UsageMetadata, record: dict[str, Any]) -> ChatGenerationChunk:
    """The last chunk: no text, what it cost, and how it came about."""
    message = GatewayChunk(content="", usage_metadata=usage, response_metadata=record, chunk_position="last")
    return ChatGenerationChunk(message=message)
