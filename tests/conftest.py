"""Fixtures every test may ask for; the servers behind them are in `services.py`.

A server starts when the first test asks for it and ends with the session. A test that asks for one is marked
`server` by that alone, and one that asks for `chromium` is marked `browser`, so `make test-fast` never starts any.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

# Before anything imports a model: no test may reach for a hub, nor depend on somebody's own settings.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
for name in [name for name in os.environ if name.startswith("FRONTDESK_") and name != "FRONTDESK_QDRANT__URL"]:
    del os.environ[name]

import pytest  # noqa: E402
from services import (  # noqa: E402
    FrontdeskProcess,
    PostgresServer,
    RedisServer,
    SmtpServer,
    TcpProxy,
)

SERVERS = {"postgres_server", "redis_server", "frontdesk_process"}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        asked = set(getattr(item, "fixturenames", ()))
        if asked & SERVERS:
            item.add_marker("server")
        if "chromium" in asked:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A running PostgreSQL for the session; prefer `postgres_url`, a database of the test's own."""
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """`postgresql://…` of an empty database that is dropped after the test."""
    url = postgres_server.database()
    yield url
    postgres_server.drop(url)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The url of an empty store: a test that asks for it runs on both databases."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/log.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(scope="session")
def _redis() -> Iterator[RedisServer]:
    server = RedisServer()
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture
def redis_server(_redis: RedisServer) -> RedisServer:
    """A running, empty Redis that a test may flush, kill and restart; started again if the last test left it dead."""
    if not _redis.running:
        _redis.start()
    _redis.flush()
    return _redis


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """`redis://…` of an empty Redis."""
    return redis_server.url


@pytest.fixture
def smtp_server() -> Iterator[SmtpServer]:
    """A mail server on a port of its own; read `messages`, make it refuse with `refuse("451 later")`."""
    with SmtpServer() as server:
        yield server


@pytest.fixture
async def tcp_proxy() -> AsyncIterator[Callable[[str, int], Any]]:
    """`await tcp_proxy(host, port)` gives a TcpProxy that stands before it."""
    proxies: list[TcpProxy] = []

    async def start(host: str, port: int) -> TcpProxy:
        proxy = TcpProxy(host, port)
        proxies.append(proxy)
        await proxy.start()
        return proxy

    yield start
    for proxy in proxies:
        await proxy.close()


@pytest.fixture
def frontdesk_process(tmp_path: Path) -> Iterator[Callable[..., FrontdeskProcess]]:
    """`await frontdesk_process("serve", {...}).start()` is a ready server; all of them are killed after the test.

    The working folder is the test's own, so `sqlite:///data/frontdesk.db` of two of them is one database.
    """
    started: list[FrontdeskProcess] = []

    def make(
        command: str,
        config: Mapping[str, Any],
        *,
        port: int | None = None,
        env: Mapping[str, str] | None = None,
        args: Sequence[str] = (),
    ) -> FrontdeskProcess:
        process = FrontdeskProcess(command, config, tmp_path / "run", port=port, env=env, args=args)
        started.append(process)
        return process

    yield make
    for process in started:
        if process.process is not None:
            process.cont()
            process.kill()


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium for playwright's `executable_path`. Skips where there is none, fails in CI."""
    for candidate in BROWSERS:
        if path := shutil.which(candidate):
            return path
    missing = "no browser: install the package chromium (make browser does, as root on Debian)"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)
