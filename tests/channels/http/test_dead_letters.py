"""What was given up is seen and sent again, over HTTP and from the terminal; what became of the rest is seen too."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from agent_support import Office, office
from fastapi import FastAPI
from sqlalchemy import Connection, update
from typer.testing import CliRunner

from channels.cli import app as command
from channels.http import dead_letters as letters_http
from channels.http import deliveries, problems
from channels.http.auth import Keys
from channels.outgoing.poster import switch
from channels.web.ports import Identity
from memory import controls, dead_letters
from memory.schema import audit, outbox

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(f"sqlite:///{tmp_path}/log.db") as opened:
        yield opened


def client(shop: Office, key: str) -> httpx.AsyncClient:
    keys = Keys((("k-admin", Identity("maya", "admin")), ("k-agent", Identity("ada", "agent"))))
    app = FastAPI()
    problems.install(app)
    app.include_router(letters_http.router(shop.store, keys.require))
    app.include_router(deliveries.router(shop.store, ["crm"], keys.require))
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(transport=transport, base_url="http://x", headers={"Authorization": f"Bearer {key}"})


async def given_up(shop: Office) -> str:
    """A reply that nobody could send; its key."""
    conversation = await shop.ask("Where is my parcel?")
    (row,) = await shop.rows(outbox)

    def work(connection: Connection) -> None:
        values = {"status": "dead", "attempts": 10, "error": "unreachable: no connection"}
        connection.execute(update(outbox).where(outbox.c.id == row["id"]).values(**values))
        dead_letters.bury(connection, "send", row["id"], conversation, "unreachable: no connection", NOW)

    await shop.store.write(work)
    return str(row["id"])


async def test_a_dead_letter_is_listed_replayed_and_audited(shop: Office) -> None:
    key = await given_up(shop)
    async with client(shop, "k-admin") as http:
        (letter,) = (await http.get("/v1/dead-letters")).json()["dead_letters"]
        assert (letter["ref"], letter["reason"]) == (key, "unreachable: no connection")
        assert (await http.post(f"/v1/dead-letters/{letter['id']}/replay")).status_code == 200
        assert (await http.get("/v1/dead-letters")).json()["dead_letters"] == []
        assert len((await http.get("/v1/dead-letters?every=true")).json()["dead_letters"]) == 1
        again = await http.post(f"/v1/dead-letters/{letter['id']}/replay")
        assert again.status_code == 409
        assert (await http.post("/v1/dead-letters/none/replay")).status_code == 404
        (found,) = (await http.get("/v1/deliveries?status=pending")).json()["deliveries"]
        assert (found["id"], found["attempts"]) == (key, 0)
    (entry,) = await shop.rows(audit)
    assert (entry["actor"], entry["act"], entry["subject"]) == ("maya", "dead_letter.replayed", letter["id"])


async def test_only_an_admin_sends_again(shop: Office) -> None:
    await given_up(shop)
    async with client(shop, "k-agent") as http:
        (letter,) = (await http.get("/v1/dead-letters")).json()["dead_letters"]
        assert (await http.post(f"/v1/dead-letters/{letter['id']}/replay")).status_code == 403
    async with client(shop, "wrong") as http:
        assert (await http.get("/v1/dead-letters")).status_code == 401


async def test_deliveries_say_where_messages_are_and_nothing_that_was_said(shop: Office) -> None:
    await given_up(shop)
    async with client(shop, "k-agent") as http:
        answer = await http.get("/v1/deliveries?status=dead")
        assert answer.json()["deliveries"][0]["error"] == "unreachable: no connection"
        assert "payload" not in answer.text
        assert (await http.get("/v1/deliveries?status=sent")).json()["deliveries"] == []
        assert (await http.get("/v1/deliveries?status=nonsense")).status_code == 422


async def test_an_endpoint_that_is_stopped_says_by_whom_and_why(shop: Office) -> None:
    async with client(shop, "k-agent") as http:
        (crm,) = (await http.get("/v1/deliveries/webhooks")).json()["webhooks"]
        assert (crm["name"], crm["waiting"], crm["stopped"]) == ("crm", 0, None)
        await shop.store.write(lambda c: controls.put(c, switch("crm"), {"on": True}, "frontdesk", "410", NOW))
        (crm,) = (await http.get("/v1/deliveries/webhooks")).json()["webhooks"]
        assert (crm["stopped"]["by"], crm["stopped"]["why"]) == ("frontdesk", "410")


async def test_the_terminal_lists_and_sends_again(shop: Office, tmp_path: Path) -> None:
    key = await given_up(shop)
    config = tmp_path / "frontdesk.toml"
    config.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/log.db"\n')

    async def run(*words: str) -> tuple[int, str]:
        result = await asyncio.to_thread(CliRunner().invoke, command, ["dead-letters", *words, "--config", str(config)])
        return result.exit_code, result.stdout

    code, listed = await run("list", "--json", "-")
    (letter,) = json.loads(listed)
    assert (code, letter["ref"]) == (0, key)
    code, _ = await run("replay", letter["id"])
    assert code == 0
    assert "Nothing was given up." in (await run("list"))[1]
    assert (await run("replay", "none"))[0] != 0
