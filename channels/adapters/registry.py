"""Which adapter serves which kind of inbox.

An installed package adds a kind with an entry point of group `frontdesk.channels`, named as the kind, that loads an
`Adapter` whose `settings` is a subclass of `InboxBase`. A kind of our own is never replaced.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from pydantic import ValidationError

from agent.errors import Misconfigured
from channels.adapters.chatwoot import CHATWOOT
from channels.adapters.mailgun_email import MAILGUN_EMAIL
from channels.adapters.ports import Adapter
from channels.adapters.postmark_email import POSTMARK_EMAIL
from channels.adapters.sendgrid_email import SENDGRID_EMAIL
from channels.adapters.slack import SLACK
from channels.adapters.twilio_sms import TWILIO_SMS
from channels.adapters.twilio_voice import TWILIO_VOICE
from channels.adapters.web_push import WEB_PUSH
from channels.adapters.webhook import WEBHOOK
from channels.adapters.whatsapp import WHATSAPP
from channels.inboxes.base import InboxBase, OtherInbox
from channels.inboxes.websocket import WebsocketInbox
from channels.providers.ports import Provider

GROUP = "frontdesk.channels"

BUILT_IN: Mapping[str, Adapter[Any]] = {
    one.kind: one
    for one in (
        TWILIO_SMS,
        TWILIO_VOICE,
        SENDGRID_EMAIL,
        MAILGUN_EMAIL,
        POSTMARK_EMAIL,
        WHATSAPP,
        SLACK,
        CHATWOOT,
        WEBHOOK,
    )
}


@cache
def registry() -> Mapping[str, Adapter[Any]]:
    """Every adapter by kind, those of installed packages included. Raises Misconfigured for one that does not load."""
    found: dict[str, Adapter[Any]] = {}
    for point in entry_points(group=GROUP):
        try:
            adapter = point.load()
        except Exception as error:
            raise Misconfigured(f"the channel {point.name!r} of {point.value} does not load: {error}") from error
        if not isinstance(adapter, Adapter) or adapter.kind != point.name:
            raise Misconfigured(f"the channel {point.name!r} of {point.value} is no Adapter of that kind")
        found[point.name] = adapter
    return {**found, **BUILT_IN}


def resolve(name: str, inbox: InboxBase) -> tuple[Adapter[Any], InboxBase] | None:
    """The adapter of an inbox and its settings as that adapter reads them; None for a kind that needs no adapter
    (the websocket, unless it has web push as its way to those who left).

    Raises Misconfigured for a kind nobody serves and for settings its adapter refuses.
    """
    if isinstance(inbox, WebsocketInbox):
        return (WEB_PUSH, inbox) if inbox.push else None
    adapter = registry().get(inbox.kind)
    if adapter is None:
        known = ", ".join(sorted({"websocket", *registry()}))
        raise Misconfigured(f"inboxes.{name}.kind: nothing serves {inbox.kind!r}; known are {known}")
    if not isinstance(inbox, OtherInbox):
        return adapter, inbox
    try:
        return adapter, adapter.settings.model_validate(inbox.model_dump(exclude_unset=True))
    except ValidationError as error:
        faults = "; ".join(
            f"inboxes.{name}.{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_input=False, include_context=False)
        )
        raise Misconfigured(faults) from None


def open_provider(name: str, inbox: InboxBase, public_url: str | None) -> Provider | None:
    """The way out of an inbox, to be closed by whoever opened it; None where the channel delivers by itself.

    Raises Misconfigured, also for a secret that cannot be read.
    """
    found = resolve(name, inbox)
    if found is None:
        return None
    adapter, settings = found
    try:
        return adapter.provider(name, settings, public_url) if adapter.provider else None
    except ValueError as error:
        raise Misconfigured(f"inboxes.{name}: {error}") from None
