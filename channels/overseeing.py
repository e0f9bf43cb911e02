"""What the desk's pages of oversight are told of these settings, and the organisation's own login, opened."""

from __future__ import annotations

from typing import get_args

from agent.errors import Misconfigured
from agent.knowing.care import Care
from agent.prompts import NAMES as PROMPTS
from agent.runtime import Runtime
from agent.state import Kind
from agent.stops import TOOLS
from channels.oidc.provider import Provider
from channels.outlets import Outlets
from channels.retaining import retention_of
from channels.settings import Settings
from channels.web.desk import Login
from channels.web.desk.overseeing import Overseen
from channels.web.desk.scene import Scene

CHAT = "chat"


def overseen(settings: Settings, runtime: Runtime, outlets: Outlets, care: Care | None = None) -> Overseen:
    """What there is to see and to switch here."""
    approved = runtime.worker.approved
    throttles = settings.gate.throttles
    limits = {"throttle/customer": throttles.customer, "throttle/campaign": throttles.campaign}
    limits |= {f"throttle/channel/{name}": found for name, found in throttles.channels.items()}
    limits |= {f"throttle/inbox/{name}": found for name, found in throttles.inboxes.items()}
    scene = Scene(
        inboxes={name: outlets[name].adapter.channel if name in outlets else CHAT for name in settings.inboxes},
        prompts=tuple(sorted(PROMPTS)),
        tools=tuple(sorted(TOOLS)),
        webhooks=tuple(sorted(settings.webhooks)),
        intents=get_args(Kind),
        levels={name: "approve" if name in approved else "automatic" for name in settings.inboxes},
        templates=runtime.worker.deps.templates,
        limits={name: tuple(found) for name, found in limits.items()},
    )
    return Overseen(runtime.oversight, scene, care, retention_of(settings, runtime))


def open_care(settings: Settings, runtime: Runtime) -> Care:
    """The care of the knowledge of this process."""
    deps = runtime.worker.deps
    return Care(runtime.store, deps.embedder, runtime.library, settings.qdrant.collection, deps.collections)


def login(settings: Settings) -> Login | None:
    """The login service of [oidc]. Raises Misconfigured where its secret cannot be read."""
    if settings.oidc is None:
        return None
    try:
        secret = settings.oidc.client_secret.reveal() if settings.oidc.client_secret else None
    except ValueError as error:
        raise Misconfigured(f"oidc.client_secret: {error}") from None
    return Login(Provider(settings.oidc, secret), settings.server.public_url)
