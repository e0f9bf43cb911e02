"""The web application over a Runtime: every route, the sockets, the pages. It adds the channels to what
`agent.assembly` built."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from fastapi import Depends, FastAPI, WebSocket

from agent.assembly import Beyond
from agent.gateway.gateway import Gateway
from agent.runtime import Runtime
from channels import protocol
from channels.http import conversations, corrections, gateway, health, knowledge, problems, webhooks
from channels.http.auth import Keys
from channels.http.limits import BodyLimit
from channels.inboxes.websocket import WebsocketInbox
from channels.outlets import Outlets
from channels.settings import Settings
from channels.web import desk, pages
from channels.websocket import ChatSocket


@dataclass(slots=True, eq=False)
class Sockets:
    """The chat sockets open in this process, so that a stop can tell them."""

    open: set[ChatSocket] = field(default_factory=set)

    async def close(self) -> None:
        """1012 to each: restarting, come back."""
        await asyncio.gather(*(socket.close() for socket in tuple(self.open)))


def beyond(settings: Settings, serve_key: str | None) -> Beyond:
    """What the layer below must know of these settings."""
    pulled = {name for name, inbox in settings.inboxes.items() if isinstance(inbox, WebsocketInbox)}
    always = settings.agent.approve == "always"
    approved = {
        name
        for name, inbox in settings.inboxes.items()
        if inbox.approve == "always" or (always and inbox.approve is None)
    }
    server = settings.server
    return Beyond(
        pushes=frozenset(set(settings.inboxes) - pulled),
        approved=frozenset(approved),
        collections={name: inbox.collection for name, inbox in settings.inboxes.items() if inbox.collection},
        serve_url=f"http://{server.host}:{server.port}",
        serve_key=serve_key,
    )


def create_app(settings: Settings, runtime: Runtime, keys: Keys, outlets: Outlets, secret: str) -> FastAPI:
    """The application. `secret` seals the desk's login cookie."""
    from importlib.metadata import version

    app = FastAPI(title="Frontdesk", version=version("frontdesk"), docs_url=None, redoc_url=None)
    app.add_middleware(BodyLimit)
    problems.install(app)
    app.state.sockets = Sockets()
    chats = [name for name, inbox in settings.inboxes.items() if isinstance(inbox, WebsocketInbox)]
    _chat_route(app, runtime, frozenset(chats))
    app.include_router(health.router(runtime))
    app.include_router(conversations.router(runtime.desk, keys.require))
    app.include_router(conversations.inbox_router(runtime, _channels(outlets), keys.require))
    app.include_router(corrections.router(runtime.desk.correcting, keys.require))
    app.include_router(webhooks.router(runtime, outlets, settings.server.public_url))
    deps = runtime.worker.deps
    app.include_router(knowledge.router(runtime.library, deps.embedder, keys.require))
    if isinstance(deps.model, Gateway):
        service = [Depends(keys.require("service"))]
        app.include_router(gateway.gateway_router({"answer": deps.model}, dependencies=service))
    if chats:
        app.include_router(pages.router(settings.organisation.name, chats))
    desk.mount(app, runtime.desk, keys.check, settings.organisation.name, secret)
    return app


def _channels(outlets: Outlets) -> dict[str, str]:
    return {name: outlet.adapter.channel for name, outlet in outlets.items()}


def _chat_route(app: FastAPI, runtime: Runtime, inboxes: frozenset[str]) -> None:
    @app.websocket("/v1/chat/{inbox}")
    async def chat(socket: WebSocket, inbox: str) -> None:
        if inbox not in inboxes:
            await socket.accept()
            words = f"There is no chat named {inbox[:64]!r} here."
            await socket.send_text(protocol.dumps(protocol.error("unknown_inbox", words)))
            await socket.close(1008, "unknown_inbox")
            return
        chat = ChatSocket(socket, runtime, inbox)
        app.state.sockets.open.add(chat)
        try:
            await chat.run()
        finally:
            app.state.sockets.open.discard(chat)
