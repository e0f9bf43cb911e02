"""A server that works for hours must not grow: memory, handles and threads are flat under steady load.

Short in `make test-slow`; `make soak` runs SOAK_MINUTES. The slope is least squares over the last two thirds.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from services import FrontdeskProcess
from websockets.asyncio.client import connect

SAMPLE = Path(__file__).parents[2] / "sample"
MINUTES = float(os.environ.get("SOAK_MINUTES", "1.5"))
# A short run still fills caches and allocator arenas; only a long one can tell 1 MB a minute.
GROWTH_MB_A_MINUTE = 1.0 if MINUTES >= 10 else 20.0
CHATS_AT_ONCE = 4
QUESTIONS = (
    "How long do I have to return a jacket?",
    "What does delivery to Ireland cost?",
    "My name is Priya Raghunathan and my mail is priya@example.com, can you resole my boots?",
    "What is the capital of Mongolia?",
    "hello",
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(MINUTES * 60 + 300)]


async def chat(url: str, questions: itertools.cycle[str]) -> None:
    """One visitor asks two questions, waits for each reply, and leaves."""
    async with connect(f"{url}/v1/chat/web") as socket:
        await socket.send(json.dumps({"type": "hello", "conversation": None, "token": None, "after": 0}))
        for _ in range(2):
            await socket.send(json.dumps({"type": "message", "id": uuid.uuid4().hex, "text": next(questions)}))
            await asyncio.wait_for(bot_message(socket), 30)


async def bot_message(socket: Any) -> None:
    async for raw in socket:
        frame = json.loads(raw)
        if frame["type"] == "event" and (frame["kind"] == "handoff" or frame.get("role") == "bot"):
            return


async def test_memory_handles_and_threads_are_flat_under_steady_load(
    frontdesk_process: Callable[..., FrontdeskProcess],
) -> None:
    server = frontdesk_process("serve", {"inboxes": {"web": {"kind": "websocket"}}})
    await server.run("ingest", str(SAMPLE / "help-centre"))
    await server.start()
    watched, questions = psutil.Process(server.pid), itertools.cycle(QUESTIONS)
    clock = asyncio.get_running_loop().time
    begun, samples, chats = clock(), [], 0
    while (minutes := (clock() - begun) / 60) < MINUTES:
        await asyncio.gather(*(chat(server.ws_url, questions) for _ in range(CHATS_AT_ONCE)))
        chats += CHATS_AT_ONCE
        samples.append((minutes, watched.memory_info().rss / 2**20, watched.num_fds(), watched.num_threads()))
    later = np.array(samples[len(samples) // 3 :])
    slope = float(np.polyfit(later[:, 0], later[:, 1], 1)[0])
    found = f"{chats} chats in {MINUTES} min: {later[0, 1]:.0f} to {later[-1, 1]:.0f} MB, {slope:+.2f} MB a minute"
    assert len(samples) > 10, found
    assert slope < GROWTH_MB_A_MINUTE, found
    assert later[-1, 2] <= later[0, 2] + 8, f"handles grew from {later[0, 2]} to {later[-1, 2]}"
    assert later[-1, 3] <= later[0, 3] + 4, f"threads grew from {later[0, 3]} to {later[-1, 3]}"
