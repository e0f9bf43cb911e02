"""The organisation's own login opens the desk, and nothing that only looks like it does."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import jwt
import pytest
import pytest_asyncio
from fastapi import FastAPI
from login_service import CLIENT, KEYS, SECRET, LoginService, login_service
from pydantic import ValidationError
from starlette.requests import HTTPConnection

from channels.oidc.provider import Provider
from channels.oidc.settings import Oidc
from channels.web.desk import door as doors
from channels.web.desk import sign_in
from channels.web.desk.door import COOKIE, Door
from channels.web.ports import Identity

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="module")]

KEY = Identity("Sam", "agent")
ROLES = {"admin": ["support-leads"], "agent": ["support"], "viewer": ["everybody"]}


@dataclass
class Browser:
    """A browser before a desk that knows one key and one login service."""

    client: httpx.AsyncClient
    service: LoginService
    door: Door
    noted: list[tuple[str, str, str, str]] = field(default_factory=list)

    async def to_the_service(self) -> str:
        """Where the desk sends the browser for a login."""
        answer = await self.client.get("/desk/oidc")
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    async def back(self, there: str) -> str:
        async with httpx.AsyncClient() as elsewhere:
            return str((await elsewhere.get(there)).headers["location"])

    async def login(self) -> httpx.Response:
        return await self.client.get(await self.back(await self.to_the_service()))

    @property
    def who(self) -> Identity | None:
        headers = [(b"cookie", f"{COOKIE}={self.client.cookies.get(COOKIE, path='/desk')}".encode())]
        return self.door.admitted(self.door.pass_of(HTTPConnection({"type": "http", "headers": headers})))


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def listening() -> AsyncIterator[LoginService]:
    async with login_service() as started:
        yield started


@pytest.fixture
def service(listening: LoginService) -> LoginService:
    """As it begins: whatever the test before told it is forgotten."""
    for name, value in vars(LoginService(issuer=listening.issuer)).items():
        setattr(listening, name, value)
    return listening


def settings(service: LoginService, **fields: Any) -> Oidc:
    return Oidc(**{"issuer": service.issuer, "client_id": CLIENT, "roles": ROLES, **fields})


@pytest_asyncio.fixture(loop_scope="module")
async def open_browser(service: LoginService) -> Callable[..., Browser]:
    def make(secret: str | None = SECRET, **fields: Any) -> Browser:
        provider = Provider(settings(service, **fields), secret)
        door = Door({"sams-key": KEY}.get, "secret", issuer=service.issuer)
        noted: list[tuple[str, str, str, str]] = []

        async def note(*entry: str) -> None:
            noted.append(entry)  # type: ignore[arg-type]  # four strings, as the door gives them

        app = FastAPI()
        app.include_router(sign_in.routes(door, provider, "Shop", "/desk", "secret", note=note))
        app.include_router(doors.routes(door, "Shop", "/desk", service="Log in with Shop", note=note, logout=False))
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://desk.example")
        return Browser(client, service, door, noted)

    return make


@pytest.fixture
def browser(open_browser: Callable[..., Browser]) -> Browser:
    return open_browser()


async def test_who_the_login_service_knows_comes_in_with_the_role_of_their_group(browser: Browser) -> None:
    page = await browser.client.get("/desk/login")
    assert 'href="oidc"' in page.text
    answer = await browser.login()
    assert (answer.status_code, answer.headers["location"]) == (303, "./")
    cookie = answer.headers["set-cookie"]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=lax", "Secure", "Path=/desk", "Max-Age=28800"))
    assert browser.who == Identity("maya@shop.example", "agent")
    assert browser.noted == [("maya@shop.example", "agent", "login", "by the login service")]


async def test_a_key_opens_the_desk_beside_it(browser: Browser) -> None:
    await browser.client.post("/desk/login", data={"key": "sams-key"})
    assert browser.who == KEY


async def test_what_leaves_for_the_service_is_bound_to_this_browser(browser: Browser) -> None:
    first, second = [parse_qs(urlsplit(await browser.to_the_service()).query) for _ in range(2)]
    assert first["redirect_uri"] == ["https://desk.example/desk/oidc-back"]
    assert first["scope"] == ["openid profile email"]
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name][0]) >= 32
        assert first[name] != second[name]


async def test_a_code_of_another_browser_lets_nobody_in(browser: Browser, open_browser: Callable[..., Browser]) -> None:
    stolen = await browser.back(await browser.to_the_service())
    other = open_browser()
    assert (await other.client.get(stolen)).status_code == 403
    await other.to_the_service()
    answer = await other.client.get(stolen)
    assert answer.status_code == 403
    assert "Start it again" in answer.text
    assert other.who is None
    assert other.noted[-1] == ("", "", "login.refused", "no login was under way in this browser")


async def test_a_code_lets_in_once(browser: Browser) -> None:
    back = await browser.back(await browser.to_the_service())
    attempt = browser.client.cookies.get(sign_in.ATTEMPT_COOKIE)
    assert (await browser.client.get(back)).status_code == 303
    assert sign_in.ATTEMPT_COOKIE not in browser.client.cookies
    again = await browser.client.get(back, headers={"cookie": f"{sign_in.ATTEMPT_COOKIE}={attempt}"})
    assert again.status_code == 403
    assert "did not accept" in again.text


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"aud": "another-client"}, "InvalidAudienceError"),
        ({"aud": [CLIENT, "another"]}, "another program"),
        ({"azp": "another"}, "another program"),
        ({"iss": "https://evil.example"}, "InvalidIssuerError"),
        ({"nonce": "of another login"}, "another login"),
        ({"nonce": None}, "another login"),
        ({"exp": 1}, "expired"),
        ({"exp": None}, "MissingRequiredClaimError"),
        ({"exp": "tomorrow"}, "not numbers"),
        ({"iat": time.time() + 900}, "future"),
        ({"sub": None}, "MissingRequiredClaimError"),
    ],
)
async def test_a_token_that_is_not_ours_or_not_fresh_lets_nobody_in(
    browser: Browser, claims: dict[str, Any], why: str
) -> None:
    browser.service.claims = claims
    answer = await browser.login()
    assert answer.status_code == 403
    assert "not valid" in answer.text
    assert browser.who is None
    assert why in browser.noted[-1][3]


def unsigned(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, None, "none", headers={"kid": "first"})


def by_client_secret(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, SECRET * 2, "HS256", headers={"kid": "first"})


def by_another_key(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, KEYS[1], "RS256", headers={"kid": "first"})


def by_an_unknown_key(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, KEYS[1], "RS256", headers={"kid": "nobody's"})


@pytest.mark.parametrize(
    "token", [unsigned, by_client_secret, by_another_key, by_an_unknown_key, lambda claims: "x.y", lambda claims: ""]
)
async def test_a_token_the_service_did_not_sign_lets_nobody_in(
    browser: Browser, token: Callable[[dict[str, Any]], str]
) -> None:
    browser.service.token = token
    assert (await browser.login()).status_code == 403
    assert browser.who is None


async def test_the_service_may_change_its_keys(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("channels.oidc.provider.KEYS_AGAIN_S", 0.0)
    assert (await browser.login()).status_code == 303
    service = browser.service
    service.kid, service.signing, service.published = "second", KEYS[1], {"second": KEYS[1]}
    assert (await browser.login()).status_code == 303


async def test_unknown_keys_do_not_make_us_ask_again_and_again(browser: Browser) -> None:
    browser.service.token = by_an_unknown_key
    for _ in range(3):
        await browser.login()
    assert browser.service.asked.count("keys") == 1
    assert browser.service.asked.count("discover") == 1


@pytest.mark.parametrize(
    ("groups", "default", "role"),
    [
        (["support"], None, "agent"),
        (["everybody", "support-leads"], None, "admin"),
        ("support-leads", None, "admin"),
        ("everybody other", None, "viewer"),
        ([], "viewer", "viewer"),
        (None, "viewer", "viewer"),
        ([{"not": "text"}, 7, "support"], None, "agent"),
    ],
)
async def test_the_most_powerful_group_gives_the_role(
    open_browser: Callable[..., Browser], groups: Any, default: str | None, role: str
) -> None:
    browser = open_browser(default_role=default)
    browser.service.person["groups"] = groups
    assert (await browser.login()).status_code == 303
    assert browser.who is not None
    assert browser.who.role == role


async def test_a_claim_may_lie_deeper(open_browser: Callable[..., Browser]) -> None:
    browser = open_browser(roles_claim="realm_access.roles", name_claim="preferred_username")
    browser.service.person = {"sub": "u", "preferred_username": "maya", "realm_access": {"roles": ["support"]}}
    await browser.login()
    assert browser.who == Identity("maya", "agent")


async def test_the_groups_may_come_from_the_user_info(browser: Browser) -> None:
    browser.service.person = {"sub": "u-1", "email": "maya@shop.example"}
    browser.service.userinfo = {"sub": "u-1", "groups": ["support"], "email": "someone@else.example"}
    await browser.login()
    assert browser.who == Identity("maya@shop.example", "agent")


async def test_anothers_user_info_is_refused(browser: Browser) -> None:
    browser.service.person = {"sub": "u-1", "email": "maya@shop.example"}
    browser.service.userinfo = {"sub": "u-2", "groups": ["support-leads"]}
    assert (await browser.login()).status_code == 403
    assert browser.who is None


async def test_somebody_without_a_role_is_told_so_and_it_is_noted(browser: Browser) -> None:
    browser.service.person["groups"] = ["warehouse"]
    answer = await browser.login()
    assert answer.status_code == 403
    assert "none of your groups has a role" in answer.text
    assert browser.noted == [("maya@shop.example", "", "login.refused", "no role")]


@pytest.mark.parametrize(
    ("person", "words"),
    [
        ({"email": None}, "gave no “email”"),
        ({"email": "x" * 65}, "more than 64"),
        ({"email": "maya\u202e@shop"}, "cannot be shown"),
        ({"email_verified": False}, "not verified"),
    ],
)
async def test_a_name_that_cannot_stand_in_the_log_is_refused(
    browser: Browser, person: dict[str, Any], words: str
) -> None:
    browser.service.person |= person
    answer = await browser.login()
    assert answer.status_code == 403
    assert words in answer.text


async def test_a_refusal_by_the_service_is_said(browser: Browser) -> None:
    browser.service.deny = "access_denied"
    answer = await browser.login()
    assert answer.status_code == 403
    assert "did not let you in" in answer.text


async def test_an_answer_that_names_another_service_is_refused(browser: Browser) -> None:
    back = await browser.back(await browser.to_the_service())
    mixed = back.replace(quote(browser.service.issuer, safe=""), "https%3A%2F%2Fevil.example")
    assert mixed != back
    assert (await browser.client.get(mixed)).status_code == 403


async def test_while_the_service_is_down_a_key_still_opens_the_desk(browser: Browser) -> None:
    browser.service.down = True
    answer = await browser.client.get("/desk/oidc")
    assert answer.status_code == 503
    assert "does not answer. Use a key" in answer.text
    assert (await browser.client.post("/desk/login", data={"key": "sams-key"})).status_code == 303
    browser.service.down = False
    assert (await browser.login()).status_code == 303


@pytest.mark.parametrize(
    "metadata", [{"issuer": "https://evil.example"}, {"token_endpoint": None}, {"jwks_uri": "file:///etc/passwd"}]
)
async def test_a_service_that_answers_nonsense_is_not_used(browser: Browser, metadata: dict[str, Any]) -> None:
    browser.service.metadata = metadata
    answer = await browser.client.get("/desk/oidc")
    assert answer.status_code == 503
    assert "cannot be used" in answer.text


async def test_a_wrong_secret_is_refused_and_a_form_is_used_where_it_must_be(
    open_browser: Callable[..., Browser], service: LoginService
) -> None:
    assert (await open_browser("another secret").login()).status_code == 403
    service.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert (await open_browser().login()).status_code == 303


async def test_logging_out_leaves_the_service_too(browser: Browser) -> None:
    await browser.login()
    answer = await browser.client.post("/desk/logout")
    there = urlsplit(answer.headers["location"])
    assert there.path == "/bye"
    assert parse_qs(there.query)["post_logout_redirect_uri"] == ["https://desk.example/desk/login"]
    assert browser.who is None
    await browser.client.post("/desk/login", data={"key": "sams-key"})
    assert (await browser.client.post("/desk/logout")).headers["location"] == "login"


async def test_a_session_ends_and_belongs_to_one_service() -> None:
    now = [1000.0]
    door = Door(lambda key: None, "secret", "https://login.example", clock=lambda: now[0])
    headers = [(b"cookie", f"{COOKIE}={door.seal_person(KEY, 60)}".encode())]
    given = door.pass_of(HTTPConnection({"type": "http", "headers": headers}))
    assert door.admitted(given) == KEY
    assert Door(lambda key: None, "secret", "https://other.example", clock=lambda: now[0]).admitted(given) is None
    assert Door(lambda key: None, "secret", clock=lambda: now[0]).admitted(given) is None
    now[0] += 61
    assert door.admitted(given) is None


async def test_a_persons_pass_typed_as_a_key_is_no_key() -> None:
    door = Door(lambda key: None, "secret", "https://login.example")
    for forged in (door.seal_person(KEY, 60), '{"person": {"name": "x", "role": "admin"}}'):
        assert door.identity(forged) is None


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"issuer": "http://login.example"}, "https://"),
        ({"roles": {}}, "nobody could log in"),
        ({"roles": {"service": ["x"]}}, "viewer"),
        ({"default_role": "admin"}, "agent"),
        ({"scopes": ["email"]}, "openid"),
    ],
)
async def test_settings_that_would_be_unsafe_are_refused(fields: dict[str, Any], words: str) -> None:
    given = {"issuer": "https://login.example", "client_id": "x", "roles": {"agent": ["support"]}, **fields}
    with pytest.raises(ValidationError, match=words):
        Oidc(**given)
