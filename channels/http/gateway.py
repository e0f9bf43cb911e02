"""The model gateway over HTTP, in OpenAI's form: `POST /v1/chat/completions` and `GET /v1/models`.

A route of the configuration is a model here: `"model": "answer"`. Errors are in OpenAI's form too, so that any
OpenAI client reads them. When an endpoint fails half-way through a stream and the next one starts again, the
client gets one coherent reply all the same: as long as the new reply says what was already sent, that part is
skipped; where it says something else, the stream ends with an error event (`stream_restarted`), because OpenAI's
form has no way to take words back. Clients that ask for it (`"stream_options": {"include_restart": true}`) get a
chunk with `"restart": true` instead and begin again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.params import Depends
from fastapi.responses import StreamingResponse
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage

from agent.gateway.chunks import is_restart
from agent.gateway.errors import ModelsUnavailable
from channels.http.openai_form import (
    MAX_BODY_BYTES,
    ChatRequest,
    Continuity,
    OpenAIError,
    completion,
    delta_of,
    event,
    finish_word,
    head_of,
    messages_of,
    parsed,
    restarted,
    tool_delta,
    unavailable,
    usage_of,
)


def gateway_router(gateways: Mapping[str, BaseChatModel], *, dependencies: Sequence[Depends] = ()) -> APIRouter:
    """The two routes over `gateways`, by route name. `dependencies` check the key."""
    router = APIRouter(prefix="/v1", tags=["models"], dependencies=list(dependencies))

    @router.get("/models")
    async def list_models() -> dict[str, Any]:
        """The routes, as OpenAI lists models."""
        listed = [{"id": name, "object": "model", "created": 0, "owned_by": "frontdesk"} for name in gateways]
        return {"object": "list", "data": listed}

    schema = {"content": {"application/json": {"schema": ChatRequest.model_json_schema()}}, "required": True}

    @router.post("/chat/completions", openapi_extra={"requestBody": schema}, response_model=None)
    async def complete(request: Request) -> Response:
        """A chat completion by a route's models, streamed or whole."""
        try:
            asked = parsed(await _body(request))
            model = gateways.get(asked.model)
            if model is None:
                known = ", ".join(gateways)
                raise OpenAIError(
                    404, "invalid_request_error", "model_not_found", f"no route {asked.model!r}; there are: {known}"
                )
            return await _answer(model, asked, messages_of(asked))
        except OpenAIError as error:
            return error.response()

    return router


async def _answer(model: BaseChatModel, asked: ChatRequest, messages: list[BaseMessage]) -> Response:
    if asked.stream:
        chunks = model.astream(messages, **asked.arguments())
        try:
            first = await anext(chunks)
        except ModelsUnavailable as error:
            raise unavailable(error) from error
        events = _events(asked, first, chunks)
        return StreamingResponse(events, media_type="text/event-stream", headers={"cache-control": "no-cache"})
    try:
        reply = await model.ainvoke(messages, **asked.arguments())
    except ModelsUnavailable as error:
        raise unavailable(error) from error
    return Response(orjson.dumps(completion(asked, reply)), media_type="application/json")


async def _events(
    asked: ChatRequest, first: AIMessageChunk, rest: AsyncIterator[AIMessageChunk]
) -> AsyncIterator[bytes]:
    head = head_of(asked, "chat.completion.chunk")
    yield event(head | delta_of({"role": "assistant", "content": ""}))
    try:
        async for body in _bodies(asked, first, rest):
            yield event(head | body)
        yield b"data: [DONE]\n\n"
    except ModelsUnavailable as error:
        yield b"data: " + unavailable(error).body() + b"\n\n"
    except OpenAIError as error:
        yield b"data: " + error.body() + b"\n\n"


async def _bodies(
    asked: ChatRequest, first: AIMessageChunk, rest: AsyncIterator[AIMessageChunk]
) -> AsyncIterator[dict[str, Any]]:
    """What each event says beyond its head. Raises OpenAIError when the stream cannot go on as one reply."""
    sent, called = Continuity(), False
    async for chunk in _chained(first, rest):
        if is_restart(chunk) and asked.wants("include_restart"):
            sent, called = Continuity(), False
            yield delta_of({}) | {"restart": True}
        elif is_restart(chunk):
            if called:
                raise restarted()
            sent.restart()
        elif chunk.tool_call_chunks:
            called = True
            yield delta_of({"tool_calls": [tool_delta(call) for call in chunk.tool_call_chunks]})
        elif chunk.text:
            if text := sent.text(chunk.text):
                yield delta_of({"content": text})
        elif chunk.response_metadata:
            sent.finish()
            yield delta_of({}, finish_word(chunk.response_metadata))
            if asked.wants("include_usage"):
                yield {"choices": [], "usage": usage_of(chunk.usage_metadata)}


async def _chained(first: AIMessageChunk, rest: AsyncIterator[AIMessageChunk]) -> AsyncIterator[AIMessageChunk]:
    yield first
    async for chunk in rest:
        yield chunk


async def _body(request: Request) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY_BYTES:
            raise OpenAIError(413, "invalid_request_error", "too_large", f"the body exceeds {MAX_BODY_BYTES} bytes")
        parts.append(part)
    return b"".join(parts)
