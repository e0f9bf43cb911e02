"""A server that speaks OpenAI's chat completions form on a real socket, and misbehaves when told to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

WORDS = ("You ", "can ", "return ", "it ", "within ", "30 ", "days ", "[1].")
REPLY = "".join(WORDS)

# Timers short enough to wait for in a test.
IMPATIENT = {"first_token_s": 0.3, "timeout_s": 0.8}


@dataclass
class ChatStub:
    """`fault` applies to every call until changed; `pieces` are the deltas of a reply."""

    fault: str = ""
    pieces: Sequence[str] = WORDS
    usage: bool = True
    headers: Mapping[str, str] = field(default_factory=dict)
    extra_delta: Mapping[str, Any] = field(default_factory=dict)
    pages: Mapping[str, Any] = field(default_factory=dict)
    echo_key: bool = False
    authorization: str = ""
    calls: int = 0
    dropped: int = 0
    bodies: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""
    called: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while request := await _request(reader):
                path, body, self.authorization = request
                if not path.endswith("/chat/completions"):
                    page = self.pages.get(path)
                    await _send(writer, 200 if page is not None else 404, page if page is not None else {})
                    continue
                self.calls += 1
                self.bodies.append(body)
                self.called.set()
                if not await self._reply(reader, writer, body):
                    break
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async def _reply(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body: dict[str, Any]) -> bool:
        fault = self.fault
        if fault.isdigit():
            words = f"stub says {fault} to {self.authorization if self.echo_key else 'you'}"
            error = {"error": {"message": words, "type": "stub", "code": fault}}
            await _send(writer, int(fault), error, self.headers)
            return True
        if fault == "reset":
            writer.transport.abort()
            return False
        if fault == "hang":
            await self._silence(reader)
            return False
        if fault == "slowloris":
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n")
            return await self._drip(reader, writer, b" ")
        if fault == "badjson":
            kind = "text/event-stream" if body.get("stream") else "application/json"
            await _send(
                writer, 200, b'data: {"choices": [{"del\n\n' if body.get("stream") else b'{"choices": [{', kind=kind
            )
            return True
        if fault == "page":
            await _send(writer, 200, b"<html>Welcome</html>", kind="text/html")
            return True
        if body.get("stream"):
            return await self._stream(reader, writer, body)
        await _send(writer, 200, self._whole())
        return True

    def _whole(self) -> dict[str, Any]:
        message = {"role": "assistant", "content": "".join(self.pieces), **self.extra_delta}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return _head("chat.completion") | {"choices": [choice]} | ({"usage": USAGE} if self.usage else {})

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body: dict[str, Any]) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        if self.fault == "ping":
            return await self._drip(reader, writer, _chunked(b": ping\n\n"))
        if self.fault == "empties":
            return await self._drip(reader, writer, _event(_delta({"content": ""})))
        pieces = (
            self.pieces[: len(self.pieces) // 2] if self.fault in {"stall", "truncate", "cut", "error"} else self.pieces
        )
        writer.write(_event(_delta({"role": "assistant", "content": ""})))
        for piece in pieces:
            writer.write(_event(_delta({"content": piece, **self.extra_delta})))
            await writer.drain()
            await asyncio.sleep(0)
        if self.fault == "stall":
            await self._silence(reader)
            return False
        if self.fault == "error":
            writer.write(_event({"error": {"message": "engine died", "code": 500}}))
        if self.fault == "truncate":
            await asyncio.sleep(0.05)
            writer.transport.abort()
            return False
        if self.fault not in {"cut", "error"}:
            writer.write(_event(_delta({}, "stop")))
            if self.fault == "lingers":
                await self._silence(reader)
                return False
            if self.usage and (body.get("stream_options") or {}).get("include_usage"):
                writer.write(_event(_head("chat.completion.chunk") | {"choices": [], "usage": USAGE}))
            writer.write(_chunked(b"data: [DONE]\n\n"))
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True

    async def _silence(self, reader: asyncio.StreamReader) -> None:
        """Says nothing more; notes when the caller hangs up."""
        await reader.read(1)
        self.dropped += 1

    async def _drip(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, drop: bytes) -> bool:
        gone = asyncio.ensure_future(self._silence(reader))
        while not gone.done():
            writer.write(drop)
            await asyncio.wait([gone], timeout=0.1)
        return False


USAGE = {"prompt_tokens": 12, "completion_tokens": 8, "total_tokens": 20}


@asynccontextmanager
async def running(**settings: Any) -> AsyncIterator[ChatStub]:
    """A stub on a free port of the loopback; every connection is gone at the end."""
    stub = ChatStub(**settings)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await stub.serve(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    stub.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield stub
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _request(reader: asyncio.StreamReader) -> tuple[str, dict[str, Any], str] | None:
    """Path, body and what the Authorization header says."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    line, *headers = head.split("\r\n")
    _, path, _ = line.split(" ")
    keys = [header.split(": ")[1] for header in headers if header.lower().startswith("authorization:")]
    sizes = [int(header.split(":")[1]) for header in headers if header.lower().startswith("content-length:")]
    body = await reader.readexactly(sizes[0]) if sizes else b""
    return path, json.loads(body) if body else {}, keys[0] if keys else ""


async def _send(
    writer: asyncio.StreamWriter,
    status: int,
    body: bytes | dict[str, Any],
    headers: Mapping[str, str] | None = None,
    kind: str = "application/json",
) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    extra = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    head = f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {len(raw)}\r\n{extra}\r\n"
    writer.write(head.encode() + raw)
    await writer.drain()


def _head(kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-stub", "object": kind, "created": 1, "model": "stub"}


def _delta(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return _head("chat.completion.chunk") | {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def _event(body: dict[str, Any]) -> bytes:
    return _chunked(b"data: " + json.dumps(body).encode() + b"\n\n")


def _chunked(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)
