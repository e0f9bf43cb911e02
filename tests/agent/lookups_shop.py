"""A shop's system on a real socket: says what a test tells it to, and counts what it was asked."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Shop:
    """`answers` are bodies by path; a path that is not there is 404. `raw` is sent instead of any answer, as it is.
    `delay_s` passes before it says anything, `slowly_s` between one byte and the next."""

    answers: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    delay_s: float = 0.0
    slowly_s: float = 0.0
    asked: list[str] = field(default_factory=list)
    sent: list[Mapping[str, str]] = field(default_factory=list)
    url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        path = head[0].split(" ")[1]
        self.asked.append(path)
        self.sent.append(dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line))
        await asyncio.sleep(self.delay_s)
        for piece in self._pieces(path):
            writer.write(piece)
            await writer.drain()
            if self.slowly_s:
                await asyncio.sleep(self.slowly_s)

    def _pieces(self, path: str) -> list[bytes]:
        if self.raw is not None:
            return [self.raw]
        found = self.status == 200 and path in self.answers
        status = self.status if found or self.status != 200 else 404
        body = json.dumps(self.answers[path]).encode() if found else b'{"error": "none"}'
        headers = {"content-type": "application/json", "connection": "close", **self.headers}
        lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in headers.items())]
        whole = ("\r\n".join(lines) + f"\r\ncontent-length: {len(body)}\r\n\r\n").encode() + body
        return [whole] if not self.slowly_s else [bytes([byte]) for byte in whole]


@asynccontextmanager
async def shop(tls: ssl.SSLContext | None = None, **given: Any) -> AsyncIterator[Shop]:
    """A Shop that listens until the end of the block."""
    made = Shop(**given)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    made.url = f"{'https' if tls else 'http'}://localhost:{port}" if tls else f"http://127.0.0.1:{port}"
    try:
        yield made
    finally:
        server.close()
