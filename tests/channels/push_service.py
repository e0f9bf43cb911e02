"""A push service and a browser that are ours: what the one is sent, the other opens, as RFC 8291 says it does."""

from __future__ import annotations

import asyncio
import hmac
import os
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi import FastAPI, Request, Response
from listening import listening

from channels.push_encryption import encode


def _extract(salt: bytes, material: bytes) -> bytes:
    return hmac.digest(salt, material, "sha256")


def _expand(key: bytes, info: bytes, length: int) -> bytes:
    return HKDFExpand(SHA256(), length, info).derive(key)


class Browser:
    """Holds a subscription's secrets. `key` is its private key, for the published example; a fresh one otherwise."""

    def __init__(self, key: ec.EllipticCurvePrivateKey | None = None, secret: bytes | None = None) -> None:
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        self.secret = secret or os.urandom(16)
        self.public = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def subscription(self, endpoint: str) -> dict[str, Any]:
        """As `PushSubscription.toJSON()` writes it."""
        keys = {"p256dh": encode(self.public), "auth": encode(self.secret)}
        return {"endpoint": endpoint, "expirationTime": None, "keys": keys}

    def open(self, body: bytes) -> bytes:
        """What was sealed for this browser. Raises InvalidTag where it was not."""
        salt, (_, length) = body[:16], struct.unpack("!IB", body[16:21])
        sender_raw, sealed = body[21 : 21 + length], body[21 + length :]
        sender = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender_raw)
        first = _extract(self.secret, self.key.exchange(ec.ECDH(), sender))
        material = _expand(first, b"WebPush: info\x00" + self.public + sender_raw, 32)
        second = _extract(salt, material)
        key = _expand(second, b"Content-Encoding: aes128gcm\x00", 16)
        nonce = _expand(second, b"Content-Encoding: nonce\x00", 12)
        padded = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\x00")
        assert padded[-1:] == b"\x02"  # the last record
        return padded[:-1]


@dataclass
class Pushed:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class PushService:
    """Answers 201, or what `script` says next: (status, headers), or "hang"."""

    url: str = ""
    pushed: list[Pushed] = field(default_factory=list)
    script: list[Any] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        self.pushed.append(Pushed(request.url.path, dict(request.headers), await request.body()))
        step = self.script.pop(0) if self.script else (201, {"location": f"/m/{len(self.pushed)}"})
        if step == "hang":
            await asyncio.sleep(30)
        return Response(status_code=step[0], headers=step[1])

    def notice(self, browser: Browser, nth: int = -1) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(browser.open(self.pushed[nth].body))
        return found


@asynccontextmanager
async def push_service() -> AsyncIterator[PushService]:
    service, app = PushService(), FastAPI()
    app.add_api_route("/{path:path}", service.take, methods=["POST", "GET"])
    async with listening(app) as url:
        service.url = url
        yield service
