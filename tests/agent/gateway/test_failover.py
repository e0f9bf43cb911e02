"""A fault of one provider is not the customer's: the next endpoint answers, whole and in time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest
from chat_stub import IMPATIENT, REPLY, USAGE, ChatStub
from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.messages import AIMessageChunk, BaseMessageChunk, HumanMessage
from langchain_core.outputs import LLMResult
from langchain_core.runnables import RunnableConfig

from agent.gateway.chunks import is_restart
from agent.gateway.errors import ModelsUnavailable
from agent.gateway.gateway import Gateway

pytestmark = pytest.mark.server  # a local server that speaks as the real one does

Stubs = tuple[ChatStub, ChatStub]
Route = Callable[..., Gateway]

WHOLE = ("500", "429", "reset", "hang", "slowloris", "badjson")
STREAMED = ("500", "429", "reset", "hang", "ping", "stall", "truncate")
FURTHER = ("401", "400", "404", "503", "cut", "error", "empties", "badjson", "page")
CUT_HALF_WAY = {"stall", "truncate", "cut", "error"}


async def streamed(gateway: Gateway) -> tuple[list[AIMessageChunk], BaseMessageChunk]:
    chunks = [chunk async for chunk in gateway.astream("May I return it?")]
    whole: BaseMessageChunk = chunks[0]
    for chunk in chunks[1:]:
        whole = whole + chunk  # type: ignore[assignment]
    return chunks, whole


@pytest.mark.parametrize("fault", WHOLE)
async def test_a_whole_reply_fails_over(fault: str, stubs: Stubs, route: Route) -> None:
    stubs[0].fault = fault
    gateway = route(impatient=True, options={"disable_streaming": True})
    began = time.monotonic()
    reply = await gateway.ainvoke("May I return it?")
    assert reply.text == REPLY
    assert reply.response_metadata["endpoint"] == "second"
    assert (stubs[0].calls, stubs[1].calls) == (1, 1)
    assert time.monotonic() - began < IMPATIENT["timeout_s"] + 1
    assert not any(body.get("stream") for body in stubs[1].bodies)


@pytest.mark.parametrize("fault", STREAMED + FURTHER)
async def test_a_streamed_reply_fails_over(fault: str, stubs: Stubs, route: Route) -> None:
    stubs[0].fault = fault
    began = time.monotonic()
    chunks, whole = await streamed(route(impatient=True))
    assert whole.text == REPLY
    assert whole.response_metadata["endpoint"] == "second"
    assert (stubs[0].calls, stubs[1].calls) == (1, 1)
    assert sum(map(is_restart, chunks)) == (fault in CUT_HALF_WAY)
    assert time.monotonic() - began < IMPATIENT["timeout_s"] + 1


@pytest.mark.parametrize("fault", sorted(CUT_HALF_WAY))
async def test_nobody_gets_two_halves_joined(fault: str, stubs: Stubs, route: Route) -> None:
    stubs[0].fault = fault
    stubs[1].pieces = ("Something ", "else.")
    heard: list[str] = []

    class Tracer(AsyncCallbackHandler):
        async def on_llm_end(self, response: LLMResult, **kwargs: object) -> None:
            heard.append(response.generations[0][0].text)

    gateway = route(impatient=True)
    config: RunnableConfig = {"callbacks": [Tracer()]}
    chunks = [chunk async for chunk in gateway.astream("?", config=config)]
    marker = next(at for at, chunk in enumerate(chunks) if is_restart(chunk))
    assert "".join(chunk.text for chunk in chunks[:marker]) == "You can return it "
    assert "".join(chunk.text for chunk in chunks[marker:]) == "Something else."
    assert heard == ["Something else."]
    assert (await route(impatient=True).ainvoke("?")).text == "Something else."


@pytest.mark.parametrize("fault", ["500", "hang", "stall", "truncate"])
async def test_all_down_is_said_within_the_deadline(fault: str, stubs: Stubs, route: Route) -> None:
    stubs[0].fault = stubs[1].fault = fault
    began = time.monotonic()
    with pytest.raises(ModelsUnavailable) as caught:
        await streamed(route(impatient=True, deadline_s=0.7))
    assert time.monotonic() - began < 0.7 + 1
    assert caught.value.retryable
    assert set(caught.value.causes) <= {"first", "second"}
    assert "first" in str(caught.value)


async def test_a_reply_that_never_ends_is_cut_at_the_attempts_time(stubs: Stubs, route: Route) -> None:
    stubs[0].pieces = ["word "] * 1_000_000
    _, whole = await streamed(route(impatient=True))
    assert whole.text == REPLY
    assert whole.response_metadata["attempts"][0]["outcome"] == "timed_out"


async def test_a_server_that_lingers_after_its_reply_is_not_waited_for(stubs: Stubs, route: Route) -> None:
    stubs[0].fault = "lingers"
    began = time.monotonic()
    _, whole = await streamed(route(first_token_s=10, timeout_s=20, deadline_s=20))
    assert whole.text == REPLY
    assert whole.response_metadata["endpoint"] == "first"
    assert whole.response_metadata["usage_estimated"]
    assert time.monotonic() - began < 5


async def test_a_lost_connection_is_tried_once_more_when_there_is_nobody_else(stubs: Stubs, route: Route) -> None:
    stubs[0].fault = "reset"
    with pytest.raises(ModelsUnavailable) as caught:
        await route(only=1).ainvoke("?")
    assert stubs[0].calls == 2
    assert caught.value.causes["first"].kind == "connection"


async def test_retry_after_is_obeyed(stubs: Stubs, route: Route) -> None:
    stubs[0].fault, stubs[0].headers = "429", {"retry-after": "600"}
    gateway = route()
    for _ in range(5):
        assert (await gateway.ainvoke("?")).text == REPLY
    assert (stubs[0].calls, stubs[1].calls) == (1, 5)


async def test_a_short_rest_is_waited_out_when_there_is_nobody_else(stubs: Stubs, route: Route) -> None:
    stubs[0].fault, stubs[0].headers = "429", {"retry-after": "1"}
    gateway = route(only=1)
    began = time.monotonic()
    call = asyncio.create_task(gateway.ainvoke("?"))
    await stubs[0].called.wait()
    stubs[0].fault = ""
    assert (await call).text == REPLY
    assert time.monotonic() - began >= 1
    assert stubs[0].calls == 2


async def test_a_dead_provider_is_not_called_each_turn(stubs: Stubs, route: Route) -> None:
    stubs[0].fault = "500"
    gateway = route()
    for _ in range(40):
        assert (await gateway.ainvoke("?")).text == REPLY
    assert stubs[0].calls < 8
    assert stubs[1].calls == 40


async def test_many_at_once_do_not_hammer_a_dead_provider(stubs: Stubs, route: Route) -> None:
    stubs[0].fault = "500"
    gateway = route()
    await asyncio.gather(*(gateway.ainvoke("?") for _ in range(5)))
    before = stubs[0].calls
    await asyncio.gather(*(gateway.ainvoke("?") for _ in range(20)))
    assert stubs[0].calls - before <= 1


async def test_requests_at_fault_do_not_shut_an_endpoint(stubs: Stubs, route: Route) -> None:
    stubs[0].fault = "400"
    gateway = route()
    for _ in range(10):
        await gateway.ainvoke("?")
    stubs[0].fault = ""
    assert (await gateway.ainvoke("?")).response_metadata["endpoint"] == "first"


async def test_a_consumer_that_leaves_stops_the_provider(stubs: Stubs, route: Route) -> None:
    stubs[0].fault = "stall"
    gateway = route(first_token_s=30, timeout_s=60, deadline_s=60)

    async def listen() -> None:
        async for _ in gateway.astream("?"):
            pass

    listener = asyncio.create_task(listen())
    await stubs[0].called.wait()
    await asyncio.sleep(0.1)
    listener.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listener
    for _ in range(100):
        if stubs[0].dropped:
            break
        await asyncio.sleep(0.05)
    assert stubs[0].dropped == 1
    assert gateway.upstreams[0].breaker.state == "closed"
    assert stubs[1].calls == 0


async def test_an_endpoint_is_not_blamed_for_time_spent_on_others(stubs: Stubs, route: Route) -> None:
    stubs[0].fault = stubs[1].fault = "hang"
    gateway = route(impatient=True, deadline_s=0.5)
    for _ in range(5):
        with pytest.raises(ModelsUnavailable) as caught:
            await gateway.ainvoke("?")
    assert {name: fault.kind for name, fault in caught.value.causes.items()} == {
        "first": "no_first_token",
        "second": "no_time",
    }
    assert [upstream.breaker.state for upstream in gateway.upstreams] == ["open", "closed"]


async def test_a_consumer_that_takes_its_time_is_not_the_providers_fault(stubs: Stubs, route: Route) -> None:
    heard = ""
    async for chunk in route(first_token_s=1.0, timeout_s=1.2).astream("?"):
        await asyncio.sleep(0.7 if heard.count(" ") < 2 else 0)
        heard += chunk.text
    assert heard == REPLY
    assert stubs[1].calls == 0


async def test_usage_and_cost_arrive_with_a_stream(stubs: Stubs, route: Route) -> None:
    _, whole = await streamed(route(price_in=1_000_000, price_out=2_000_000))
    assert isinstance(whole, AIMessageChunk)
    assert whole.usage_metadata is not None
    assert whole.usage_metadata["input_tokens"] == USAGE["prompt_tokens"]
    assert whole.usage_metadata["output_tokens"] == USAGE["completion_tokens"]
    assert whole.response_metadata["cost"] == pytest.approx(12 + 2 * 8)
    assert not whole.response_metadata["usage_estimated"]
    assert whole.response_metadata["first_token_s"] <= whole.response_metadata["seconds"]
    assert [attempt["outcome"] for attempt in whole.response_metadata["attempts"]] == ["ok"]


async def test_a_server_without_usage_is_estimated_and_marked(stubs: Stubs, route: Route) -> None:
    stubs[0].usage = False
    reply = await route(price_out=1_000_000).ainvoke("x" * 400)
    assert reply.usage_metadata is not None
    assert reply.response_metadata["usage_estimated"]
    assert 100 <= reply.usage_metadata["input_tokens"] <= 110
    assert reply.response_metadata["cost"] == reply.usage_metadata["output_tokens"] > 0


async def test_a_cut_stream_is_not_costed_at_zero(stubs: Stubs, route: Route) -> None:
    stubs[0].fault = "truncate"
    cut = await route(price_out=1_000_000).ainvoke("?")
    stubs[0].fault = ""
    whole = await route(price_out=1_000_000).ainvoke("?")
    assert cut.response_metadata["cost"] > whole.response_metadata["cost"]


async def test_a_reply_longer_than_the_context_is_not_sent(stubs: Stubs, route: Route) -> None:
    with pytest.raises(ModelsUnavailable) as caught:
        await route(context_tokens=50).ainvoke("word " * 100)
    assert {fault.kind for fault in caught.value.causes.values()} == {"overflow"}
    assert stubs[0].calls == 0


async def test_the_question_never_leaves_the_process(stubs: Stubs, route: Route) -> None:
    await route().ainvoke([HumanMessage("hello")], question=object())
    (body,) = stubs[0].bodies
    assert "question" not in body
    assert [message["content"] for message in body["messages"]] == ["hello"]


@pytest.mark.parametrize(
    "pieces",
    [
        ["<think>secret ", "plan</think>", *REPLY.split(" ")],
        ["<thi", "nk>secret plan</th", "ink>\n\n", *REPLY.split(" ")],
        ["<think>", "secret <think>deep</think> plan", "</think>", *REPLY.split(" ")],
    ],
)
async def test_reasoning_is_never_shown(pieces: list[str], stubs: Stubs, route: Route) -> None:
    stubs[0].pieces = pieces
    chunks, whole = await streamed(route())
    assert whole.text == REPLY.replace(" ", "")
    assert "secret" not in "".join(chunk.text for chunk in chunks)
    assert whole.response_metadata["reasoning_removed"]


async def test_reasoning_beside_the_text_is_never_shown(stubs: Stubs, route: Route) -> None:
    stubs[0].extra_delta = {"reasoning_content": "secret plan", "reasoning": "secret plan"}
    chunks, whole = await streamed(route())
    assert whole.text == REPLY
    assert not any("secret" in chunk.model_dump_json() for chunk in chunks)


async def test_a_lone_closing_tag_takes_back_what_was_shown_and_the_next_reply_is_held(
    stubs: Stubs, route: Route
) -> None:
    stubs[0].pieces = ["secret ", "plan", "</think>", "Yes ", "[1]."]
    gateway = route()
    chunks, whole = await streamed(gateway)
    assert whole.text == "Yes [1]."
    assert sum(map(is_restart, chunks)) == 1
    chunks, whole = await streamed(gateway)
    assert whole.text == "".join(chunk.text for chunk in chunks) == "Yes [1]."
    stubs[0].pieces = ["Plain ", "reply."]
    assert (await gateway.ainvoke("?")).text == "Plain reply."


async def test_only_reasoning_is_no_reply(stubs: Stubs, route: Route) -> None:
    stubs[0].pieces = ["<think>secret plan without an end"]
    reply = await route().ainvoke("?")
    assert reply.text == REPLY
    assert reply.response_metadata["attempts"][0]["outcome"] == "empty"


async def test_max_tokens_are_said_in_the_form_other_servers_know(stubs: Stubs, route: Route) -> None:
    await route(options={"max_tokens": 77, "temperature": 0.0}).ainvoke("?")
    (body,) = stubs[0].bodies
    assert body["max_tokens"] == 77
    assert "max_completion_tokens" not in body


def test_a_synchronous_call_says_what_to_use_instead() -> None:
    with pytest.raises(NotImplementedError, match="ainvoke or astream"):
        Gateway(route="answer", upstreams=(), deadline_s=1).invoke("?")
