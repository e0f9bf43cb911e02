"""Twilio SMS, both ways."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from channels.adapters.ports import Adapter, Answer, in_callback, webhook_url
from channels.inboxes.twilio import TwilioSmsInbox
from channels.normalise import twilio_sms, twilio_status
from channels.normalise.payloads import Arrived, form_pairs
from channels.providers.ports import Provider
from channels.providers.twilio_sms import TwilioSms
from channels.render import render
from channels.signatures import verify_twilio
from memory.messages import Inbound, Report


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


def _reports(request: Arrived) -> list[Report]:
    """Of a long text only the last part's delivery counts as the whole's; any part's failure does."""
    found, named = twilio_status.report(form_pairs(request)), in_callback(request.url)
    if found is None or (found.state == "delivered" and "part" in named):
        return []
    return [replace(found, outbox=named.get("outbox", "")[:64])]


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
    report=_reports,
    answer=Answer(content_type="text/xml; charset=utf-8", body=b'<?xml version="1.0" encoding="UTF-8"?><Response/>'),
    answer_within_s=15.0,
    retries="none unless the webhook's URL asks for them (#rc=…); the fault shows as error 11200",
    max_body=256 * 1024,
)
