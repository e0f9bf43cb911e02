"""A chat model that says what it is told: for tests, demonstrations and measurements."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field, PrivateAttr, SkipValidation

# Enough for any test to look back; a server that runs for months must not remember everything.
REMEMBERED = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """One call: what the model was told and with which arguments."""

    messages: tuple[BaseMessage, ...]
    kwargs: dict[str, Any]

    @property
    def text(self) -> str:
        """All it was told, for leak checks."""
        return "\n".join(str(message.text) for message in self.messages)

    @property
    def last(self) -> str:
        return str(self.messages[-1].text) if self.messages else ""


@dataclass(frozen=True, slots=True)
class Fault:
    """Says `text`, then misbehaves: raises as a server with that `status` would, drops the line, or falls silent."""

    kind: Literal["status", "reset", "hang"] = "status"
    text: str = ""
    status: int = 500


class ScriptedFault(Exception):
    """What a scripted status raises; carries `status_code` as HTTP clients' exceptions do."""

    def __init__(self, status_code: int) -> None:
        super().__init__(f"scripted HTTP {status_code}")
        self.status_code = status_code


Reply = str | Fault
Script = Callable[[Asked], Reply]


class ScriptedChatModel(BaseChatModel):
    """Replies by `script` when given, else by the first of `rules` whose pattern is found in the last message
    (`[pattern, reply]` pairs, case ignored), else with the next of `replies`; the last one repeats.

    Streams a word and its space at a time, `delay_s` before each. `asked` holds the last thousand calls.
    """

    replies: SkipValidation[Sequence[Reply]] = Field(default=("I am a scripted reply.",))
    rules: SkipValidation[Sequence[tuple[str, Reply]]] = Field(default=())
    script: SkipValidation[Script | None] = Field(default=None, exclude=True)
    delay_s: float = Field(default=0.0, ge=0)
    _asked: deque[Asked] = PrivateAttr(default_factory=lambda: deque(maxlen=REMEMBERED))
    _calls: int = PrivateAttr(default=0)

    @property
    def asked(self) -> tuple[Asked, ...]:
        return tuple(self._asked)

    @property
    def _llm_type(self) -> str:
        return "frontdesk-scripted"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> NoReturn:
        raise NotImplementedError("the scripted model is async only: use ainvoke or astream")

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        words = [chunk.text async for chunk in self._astream(messages, stop, **kwargs)]
        return ChatResult(generations=[ChatGeneration(message=AIMessage("".join(words)))])

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        reply = self._reply(Asked(tuple(messages), kwargs))
        text = reply if isinstance(reply, str) else reply.text
        for word in _words(text):
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            yield ChatGenerationChunk(message=AIMessageChunk(content=word))
        if isinstance(reply, Fault):
            await _misbehave(reply)
        yield ChatGenerationChunk(message=AIMessageChunk(content="", response_metadata={"finish_reason": "stop"}))

    def _reply(self, asked: Asked) -> Reply:
        self._asked.append(asked)
        self._calls += 1
        if self.script is not None:
            return self.script(asked)
        for pattern, reply in self.rules:
            if re.search(pattern, asked.last, re.IGNORECASE):
                return reply
        return self.replies[min(self._calls, len(self.replies)) - 1]


def _words(text: str) -> Iterator[str]:
    return (match[0] for match in re.finditer(r"\S+\s*|\s+", text))


async def _misbehave(fault: Fault) -> NoReturn:
    if fault.kind == "hang":
        await asyncio.Event().wait()
    if fault.kind == "reset":
        raise ConnectionResetError("scripted reset")
    raise ScriptedFault(fault.status)
