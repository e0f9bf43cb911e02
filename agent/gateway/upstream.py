"""One endpoint at work, and one try at it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import structlog
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.runnables import RunnableConfig

from agent.gateway.breaker import Breaker, Permit
from agent.gateway.errors import REQUEST_FAULTS, EndpointFault, FaultCode, fault_of
from agent.gateway.reasoning import ReasoningFilter, Shown, visible_text
from agent.gateway.usage import CountTokens, Usage, prompt_tokens
from agent.settings import Endpoint

log = structlog.get_logger(__name__)

IN_PROCESS = frozenset({"extractive", "scripted"})

# How providers say that a reply is finished; the first is OpenAI's, "status" the Responses API's.
_FINISH_KEYS = ("finish_reason", "stop_reason", "done_reason", "stopReason", "status")
_UNFINISHED = frozenset({"queued", "in_progress"})

# After the finish reason only the usage and [DONE] follow. A server that keeps the line open is not waited for.
_AFTERWORD_S = 1.0

# No callbacks: one that listens to the gateway would hear every token twice.
_ALONE: RunnableConfig = {"callbacks": []}

# Understood by every LangChain provider; the rest of OpenAI's parameters go to OpenAI's form alone.
_COMMON_KWARGS = frozenset({"temperature", "top_p", "max_tokens"})


@dataclass(slots=True, eq=False)
class Upstream:
    """A configured endpoint with its model and its breaker; one for all routes that name it.

    `reasoning_first` is configured: its replies begin with reasoning and only close the tag. `begins_inside`
    is what the last whole reply taught, so that the next one's reasoning is held back rather than taken back.
    """

    name: str
    settings: Endpoint
    model: BaseChatModel
    breaker: Breaker
    reasoning_first: bool = False
    begins_inside: bool = False

    @property
    def in_process(self) -> bool:
        return self.settings.provider in IN_PROCESS

    def accepted(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """What of a call's arguments this endpoint is given. The Question never leaves the process."""
        if self.in_process:
            return {key: value for key, value in kwargs.items() if key == "question"}
        if self.settings.provider == "openai":
            return {key: value for key, value in kwargs.items() if key != "question"}
        return {key: value for key, value in kwargs.items() if key in _COMMON_KWARGS} | self._tools(kwargs)

    def blame(self, permit: Permit, fault: EndpointFault) -> None:
        """Tells the breaker, and the log: never the provider's words, which may quote the customer's."""
        if fault.kind == "limited":
            self.breaker.limited(permit, fault.rest_s or 0.0)
        elif fault.kind in REQUEST_FAULTS or self.settings.provider == "extractive":
            self.breaker.released(permit)  # what one question does to a pure function tells nothing of the next
        else:
            self.breaker.failed(permit)
        tell = log.error if fault.kind == "configuration" else log.warning
        tell(
            "model_endpoint_failed",
            endpoint=self.name,
            fault=fault.kind,
            status=fault.status,
            breaker=self.breaker.state,
        )

    def _tools(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Tools in the provider's own form; OpenAI's is the one the gateway binds."""
        if not kwargs.get("tools"):
            return {}
        choice = {"tool_choice": kwargs["tool_choice"]} if kwargs.get("tool_choice") else {}
        try:
            return dict(getattr(self.model.bind_tools(kwargs["tools"], **choice), "kwargs", {}))
        except NotImplementedError as error:
            raise EndpointFault("refused", detail="this provider's model calls no tools") from error


@dataclass(slots=True)
class Attempt:
    """One try at one endpoint: iterate `run` for what may be shown, then read how it went.

    Times are the event loop's. The endpoint's `first_token_s` bounds the wait for the first visible character
    and every silence after it; pings, empty chunks and reasoning are not visible. Its `timeout_s` bounds the try.
    `late` says that others had their try before; an endpoint is not blamed when they left it no time.
    """

    upstream: Upstream
    permit: Permit
    messages: Sequence[BaseMessage]
    count: CountTokens
    deadline: float
    late: bool = False
    started: float = 0.0
    seconds: float = 0.0
    first_token_at: float | None = None
    finish: str = ""
    outcome: FaultCode | Literal["ok", "left"] = "left"
    reasoned: bool = False
    _quiet_until: float = 0.0
    _heard_at: float = 0.0
    _paused_s: float = 0.0
    _tools_called: bool = False
    _written: list[str] = field(default_factory=list)
    _reported: tuple[int, int] = (0, 0)

    async def run(self, stop: list[str] | None, kwargs: dict[str, Any]) -> AsyncGenerator[Shown | AIMessageChunk]:
        """What may be shown, in order, and chunks that call tools. Raises EndpointFault. Tells the breaker."""
        now = asyncio.get_running_loop().time
        self.started = now()
        self._quiet_until = self.started + self.upstream.settings.first_token_s
        cleaner = ReasoningFilter(begins_inside=self.upstream.reasoning_first or self.upstream.begins_inside)
        try:
            self._refuse_misfit(kwargs)
            async with aclosing(self._open(stop, kwargs)) as stream:
                while (message := await self._next(stream)) is not None:
                    self._note(message)
                    for piece in self._pieces(message, cleaner):
                        self._heard(now())
                        yield piece
                        self._resumed(now())
            last = cleaner.close()
            if last.text or last.void:
                self._heard(now())
                yield last
            self._judge_ending()
            self.outcome = "ok"
            self.upstream.begins_inside = cleaner.lone_closing
            self.upstream.breaker.succeeded(self.permit)
        except EndpointFault as fault:
            self.outcome = fault.kind
            self.upstream.blame(self.permit, fault)
            raise
        finally:
            self.seconds = now() - self.started
            self.reasoned = cleaner.found
            if self.outcome == "left":
                self.upstream.breaker.released(self.permit)

    def usage(self) -> Usage:
        """As reported, else estimated from the texts; nothing for a model in this process, which costs nothing."""
        if any(self._reported):
            return Usage(*self._reported)
        if self.upstream.in_process:
            return Usage()
        return Usage(prompt_tokens(self.messages, self.count), self.count("".join(self._written)), estimated=True)

    def _open(self, stop: list[str] | None, kwargs: dict[str, Any]) -> AsyncGenerator[BaseMessage]:
        model, accepted = self.upstream.model, self.upstream.accepted(kwargs)
        if self.upstream.in_process:
            return _bare(model, list(self.messages), stop, accepted)
        stream = model.astream(list(self.messages), config=_ALONE, stop=stop, **accepted)
        return cast("AsyncGenerator[BaseMessage]", stream)  # typed an iterator; it is a generator and can be closed

    async def _next(self, stream: AsyncGenerator[BaseMessage]) -> BaseMessage | None:
        """The next chunk, waited for no longer than the timers allow; None at the end."""
        limit, kind = self._limit()
        if asyncio.get_running_loop().time() >= limit and not self.finish:
            raise EndpointFault(kind)  # a source that never lets go of the loop would never meet the timer
        timer = asyncio.timeout_at(limit)
        try:
            async with timer:
                return await anext(stream, None)
        except Exception as error:  # whatever a provider's library raises is this endpoint's fault
            if self.finish:
                return None
            raise (EndpointFault(kind) if timer.expired() else fault_of(error)) from error

    def _limit(self) -> tuple[float, FaultCode]:
        end = self.started + self.upstream.settings.timeout_s + self._paused_s
        if self.deadline <= min(end, self._quiet_until):
            return self.deadline, "no_time" if self.late else "timed_out"
        if self._quiet_until >= end:
            return end, "timed_out"
        return self._quiet_until, "no_first_token" if self.first_token_at is None else "stalled"

    def _pieces(self, message: BaseMessage, cleaner: ReasoningFilter) -> Iterator[Shown | AIMessageChunk]:
        text = visible_text(message.content)
        self._written.append(text)
        shown = cleaner.feed(text)
        if shown.text or shown.void:
            yield shown
        if isinstance(message, AIMessageChunk) and message.tool_call_chunks:
            self._tools_called = True
            yield message

    def _heard(self, now: float) -> None:
        self._heard_at = now
        if self.first_token_at is None:
            self.first_token_at = now
            self.upstream.breaker.first_token(self.permit)

    def _resumed(self, now: float) -> None:
        """The consumer took its time; that is not the endpoint's fault."""
        self._paused_s += now - self._heard_at
        self._quiet_until = now + (_AFTERWORD_S if self.finish else self.upstream.settings.first_token_s)

    def _note(self, message: BaseMessage) -> None:
        if isinstance(message, AIMessage) and message.usage_metadata:
            used = message.usage_metadata
            # The greater of what was said so far: some servers report a running count, some in two parts.
            self._reported = (
                max(self._reported[0], used["input_tokens"]),
                max(self._reported[1], used["output_tokens"]),
            )
        said = [str(message.response_metadata.get(key) or "") for key in _FINISH_KEYS]
        finish = next((word for word in said if word and word not in _UNFINISHED), "")
        if finish and not self.finish:
            self.finish = finish
            self._quiet_until = asyncio.get_running_loop().time() + _AFTERWORD_S

    def _refuse_misfit(self, kwargs: dict[str, Any]) -> None:
        if self.upstream.settings.provider == "extractive" and "question" not in kwargs:
            raise EndpointFault("refused", detail="the extractive answerer answers turns, not bare messages")
        room = self.upstream.settings.context_tokens
        if room is not None and prompt_tokens(self.messages, self.count) > room:
            raise EndpointFault("overflow", detail=f"the prompt is longer than context_tokens = {room}")

    def _judge_ending(self) -> None:
        if self.upstream.settings.provider == "openai" and not self.finish:
            raise EndpointFault("cut", detail="the stream ended without a finish_reason")
        if self.first_token_at is None and not self._tools_called:
            raise EndpointFault("empty", detail="the model finished without a visible word")


async def _bare(
    model: BaseChatModel, messages: list[BaseMessage], stop: list[str] | None, kwargs: dict[str, Any]
) -> AsyncGenerator[BaseMessage]:
    """A model of this process without LangChain's frame for callbacks and tracing, which the gateway has around itself
    already: a second one costs a turn 0.5 ms."""
    async for chunk in model._astream(messages, stop=stop, **kwargs):
        yield chunk.message
