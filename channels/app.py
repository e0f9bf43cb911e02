"""The web application over a Runtime: every route, the sockets, the pages. It adds the channels to what
`agent.assembly` built."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from fastapi import Depends, FastAPI

from agent.assembly import Beyond, open_seeker
from agent.gateway.gateway import Gateway
from agent.merging import merging
from agent.remembering.curating import Curating
from agent.runtime import Runtime
from channels.care_metrics import CareMetrics
from channels.chat_offers import ChatOffers
from channels.gating.answers import opt_out_rules
from channels.http import (
    attachments,
    audit,
    campaigns,
    care,
    consents,
    controls,
    conversations,
    corrections,
    customers,
    dead_letters,
    deliveries,
    figures,
    gateway,
    health,
    incidents,
    knowledge,
    memories,
    merges,
    presence,
    problems,
    releases,
    retention,
    tasks,
    twilio_voice,
    unsubscribe,
    uploads,
    webhooks,
)
from channels.http.auth import Keys
from channels.http.limits import BodyLimit
from channels.inboxes.base import InboxBase
from channels.inboxes.webhook import WebhookInbox
from channels.inboxes.websocket import WebsocketInbox
from channels.outlets import Outlets
from channels.overseeing import login, open_care, overseen
from channels.proactive.assembly import open_campaigns, open_incidents, open_notifier
from channels.retaining import retention_of
from channels.settings import Settings
from channels.signed_identity import identities
from channels.staffing import staffing
from channels.web import desk, pages
from channels.websocket import ChatSocket, chat_route
from memory.subscriptions import CHANNEL


@dataclass(slots=True, eq=False)
class Sockets:
    """The chat sockets open in this process, so that a stop can tell them."""

    open: set[ChatSocket] = field(default_factory=set)

    async def close(self) -> None:
        """1012 to each: restarting, come back."""
        await asyncio.gather(*(socket.close() for socket in tuple(self.open)))


def beyond(settings: Settings, serve_key: str | None) -> Beyond:
    """What the layer below must know of these settings."""
    pulled = {name for name, inbox in settings.inboxes.items() if _is_read(inbox)}
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
        opt_outs=opt_out_rules(settings, frozenset(pulled)),
        collections={name: inbox.collection for name, inbox in settings.inboxes.items() if inbox.collection},
        scopes={name: inbox.scope() for name, inbox in settings.inboxes.items() if inbox.passages},
        serve_url=f"http://{server.host}:{server.port}",
        serve_key=serve_key,
        staffing=staffing(
            settings.organisation,
            {name: inbox.hours for name, inbox in settings.inboxes.items()},
            settings.teams,
            settings.sla,
            settings.desk,
        ),
    )


def _is_read(inbox: InboxBase) -> bool:
    """Whether replies are read from the log instead of sent: live chat, and a webhook without an address."""
    return isinstance(inbox, WebsocketInbox) or (isinstance(inbox, WebhookInbox) and inbox.url is None)


def create_app(settings: Settings, runtime: Runtime, keys: Keys, outlets: Outlets, secret: str) -> FastAPI:
    """The application. `secret` seals the desk's login cookie."""
    from importlib.metadata import version

    app = FastAPI(title="Frontdesk", version=version("frontdesk"), docs_url=None, redoc_url=None)
    app.add_middleware(BodyLimit)
    app.add_middleware(uploads.AnySite)
    problems.install(app)
    app.state.sockets = Sockets()
    chats = {
        name: ChatOffers.of(inbox) for name, inbox in settings.inboxes.items() if isinstance(inbox, WebsocketInbox)
    }
    signed = identities(settings.inboxes)
    chat_route(app, runtime, chats, signed)
    caring = open_care(settings, runtime)
    app.include_router(health.router(runtime, CareMetrics(caring)))
    app.include_router(care.router(caring, keys.require))
    app.include_router(conversations.router(runtime.desk, keys.require))
    app.include_router(conversations.inbox_router(runtime, _channels(outlets), keys.require))
    app.include_router(corrections.router(runtime.desk.correcting, keys.require))
    app.include_router(presence.router(runtime.desk, keys.require))
    app.include_router(tasks.router(runtime.desk.rights, keys.require))
    proactive = open_campaigns(settings, runtime.store, runtime.vault)
    app.include_router(campaigns.router(proactive, keys.require))
    app.include_router(campaigns.notifications(open_notifier(proactive, runtime.bus), keys.require))
    app.include_router(incidents.router(open_incidents(settings, proactive, runtime.bus), keys.require))
    app.include_router(controls.router(runtime.oversight, keys.require))
    app.include_router(releases.router(runtime.store, keys.require))
    app.include_router(retention.router(retention_of(settings, runtime), keys.require))
    app.include_router(consents.router(runtime.oversight, keys.require))
    app.include_router(audit.router(runtime.oversight, keys.require))
    app.include_router(dead_letters.router(runtime.store, keys.require))
    app.include_router(deliveries.router(runtime.store, list(settings.webhooks), keys.require))
    app.include_router(unsubscribe.router(runtime, settings.organisation.name))
    app.include_router(figures.router(runtime.oversight, keys.require))
    app.include_router(merges.router(merging(runtime.oversight), keys.require))
    curating = Curating(runtime.store, runtime.vault, runtime.worker.detector)
    app.include_router(memories.router(curating, keys.require))
    app.include_router(customers.router(runtime.oversight, settings.organisation.name, keys.require))
    app.include_router(twilio_voice.router(runtime, outlets, settings.server.public_url, settings.organisation.name))
    app.include_router(webhooks.router(runtime, outlets, settings.server.public_url))
    deps = runtime.worker.deps
    seeker = open_seeker(settings, runtime.library, deps.embedder)
    app.include_router(knowledge.router(runtime.library, deps.embedder, keys.require, seeker))
    if isinstance(deps.model, Gateway):
        service = [Depends(keys.require("service"))]
        app.include_router(gateway.gateway_router({"answer": deps.model}, dependencies=service))
    if chats:
        app.include_router(uploads.router(runtime, chats, signed))
        app.include_router(pages.router(settings.organisation.name, list(chats), settings.organisation.locale))
    app.include_router(attachments.router(runtime, keys.require))
    app.include_router(attachments.desk_router(runtime, lambda: desk.mounted().door))
    seen = overseen(settings, runtime, outlets, caring)
    desk.mount(app, runtime.desk, keys.check, settings.organisation.name, secret, overseen=seen, login=login(settings))
    return app


def _channels(outlets: Outlets) -> dict[str, str]:
    """Web push is no way in: those who get it write in the chat."""
    return {name: o.adapter.channel for name, o in outlets.items() if o.adapter.channel != CHANNEL}
