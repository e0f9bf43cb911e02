"""`frontdesk serve`, `worker` and `migrate`."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from channels.commands.options import Config, say
from channels.settings import load


def add_to(app: typer.Typer) -> None:
    app.command()(serve)
    app.command()(worker)
    app.command()(migrate)


def serve(
    config: Config = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on.")] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes; more than one need shared stores.")] = 1,
) -> None:
    """HTTP, websocket, web pages and the turn worker in one process.

    Example: frontdesk serve --port 8000
    """
    from channels.serving import start_serve

    start_serve(config, {"host": host, "port": port}, workers, say)


def worker(config: Config = None) -> None:
    """A turn worker and outbox sender alone, for scaling out.

    Example: frontdesk worker --config frontdesk.toml
    """
    from channels.serving import configure_logs, run_worker

    settings = load(config)
    configure_logs()
    asyncio.run(run_worker(settings, say))


def migrate(config: Config = None) -> None:
    """Brings the database's schema to this version.

    Example: frontdesk migrate --config frontdesk.toml
    """
    from memory.migrate import HEAD
    from memory.migrate import migrate as upgrade

    before = upgrade(load(config).store.url)
    say(f"schema {HEAD}, as it was" if before == HEAD else f"schema {before or 'empty'} → {HEAD}")
