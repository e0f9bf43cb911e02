"""Every built-in adapter as the contract kit wants it. Whoever adds an adapter adds an example."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from channels.adapters.chatwoot import CHATWOOT
from channels.adapters.contract import Example
from channels.adapters.mailgun_email import MAILGUN_EMAIL
from channels.adapters.ports import arrived
from channels.adapters.postmark_email import POSTMARK_EMAIL
from channels.adapters.sendgrid_email import SENDGRID_EMAIL
from channels.adapters.slack import SLACK
from channels.adapters.twilio_sms import TWILIO_SMS
from channels.adapters.twilio_voice import TWILIO_VOICE
from channels.adapters.webhook import WEBHOOK
from channels.adapters.whatsapp import WHATSAPP
from channels.inboxes.chatwoot import ChatwootInbox
from channels.inboxes.email import MailgunEmailInbox, PostmarkEmailInbox, SendgridEmailInbox
from channels.inboxes.slack import SlackInbox
from channels.inboxes.twilio import TwilioSmsInbox, TwilioVoiceInbox
from channels.inboxes.webhook import WebhookInbox
from channels.inboxes.whatsapp import WhatsappInbox
from channels.marked import SLACK_MOST, WHATSAPP_CHARACTERS
from channels.normalise.payloads import Arrived
from channels.outgoing.signing import headers as standard_headers
from channels.providers.ports import Provider
from channels.providers.webhook import Webhook
from memory.messages import Outbound

PUBLIC = "https://help.example.com"
JSON = {"Content-Type": "application/json"}
WORDS = ("first-secret-word", "second-secret-word")


def _secret(number: int) -> str:
    """The nth of the two that are valid; any other number is a forger's."""
    return dict(enumerate(WORDS)).get(number, "a-forger's-word")


def _post(kind: str, headers: Mapping[str, str], body: bytes, query: str = "") -> Arrived:
    return arrived(PUBLIC, f"/v1/webhooks/{kind}", query, dict(headers), body)


def _hmac(key: str, signed: bytes) -> str:
    return hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _opened(settings: Any, adapter: Any, url: str) -> Provider:
    changed = settings.model_copy(update={"base_url": url, "timeout_s": 0.25})
    provider: Provider | None = adapter.provider(adapter.kind, changed, None)
    assert provider is not None
    return provider


def _json_answer(status: int, answer: Any, _method: str, _path: str) -> tuple[int, bytes]:
    return status, json.dumps(answer).encode()


# --- Twilio SMS ---

SMS = TwilioSmsInbox(account_sid="AC0", auth_tokens=list(WORDS), number="+441632960123", status_callbacks=False)  # type: ignore[arg-type]  # read as settings are


def _sms_body(id: str, text: str) -> bytes:
    form = {"MessageSid": f"SM{id}", "From": "+442071838750", "To": "+441632960123", "Body": text}
    return urlencode(form, errors="surrogatepass").encode()


def _sms_signed(body: bytes, _at: datetime, secret: int, kind: str = "twilio_sms") -> Arrived:
    from channels.normalise.payloads import BadPayload, form_pairs

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    bare = _post(kind, headers, body)
    try:
        pairs = form_pairs(bare)
    except BadPayload:
        pairs = []
    tail = "".join(name + value for name, value in sorted(set(pairs)))
    mac = hmac.new(_secret(secret).encode(), (bare.url + tail).encode("utf-8", "surrogatepass"), hashlib.sha1)
    return _post(kind, headers | {"X-Twilio-Signature": base64.b64encode(mac.digest()).decode()}, body)


# --- SendGrid ---

MAIL = SendgridEmailInbox.model_validate(
    {
        "address": "help@shop.example",
        "smtp": {"host": "127.0.0.1", "tls": "none"},
        "webhook_user": "sg",
        "webhook_passwords": list(WORDS),
    }
)


def _mail_body(id: str, text: str) -> bytes:
    fields = {"headers": f"Message-ID: <{id}@example.org>\n", "from": "ann@example.org", "subject": "Q", "text": text}
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode("utf-8", "surrogatepass")
        for name, value in fields.items()
    ]
    return b"".join([*parts, b"--b--\r\n"])


def _mail_signed(body: bytes, _at: datetime, secret: int) -> Arrived:
    proof = base64.b64encode(f"sg:{_secret(secret)}".encode()).decode()
    headers = {"Content-Type": "multipart/form-data; boundary=b", "Authorization": f"Basic {proof}"}
    return _post("sendgrid_email", headers, body)


# --- Mailgun ---

SMTP = {"address": "help@shop.example", "smtp": {"host": "127.0.0.1", "tls": "none"}}
GUN = MailgunEmailInbox.model_validate(SMTP | {"signing_keys": list(WORDS), "signature_tolerance_s": 300})


def _part(name: str, value: str) -> bytes:
    return f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode("utf-8", "surrogatepass")


def _gun_body(id: str, text: str) -> bytes:
    headers = f'[["Message-Id", "<{id}@example.org>"], ["From", "ann@example.org"]]'
    fields = {"sender": "ann@example.org", "from": "Ann <ann@example.org>", "recipient": "help@shop.example"}
    fields |= {"subject": "Q", "body-plain": text, "message-headers": headers}
    return b"".join(_part(name, value) for name, value in fields.items())


def _gun_signed(body: bytes, at: datetime, secret: int) -> Arrived:
    """The proof is in the form itself: the same mail has the same token."""
    stamp, token = str(int(at.timestamp())), hashlib.sha256(body).hexdigest()[:50]
    proof = {"timestamp": stamp, "token": token, "signature": _hmac(_secret(secret), (stamp + token).encode())}
    whole = b"".join(_part(name, value) for name, value in proof.items()) + body + b"--b--\r\n"
    return _post("mailgun_email", {"Content-Type": "multipart/form-data; boundary=b"}, whole)


# --- Postmark ---

MARK = PostmarkEmailInbox.model_validate(SMTP | {"webhook_user": "pm", "webhook_passwords": list(WORDS)})


def _mark_body(id: str, text: str) -> bytes:
    return _dumps(
        {
            "MessageID": f"pm-{id}",
            "From": "ann@example.org",
            "FromFull": {"Email": "ann@example.org", "Name": "Ann"},
            "ToFull": [{"Email": "help@shop.example"}],
            "Subject": "Q",
            "TextBody": text,
            "Headers": [{"Name": "Message-ID", "Value": f"<{id}@example.org>"}],
        }
    )


def _mark_signed(body: bytes, _at: datetime, secret: int) -> Arrived:
    proof = base64.b64encode(f"pm:{_secret(secret)}".encode()).decode()
    return _post("postmark_email", JSON | {"Authorization": f"Basic {proof}"}, body)


# --- Twilio voice ---

CALLS = TwilioVoiceInbox.model_validate({"account_sid": "AC0", "auth_tokens": list(WORDS)})


def _call_body(id: str, text: str) -> bytes:
    form = {"CallSid": f"CA{id}", "From": "+442071838750", "To": "+441632960123", "SpeechResult": text}
    return urlencode(form | {"CallStatus": "in-progress"}, errors="surrogatepass").encode()


# --- WhatsApp ---

WA = WhatsappInbox.model_validate(
    {
        "phone_number_id": "106540352242922",
        "token": "the-whatsapp-token",
        "app_secrets": list(WORDS),
        "verify_token": "the-verify-token",
    }
)


def whatsapp_body(id: str, text: str, **value: Any) -> bytes:
    message = {"from": "442071838750", "id": f"wamid.{id}", "timestamp": "1", "type": "text", "text": {"body": text}}
    found = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "441632960123", "phone_number_id": "106540352242922"},
        "contacts": [{"profile": {"name": "Ann"}, "wa_id": "442071838750"}],
        "messages": [message],
        **value,
    }
    entry = {"id": "1", "changes": [{"field": "messages", "value": found}]}
    return _dumps({"object": "whatsapp_business_account", "entry": [entry]})


def _dumps(value: Any) -> bytes:
    return json.dumps(value).encode()  # a lone surrogate leaves as its escape, as a hostile sender would write it


def whatsapp_signed(body: bytes, _at: datetime, secret: int) -> Arrived:
    return _post("whatsapp", JSON | {"X-Hub-Signature-256": f"sha256={_hmac(_secret(secret), body)}"}, body)


# --- Slack ---

SLACKS = SlackInbox.model_validate({"signing_secrets": list(WORDS), "token": "the-slack-token"})


def slack_body(id: str, text: str, **event: Any) -> bytes:
    said = {
        "type": "message",
        "channel": "D024BE91L",
        "channel_type": "im",
        "user": "U2147483697",
        "text": text,
        "ts": f"1355517523.{int(hashlib.sha256(id.encode()).hexdigest()[:6], 16):09d}",
        "team": "T061EG9R6",
        **event,
    }
    whole = {"token": "old", "team_id": "T061EG9R6", "type": "event_callback", "event_id": f"Ev{id}", "event": said}
    return _dumps(whole | {"authorizations": [{"user_id": "U0BOT", "is_bot": True}]})


def slack_signed(body: bytes, at: datetime, secret: int) -> Arrived:
    stamp = str(int(at.timestamp()))
    signature = "v0=" + _hmac(_secret(secret), f"v0:{stamp}:".encode() + body)
    return _post("slack", JSON | {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature}, body)


# --- Chatwoot ---

WOOT = ChatwootInbox.model_validate(
    {
        "base_url": "https://desk.example.com",
        "account_id": 3,
        "inbox_id": 58,
        "token": "the-bot-token",
        "secrets": list(WORDS),
    }
)


def chatwoot_body(id: str, text: str, **changes: Any) -> bytes:
    number = int(hashlib.sha256(id.encode()).hexdigest()[:6], 16)
    whole = {
        "event": "message_created",
        "id": number,
        "content": text,
        "message_type": "incoming",
        "private": False,
        "content_type": "text",
        "content_attributes": {},
        "sender": {"id": 52870, "name": "Ann", "email": "ann@example.org", "type": "contact"},
        "account": {"id": 3, "name": "Shop"},
        "inbox": {"id": 58, "name": "Web"},
        "conversation": {"id": 130, "inbox_id": 58, "status": "pending", "contact_inbox": {"contact_id": 52870}},
        **changes,
    }
    return _dumps(whole)


def chatwoot_signed(body: bytes, at: datetime, secret: int) -> Arrived:
    stamp = str(int(at.timestamp()))
    signature = "sha256=" + _hmac(_secret(secret), f"{stamp}.".encode() + body)
    headers = {"X-Chatwoot-Timestamp": stamp, "X-Chatwoot-Signature": signature, "X-Chatwoot-Delivery": "d-1"}
    return _post("chatwoot", JSON | headers, body)


def _chatwoot_taken(method: str, _path: str) -> tuple[int, bytes]:
    return (200, b'{"id": 130, "status": "pending"}') if method == "GET" else (200, b'{"id": 901}')


# --- Standard Webhooks ---

HMACS = [f"whsec_{base64.b64encode(hashlib.sha256(word.encode()).digest()).decode()}" for word in WORDS]
ED25519 = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"key").digest())
PRIVATE = f"whsk_{base64.b64encode(ED25519.private_bytes_raw()).decode()}"
PUBLIC_KEY = f"whpk_{base64.b64encode(ED25519.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()}"
HOOK = WebhookInbox.model_validate({"secrets": [*HMACS, PUBLIC_KEY], "url": "https://crm.example.com/in"})
FORGED = f"whsec_{base64.b64encode(b'forger' * 5).decode()}"


def webhook_body(id: str, text: str, **data: Any) -> bytes:
    given = {"id": id, "sender": "ann@example.org", "text": text, "name": "Ann", "thread": {"ticket": "7"}, **data}
    return _dumps({"type": "message.received", "timestamp": "2026-03-01T12:00:00Z", "data": given})


def webhook_signed(body: bytes, at: datetime, secret: int, id: str = "msg_1") -> Arrived:
    with_ = {0: HMACS[0], 1: HMACS[1], 2: PRIVATE}.get(secret, FORGED)
    return _post("webhook", standard_headers([with_], id, at, body), body)


def _open_webhook(url: str) -> Provider:
    return Webhook(HOOK.model_copy(update={"url": f"{url}/in", "allow_private": True, "timeout_s": 0.25}))


def _outbound(kind: str, recipient: str, **changes: Any) -> Outbound:
    from channels.adapters.contract import NOW

    return Outbound("o-1", kind, kind, "c-1", recipient, "Hello.", "reply", **({"heard_at": NOW} | changes))


def _whatsapp_open(url: str) -> Provider:
    from channels.adapters.contract import NOW
    from channels.providers.whatsapp import Whatsapp

    return Whatsapp(WA.model_copy(update={"base_url": url, "timeout_s": 0.25}), clock=lambda: NOW)


def _taken(status: int, answer: Any) -> Callable[[str, str], tuple[int, bytes]]:
    return partial(_json_answer, status, answer)


EXAMPLES = [
    Example(
        adapter=TWILIO_SMS,
        inbox=SMS,
        body=_sms_body,
        signed=_sms_signed,
        secrets=2,
        stamped=False,
        longest=1600,
        length=_units,
        outbound=_outbound("twilio_sms", "+442071838750"),
        secret_words=WORDS,
        open=partial(_opened, SMS, TWILIO_SMS),
        taken=_taken(201, {"sid": "SM1", "status": "queued"}),
    ),
    Example(
        adapter=SENDGRID_EMAIL,
        inbox=MAIL,
        body=_mail_body,
        signed=_mail_signed,
        secrets=2,
        stamped=False,
        covers_body=False,
        longest=10**6,
        outbound=_outbound("sendgrid_email", "ann@example.org"),
        secret_words=WORDS,
    ),
    Example(
        adapter=MAILGUN_EMAIL,
        inbox=GUN,
        body=_gun_body,
        signed=_gun_signed,
        secrets=2,
        covers_body=False,
        proof_in_body=True,
        longest=10**6,
        outbound=_outbound("mailgun_email", "ann@example.org"),
        secret_words=WORDS,
    ),
    Example(
        adapter=POSTMARK_EMAIL,
        inbox=MARK,
        body=_mark_body,
        signed=_mark_signed,
        secrets=2,
        stamped=False,
        covers_body=False,
        longest=10**6,
        outbound=_outbound("postmark_email", "ann@example.org"),
        secret_words=WORDS,
    ),
    Example(
        adapter=TWILIO_VOICE,
        inbox=CALLS,
        body=_call_body,
        signed=partial(_sms_signed, kind="twilio_voice"),
        secrets=2,
        stamped=False,
        longest=CALLS.longest_answer + 200,  # and a sentence that says there is more
        outbound=_outbound("twilio_voice", "+442071838750"),
        secret_words=WORDS,
    ),
    Example(
        adapter=WHATSAPP,
        inbox=WA,
        body=whatsapp_body,
        signed=whatsapp_signed,
        secrets=2,
        stamped=False,
        longest=WHATSAPP_CHARACTERS,
        length=_units,
        outbound=_outbound("whatsapp", "+442071838750"),
        secret_words=(*WORDS, "the-whatsapp-token", "the-verify-token"),
        open=_whatsapp_open,
        taken=_taken(200, {"messaging_product": "whatsapp", "messages": [{"id": "wamid.1"}]}),
    ),
    Example(
        adapter=SLACK,
        inbox=SLACKS,
        body=slack_body,
        signed=slack_signed,
        secrets=2,
        longest=SLACK_MOST,
        outbound=_outbound("slack", "T061EG9R6:U2147483697", thread={"channel": "D024BE91L"}),
        secret_words=(*WORDS, "the-slack-token"),
        open=partial(_opened, SLACKS, SLACK),
        taken=_taken(200, {"ok": True, "channel": "D024BE91L", "ts": "1503435956.000247"}),
    ),
    Example(
        adapter=CHATWOOT,
        inbox=WOOT,
        body=chatwoot_body,
        signed=chatwoot_signed,
        secrets=2,
        longest=20_000,
        length=_units,
        outbound=_outbound("chatwoot", "3:52870", thread={"conversation": "130"}),
        secret_words=(*WORDS, "the-bot-token"),
        open=partial(_opened, WOOT, CHATWOOT),
        taken=_chatwoot_taken,
    ),
    Example(
        adapter=WEBHOOK,
        inbox=HOOK,
        body=webhook_body,
        signed=webhook_signed,
        secrets=3,
        longest=10**6,
        outbound=_outbound("webhook", "ann@example.org"),
        secret_words=tuple(one.partition("_")[2] for one in HMACS),
        open=_open_webhook,
        taken=_taken(200, {}),
    ),
]
