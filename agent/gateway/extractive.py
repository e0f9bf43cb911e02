"""The answerer that needs no language model: it says sentences of the passages found, each with its source.

It takes part as any other chat model: `model.astream(messages, question=question)` gives one chunk a sentence in the
form models are asked for, the words and then ` [n]`, n counting question.hits from 1. It says nothing, an empty
message, where nothing found fits; the floor and the caller's template deal with that. It never writes a word of its
own: a sentence is verbatim, a table row is its own cells beside their headers.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from agent.ports import Question
from agent.understanding.answer import choose

_ENDS = (".", "!", "?", "…", "。")


def _now() -> datetime:
    return datetime.now(UTC)


def sentences(question: Question, now: datetime) -> list[str]:
    """What is said to the question, sentence by sentence, each with its marker; empty where nothing fits."""
    return [f"{_closed(each.text)} [{each.hit + 1}]" for each in choose(question, now)]


def _closed(text: str) -> str:
    """The text with a full stop where it has no end: list items and rows have none."""
    bare = text.rstrip()
    return bare if bare.rstrip("\"'”’)]*_").endswith(_ENDS) else f"{bare.rstrip(',;:')}."


class ExtractiveChatModel(BaseChatModel):
    """Answers from `question` alone; the messages are not read. `clock` says what has expired."""

    name: str | None = "extractive"
    clock: Callable[[], datetime] = _now

    @property
    def _llm_type(self) -> str:
        return "extractive"

    def _said(self, kwargs: dict[str, Any]) -> list[str]:
        question = kwargs.get("question")
        return sentences(question, self.clock()) if isinstance(question, Question) else []

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        message = AIMessage(content=" ".join(self._said(kwargs)), response_metadata={"model_name": "extractive"})
        return ChatResult(generations=[ChatGeneration(message=message)])

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return self._generate(messages, stop, None, **kwargs)

    def _chunks(self, kwargs: dict[str, Any]) -> Iterator[ChatGenerationChunk]:
        """A chunk a sentence, a space before all but the first; one empty chunk where nothing is said."""
        said = self._said(kwargs) or [""]
        for number, text in enumerate(said):
            yield ChatGenerationChunk(message=AIMessageChunk(content=f" {text}" if number else text))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        yield from self._chunks(kwargs)

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        for chunk in self._chunks(kwargs):
            yield chunk
