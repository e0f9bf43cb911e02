"""The provider over HTTP: where it is, its keys, and a code made into a person.

Authorization code with PKCE (RFC 7636), state and nonce. What was discovered is kept for an hour; a token under an
unknown key fetches the keys again, once a minute at most, so that the provider may change them at any time.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import jwt

from channels.oidc.errors import LoginRefused, ProviderDown
from channels.oidc.settings import Oidc
from channels.oidc.tokens import claim, key_id, person, verified
from channels.web.ports import Identity

FRESH_S = 3600.0
KEYS_AGAIN_S = 60.0
TIMEOUT_S = 8.0
LARGEST = 1_000_000
_DOWN = "The login service does not answer. Use a key, or try again in a minute."
_GARBLED = "The login service answers something that cannot be used. Use a key, and tell whoever runs the server."


@dataclass(frozen=True, slots=True)
class Attempt:
    """One login under way: kept in a sealed cookie, so that only this browser can finish it."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> Attempt:
        return cls(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48))

    @property
    def challenge(self) -> str:
        return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()


class Provider:
    """One OpenID Connect provider, spoken to as a confidential client, or a public one where no secret is set."""

    def __init__(self, settings: Oidc, secret: str | None) -> None:
        self.settings = settings
        self._secret = secret
        self._found: Mapping[str, Any] = {}
        self._found_at = float("-inf")
        self._keys: jwt.PyJWKSet | None = None
        self._keys_at = float("-inf")

    async def address(self, attempt: Attempt, back: str) -> str:
        """Where the browser goes to log in; it comes back to `back`. Raises ProviderDown."""
        endpoint = str((await self._discovered())["authorization_endpoint"])
        asked = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": back,
            "scope": " ".join(self.settings.scopes),
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"

    async def leave(self, back: str) -> str:
        """Where the browser goes to log out of the provider too; `back` itself where it has no such page."""
        try:
            endpoint = (await self._discovered()).get("end_session_endpoint")
        except ProviderDown:
            return back
        asked = urlencode({"client_id": self.settings.client_id, "post_logout_redirect_uri": back})
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{asked}" if isinstance(endpoint, str) else back

    async def finish(self, attempt: Attempt, code: str, back: str) -> Identity:
        """Who logged in. Raises ProviderDown, LoginRefused."""
        tokens = await self._exchange(attempt, code, back)
        token = tokens.get("id_token")
        if not isinstance(token, str):
            raise ProviderDown(_GARBLED)
        claims = verified(token, await self._key(token), self.settings, attempt.nonce, time.time())
        return person(await self._whole(claims, tokens), self.settings)

    async def _exchange(self, attempt: Attempt, code: str, back: str) -> Mapping[str, Any]:
        found = await self._discovered()
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back}
        form |= {"code_verifier": attempt.verifier, "client_id": self.settings.client_id}
        auth = None
        if self._secret is not None:
            # Core 1.0 section 9: basic unless the provider says that it takes only the other.
            methods = found.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
            if "client_secret_basic" in methods:
                auth = httpx.BasicAuth(_form(self.settings.client_id), _form(self._secret))
            else:
                form["client_secret"] = self._secret
        response = await self._send(httpx.Request("POST", str(found["token_endpoint"]), data=form), auth=auth)
        if response.status_code in (400, 401, 403):
            raise LoginRefused(
                "The login service did not accept this login. Start again from the login page.",
                f"the token endpoint answered {response.status_code}",
            )
        return _object(response)

    async def _key(self, token: str) -> jwt.PyJWK:
        kid, algorithm = key_id(token)
        for again in (False, True):
            for key in (await self._key_set(again)).keys:
                if key.key_id == kid or (kid is None and key.algorithm_name == algorithm):
                    return key
        raise LoginRefused("The login service's answer is not valid.", "the ID token is under an unknown key")

    async def _key_set(self, again: bool) -> jwt.PyJWKSet:
        age = time.monotonic() - self._keys_at
        if self._keys is None or age > FRESH_S or (again and age > KEYS_AGAIN_S):
            self._keys = await self._fetch_keys()
            self._keys_at = time.monotonic()
        return self._keys

    async def _fetch_keys(self) -> jwt.PyJWKSet:
        found = await self._discovered()
        response = await self._send(httpx.Request("GET", str(found["jwks_uri"])))
        try:
            return jwt.PyJWKSet.from_dict(dict(_object(response)))
        except jwt.PyJWTError:
            raise ProviderDown(_GARBLED) from None

    async def _whole(self, claims: Mapping[str, Any], tokens: Mapping[str, Any]) -> Mapping[str, Any]:
        """The claims, with those of the user info page where the ID token itself lacks the name or the groups."""
        wanted = (self.settings.name_claim, self.settings.roles_claim)
        endpoint, access = (await self._discovered()).get("userinfo_endpoint"), tokens.get("access_token")
        if all(claim(claims, name) is not None for name in wanted) or not endpoint or not access:
            return claims
        headers = {"Authorization": f"Bearer {access}"}
        response = await self._send(httpx.Request("GET", str(endpoint), headers=headers))
        more = _object(response)
        if more.get("sub") != claims["sub"]:  # Core 1.0 section 5.3.2: else it may be somebody else's
            raise LoginRefused("The login service's answer is not valid.", "the user info is another person's")
        return {**more, **claims}

    async def _discovered(self) -> Mapping[str, Any]:
        if time.monotonic() - self._found_at > FRESH_S:
            where = self.settings.issuer.rstrip("/") + "/.well-known/openid-configuration"
            found = _object(await self._send(httpx.Request("GET", where)))
            if found.get("issuer") != self.settings.issuer:
                raise ProviderDown(_GARBLED)
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                if urlsplit(str(found.get(name))).scheme not in self._schemes:
                    raise ProviderDown(_GARBLED)
            self._found, self._found_at = found, time.monotonic()
        return self._found

    @property
    def _schemes(self) -> tuple[str, ...]:
        return ("https",) if self.settings.issuer.startswith("https") else ("https", "http")

    async def _send(self, request: httpx.Request, auth: httpx.Auth | None = None) -> httpx.Response:
        try:
            # A client of its own each time: people log in a few times a day, and nothing is left open.
            async with httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False) as client:
                response = await client.send(request, auth=auth)
        except httpx.HTTPError:
            raise ProviderDown(_DOWN) from None
        if response.status_code >= 500 or response.is_redirect:
            raise ProviderDown(_DOWN)
        return response


def _object(response: httpx.Response) -> Mapping[str, Any]:
    if response.status_code != 200 or len(response.content) > LARGEST:
        raise ProviderDown(_GARBLED)
    try:
        found = response.json()
    except ValueError:
        raise ProviderDown(_GARBLED) from None
    if not isinstance(found, dict):
        raise ProviderDown(_GARBLED)
    return found


def _form(text: str) -> str:
    """As RFC 6749 section 2.3.1 wants a secret in the header: form-encoded first."""
    return urlencode({"": text})[1:]
