"""`frontdesk chat`: a conversation in the terminal, streamed, with sources."""

from __future__ import annotations

import asyncio
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any
from urllib.parse import quote

import httpx
import orjson
import typer
import websockets

from channels.commands.options import Config, say
from channels.settings import Settings, load


def add_to(app: typer.Typer) -> None:
    app.command()(chat)


def chat(
    inbox: Annotated[str, typer.Option(help="The chat inbox to write to.")] = "web", config: Config = None
) -> None:
    """A conversation in the terminal, streamed, with sources. Uses a running `serve` where there is one.

    Example: frontdesk chat --inbox web
    """
    asyncio.run(_chat(load(config), inbox))


async def _chat(settings: Settings, inbox: str) -> None:
    async with _server(settings) as base, websockets.connect(f"{base}/v1/chat/{quote(inbox)}") as socket:
        await socket.send('{"type":"hello"}')
        say("Write and press enter; /person asks for a person, ctrl-D ends.")
        reader = asyncio.create_task(_read(socket))
        try:
            while line := await asyncio.to_thread(sys.stdin.readline):
                await socket.send(_frame(line.strip())) if line.strip() else None
                if reader.done():
                    break
            await _settle(reader)
        finally:
            reader.cancel()


def _frame(line: str) -> str:
    if line == "/person":
        return '{"type":"person"}'
    return orjson.dumps({"type": "message", "id": uuid.uuid4().hex, "text": line}).decode()


async def _settle(reader: asyncio.Task[None]) -> None:
    """Input ended, as from a pipe: the answers still come, until it is quiet."""
    await asyncio.wait([reader], timeout=3.0)


async def _read(socket: Any) -> None:
    shown = ""
    async for raw in socket:
        frame = orjson.loads(raw)
        match frame["type"]:
            case "delta":
                sys.stdout.write(frame["text"])
                sys.stdout.flush()
                shown += frame["text"]
            case "restart":
                say("\n…")
                shown = ""
            case "event":
                _show(frame, shown)
                shown = ""
            case "error":
                say(f"! {frame['message']}")


def _show(frame: dict[str, Any], shown: str) -> None:
    if frame["kind"] == "message" and frame["role"] != "customer":
        text = frame["text"]
        say(text.removeprefix(shown) if shown else text)
        for source in frame["sources"]:
            say(f"  [{source['n']}] {source['title']}: “{source['quote']}”")
    elif frame["kind"] == "handoff":
        words = {"queue": "waiting for a person", "person": f"{frame.get('name', 'a person')} is here"}
        say(f"— {words.get(frame['state'], 'the assistant is back')} —")
    elif frame["kind"] == "closed":
        say("— the conversation was closed —")


@asynccontextmanager
async def _server(settings: Settings) -> AsyncIterator[str]:
    """The websocket address of a running `serve`, or of one inside this process for as long as it lasts."""
    at = f"{settings.server.host}:{settings.server.port}"
    try:
        async with httpx.AsyncClient(timeout=2.0) as client:
            (await client.get(f"http://{at}/healthz")).raise_for_status()
        yield f"ws://{at}"
        return
    except httpx.HTTPError:
        pass
    async with _own(settings) as port:
        yield f"ws://127.0.0.1:{port}"


@asynccontextmanager
async def _own(settings: Settings) -> AsyncIterator[int]:
    import socket as sockets

    from channels.serving import run_serve, with_overrides

    listening = sockets.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    port = listening.getsockname()[1]
    local = with_overrides(settings, {"host": "127.0.0.1", "port": port})
    ready = asyncio.Event()
    task = asyncio.create_task(run_serve(local, [listening], lambda line: ready.set(), signals=False))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
    try:
        if task.done():
            task.result()
        yield port
    finally:
        waiting.cancel()
        task.cancel()
        await asyncio.gather(task, waiting, return_exceptions=True)
