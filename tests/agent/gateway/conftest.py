from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from chat_stub import IMPATIENT, ChatStub, running

from agent.gateway.endpoints import build_gateways, close
from agent.gateway.gateway import Gateway
from agent.settings import Endpoint, Models, RouteSettings

# What a busy machine never needs, so that a slow test run fails over only where the test means it to.
PATIENT = {"first_token_s": 10.0, "timeout_s": 20.0}


@pytest.fixture
async def stubs() -> AsyncIterator[tuple[ChatStub, ChatStub]]:
    """Two servers: the preferred one and the one behind it."""
    async with running() as first, running() as second:
        yield first, second


@pytest.fixture
async def route(stubs: tuple[ChatStub, ChatStub]) -> AsyncIterator[Callable[..., Gateway]]:
    """Builds a Gateway over both servers; `impatient` gives the first short timers, other arguments go to both."""
    async with AsyncExitStack() as stack:

        def build(
            *,
            deadline_s: float = 20.0,
            only: int = 2,
            impatient: bool = False,
            options: dict[str, Any] | None = None,
            **more: Any,
        ) -> Gateway:
            endpoints = {
                name: Endpoint(
                    model="stub",
                    base_url=stub.url,
                    options=options or {},
                    **{**(IMPATIENT if impatient and name == "first" else PATIENT), **more},
                )
                for name, stub in zip(("first", "second"), stubs, strict=True)
            }
            settings = RouteSettings(endpoints=["first", "second"][:only], deadline_s=deadline_s)
            gateway = build_gateways(Models(endpoints=endpoints, routes={"answer": settings}))["answer"]
            stack.push_async_callback(close, gateway.upstreams)
            return gateway

        yield build
