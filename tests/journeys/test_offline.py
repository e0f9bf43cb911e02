"""Nothing is fetched at run time: a server that is cut off from the world starts, answers and never even tries.

An audit hook in the server's process refuses and notes every look-up and connection that does not stay on the machine.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from services import FrontdeskProcess
from websockets.asyncio.client import connect

SAMPLE = Path(__file__).parents[2] / "sample"
pytestmark = [pytest.mark.model, pytest.mark.server]

GUARD = """
import os, sys

def stays(host):
    host = host.decode() if isinstance(host, bytes) else host
    return host in (None, "", "localhost", "0.0.0.0", "::", "::1") or str(host).startswith(("127.", "/"))

def guard(event, args):
    host = None
    if event == "socket.connect" and isinstance(args[1], tuple):
        host = args[1][0]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = args[0]
    if not stays(host):
        with open(os.environ["GUARD_NOTES"], "a") as notes:
            notes.write(f"{event} {host}\\n")
        raise OSError(f"cut off: {event} {host}")

sys.addaudithook(guard)
"""


async def replies(url: str, *texts: str) -> list[dict[str, Any]]:
    """The bot's reply to each message in turn."""
    found: list[dict[str, Any]] = []
    async with connect(f"{url}/v1/chat/web") as socket, asyncio.timeout(60):
        await socket.send(json.dumps({"type": "hello", "conversation": None, "token": None, "after": 0}))
        for n, text in enumerate(texts):
            await socket.send(json.dumps({"type": "message", "id": str(n), "text": text}))
            async for raw in socket:
                frame = json.loads(raw)
                if frame["type"] == "event" and frame.get("role") == "bot":
                    found.append(frame)
                    break
    return found


async def test_a_question_is_answered_with_sources_and_nothing_is_fetched(
    frontdesk_process: Callable[..., FrontdeskProcess], tmp_path: Path
) -> None:
    guard, notes = tmp_path / "guard", tmp_path / "notes"
    guard.mkdir()
    (guard / "sitecustomize.py").write_text(GUARD, encoding="utf-8")
    server = frontdesk_process(
        "serve",
        {"inboxes": {"web": {"kind": "websocket"}}},
        env={"PYTHONPATH": str(guard), "GUARD_NOTES": str(notes)},
    )
    await server.run("ingest", str(SAMPLE / "help-centre" / "returns"))
    await server.start()
    # An e-mail address and a link are what recognisers might look up in lists of theirs.
    said = await replies(
        server.ws_url,
        "How long do I have to return something?",
        "My address is priya@shop.co.uk and I saw it on www.shop.example/boots",
    )
    assert said[0]["sources"]
    assert len(said) == 2
    assert not notes.exists(), notes.read_text()


async def test_the_guard_does_see_an_attempt(
    frontdesk_process: Callable[..., FrontdeskProcess], tmp_path: Path
) -> None:
    guard, notes = tmp_path / "guard", tmp_path / "notes"
    guard.mkdir()
    attempt = "\nimport socket\ntry:\n    socket.create_connection(('hub.example', 443))\nexcept OSError:\n    pass\n"
    (guard / "sitecustomize.py").write_text(GUARD + attempt, encoding="utf-8")
    server = frontdesk_process("serve", {}, env={"PYTHONPATH": str(guard), "GUARD_NOTES": str(notes)})
    await server.run("ingest", "--help")
    assert "hub.example" in notes.read_text()
