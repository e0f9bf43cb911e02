"""Gateway: one LangChain chat model over several endpoints, which answers while any of them can.

A call walks the route's endpoints in order. The first that finishes a reply wins; each that fails is told to
its breaker and the next starts from scratch. Text that had already been streamed is taken back by a chunk
with `additional_kwargs["restart"]`: everything before it is void (chunks that are added up obey it by themselves).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, NoReturn

from langchain_core.caches import BaseCache
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import Field, SkipValidation

from agent.gateway.breaker import Permit
from agent.gateway.chunks import ending, is_restart, restart, speech
from agent.gateway.errors import MOMENTARY, EndpointFault, ModelsUnavailable
from agent.gateway.reasoning import Shown
from agent.gateway.upstream import Attempt, Upstream
from agent.gateway.usage import CountTokens, about

# A rest that ends this soon is waited out when nobody else answered: a customer prefers two seconds to a person.
LONGEST_WAIT_S = 5.0


class Gateway(BaseChatModel):
    """A route. Async only; `ModelsUnavailable` when no endpoint answered before `deadline_s` was over.

    The last chunk (or the message) carries `usage_metadata`, and in `response_metadata`: endpoint, model_name,
    finish_reason, cost, usage_estimated, first_token_s and seconds since the call began, and attempts, a list of
    `{"endpoint", "outcome", "seconds"}`. The cost includes what failed attempts had already written.
    """

    route: str
    upstreams: SkipValidation[tuple[Upstream, ...]] = Field(exclude=True, repr=False)
    deadline_s: float
    count_tokens: SkipValidation[CountTokens] = Field(default=about, exclude=True, repr=False)
    # A cache shared by customers would hand one's reply to another; LangChain's global one is never consulted.
    cache: BaseCache | bool | None = Field(default=False, exclude=True)

    @property
    def _llm_type(self) -> str:
        return "frontdesk-gateway"

    @property
    def _identifying_params(self) -> Mapping[str, Any]:
        return {"route": self.route, "endpoints": [upstream.name for upstream in self.upstreams]}

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        choice = {"tool_choice": tool_choice} if tool_choice else {}
        return self.bind(tools=[convert_to_openai_tool(tool) for tool in tools], **choice, **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> NoReturn:
        raise NotImplementedError("the gateway is async only: use ainvoke or astream")

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        whole: ChatGenerationChunk | None = None
        async for chunk in self._astream(messages, stop, **kwargs):
            whole = chunk if whole is None or is_restart(chunk.message) else whole + chunk
        assert whole is not None  # noqa: S101  # _astream ends with a chunk or raises
        reply = whole.message
        assert isinstance(reply, AIMessageChunk)  # noqa: S101
        message = AIMessage(
            content=reply.content,
            tool_calls=reply.tool_calls,
            usage_metadata=reply.usage_metadata,
            response_metadata=reply.response_metadata,
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        began = asyncio.get_running_loop().time()
        tried: list[Attempt] = []
        causes: dict[str, EndpointFault] = {}
        async for upstream, permit in self._turns(began + self.deadline_s, causes):
            deadline = began + self.deadline_s
            attempt = Attempt(upstream, permit, messages, self.count_tokens, deadline, late=bool(tried))
            tried.append(attempt)
            shown = False
            try:
                async with aclosing(attempt.run(stop, kwargs)) as pieces:
                    async for piece in pieces:
                        for chunk in _chunks(piece, shown):
                            shown = not is_restart(chunk.message)
                            yield chunk
            except EndpointFault as fault:
                causes[upstream.name] = fault
                if shown:
                    yield restart()
            else:
                yield ending(attempt.usage().metadata(), _record(tried, began))
                return
        raise ModelsUnavailable(self.route, causes)

    async def _turns(self, deadline: float, causes: dict[str, EndpointFault]) -> AsyncIterator[tuple[Upstream, Permit]]:
        """The endpoints to try, in order; then once more those whose fault was of the moment."""
        now = asyncio.get_running_loop().time
        for upstream in self.upstreams:
            if now() < deadline and (permit := _admitted(upstream, causes)) is not None:
                yield upstream, permit
        again = [upstream for upstream in self.upstreams if _momentary(upstream, causes)]
        for upstream in sorted(again, key=lambda upstream: upstream.breaker.rests_s()):
            rest_s = upstream.breaker.rests_s()
            if rest_s > LONGEST_WAIT_S or now() + rest_s >= deadline:
                continue
            await asyncio.sleep(rest_s + 0.005 if rest_s else 0.0)
            if (permit := _admitted(upstream, causes)) is not None:
                yield upstream, permit


def _admitted(upstream: Upstream, causes: dict[str, EndpointFault]) -> Permit | None:
    permit = upstream.breaker.admit()
    if permit is None:
        causes.setdefault(upstream.name, EndpointFault("resting", rest_s=upstream.breaker.rests_s()))
    return permit


def _momentary(upstream: Upstream, causes: dict[str, EndpointFault]) -> bool:
    """Whether a second try is worth it; never while the breaker holds the endpoint for dead."""
    fault = causes.get(upstream.name)
    return fault is not None and fault.kind in MOMENTARY and upstream.breaker.state == "closed"


def _chunks(piece: Shown | AIMessageChunk, shown: bool) -> Iterator[ChatGenerationChunk]:
    if isinstance(piece, AIMessageChunk):
        yield speech("", list(piece.tool_call_chunks))
        return
    if piece.void and shown:
        yield restart()
    if piece.text:
        yield speech(piece.text)


def _record(tried: Sequence[Attempt], began: float) -> dict[str, Any]:
    """How the reply came about. `tried` ends with the attempt that made it."""
    last = tried[-1]
    settings = last.upstream.settings
    spent = [attempt for attempt in tried if attempt.first_token_at is not None or attempt is last]
    prices = [(attempt.usage(), attempt.upstream.settings) for attempt in spent]
    return {
        "endpoint": last.upstream.name,
        "model_name": settings.model or settings.provider,
        "finish_reason": last.finish or "stop",
        "cost": sum(usage.cost(priced.price_in, priced.price_out) for usage, priced in prices),
        "usage_estimated": last.usage().estimated,
        "first_token_s": round((last.first_token_at or last.started) - began, 4),
        "seconds": round(last.started + last.seconds - began, 4),
        "reasoning_removed": last.reasoned,
        "attempts": [
            {"endpoint": attempt.upstream.name, "outcome": attempt.outcome, "seconds": round(attempt.seconds, 4)}
            for attempt in tried
        ],
    }
