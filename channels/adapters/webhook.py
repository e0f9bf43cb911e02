"""The generic pair of webhooks, under Standard Webhooks both ways."""

from __future__ import annotations

from datetime import datetime

from channels.adapters.ports import Adapter
from channels.inboxes.webhook import WebhookInbox
from channels.normalise import webhook
from channels.normalise.payloads import Arrived
from channels.providers.ports import Provider
from channels.providers.webhook import Webhook
from channels.render import render
from channels.schedules import STANDARD_WEBHOOKS
from channels.signatures import verify_standard_webhooks
from memory.messages import Inbound


def _verify(request: Arrived, inbox: WebhookInbox, now: datetime) -> None:
    verify_standard_webhooks(
        body=request.body,
        id=request.headers.get("webhook-id"),
        timestamp=request.headers.get("webhook-timestamp"),
        signature=request.headers.get("webhook-signature"),
        secrets=[secret.reveal() for secret in inbox.secrets],
        now=now,
        tolerance_s=inbox.signature_tolerance_s,
    )


def _normalise(request: Arrived, name: str, _inbox: WebhookInbox, now: datetime) -> list[Inbound]:
    return webhook.messages(request, inbox=name, now=now)


def _provider(_name: str, inbox: WebhookInbox, _public_url: str | None) -> Provider | None:
    return Webhook(inbox) if inbox.url else None


WEBHOOK: Adapter[WebhookInbox] = Adapter(
    kind="webhook",
    channel="webhook",
    settings=WebhookInbox,
    verify=_verify,
    normalise=_normalise,
    render=lambda outbound, inbox: render(outbound.text, outbound.sources, "webhook"),
    provider=_provider,
    answer_within_s=15.0,
    schedule=STANDARD_WEBHOOKS,
    retries="as the sender does; Standard Webhooks recommends ten attempts over 76 hours",
    max_body=webhook.MAX_BODY,
)
