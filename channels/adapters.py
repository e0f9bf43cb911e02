"""One adapter for each kind of inbox, so that the webhook route and the outbox's sender know no provider.

A webhook request goes: `arrived` → `adapter.verify` → `adapter.normalise` → receive each → `adapter.answer`.
An outbox row goes: `adapter.render` → `adapter.provider(...)`, kept for the inbox → `send`.

An installed package adds a kind with an entry point of group `frontdesk.channels`, named as the kind, that loads an
`Adapter` whose `settings` is a subclass of `InboxBase`. A kind of our own is never replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.metadata import entry_points
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from pydantic import ValidationError

from agent.errors import Misconfigured
from channels.inboxes import InboxBase, OtherInbox, SendgridEmailInbox, TwilioSmsInbox
from channels.normalise import sendgrid_email, twilio_sms, twilio_status
from channels.normalise.payloads import Arrived, form_pairs, form_parts
from channels.normalise.twilio_status import Report
from channels.providers.ports import Provider
from channels.providers.smtp_email import SmtpEmail
from channels.providers.twilio_sms import TwilioSms
from channels.render import Letter, Rendered, render
from channels.signatures import verify_basic, verify_sendgrid, verify_twilio
from memory.messages import Inbound, Outbound

GROUP = "frontdesk.channels"

Own = TypeVar("Own", bound=InboxBase)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider is told once everything is durable."""

    status: int = 200
    content_type: str = "text/plain; charset=utf-8"
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Adapter(Generic[Own]):
    """How one kind of inbox is spoken with.

    `verify(arrived, inbox, now)` raises SignatureError. `normalise(arrived, name, inbox, now)` gives the messages in
    it, perhaps none, and raises BadPayload; both compute only, but a hostile mail of megabytes takes seconds: call them
    off the event loop. `report(arrived)` gives the delivery report in a status callback, None for a status in between;
    `report` itself is None where there are no callbacks. `provider(name, inbox, public_url)` opens the way out; with
    None the channel delivers by itself, as the websocket does.
    `answer_within_s` is when the provider gives up on us; `retries` what it does then, for people to read.
    `max_body` is in bytes.
    """

    kind: str
    channel: str
    settings: type[Own]
    verify: Callable[[Arrived, Own, datetime], None]
    normalise: Callable[[Arrived, str, Own, datetime], list[Inbound]]
    render: Callable[[Outbound, Own], Rendered]
    provider: Callable[[str, Own, str | None], Provider] | None = None
    report: Callable[[Arrived], Report | None] | None = None
    answer: Answer = Answer()
    answer_within_s: float = 10.0
    retries: str = ""
    max_body: int = 2**20


def arrived(public_url: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Arrived:
    """A request at its public address.

    `public_url` is the configured `server.public_url`, sub-path included, and `path` the application's own, without the
    proxy's prefix; both and the `query` exactly as sent, still percent-encoded.
    """
    url = public_url.rstrip("/") + path + (f"?{query}" if query else "")
    return Arrived(url, {name.lower(): value for name, value in headers.items()}, body)


def webhook_url(public_url: str, inbox: str, what: str = "") -> str:
    """Where a provider posts for an inbox; `what` is "status" for delivery reports."""
    return f"{public_url.rstrip('/')}/v1/webhooks/{quote(inbox, safe='')}" + (f"/{what}" if what else "")


# --- Twilio SMS ---


def _verify_twilio(request: Arrived, inbox: TwilioSmsInbox, now: datetime) -> None:
    settings = request.headers.get("x-twilio-webhooks-signature-settings", "")
    named = [part.partition("=")[2].strip() for part in settings.split(",") if part.strip().startswith("algorithm=")]
    form = request.is_form or not request.body
    verify_twilio(
        url=request.url,
        params=form_pairs(request) if request.is_form else (),
        body=None if form else request.body,
        signature=request.headers.get("x-twilio-signature"),
        secrets=[token.reveal() for token in inbox.auth_tokens],
        algorithm=named[0] if named and named[0] else "HMAC_SHA1",
    )


def _normalise_twilio(request: Arrived, name: str, inbox: TwilioSmsInbox, now: datetime) -> list[Inbound]:
    return [twilio_sms.normalise(form_pairs(request), inbox=name, now=now)]


def _twilio_provider(name: str, inbox: TwilioSmsInbox, public_url: str | None) -> Provider:
    back = webhook_url(public_url, name, "status") if public_url and inbox.status_callbacks else None
    return TwilioSms(inbox, status_callback=back)


TWILIO_SMS: Adapter[TwilioSmsInbox] = Adapter(
    kind="twilio_sms",
    channel="sms",
    settings=TwilioSmsInbox,
    verify=_verify_twilio,
    normalise=_normalise_twilio,
    render=lambda outbound, inbox: render(outbound.text, outbound.sources, "sms"),
    provider=_twilio_provider,
    report=lambda request: twilio_status.report(form_pairs(request)),
    answer=Answer(content_type="text/xml; charset=utf-8", body=b'<?xml version="1.0" encoding="UTF-8"?><Response/>'),
    answer_within_s=15.0,
    retries="none unless the webhook's URL asks for them (#rc=…); the fault shows as error 11200",
    max_body=256 * 1024,
)


# --- email: SendGrid in, SMTP out ---


def _verify_sendgrid(request: Arrived, inbox: SendgridEmailInbox, now: datetime) -> None:
    """Each proof that is configured is required."""
    if inbox.webhook_user is not None:
        verify_basic(
            authorization=request.headers.get("authorization"),
            user=inbox.webhook_user,
            passwords=[password.reveal() for password in inbox.webhook_passwords],
        )
    if inbox.public_keys:
        verify_sendgrid(
            body=request.body,
            timestamp=request.headers.get("x-twilio-email-event-webhook-timestamp"),
            signature=request.headers.get("x-twilio-email-event-webhook-signature"),
            public_keys=inbox.public_keys,
            now=now,
            tolerance_s=inbox.signature_tolerance_s,
        )


def _normalise_sendgrid(request: Arrived, name: str, inbox: SendgridEmailInbox, now: datetime) -> list[Inbound]:
    return [sendgrid_email.normalise(form_parts(request), inbox=name, address=inbox.address, now=now)]


def _render_email(outbound: Outbound, inbox: SendgridEmailInbox) -> Rendered:
    letter = Letter(
        id=outbound.id,
        domain=inbox.address.partition("@")[2],
        subject=f"A message from {inbox.from_name}" if inbox.from_name else "Your message",
        purpose=outbound.purpose,
        thread=outbound.thread,
    )
    return render(outbound.text, outbound.sources, "email", letter=letter)


SENDGRID_EMAIL: Adapter[SendgridEmailInbox] = Adapter(
    kind="sendgrid_email",
    channel="email",
    settings=SendgridEmailInbox,
    verify=_verify_sendgrid,
    normalise=_normalise_sendgrid,
    render=_render_email,
    provider=lambda name, inbox, public_url: SmtpEmail(inbox),
    answer_within_s=20.0,  # SendGrid documents none; a cautious guess
    retries="5xx for 72 hours; any 3xx or 4xx drops the mail without a word to its sender",
    max_body=40 * 2**20,
)

BUILT_IN: Mapping[str, Adapter[Any]] = {one.kind: one for one in (TWILIO_SMS, SENDGRID_EMAIL)}


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
    (the websocket). Raises Misconfigured for a kind nobody serves and for settings its adapter refuses."""
    adapter = registry().get(inbox.kind)
    if adapter is None:
        if inbox.kind == "websocket":
            return None
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
