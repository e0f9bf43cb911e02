"""Calls by Twilio: speech in, words out. The steps of a call are in `channels/http/twilio_voice.py`."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from channels.adapters.ports import Adapter, Answer
from channels.inboxes.twilio import TwilioVoiceInbox
from channels.normalise import twilio_voice
from channels.normalise.payloads import Arrived, form_pairs
from channels.providers.twilio_voice import CallShelf
from channels.render import Rendered
from channels.signatures import verify_twilio
from channels.spoken import spoken
from memory.messages import Inbound, Outbound


def _verify(request: Arrived, inbox: TwilioVoiceInbox, now: datetime) -> None:
    verify_twilio(
        url=request.url,
        params=form_pairs(request),
        signature=request.headers.get("x-twilio-signature"),
        secrets=[token.reveal() for token in inbox.auth_tokens],
    )


def turn_of(request: Arrived) -> int:
    """Which turn of the caller a request is about: its address says so, and the signature covers that."""
    given = parse_qs(urlsplit(request.url).query).get("n", ["1"])[0]
    return int(given) if given.isascii() and given.isdigit() and len(given) <= 4 else 1


def _normalise(request: Arrived, name: str, inbox: TwilioVoiceInbox, now: datetime) -> list[Inbound]:
    said = twilio_voice.said(twilio_voice.call(form_pairs(request)), turn_of(request), inbox=name, now=now)
    return [said] if said else []


def _render(outbound: Outbound, inbox: TwilioVoiceInbox) -> Rendered:
    words = spoken(outbound.text, outbound.sources, inbox.language, inbox.longest_answer)
    return Rendered(words, (words,) if words else ())


TWILIO_VOICE: Adapter[TwilioVoiceInbox] = Adapter(
    kind="twilio_voice",
    channel="voice",
    settings=TwilioVoiceInbox,
    verify=_verify,
    normalise=_normalise,
    render=_render,
    provider=lambda name, inbox, public_url: CallShelf(),
    answer=Answer(content_type="text/xml; charset=utf-8", body=b'<?xml version="1.0" encoding="UTF-8"?><Response/>'),
    answer_within_s=15.0,
    retries="none: the caller hears an error, unless the number has a fallback address",
    max_body=256 * 1024,
)
