"""What a browser is given before any script runs, and the desk's door."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from channels.web.desk.door import COOKIE, Door, routes
from channels.web.pages import router
from channels.web.ports import Identity

HOSTILE = 'A&B <script>alert(1)</script> "shop" $x ${y} {z}'
PEOPLE = {"maya's key": Identity("Maya", "agent"), "robot": Identity("CRM", "service")}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(router(HOSTILE, ["web", "shop"]))
    app.include_router(routes(Door(PEOPLE.get, "secret"), HOSTILE, "/desk"))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def test_the_page_allows_no_inline_script_and_nothing_from_elsewhere(client: httpx.AsyncClient) -> None:
    answer = await client.get("/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "<style" not in answer.text
    assert answer.text.count("<script") == 1


@pytest.mark.parametrize("path", ["/", "/desk/login"])
async def test_an_organisations_name_is_text(client: httpx.AsyncClient, path: str) -> None:
    body = (await client.get(path)).text
    assert "<script>alert" not in body
    assert "A&amp;B &lt;script&gt;" in body
    assert "$x ${y} {z}" in body


async def test_each_chat_has_a_page_and_no_other(client: httpx.AsyncClient) -> None:
    assert 'data-inbox="web"' in (await client.get("/")).text
    assert 'data-inbox="shop"' in (await client.get("/chat/shop")).text
    assert (await client.get("/chat/nowhere")).status_code == 404


async def test_the_widget_is_sent_once_while_it_does_not_change(client: httpx.AsyncClient) -> None:
    first = await client.get("/widget.js")
    assert first.status_code == 200
    assert first.headers["content-type"].startswith("text/javascript")
    assert first.headers["cross-origin-resource-policy"] == "cross-origin"
    again = await client.get("/widget.js", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_key_opens_the_door_and_the_cookie_keeps_it_open(client: httpx.AsyncClient) -> None:
    answer = await client.post("/desk/login", data={"key": " maya's key "})
    assert (answer.status_code, answer.headers["location"]) == (303, "./")
    door = Door(PEOPLE.get, "secret")
    cookie = answer.cookies[COOKIE]
    request = httpx.Request("GET", "http://test/desk/", headers={"cookie": f"{COOKIE}={cookie}"})
    from starlette.requests import HTTPConnection

    headers = [(name.lower().encode(), value.encode()) for name, value in request.headers.items()]
    assert door.key_of(HTTPConnection({"type": "http", "headers": headers})) == "maya's key"
    assert Door(PEOPLE.get, "another secret").key_of(HTTPConnection({"type": "http", "headers": headers})) == ""


@pytest.mark.parametrize(
    "body", [b"", b"key=", b"key=robot", b"key=%FF%FE", b"key=" + b"x" * 100_000, b"\xff\x00", b"&&=="]
)
async def test_nothing_but_a_persons_key_opens_it(client: httpx.AsyncClient, body: bytes) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = await client.post("/desk/login", content=body, headers=headers)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("cookie", ["", "x", "gAAAAA==", "é" * 9])
def test_a_forged_cookie_is_nobody(cookie: str) -> None:
    from starlette.requests import HTTPConnection

    headers = [(b"cookie", f"{COOKIE}={cookie}".encode("latin-1"))]
    door = Door(PEOPLE.get, "secret")
    assert door.identity(door.key_of(HTTPConnection({"type": "http", "headers": headers}))) is None
