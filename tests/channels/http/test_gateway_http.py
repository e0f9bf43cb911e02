"""The gateway in OpenAI's form, asked by OpenAI's own client over a real socket."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import openai
import pytest
import uvicorn
from fastapi import Depends, FastAPI, HTTPException
from hypothesis import given
from hypothesis import strategies as st

from agent.gateway.breaker import Breaker
from agent.gateway.gateway import Gateway
from agent.gateway.scripted import Fault, Reply, ScriptedChatModel
from agent.gateway.upstream import Upstream
from agent.settings import Endpoint
from channels.http.gateway import gateway_router
from channels.http.openai_form import MAX_BODY_BYTES, Continuity, OpenAIError

pytestmark = pytest.mark.server  # a local server that speaks as the real one does

LONG = "You can return it within thirty days of delivery [1]."
ASK: dict[str, Any] = {"model": "answer", "messages": [{"role": "user", "content": "May I?"}]}


def gateway(*replies: Sequence[Reply]) -> Gateway:
    endpoints = [
        Upstream(f"e{at}", Endpoint(provider="scripted"), ScriptedChatModel(replies=script), Breaker(clock=lambda: 0))
        for at, script in enumerate(replies)
    ]
    return Gateway(route="answer", upstreams=tuple(endpoints), deadline_s=1.9)  # too short to wait out a rest


@asynccontextmanager
async def served(*replies: Sequence[Reply]) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(gateway_router({"answer": gateway(*replies)}))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    listener = socket.create_server(("127.0.0.1", 0))
    task = asyncio.create_task(server.serve([listener]))
    try:
        base = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        async with httpx.AsyncClient(base_url=base, timeout=20) as client:
            yield client
    finally:
        server.should_exit = True
        await task
        listener.close()


def events(text: str) -> list[dict[str, Any]]:
    lines = [line.removeprefix("data: ") for line in text.split("\n\n") if line]
    assert lines[-1] == "[DONE]" or "error" in lines[-1]
    return [json.loads(line) for line in lines if line != "[DONE]"]


def said(bodies: list[dict[str, Any]]) -> str:
    deltas = [choice["delta"] for body in bodies for choice in body.get("choices", [])]
    return "".join(delta.get("content") or "" for delta in deltas)


async def test_openais_own_client_reads_a_whole_reply_and_a_stream() -> None:
    async with served([LONG]) as client:
        ours = openai.AsyncOpenAI(base_url=str(client.base_url), api_key="any", max_retries=0)
        async with ours:
            assert [model.id async for model in ours.models.list()] == ["answer"]
            whole = await ours.chat.completions.create(model="answer", messages=ASK["messages"])
            assert whole.choices[0].message.content == LONG
            assert whole.choices[0].finish_reason == "stop"
            assert whole.usage is not None
            stream = await ours.chat.completions.create(
                model="answer", messages=ASK["messages"], stream=True, stream_options={"include_usage": True}
            )
            chunks = [chunk async for chunk in stream]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == LONG
    assert len(chunks) > 5
    assert chunks[-1].usage is not None
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"


async def test_a_reply_that_begins_again_the_same_way_is_one_reply() -> None:
    async with served([Fault(text="You can return ")], [LONG]) as client:
        response = await client.post("/chat/completions", json=ASK | {"stream": True})
    bodies = events(response.text)
    assert said(bodies) == LONG
    assert response.text.endswith("data: [DONE]\n\n")


async def test_a_reply_that_begins_again_otherwise_is_never_joined() -> None:
    async with served([Fault(text="You cannot ")], [LONG]) as client:
        response = await client.post("/chat/completions", json=ASK | {"stream": True})
    bodies = events(response.text)
    assert said(bodies) == "You cannot "
    assert bodies[-1]["error"]["code"] == "stream_restarted"
    assert "[DONE]" not in response.text


async def test_a_client_that_asks_for_it_is_told_to_begin_again() -> None:
    asked = ASK | {"stream": True, "stream_options": {"include_restart": True}}
    async with served([Fault(text="You cannot ")], [LONG]) as client:
        bodies = events((await client.post("/chat/completions", json=asked)).text)
    marker = next(at for at, body in enumerate(bodies) if body.get("restart"))
    assert said(bodies[:marker]) == "You cannot "
    assert said(bodies[marker:]) == LONG


async def test_a_whole_reply_is_never_joined() -> None:
    async with served([Fault(text="You cannot ")], [LONG]) as client:
        response = await client.post("/chat/completions", json=ASK)
    assert response.json()["choices"][0]["message"]["content"] == LONG


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Fault(status=500), 503, "models_unavailable"),
        (Fault(status=429), 429, "rate_limited"),
        (Fault(status=400), 400, "refused"),
    ],
)
async def test_when_all_fail_the_status_says_so(stream: bool, fault: Fault, status: int, code: str) -> None:
    async with served([fault], [fault]) as client:
        response = await client.post("/chat/completions", json=ASK | {"stream": stream})
    assert response.status_code == status
    assert response.json()["error"]["code"] == code
    assert ("retry-after" in response.headers) == (status == 429)


async def test_when_all_fail_half_way_the_stream_ends_with_an_error() -> None:
    async with served([Fault(text="You can "), Fault(text="You can ")]) as client:
        response = await client.post("/chat/completions", json=ASK | {"stream": True})
    assert events(response.text)[-1]["error"]["code"] == "models_unavailable"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "invalid_json"),
        (b"{", 400, "invalid_json"),
        (b"[]", 400, "invalid_value"),
        (b"null", 400, "invalid_value"),
        (b"\xff\xfe", 400, "invalid_json"),
        (b"[" * 100_000, 400, "invalid_json"),
        (json.dumps(ASK | {"model": "other"}).encode(), 404, "model_not_found"),
        (json.dumps(ASK | {"model": 7}).encode(), 400, "invalid_value"),
        (json.dumps(ASK | {"messages": []}).encode(), 400, "invalid_value"),
        (json.dumps(ASK | {"messages": [{"role": "wizard", "content": "x"}]}).encode(), 400, "invalid_value"),
        (json.dumps(ASK | {"messages": [{"content": "x"}]}).encode(), 400, "invalid_value"),
        (json.dumps(ASK | {"messages": [{"role": "user", "content": 7}]}).encode(), 400, "invalid_value"),
        (json.dumps(ASK | {"messages": [{"role": "tool", "content": "x"}]}).encode(), 400, "invalid_value"),
        (json.dumps(ASK | {"n": 2}).encode(), 400, "invalid_value"),
        (json.dumps(ASK | {"temperature": 9}).encode(), 400, "invalid_value"),
        (b" " * (MAX_BODY_BYTES + 1), 413, "too_large"),
    ],
)
async def test_bad_input_is_refused_in_openais_form(body: bytes, status: int, code: str) -> None:
    async with served([LONG]) as client:
        response = await client.post("/chat/completions", content=body)
        assert (await client.get("/models")).status_code == 200
    assert response.status_code == status
    assert response.json()["error"]["code"] == code


async def test_a_key_can_be_asked_for() -> None:
    def refuse() -> None:
        raise HTTPException(401)

    app = FastAPI()
    app.include_router(gateway_router({"answer": gateway([LONG])}, dependencies=[Depends(refuse)]))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as client:
        assert (await client.post("/v1/chat/completions", json=ASK)).status_code == 401
        assert (await client.get("/v1/models")).status_code == 401
        assert "/v1/chat/completions" in (await client.get("/openapi.json")).json()["paths"]


@given(st.lists(st.lists(st.text(alphabet="ab", max_size=4), max_size=5), min_size=1, max_size=4))
def test_what_was_sent_is_always_one_reply(attempts: list[list[str]]) -> None:
    """Every attempt but the last is cut; what the client holds is the last attempt's whole text, or it was told."""
    continuity = Continuity()
    sent, told = "", ""
    try:
        for at, pieces in enumerate(attempts):
            if at:
                continuity.restart()
            for piece in pieces:
                sent += continuity.text(piece)
        continuity.finish()
    except OpenAIError as error:
        told = error.code
    assert told == "stream_restarted" or sent == "".join(attempts[-1])
