"""A whole Frontdesk in this process, served on a real socket, over a small help centre of the test's own."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import websockets

from agent.runtime import Runtime
from channels.settings import Settings, load

HELP = {
    "returns.md": (
        "---\ntitle: Returning an order\n---\n# Returning an order\n\n## How long you have\n\n"
        "You can return unworn items within 45 days of delivery. "
        "Sale items can be returned within 14 days of delivery.\n\n"
        "## Cost\n\nReturn postage from the UK costs £2.95 and is taken off the refund.\n"
    ),
    "delivery.md": (
        "---\ntitle: Delivery times\n---\n# Delivery times\n\n## United Kingdom\n\n"
        "Standard delivery in the United Kingdom takes 3 to 5 working days. "
        "Next-day delivery costs £6.95 when ordered before 14:00.\n\n"
        "## Ireland\n\nDelivery to Ireland takes 5 to 7 working days and costs €9.50.\n"
    ),
    "stores.md": (
        "---\ntitle: Our shops\n---\n# Our shops\n\n## Opening hours\n\n"
        "The Keswick shop is open from 9:00 to 17:30, Monday to Saturday. "
        "The Keswick shop is closed on Sundays.\n"
    ),
}
KEY = "journey-key"
WEB = '[inboxes.web]\nkind = "websocket"\n'


@dataclass
class Chat:
    """A customer's browser, as far as frames go: keeps every event once, in order, and what was streamed."""

    socket: Any
    conversation: str = ""
    token: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    frames: list[dict[str, Any]] = field(default_factory=list)
    serial: int = 0

    async def hello(self, after: int = 0) -> dict[str, Any]:
        await self.send(type="hello", conversation=self.conversation or None, token=self.token or None, after=after)
        welcome = await self.frame()
        self.conversation, self.token = welcome.get("conversation", ""), welcome.get("token", "")
        return welcome

    async def send(self, **frame: Any) -> None:
        await self.socket.send(orjson.dumps(frame).decode())

    async def say(self, text: str) -> str:
        self.serial += 1
        name = f"m{self.serial}"
        await self.send(type="message", id=name, text=text)
        return name

    async def frame(self, timeout_s: float = 30.0) -> dict[str, Any]:
        async with asyncio.timeout(timeout_s):
            found: dict[str, Any] = orjson.loads(await self.socket.recv())
        self.frames.append(found)
        if found["type"] == "event":
            self.events.append(found)
        return found

    async def until(self, timeout_s: float = 30.0, **wanted: Any) -> dict[str, Any]:
        """The next frame with these values; those before it are kept."""
        async with asyncio.timeout(timeout_s):
            while True:
                found = await self.frame(timeout_s)
                if all(found.get(name) == value for name, value in wanted.items()):
                    return found

    async def quiet(self, seconds: float = 0.7) -> list[dict[str, Any]]:
        """What still comes within this time."""
        found = []
        try:
            while True:
                found.append(await self.frame(seconds))
        except TimeoutError:
            return found


@dataclass
class House:
    """What a test may look at."""

    runtime: Runtime
    settings: Settings
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def chat(self, known: Chat | None = None, after: int = 0) -> AsyncIterator[Chat]:
        async with websockets.connect(f"ws://127.0.0.1:{self.port}/v1/chat/web") as socket:
            chat = Chat(socket, known.conversation if known else "", known.token if known else "")
            await chat.hello(after)
            yield chat


def toml(folder: Path, extra: str = "") -> Path:
    path = folder / "frontdesk.toml"
    path.write_text(
        f"""
[organisation]
name = "Acme"
[store]
url = "sqlite:///{folder}/data/frontdesk.db"
master_key = "file:{folder}/data/master.key"
[qdrant]
path = "{folder}/data/qdrant"
[keys.ada]
key = "{KEY}"
role = "admin"
[keys.bob]
key = "bob-key"
role = "agent"
[keys.eve]
key = "eve-key"
role = "viewer"
{extra}
""",
        encoding="utf-8",
    )
    return path


@asynccontextmanager
async def house(
    folder: Path, extra: str = "", inboxes: str = '[inboxes.web]\nkind = "websocket"\n'
) -> AsyncIterator[House]:
    from agent.assembly import assemble
    from channels.app import beyond, create_app
    from channels.handoff.follower import open_follower
    from channels.http.auth import open_keys
    from channels.outlets import open_outlets
    from channels.sender import Sender
    from channels.serving import Server, server_config
    from knowledge.ingest import ingest

    settings = load(toml(folder, extra + inboxes))
    centre = folder / "help"
    centre.mkdir(exist_ok=True)
    for name, text in HELP.items():
        (centre / name).write_text(text, encoding="utf-8")
    async with AsyncExitStack() as stack:
        runtime = await assemble(settings, beyond(settings, KEY))
        await ingest([centre], library=runtime.library, embedder=runtime.worker.deps.embedder)
        outlets = open_outlets(settings)
        keys, _ = open_keys(settings, folder / "data")
        app = create_app(settings, runtime, keys, outlets, "secret")
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        server = Server(server_config(settings, app))
        runtime.start()
        sender = Sender(runtime.store, runtime.vault, runtime.bus, outlets, runtime.worker.holder)
        sender.start()
        follower = open_follower(settings, runtime)
        follower.start()
        task = asyncio.create_task(server.serve([listening]))
        stack.push_async_callback(outlets.aclose)
        stack.push_async_callback(runtime.close, 5.0)
        stack.push_async_callback(sender.stop, 5.0)
        stack.push_async_callback(follower.stop, 5.0)

        async def end() -> None:
            server.should_exit = True
            await task

        stack.push_async_callback(end)
        while not server.started:  # noqa: ASYNC110  (uvicorn has no event for it)
            await asyncio.sleep(0.01)
        yield House(runtime, settings, listening.getsockname()[1])
