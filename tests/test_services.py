"""The servers that tests stand on are real, empty at first, and survive what tests do to them."""

from __future__ import annotations

import asyncio
import contextlib
import smtplib
import tomllib
from collections.abc import Awaitable, Callable
from email.message import EmailMessage

import httpx
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from services import FrontdeskProcess, PostgresServer, RedisServer, ServiceError, SmtpServer, TcpProxy, to_toml

pytestmark = pytest.mark.server  # a local server that speaks as the real one does

scalars = st.one_of(st.text(), st.booleans(), st.integers(-(2**62), 2**62), st.lists(st.text(), max_size=3))
tables = st.dictionaries(st.text(min_size=1), st.recursive(scalars, lambda s: st.dictionaries(st.text(min_size=1), s)))


@given(tables)
@settings(max_examples=40, deadline=None)
def test_a_configuration_written_as_toml_reads_back_the_same(table: dict[str, object]) -> None:
    assert tomllib.loads(to_toml(table)) == table


def test_each_test_gets_an_empty_database(postgres_url: str, postgres_server: PostgresServer) -> None:
    other = postgres_server.database()
    for url in (postgres_url, other):
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE t (n int)")
    postgres_server.drop(other)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(other)


@pytest.mark.server
def test_a_killed_postgres_comes_back_with_what_was_committed() -> None:
    server = PostgresServer()
    try:
        server.start()
        with psycopg.connect(server.url()) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
        server.kill()
        server.start()
        with psycopg.connect(server.url()) as connection:
            assert connection.execute("SELECT n FROM kept").fetchone() == (7,)
    finally:
        server.close()
    assert not server.folder.exists()


def test_a_restarted_redis_has_forgotten_everything_and_kept_its_port(redis_server: RedisServer) -> None:
    port = redis_server.port
    assert redis_server.command("SET", "a", "1") == "+OK"
    redis_server.restart()
    assert redis_server.port == port
    assert redis_server.command("GET", "a") == "$-1"
    redis_server.kill()
    assert redis_server.command("PING") == ""


def test_a_redis_left_dead_by_one_test_runs_in_the_next(redis_server: RedisServer) -> None:
    assert redis_server.command("PING") == "+PONG"


def test_a_message_is_received_and_a_refusal_is_said_once(smtp_server: SmtpServer) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.com", "b@example.com", "Größe"
    message.set_content("Hello")
    smtp_server.refuse("451 try later")
    with smtplib.SMTP("127.0.0.1", smtp_server.port) as client:
        with pytest.raises(smtplib.SMTPDataError):
            client.send_message(message)
        client.send_message(message)
    assert [m["Subject"] for m in smtp_server.messages] == ["Größe"]
    assert smtp_server.envelopes == [("a@example.com", ["b@example.com"])]


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1024):
        writer.write(data)
        await writer.drain()
    writer.close()


async def test_a_proxy_delays_freezes_cuts_and_restores(
    tcp_proxy: Callable[[str, int], Awaitable[TcpProxy]],
) -> None:
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server:
        proxy = await tcp_proxy("127.0.0.1", server.sockets[0].getsockname()[1])
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"one")
        assert await asyncio.wait_for(reader.read(10), 5) == b"one"

        proxy.freeze()
        writer.write(b"two")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(reading := asyncio.ensure_future(reader.read(10))), 0.2)
        proxy.restore()
        assert await asyncio.wait_for(reading, 5) == b"two"

        proxy.delay_s = 0.2
        begun = asyncio.get_running_loop().time()
        writer.write(b"three")
        assert await asyncio.wait_for(reader.read(10), 5) == b"three"
        assert asyncio.get_running_loop().time() - begun >= 0.4  # once each way

        await proxy.cut()
        with contextlib.suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(10), 5) == b""
        writer.close()
        proxy.restore()
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"four")
        assert await asyncio.wait_for(reader.read(10), 5) == b"four"
        assert proxy.connections == 2
        writer.close()


async def test_frontdesk_is_served_as_a_process_that_ends_in_order(
    frontdesk_process: Callable[..., FrontdeskProcess],
) -> None:
    server = await frontdesk_process("serve", {"inboxes": {"web": {"kind": "websocket"}}}).start()
    pid = server.pid
    async with httpx.AsyncClient(timeout=10) as client:
        assert (await client.get(f"{server.url}/healthz")).status_code == 200
        server.stop()
        with pytest.raises(httpx.ReadTimeout):
            await client.get(f"{server.url}/healthz", timeout=1)
        server.cont()
        assert (await client.get(f"{server.url}/healthz")).status_code == 200
    assert server.terminate() == 0
    await server.start()
    assert server.pid != pid
    server.kill()
    assert not server.running


async def test_a_process_that_cannot_start_says_why(frontdesk_process: Callable[..., FrontdeskProcess]) -> None:
    with pytest.raises(ServiceError, match="there is no such setting"):
        await frontdesk_process("serve", {"server": {"prot": 1}}).start()
