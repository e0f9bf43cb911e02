"""The promises of an adapter's way out over HTTP, against a server that can misbehave in every way providers do."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self

from channels.adapters.contract import SOURCES, Example
from channels.providers.ports import FateUnknown, Postponed, Rejected, SendError, Sent, Unreachable

Taken = Callable[[str, str], tuple[int, bytes]]


@dataclass
class Misbehaving:
    """A provider at `url`. `mode` is "take", a status to answer with, "hang", "cut" (reads, then closes), "junk" (a
    body that is not what was asked for), "drip" (a byte at a time) or "redirect"."""

    taken: Taken
    mode: str | int = "take"
    headers: dict[str, str] = field(default_factory=dict)
    seen: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""
    _server: asyncio.Server | None = None
    _open: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()
            self._open.discard(task)

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ", 2)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:]) if name}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.seen.append((method, path, headers, body))
        if self.mode == "hang":
            await asyncio.sleep(5)
        if self.mode in ("hang", "cut"):
            return False
        status, answer = self.taken(method, path)
        if self.mode == "junk":
            answer = b"\x00<html>" * 100
        if self.mode == "redirect":
            self.headers, status = {"Location": "http://127.0.0.1:1/elsewhere"}, 302
        if isinstance(self.mode, int):
            status, answer = self.mode, b"{}"
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(answer)}", "Content-Type: application/json"]
        writer.write("\r\n".join([*lines, *(f"{k}: {v}" for k, v in self.headers.items()), "", ""]).encode())
        if self.mode == "drip":
            for byte in answer or b" ":
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.2)
        writer.write(answer if self.mode != "drip" else b"")
        await writer.drain()
        return True


@contextlib.asynccontextmanager
async def misbehaving(example: Example, mode: str | int, **headers: str) -> AsyncIterator[Misbehaving]:
    """A provider that behaves so."""
    assert example.taken is not None, "the example does not say how its provider takes a message"
    async with Misbehaving(example.taken, mode, dict(headers)) as server:
        yield server


@contextlib.asynccontextmanager
async def opened(example: Example, url: str) -> AsyncIterator[Callable[[], Awaitable[Sent | SendError]]]:
    """The way out to `url`: each call sends a message and gives what became of it. Whatever is raised that is no
    SendError comes through: it breaks the promise."""
    assert example.open is not None, "the example does not say how its way out is opened"
    outbound = replace(example.outbound, text="Hello.", sources=SOURCES)
    rendered = example.adapter.render(outbound, example.inbox)
    provider = example.open(url)

    async def send() -> Sent | SendError:
        try:
            return await provider.send(outbound, rendered)
        except SendError as error:
            assert not any(word in f"{error} {error!r}" for word in example.secret_words), "a secret is shown"
            return error

    try:
        yield send
    finally:
        await provider.aclose()


async def outcome(example: Example, url: str) -> Sent | SendError:
    """What became of one message."""
    async with opened(example, url) as send:
        return await send()


async def check_taken(example: Example) -> None:
    """A message that the provider takes is Sent, and its reference fits the log."""
    async with misbehaving(example, "take") as server:
        found = await outcome(example, server.url)
    assert isinstance(found, Sent), f"not sent: {found!r}"
    assert len(found.provider_ref) <= 255, "the reference is longer than the log keeps"


async def check_refusals(example: Example) -> None:
    """Every status that is no success is a SendError of known fate; what passes is retryable, when it was told to."""
    async with misbehaving(example, "take") as server, opened(example, server.url) as send:
        for status in (400, 401, 403, 404, 413, 422, 429, 500, 502, 503):
            server.mode, server.headers = status, {"Retry-After": "7"}
            found = await send()
            assert isinstance(found, SendError), f"{status} counts as sent"
            assert not found.unknown, f"{status}: the provider did answer"
            if status in (429, 503):
                assert isinstance(found, Postponed), f"{status} is tried again"
                assert found.retry_after_s == 7, "Retry-After is not obeyed"
            if status in (401, 403, 500, 502):
                assert found.retryable, f"{status} passes when somebody repairs it: nothing may be lost"
        server.mode = "redirect"
        found = await send()
        assert isinstance(found, SendError), "a redirect counts as sent"


async def check_fates(example: Example) -> None:
    """No connection is Unreachable; no answer after the message was handed over is FateUnknown, in bounded time."""
    async with misbehaving(example, "take") as server:
        url = server.url
    found = await outcome(example, url)
    assert isinstance(found, Unreachable), f"nobody listens there, and it says {found!r}"
    await asyncio.gather(*(_fate(example, mode) for mode in ("hang", "cut", "drip")))


async def _fate(example: Example, mode: str) -> None:
    async with misbehaving(example, mode) as server:
        async with asyncio.timeout(10):
            found = await outcome(example, server.url)
        asked_first = {method for method, *_ in server.seen} == {"GET"}
    allowed: tuple[type, ...] = (FateUnknown, Unreachable) if asked_first else (FateUnknown,)
    assert isinstance(found, (*allowed, Sent) if mode == "drip" else allowed), f"{mode}: {found!r}"


async def check_junk(example: Example) -> None:
    """An answer that cannot be read never raises anything but SendError."""
    async with misbehaving(example, "junk") as server:
        found = await outcome(example, server.url)
    assert isinstance(found, (Sent, Rejected, Postponed, FateUnknown)), repr(found)


sending_checks: Sequence[Callable[[Example], Awaitable[None]]] = (check_taken, check_refusals, check_fates, check_junk)
