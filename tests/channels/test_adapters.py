"""One registry for the webhook route and the sender: whole requests in, whole messages out."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from twilio.request_validator import RequestValidator

from agent.errors import Misconfigured
from agent.settings import Secret
from channels.adapters.ports import Adapter, arrived, webhook_url
from channels.adapters.registry import GROUP, open_provider, registry, resolve
from channels.adapters.sendgrid_email import SENDGRID_EMAIL
from channels.adapters.twilio_sms import TWILIO_SMS
from channels.inboxes.base import InboxBase, OtherInbox
from channels.inboxes.email import SendgridEmailInbox
from channels.inboxes.twilio import TwilioSmsInbox
from channels.inboxes.union import Inboxes
from channels.inboxes.websocket import WebsocketInbox
from channels.normalise.payloads import Arrived
from channels.providers.twilio_sms import TwilioSms
from channels.render import render
from channels.signatures import Forged, SignatureError, Stale, Unsigned
from memory.messages import Outbound

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SMS = TwilioSmsInbox(
    account_sid="AC0", auth_tokens=[Secret("new"), Secret("old")], number="+441632960123", base_url="http://127.0.0.1:9"
)
FORM = {"MessageSid": "SM1", "From": "+442071838750", "To": "+441632960123", "Body": "Hi & bye = ü"}
PUBLIC = "https://shop.example/desk/"  # behind a proxy that ends TLS, below a path


def sms(signed_with: str = "new", url: str = "https://shop.example/desk/v1/webhooks/sms?x=%2F", **form: str) -> Arrived:
    signature = RequestValidator(signed_with).compute_signature(url, FORM | form)
    headers = {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}
    return arrived(PUBLIC, "/v1/webhooks/sms", "x=%2F", headers, urlencode(FORM | form).encode())


def test_a_twilio_request_is_verified_at_its_public_address_and_read() -> None:
    for secret in ("new", "old"):
        TWILIO_SMS.verify(sms(secret), SMS, NOW)
    (message,) = TWILIO_SMS.normalise(sms(), "sms", SMS, NOW)
    assert (message.inbox, message.channel, message.text) == ("sms", "sms", "Hi & bye = ü")
    assert TWILIO_SMS.answer.content_type.startswith("text/xml")
    assert TWILIO_SMS.answer.body.endswith(b"<Response/>")


def test_a_twilio_request_signed_elsewhere_or_altered_is_forged() -> None:
    altered = sms()
    for request in (
        sms("wrong"),
        sms(url="http://10.0.0.7:8000/v1/webhooks/sms?x=%2F"),  # the address behind the proxy
        Arrived(altered.url, altered.headers, altered.body.replace(b"Hi", b"Ho")),
        Arrived(altered.url + "1", altered.headers, altered.body),
        Arrived(altered.url, {**altered.headers, "content-type": "application/json"}, altered.body),
        Arrived(altered.url, {**altered.headers, "content-type": ""}, altered.body),
    ):
        with pytest.raises(Forged):
            TWILIO_SMS.verify(request, SMS, NOW)
    bare = Arrived(altered.url, {"content-type": "application/x-www-form-urlencoded"}, altered.body)
    with pytest.raises(Unsigned):
        TWILIO_SMS.verify(bare, SMS, NOW)


KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC_KEY = base64.b64encode(KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def mail_inbox(**proof: Any) -> SendgridEmailInbox:
    smtp = {"host": "127.0.0.1", "tls": "none"}
    return SendgridEmailInbox.model_validate({"address": "Help@shop.example", "smtp": smtp, **proof})


def mail(headers: dict[str, str] | None = None) -> Arrived:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="from"\r\n\r\nann@example.org\r\n'
        b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\nHello?\r\n--b--\r\n'
    )
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    return arrived(PUBLIC, "/v1/webhooks/mail", "", kind | (headers or {}), body)


def signed(stamp: int) -> dict[str, str]:
    signature = KEY.sign(str(stamp).encode() + mail().body, ec.ECDSA(hashes.SHA256()))
    name = "X-Twilio-Email-Event-Webhook"
    return {f"{name}-Signature": base64.b64encode(signature).decode(), f"{name}-Timestamp": str(stamp)}


BASIC = {"Authorization": "Basic " + base64.b64encode(b"sg:pw").decode()}
PASSWORD = {"webhook_user": "sg", "webhook_passwords": ["pw"]}


def test_a_sendgrid_request_needs_every_proof_that_is_configured() -> None:
    stamp = int(NOW.timestamp())
    by_key, by_password = mail_inbox(public_keys=[PUBLIC_KEY]), mail_inbox(**PASSWORD)
    both = mail_inbox(public_keys=[PUBLIC_KEY], **PASSWORD)
    SENDGRID_EMAIL.verify(mail(signed(stamp)), by_key, NOW)
    SENDGRID_EMAIL.verify(mail(BASIC), by_password, NOW)
    SENDGRID_EMAIL.verify(mail(signed(stamp) | BASIC), both, NOW)
    for request, inbox in (
        (mail(BASIC), by_key),
        (mail(signed(stamp)), by_password),
        (mail(BASIC), both),
        (mail(signed(stamp)), both),
        (mail(), both),
    ):
        with pytest.raises(SignatureError):
            SENDGRID_EMAIL.verify(request, inbox, NOW)
    with pytest.raises(Stale):
        SENDGRID_EMAIL.verify(mail(signed(stamp - 301)), by_key, NOW)
    (message,) = SENDGRID_EMAIL.normalise(mail(BASIC), "mail", by_password, NOW)
    assert (message.sender, message.text, message.recipient) == ("ann@example.org", "Hello?", "help@shop.example")
    assert (SENDGRID_EMAIL.answer.status, SENDGRID_EMAIL.answer.body) == (200, b"")


def test_each_channel_renders_the_same_reply_its_own_way() -> None:
    outbound = Outbound("1", "x", "x", "c", "r", "“Yes”", "reply", thread={"message_id": "<a@b>", "subject": "Q"})
    assert TWILIO_SMS.render(outbound, SMS).text == '"Yes"'
    letter = SENDGRID_EMAIL.render(outbound, mail_inbox(**PASSWORD))
    assert (letter.subject, letter.headers["Message-ID"]) == ("Re: Q", "<1@shop.example>")


def test_addresses_of_webhooks_keep_the_sub_path() -> None:
    assert webhook_url(PUBLIC, "sms") == "https://shop.example/desk/v1/webhooks/sms"
    assert webhook_url("https://a.example", "my inbox", "status") == "https://a.example/v1/webhooks/my%20inbox/status"
    assert arrived(PUBLIC, "/v1/x", "a=1&a=%20", {}, b"").url == "https://shop.example/desk/v1/x?a=1&a=%20"


async def test_the_way_out_is_opened_with_its_settings() -> None:
    provider = open_provider("sms", SMS, PUBLIC)
    assert isinstance(provider, TwilioSms)
    await provider.aclose()
    assert open_provider("web", WebsocketInbox(), PUBLIC) is None
    broken = SMS.model_copy(update={"auth_tokens": [Secret("env:FRONTDESK_NO_SUCH_VARIABLE")]})
    with pytest.raises(Misconfigured, match="FRONTDESK_NO_SUCH_VARIABLE"):
        open_provider("sms", broken, PUBLIC)


# --- kinds from elsewhere ---


class PigeonInbox(InboxBase):
    loft: str


PIGEON: Adapter[PigeonInbox] = Adapter(
    kind="pigeon",
    channel="pigeon",
    settings=PigeonInbox,
    verify=lambda request, inbox, now: None,
    normalise=lambda request, name, inbox, now: [],
    render=lambda outbound, inbox: render(outbound.text),
)
IMPOSTOR = Adapter(**{name: getattr(PIGEON, name) for name in PIGEON.__slots__} | {"kind": "twilio_sms"})


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[..., None]]:
    """Puts a distribution with these entry points on the path, as an installer would."""

    def install(**points: str) -> None:
        root = tmp_path / "-".join([*points, *points.values()])
        info = root / "pigeons-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pigeons\nVersion: 1.0\n")
        lines = [f"{name} = {__name__}:{value}" for name, value in points.items()]
        (info / "entry_points.txt").write_text("\n".join([f"[{GROUP}]", *lines, ""]))
        monkeypatch.syspath_prepend(str(root))
        registry.cache_clear()

    yield install
    registry.cache_clear()


def settings(**inbox: Any) -> InboxBase:
    return Inboxes.model_validate({"inboxes": {"x": inbox}}).inboxes["x"]


def test_an_installed_package_adds_a_kind_and_reads_its_own_settings(installed: Callable[..., None]) -> None:
    installed(pigeon="PIGEON")
    inbox = settings(kind="pigeon", loft="roof", collection="birds")
    assert isinstance(inbox, OtherInbox)
    found = resolve("x", inbox)
    assert found is not None
    adapter, own = found
    assert adapter is PIGEON
    assert own == PigeonInbox(kind="pigeon", loft="roof", collection="birds")
    with pytest.raises(Misconfigured, match=r"inboxes\.x\.loft"):
        resolve("x", settings(kind="pigeon"))
    with pytest.raises(Misconfigured, match=r"inboxes\.x\.feed"):
        resolve("x", settings(kind="pigeon", loft="roof", feed="corn"))


def test_a_kind_of_ours_is_never_replaced_and_a_broken_one_is_named(installed: Callable[..., None]) -> None:
    installed(twilio_sms="IMPOSTOR")
    assert registry()["twilio_sms"] is TWILIO_SMS
    for points in ({"pigeon": "MISSING"}, {"pigeon": "NOW"}, {"dove": "PIGEON"}):
        installed(**points)
        with pytest.raises(Misconfigured, match=next(iter(points))):
            registry()


def test_a_kind_nobody_serves_is_named_with_those_that_are() -> None:
    with pytest.raises(Misconfigured, match=r"mailgun_email.*sendgrid_email.*twilio_sms.*websocket"):
        resolve("x", settings(kind="telegraph"))
    assert resolve("web", WebsocketInbox()) is None


def test_the_example_of_the_documentation_is_an_adapter() -> None:
    page = (Path(__file__).parents[2] / "docs" / "add-a-channel.md").read_text(encoding="utf-8")
    code = page.split("```python\n")[1].split("```")[0]
    names: dict[str, Any] = {"__name__": "frontdesk_pigeon"}
    exec(compile(code, "add-a-channel.md", "exec", dont_inherit=True), names)  # noqa: S102 - it is ours
    adapter = names["ADAPTER"]
    inbox = adapter.settings(kind="pigeon", loft="roof", secrets=["whsec_" + "a" * 32])
    request = Arrived("https://a", {"content-type": "application/x-www-form-urlencoded"}, b"ring=7&from=Ann&note=coo")
    with pytest.raises(Unsigned):
        adapter.verify(request, inbox, NOW)
    (message,) = adapter.normalise(request, "roof", inbox, NOW)
    assert (message.provider_id, message.text) == ("7", "coo")
