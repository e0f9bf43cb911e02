"""An OpenID Connect provider on a real socket, with keys of its own; it can be told to misbehave.

It checks what a careful provider checks: the client's secret, the address to come back to, the code's one use, and the
verifier behind the challenge.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode

import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from jwt.algorithms import RSAAlgorithm

CLIENT, SECRET = "the-desk", "a secret: with %signs+"


def new_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


KEYS = [new_key(), new_key()]
"""Made once: a key takes a tenth of a second."""


@dataclass
class LoginService:
    """`person` are the claims of whoever logs in; `spoil` may change them, or the whole token."""

    issuer: str = ""
    person: dict[str, Any] = field(
        default_factory=lambda: {"sub": "u-1", "email": "maya@shop.example", "groups": ["support"]}
    )
    userinfo: dict[str, Any] | None = None
    deny: str = ""
    down: bool = False
    kid: str = "first"
    signing: RSAPrivateKey = field(default_factory=lambda: KEYS[0])
    published: dict[str, RSAPrivateKey] = field(default_factory=lambda: {"first": KEYS[0]})
    claims: dict[str, Any] = field(default_factory=dict)
    token: Callable[[dict[str, Any]], str] | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, Mapping[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def app(self) -> FastAPI:
        app = FastAPI()
        app.add_api_route("/.well-known/openid-configuration", self.discover)
        app.add_api_route("/keys", self.keys)
        app.add_api_route("/authorize", self.authorize)
        app.add_api_route("/token", self.exchange, methods=["POST"])
        app.add_api_route("/me", self.me)
        return app

    async def discover(self) -> Response:
        self.asked.append("discover")
        if self.down:
            return JSONResponse({}, 503)
        found = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/me",
            "end_session_endpoint": f"{self.issuer}/bye",
        }
        return JSONResponse({**found, **self.metadata})

    async def keys(self) -> Response:
        self.asked.append("keys")
        found = []
        for kid, key in self.published.items():
            public = json.loads(RSAAlgorithm.to_jwk(key.public_key()))
            found.append({**public, "kid": kid, "alg": "RS256", "use": "sig"})
        return JSONResponse({"keys": found})

    async def authorize(self, request: Request) -> Response:
        """As after a person typed their password here."""
        given = dict(request.query_params)
        assert (given["client_id"], given["response_type"]) == (CLIENT, "code")
        assert given["code_challenge_method"] == "S256"
        back = {"state": given["state"], "iss": self.issuer}
        if self.deny:
            return RedirectResponse(f"{given['redirect_uri']}?{urlencode({**back, 'error': self.deny})}")
        code = f"code-{len(self.codes)}"
        self.codes[code] = given
        return RedirectResponse(f"{given['redirect_uri']}?{urlencode({**back, 'code': code})}")

    async def exchange(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        if not self._client(request, form):
            return JSONResponse({"error": "invalid_client"}, 401)
        begun = self.codes.pop(form.get("code", ""), None)
        proof = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if begun is None or proof.rstrip(b"=").decode() != begun["code_challenge"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        if form["redirect_uri"] != begun["redirect_uri"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        times = {"iat": now, "exp": now + 300, "iss": self.issuer, "aud": CLIENT, "nonce": begun["nonce"]}
        claims = {**times, **self.person, **self.claims}
        claims = {name: value for name, value in claims.items() if value is not None}
        return JSONResponse({"id_token": (self.token or self.signed)(claims), "access_token": "at-1"})

    def signed(self, claims: Mapping[str, Any]) -> str:
        return jwt.encode(dict(claims), self.signing, "RS256", headers={"kid": self.kid})

    async def me(self, request: Request) -> Response:
        assert request.headers["authorization"] == "Bearer at-1"
        return JSONResponse(self.userinfo or {"sub": self.person["sub"]})

    @staticmethod
    def _client(request: Request, form: Mapping[str, str]) -> bool:
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        if kind == "Basic":
            name, _, secret = base64.b64decode(given).decode().partition(":")
            return (unquote_plus(name), unquote_plus(secret)) == (CLIENT, SECRET)
        return (form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET)


@contextlib.asynccontextmanager
async def login_service() -> AsyncIterator[LoginService]:
    """A provider that listens on 127.0.0.1 until the block ends."""
    service = LoginService()
    config = uvicorn.Config(service.app(), host="127.0.0.1", port=0, log_level="warning", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign]  # the test runner's signals are its own
    task = asyncio.create_task(server.serve())
    while not server.started:
        if task.done():
            task.result()
        await asyncio.sleep(0.01)
    service.issuer = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield service
    finally:
        server.should_exit = True
        await task
