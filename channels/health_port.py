"""What a worker shows of itself to whoever watches it: a small server with nothing but health and metrics."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from fastapi import FastAPI

from agent.errors import Misconfigured
from agent.runtime import Runtime
from channels.http import health
from channels.settings import WorkerSettings


@asynccontextmanager
async def health_shown(worker: WorkerSettings, runtime: Runtime) -> AsyncIterator[None]:
    """Shows `/metrics`, `/healthz` and `/readyz` while inside, where a port is configured. Raises Misconfigured for one
    that is taken."""
    if not worker.metrics_port:
        yield
        return
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(health.router(runtime))
    config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off", server_header=False)
    server, bound = _Quiet(config), _bound(worker.metrics_host, worker.metrics_port)
    serving = asyncio.create_task(server.serve(sockets=[bound]), name="metrics")
    try:
        yield
    finally:
        server.should_exit = True
        await serving
        bound.close()


def _bound(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise Misconfigured(f"worker.metrics_port: {host}:{port} cannot be listened on: {error.strerror}") from None


class _Quiet(uvicorn.Server):
    """uvicorn that leaves signals to the worker."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
