"""WhatsApp by Meta's Cloud API, both ways."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

from channels.adapters.ports import Adapter, Answer
from channels.inboxes.whatsapp import WhatsappInbox
from channels.marked import whatsapp as render
from channels.normalise import whatsapp
from channels.normalise.beside import PersonAct
from channels.normalise.payloads import Arrived, Malformed
from channels.providers.whatsapp import Whatsapp
from channels.signatures import verify_shared, verify_whatsapp
from memory.messages import Inbound, Report


def _verify(request: Arrived, inbox: WhatsappInbox, _now: datetime) -> None:
    verify_whatsapp(
        body=request.body,
        signature=request.headers.get("x-hub-signature-256"),
        secrets=[secret.reveal() for secret in inbox.app_secrets],
    )


def _normalise(request: Arrived, name: str, inbox: WhatsappInbox, now: datetime) -> list[Inbound]:
    return whatsapp.messages(request, inbox=name, number_id=inbox.phone_number_id, now=now)


def _beside(request: Arrived, _name: str, inbox: WhatsappInbox) -> list[Report | PersonAct]:
    return [*whatsapp.reports(request, number_id=inbox.phone_number_id)]


def _handshake(request: Arrived, inbox: WhatsappInbox) -> Answer | None:
    """Meta asks once with GET, when the address is typed in, and wants its challenge back."""
    asked = dict(reversed(parse_qsl(urlsplit(request.url).query, max_num_fields=20)))
    if asked.get("hub.mode") != "subscribe":
        return None
    verify_shared(given=asked.get("hub.verify_token"), secrets=[inbox.verify_token.reveal()], what="hub.verify_token")
    challenge = asked.get("hub.challenge", "")
    if not (0 < len(challenge) <= 256 and challenge.isascii() and challenge.isalnum()):
        raise Malformed("hub.challenge", "not letters and digits")
    return Answer(body=challenge.encode())


WHATSAPP: Adapter[WhatsappInbox] = Adapter(
    kind="whatsapp",
    channel="whatsapp",
    settings=WhatsappInbox,
    verify=_verify,
    normalise=_normalise,
    render=lambda outbound, inbox: render(outbound.text, outbound.sources),
    provider=lambda name, inbox, public_url: Whatsapp(inbox),
    beside=_beside,
    handshake=_handshake,
    answer_within_s=10.0,  # Meta documents a median of 250 ms and gives up at some 10 s
    retries="with growing pauses for up to seven days",
    max_body=3 * 2**20,
)
