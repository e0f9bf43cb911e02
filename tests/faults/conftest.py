"""Fixtures of the fault tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from local_twilio import LocalTwilio


@pytest.fixture
async def twilio_out() -> AsyncIterator[LocalTwilio]:
    """A local Twilio that counts what it is asked to send."""
    stub = LocalTwilio()
    server = await asyncio.start_server(stub.serve, "127.0.0.1", 0)
    stub.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield stub
    server.close()
