"""Mailgun and Postmark, read: the same mail is the same message whoever passes it on. Mails were written here."""

from __future__ import annotations

import base64
import contextlib
import json
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.normalise import mailgun_email, postmark_email, sendgrid_email
from channels.normalise.payloads import BadPayload, Empty, FieldMissing, Malformed, Oversized, Part
from memory.messages import Inbound

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TEXT = "Can I return them after 30 days?\n\nOn Sat, 28 Feb 2026 at 10:00, Help wrote:\n> Hello\n"
HEADERS = [
    ["Received", "by mx.example.org; Sun, 1 Mar 2026 11:59:58 +0000"],
    ["Message-Id", "<abc.1@mail.example.org>"],
    ["From", "=?utf-8?q?Ann_W=C3=A4lker?= <Ann.Walker@Example.org>"],
    ["To", "help@shop.example"],
    ["Subject", "Re: Boots"],
    ["In-Reply-To", "<ours@shop.example>"],
    ["References", "<ours@shop.example>"],
]
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
FORM = {
    "recipient": "help@shop.example",
    "sender": "ann.walker@example.org",
    "from": "Ann Wälker <Ann.Walker@Example.org>",
    "subject": "Re: Boots",
    "body-plain": TEXT,
    "stripped-text": "not read",
    "message-headers": json.dumps(HEADERS),
    "timestamp": "1772366400",
    "token": "t" * 50,
    "signature": "s" * 64,
}
BODY: dict[str, Any] = {
    "From": "Ann.Walker@Example.org",
    "FromName": "Ann Wälker",
    "FromFull": {"Email": "Ann.Walker@Example.org", "Name": "Ann Wälker", "MailboxHash": ""},
    "ToFull": [{"Email": "help@shop.example", "Name": "", "MailboxHash": ""}],
    "OriginalRecipient": "abc@inbound.postmarkapp.com",
    "Subject": "Re: Boots",
    "MessageID": "22c74902-a0c1-4511-804f-341342852c90",
    "TextBody": TEXT,
    "HtmlBody": "",
    "StrippedTextReply": "not read",
    "Headers": [{"Name": name, "Value": value} for name, value in HEADERS],
    "Attachments": [],
}


def mailgun(*files: Part, **changes: str | bytes | None) -> Inbound:
    fields = {name: value for name, value in (FORM | changes).items() if value is not None}
    parts = [Part(name, value if isinstance(value, bytes) else value.encode()) for name, value in fields.items()]
    return mailgun_email.normalise(
        [*parts, *files], inbox="mail", address="help@shop.example", now=NOW, most_replies=10
    )


def postmark(**changes: Any) -> Inbound:
    body = json.dumps(BODY | changes).encode()
    return postmark_email.normalise(body, inbox="mail", address="help@shop.example", now=NOW, most_replies=10)


def whole(**headers: str) -> bytes:
    mail = EmailMessage()
    for name, value in HEADERS:
        mail[name] = value
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(TEXT)
    return mail.as_bytes()


def sendgrid() -> Inbound:
    parts = [Part("email", whole()), Part("envelope", b'{"to":["help@shop.example"],"from":"ann.walker@example.org"}')]
    return sendgrid_email.normalise(parts, inbox="mail", address="help@shop.example", now=NOW, most_replies=10)


@pytest.mark.parametrize(
    "read",
    [
        lambda: mailgun(),
        lambda: mailgun(**{"body-mime": whole(), "message-headers": None, "body-plain": None, "from": None}),
        lambda: postmark(),
        lambda: postmark(RawEmail=whole().decode(), TextBody="", Headers=[]),
        sendgrid,
    ],
    ids=["mailgun", "mailgun-mime", "postmark", "postmark-raw", "sendgrid"],
)
def test_a_mail_is_the_same_message_whoever_passes_it_on(read: Any) -> None:
    found = read()
    assert found.provider_id == "abc.1@mail.example.org"
    assert (found.sender, found.name, found.recipient) == ("ann.walker@example.org", "Ann Wälker", "help@shop.example")
    assert found.text == "Can I return them after 30 days?"
    assert found.thread == {
        "message_id": "<abc.1@mail.example.org>",
        "references": "<ours@shop.example>",
        "subject": "Re: Boots",
    }
    assert (found.channel, found.automatic, found.most_replies) == ("email", False, 10)


def test_files_come_along() -> None:
    [file] = mailgun(Part("attachment-1", PNG, "boot.png", "image/png; name=x")).attachments
    assert (file.name, file.type, file.body) == ("boot.png", "image/png", PNG)
    sent = {"Name": "boot.png", "ContentType": "image/png", "Content": base64.b64encode(PNG).decode()}
    [file] = postmark(Attachments=[sent]).attachments
    assert (file.name, file.type, file.body) == ("boot.png", "image/png", PNG)
    [broken] = postmark(Attachments=[sent | {"Content": "not base64"}]).attachments
    assert broken.body


def test_a_mailgun_token_brings_this_message() -> None:
    assert mailgun().once == "t" * 50


def test_html_alone_is_read() -> None:
    html = "<p>Can I <b>return</b> them?</p>"
    assert mailgun(**{"body-plain": "", "body-html": html}).text == "Can I return them?"
    assert postmark(TextBody="", HtmlBody=html).text == "Can I return them?"


def test_bounces_and_machines_are_automatic() -> None:
    assert mailgun(sender="").thread["reply_automatic"] == "bounce"
    assert mailgun(sender=None).thread.get("reply_automatic") is None
    path = [{"Name": "Return-Path", "Value": "<>"}]
    assert postmark(Headers=BODY["Headers"] + path).thread["reply_automatic"] == "bounce"
    auto = [["Auto-Submitted", "auto-replied"]]
    assert mailgun(**{"message-headers": json.dumps(HEADERS + auto)}).automatic
    noreply = [["From", "no-reply@parcels.example"]]
    assert mailgun(**{"message-headers": json.dumps(noreply)}).thread["reply_automatic"] == "machine"


def test_a_mail_without_a_message_id_is_known_by_its_content() -> None:
    first, again = postmark(Headers=[]), postmark(Headers=[])
    assert first.provider_id == again.provider_id
    assert first.provider_id != postmark(Headers=[], MessageID="another").provider_id
    bare = {"message-headers": "[]"}
    assert mailgun(**bare).provider_id == mailgun(**bare, token="x").provider_id
    assert mailgun(**bare).provider_id != mailgun(**bare, **{"body-plain": "Other"}).provider_id


@pytest.mark.parametrize(
    ("read", "error"),
    [
        (lambda: mailgun_email.normalise([], inbox="m", address="a@b", now=NOW), FieldMissing),
        (lambda: mailgun(**{"from": "nobody", "message-headers": "[]", "sender": ""}), FieldMissing),
        (lambda: mailgun(**{"body-plain": "", "subject": "", "message-headers": json.dumps(HEADERS[:3])}), Empty),
        (lambda: postmark_email.normalise(b"[]", inbox="m", address="a@b", now=NOW), Malformed),
        (lambda: postmark_email.normalise(b"{", inbox="m", address="a@b", now=NOW), Malformed),
        (lambda: postmark_email.normalise(b"[" * 5000, inbox="m", address="a@b", now=NOW), Malformed),
        (lambda: postmark_email.normalise(b" " * (40 * 2**20 + 1), inbox="m", address="a@b", now=NOW), Oversized),
        (lambda: postmark(From="", FromFull={}, Headers=[]), FieldMissing),
        (lambda: postmark(TextBody="", Subject="", Headers=[]), Empty),
    ],
)
def test_what_cannot_be_read_says_which_field(read: Any, error: type[BadPayload]) -> None:
    with pytest.raises(error) as raised:
        read()
    assert raised.value.field


json_value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.sampled_from(list(BODY)), json_value), json_value)
def test_any_json_is_read_or_refused(changes: dict[str, Any], headers: Any) -> None:
    with contextlib.suppress(BadPayload):
        assert postmark(**changes).text
    with contextlib.suppress(BadPayload):
        assert mailgun(**{"message-headers": json.dumps(headers)}).text
