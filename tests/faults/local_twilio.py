"""A Twilio that takes every message and remembers to whom it went, and what."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import parse_qsl


@dataclass
class LocalTwilio:
    """`sent` counts messages by recipient; `texts` keeps them in the order they came."""

    url: str = ""
    sent: Counter[str] = field(default_factory=Counter)
    texts: list[tuple[str, str]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                length = int(head.partition("content-length:")[2].split("\r\n", 1)[0])
                form = dict(parse_qsl((await reader.readexactly(length)).decode()))
                self.sent[form["To"]] += 1
                self.texts.append((form["To"], form["Body"]))
                body = json.dumps({"sid": f"SM{len(self.texts):032}", "status": "queued"}).encode()
                writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
