"""Login at the desk by the organisation's own login service: there, back with a code, and in.

What belongs to a login under way (state, nonce, verifier) is in a sealed cookie of this browser for ten minutes, so
that a code somebody else got is of no use here, whichever process it comes back to.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict

import structlog
from cryptography.fernet import InvalidToken
from fastapi import APIRouter, Request
from fastapi.responses import Response

from channels.oidc.errors import LoginRefused, OidcError, ProviderDown
from channels.oidc.provider import Attempt, Provider
from channels.web.desk.door import Door, LoginPage, Noted, fernet, let_in, let_out, nothing_noted
from channels.web.ports import Identity

log = structlog.get_logger(__name__)

ATTEMPT_COOKIE = "frontdesk_login"
ATTEMPT_S = 600
LONGEST_CODE = 4096
_EXPIRED = "This login took too long, or was begun in another browser. Start it again here."


class Attempts:
    """The cookie of a login under way."""

    def __init__(self, secret: str) -> None:
        self._seal = fernet("frontdesk login attempt", secret)

    def keep(self, answer: Response, request: Request, path: str, attempt: Attempt) -> None:
        answer.set_cookie(
            ATTEMPT_COOKIE,
            self._seal.encrypt(json.dumps(asdict(attempt)).encode()).decode(),
            max_age=ATTEMPT_S,
            path=request.scope.get("root_path", "") + path,
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="lax",
        )

    def of(self, request: Request) -> Attempt | None:
        try:
            kept = self._seal.decrypt(request.cookies.get(ATTEMPT_COOKIE, "").encode(), ttl=ATTEMPT_S)
        except InvalidToken:
            return None
        return Attempt(**json.loads(kept))

    def drop(self, answer: Response, request: Request, path: str) -> Response:
        answer.delete_cookie(ATTEMPT_COOKIE, path=request.scope.get("root_path", "") + path)
        return answer


def routes(
    door: Door,
    provider: Provider,
    organisation: str,
    path: str,
    secret: str,
    *,
    public_url: str | None = None,
    note: Noted = nothing_noted,
) -> APIRouter:
    """The way to the login service and back, and the way out of both."""
    settings = provider.settings
    page, attempts = LoginPage(organisation, settings.label), Attempts(secret)
    router = APIRouter(include_in_schema=False)

    @router.get(f"{path}/oidc")
    async def go(request: Request) -> Response:
        attempt = Attempt.new()
        try:
            there = await provider.address(attempt, _address(request, public_url, f"{path}/oidc-back"))
        except OidcError as error:
            return page.show(str(error), 503)
        answer = Response(status_code=303, headers={"Location": there, "Cache-Control": "no-store"})
        attempts.keep(answer, request, path, attempt)
        return answer

    @router.get(f"{path}/oidc-back")
    async def come_back(request: Request) -> Response:
        try:
            person = await _finish(request)
        except LoginRefused as error:
            await note(error.person, "", "login.refused", error.why)
            return attempts.drop(page.show(str(error), 403), request, path)
        except ProviderDown as error:
            return attempts.drop(page.show(str(error), 503), request, path)
        await note(person.name, person.role, "login", "by the login service")
        open_s = int(settings.session_hours * 3600)
        answer = let_in(request, path, door.seal_person(person, open_s), open_s)
        return attempts.drop(answer, request, path)

    async def _finish(request: Request) -> Identity:
        given, attempt = request.query_params, attempts.of(request)
        _check(given, attempt, settings.issuer)
        assert attempt is not None  # noqa: S101  (_check refused it)
        back = _address(request, public_url, f"{path}/oidc-back")
        return await provider.finish(attempt, given["code"], back)

    @router.post(f"{path}/logout")
    async def shut_door(request: Request) -> Response:
        person = door.pass_of(request).person
        to = "login"
        if person is not None:
            to = await provider.leave(_address(request, public_url, f"{path}/login"))
        return let_out(request, path, to)

    return router


def _check(given: Mapping[str, str], attempt: Attempt | None, issuer: str) -> None:
    """Raises LoginRefused unless this is the answer to the login this browser began (RFC 6749, RFC 9207)."""
    if attempt is None or not hmac.compare_digest(given.get("state", "").encode(), attempt.state.encode()):
        raise LoginRefused(_EXPIRED, "no login was under way in this browser")
    if given.get("iss", issuer) != issuer:
        raise LoginRefused("Another login service answered. Start again from the login page.", "another issuer")
    if "error" in given:
        denied = given["error"] == "access_denied"
        words = "The login service did not let you in." if denied else "The login service could not log you in."
        raise LoginRefused(f"{words} Try again, or use a key.", f"the login service said {given['error'][:40]}")
    if not given.get("code") or len(given["code"]) > LONGEST_CODE:
        raise LoginRefused("The login service's answer is not valid.", "no code")


def _address(request: Request, public_url: str | None, path: str) -> str:
    """How the outside reaches a path of this server."""
    if public_url:
        return public_url.rstrip("/") + path
    return str(request.base_url).rstrip("/") + path
