from __future__ import annotations

from typing import Any

import pytest
from chat_stub import IMPATIENT, ChatStub, running

from agent.gateway.probe import REMEDIES, Probe, described, probe
from agent.settings import Endpoint, Secret

pytestmark = pytest.mark.server  # a local server that speaks as the real one does


async def tried(stub: ChatStub, **more: Any) -> Probe:
    return await probe("own", Endpoint(model="stub", base_url=stub.url, **more))


async def test_a_healthy_endpoint_is_described() -> None:
    async with running(
        pages={"/v1/models": {"data": [{"id": "other"}, {"id": "stub", "max_model_len": 8192}]}}
    ) as stub:
        found = await tried(stub)
    assert (found.ok, found.streams, found.usage, found.context_tokens) == (True, True, True, 8192)
    assert found.first_token_s is not None
    assert found.notes == ()


@pytest.mark.parametrize(
    ("pages", "context"),
    [
        ({"/v1/models": {"data": [{"id": "alias", "meta": {"n_ctx": 2048, "n_ctx_train": 8192}}]}}, 2048),
        ({"/props": {"default_generation_settings": {"n_ctx": 1024}}}, 1024),
        ({"/api/ps": {"models": [{"name": "stub:latest", "context_length": 4096}]}}, 4096),
        ({"/api/show": {"parameters": 'stop "x"\nnum_ctx    5000', "model_info": {"q.context_length": 40960}}}, 5000),
        ({"/api/show": {"model_info": {"qwen3.context_length": 40960}}}, 40960),
        ({"/v1/models": {"data": [{"id": "stub", "meta": {"n_ctx_train": 8192}}]}}, 8192),
        ({"/v1/models": {"data": "?"}, "/props": [], "/api/ps": {"models": [7]}}, None),
        ({"/v1/models": {"data": [{"id": "stub", "max_model_len": -1}]}}, None),
        ({}, None),
    ],
)
async def test_the_context_length_is_found_where_servers_say_it(pages: dict[str, Any], context: int | None) -> None:
    async with running(pages=pages) as stub:
        assert (await tried(stub)).context_tokens == context


async def test_what_is_lacking_is_noted() -> None:
    async with running(
        usage=False, pieces=["All at once."], pages={"/props": {"default_generation_settings": {"n_ctx": 512}}}
    ) as stub:
        found = await tried(stub, context_tokens=9000)
    assert (found.ok, found.streams, found.usage) == (True, False, False)
    assert len(found.notes) == 3
    assert "context_tokens = 9000, but the server says 512" in found.notes


async def test_lone_closing_tags_are_noted_with_the_setting_that_helps() -> None:
    async with running(pieces=["hm ", "hm", "</think>", "One, ", "two."]) as stub:
        found = await tried(stub)
        assert found.reasons
        assert any("reasoning_first = true" in note for note in found.notes)
        assert not (await tried(stub, options={"reasoning_first": True})).notes


@pytest.mark.parametrize(
    "fault", ["500", "429", "401", "404", "400", "reset", "hang", "stall", "cut", "page", "empties"]
)
async def test_each_fault_is_put_in_words_with_a_remedy(fault: str) -> None:
    async with running(fault=fault) as stub:
        found = await tried(stub, **IMPATIENT)
    assert not found.ok
    assert found.error
    assert found.remedy in REMEDIES.values()


async def test_nobody_listening_is_put_in_words() -> None:
    found = await probe("own", Endpoint(model="m", base_url="http://127.0.0.1:1/v1"))
    assert found.remedy == REMEDIES["connection"]


async def test_a_wrong_setting_is_no_crash() -> None:
    found = await probe("own", Endpoint(provider="no-such-provider", model="m"))
    assert "pip install langchain-no-such-provider" in found.error


async def test_a_key_that_a_server_repeats_is_not_printed() -> None:
    async with running(fault="401", echo_key=True) as stub:
        found = await tried(stub, api_key=Secret("sk-very-secret-key"))
    assert "stub says 401" in found.error
    assert "sk-very-secret-key" not in found.error


async def test_a_model_in_this_process_is_simply_there() -> None:
    assert (await probe("s", Endpoint(provider="scripted"))).ok


async def test_what_doctor_prints_is_one_line_of_facts_and_what_to_do() -> None:
    async with running(pages={"/v1/models": {"data": [{"id": "stub", "max_model_len": 8192}]}}) as stub:
        (line,) = described(await tried(stub))
        stub.fault = "401"
        failed = described(await tried(stub))
    assert line.startswith("own: openai stub: ok, streams, reports usage, context 8192, first token 0.")
    assert failed[0].startswith("own: openai stub: FAILED, configuration (HTTP 401): ")
    assert failed[1] == f"  do: {REMEDIES['configuration']}"
    assert described(await probe("s", Endpoint(provider="scripted"))) == [
        "s: scripted: ok",
        "  note: answers in this process",
    ]
