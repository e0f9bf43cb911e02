"""Processes: `serve` answers the web and takes turns; `worker` takes turns and sends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import structlog
import uvicorn
from sqlalchemy.engine import make_url

from agent.assembly import assemble
from agent.errors import Misconfigured
from agent.runtime import Runtime
from channels.app import beyond, create_app
from channels.gating.rules import gate_rules
from channels.handoff.follower import open_follower
from channels.health_port import health_shown
from channels.http.auth import admin_key, is_loopback, open_keys
from channels.leaving import WayOut
from channels.outgoing.poster import open_poster
from channels.outlets import Outlets, open_outlets
from channels.proactive.assembly import open_runner
from channels.processes import supervise
from channels.protocol import MAX_FRAME
from channels.retaining import open_chores
from channels.sender import Sender
from channels.settings import Settings, load

# Seconds that running turns and requests may take after SIGTERM.
GRACE_S = 10


def configure_logs() -> None:
    """Structured lines on stderr: JSON, no message text, no personal data."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            frames_only,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )


def frames_only(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Where an exception was raised and its type, without its message: that may quote what a customer wrote."""
    given = event.pop("exc_info", None)
    error = given if isinstance(given, BaseException) else sys.exc_info()[1]
    if given and error is not None:
        event["exception"] = f"{type(error).__name__} at\n" + "".join(traceback.format_tb(error.__traceback__))
    return event


def data_folder(settings: Settings) -> Path:
    """Where this installation keeps its own files: beside the SQLite file, else `data`."""
    url = make_url(settings.store.url)
    return Path(url.database).parent if url.drivername.startswith("sqlite") and url.database else Path("data")


def serve_key(settings: Settings) -> str | None:
    """A key with which another command of this machine may use a running `serve`, or None."""
    wanted = [key.key for key in settings.keys.values() if key.role in ("admin", "service")]
    if wanted:
        return wanted[0].reveal()
    if not settings.keys and is_loopback(settings.server.host):
        return admin_key(data_folder(settings))
    return None


async def run_serve(
    settings: Settings,
    sockets: Sequence[socket.socket] | None,
    say: Callable[[str], None],
    *,
    signals: bool = True,
) -> None:
    """Serves until SIGTERM or SIGINT (where `signals`) or its task is cancelled, then drains: sockets get 1012, turns
    finish or are handed back."""
    keys, fresh = open_keys(settings, data_folder(settings))
    runtime = await assemble(settings, beyond(settings, serve_key(settings)))
    outlets = open_outlets(settings)
    secret = sha256(b"desk" + (fresh or runtime.vault.hash("desk", "cookie")).encode()).hexdigest()
    app = create_app(settings, runtime, keys, outlets, secret)
    server = Server(server_config(settings, app))
    sender = open_sender(settings, runtime, outlets)
    poster = open_poster(settings.webhooks, runtime.store, runtime.vault, runtime.worker.holder)
    proactive = open_runner(settings, runtime.store, runtime.vault, runtime.bus)
    follower = open_follower(settings, runtime)
    chores = open_chores(settings, runtime)
    if signals:
        _on_signals(lambda: setattr(server, "should_exit", True))
    runtime.start()
    sender.start()
    follower.start()
    poster.start()
    proactive.start()
    chores.start()
    _greet(settings, fresh, say)
    try:
        await server.serve(sockets=list(sockets) if sockets else None)
    finally:
        await app.state.sockets.close()
        await chores.stop()
        await proactive.stop()
        await sender.stop(GRACE_S)
        await follower.stop(GRACE_S)
        await poster.stop(GRACE_S)
        await runtime.close(GRACE_S)
        await outlets.aclose()


async def run_worker(settings: Settings, say: Callable[[str], None]) -> None:
    """Takes turns and sends until SIGTERM or SIGINT."""
    runtime = await assemble(settings, beyond(settings, serve_key(settings)))
    outlets = open_outlets(settings)
    sender = open_sender(settings, runtime, outlets)
    poster = open_poster(settings.webhooks, runtime.store, runtime.vault, runtime.worker.holder)
    proactive = open_runner(settings, runtime.store, runtime.vault, runtime.bus)
    follower = open_follower(settings, runtime)
    chores = open_chores(settings, runtime)
    runtime.start()
    sender.start()
    follower.start()
    poster.start()
    proactive.start()
    chores.start()
    stop = asyncio.Event()
    _on_signals(stop.set)
    async with health_shown(settings.worker, runtime):
        say("worker ready")
        await stop.wait()
    await chores.stop()
    await proactive.stop()
    await sender.stop(GRACE_S)
    await follower.stop(GRACE_S)
    await poster.stop(GRACE_S)
    await runtime.close(GRACE_S)
    await outlets.aclose()


def open_sender(settings: Settings, runtime: Runtime, outlets: Outlets) -> Sender:
    """What works the outbox by these settings. Raises Misconfigured for a file of regions that cannot be read."""
    organisation, public_url = settings.organisation, settings.server.public_url or ""
    way_out = WayOut(runtime.vault, public_url, organisation.postal_address, organisation.name)
    rules = gate_rules(settings)
    return Sender(
        runtime.store,
        runtime.vault,
        runtime.bus,
        outlets,
        runtime.worker.holder,
        rules,
        None if rules.no_marketing_mail else way_out,
    )


def _on_signals(stop: Callable[[], None]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)


class Server(uvicorn.Server):
    """uvicorn, telling the chat's sockets to come back before it waits for them.

    It leaves signals alone: uvicorn's own handling ends the process before turns could be drained.
    """

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        app: Any = self.config.app
        await app.state.sockets.close()
        await super().shutdown(sockets)


def server_config(settings: Settings, app: Any) -> uvicorn.Config:
    server = settings.server
    return uvicorn.Config(
        app,
        host=server.host,
        port=server.port,
        root_path=server.root_path,
        log_level="warning",
        access_log=False,
        proxy_headers=True,
        forwarded_allow_ips=server.trusted_proxies,
        ws="websockets-sansio",
        ws_max_size=4 * MAX_FRAME,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=GRACE_S,
        server_header=False,
    )


def _greet(settings: Settings, key: str | None, say: Callable[[str], None]) -> None:
    server = settings.server
    where = (server.public_url or f"http://{server.host}:{server.port}").rstrip("/")
    say(f"chat   {where}/")
    say(f"desk   {where}/desk")
    if key:
        say(f"key    {key}   (admin; no keys are configured, so this one was made for this machine)")


def start_serve(
    settings_path: Path | None, overrides: dict[str, Any], workers: int, say: Callable[[str], None]
) -> None:
    """Blocks until the end. More workers than one share the listening socket. Raises Misconfigured."""
    settings = with_overrides(load(settings_path), overrides)
    configure_logs()
    if workers == 1:
        _run(run_serve(settings, None, say))
        return
    check_admits_processes(settings)
    bound = uvicorn.Config("", host=settings.server.host, port=settings.server.port).bind_socket()
    say(f"{workers} processes on {settings.server.host}:{bound.getsockname()[1]}")
    supervise(partial(_child, settings_path, overrides), bound, workers, 3.0 * GRACE_S)


def _child(settings_path: Path | None, overrides: dict[str, Any], bound: socket.socket) -> None:
    configure_logs()
    settings = with_overrides(load(settings_path), overrides)
    _run(run_serve(settings, [bound], lambda line: None))


def _run(main: Any) -> None:
    with contextlib.suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=_loop) as runner:
        runner.run(main)


def _loop() -> asyncio.AbstractEventLoop:
    import uvloop

    return uvloop.new_event_loop()


def with_overrides(settings: Settings, overrides: dict[str, Any]) -> Settings:
    """The settings with the server's values that the command line gave."""
    given = {name: value for name, value in overrides.items() if value is not None}
    return settings.model_copy(update={"server": settings.server.model_copy(update=given)}) if given else settings


def check_admits_processes(settings: Settings) -> None:
    """Raises Misconfigured naming the store that only one process can use."""
    if settings.qdrant.url is None:
        raise Misconfigured("the embedded Qdrant folder admits one process: set qdrant.url, or use one worker")
    if settings.redis is None:
        raise Misconfigured("deltas reach other processes by Redis: set redis.url, or use one worker")
