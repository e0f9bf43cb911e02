"""Settings of inboxes: what is refused at start, and in which words."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from channels.inboxes.base import OtherInbox
from channels.inboxes.email import SendgridEmailInbox
from channels.inboxes.twilio import TwilioSmsInbox
from channels.inboxes.union import Inboxes
from channels.inboxes.websocket import WebsocketInbox

SMS = {"kind": "twilio_sms", "account_sid": "AC01", "auth_tokens": ["t"], "number": "+44 1632 960 123"}
MAIL = {
    "kind": "sendgrid_email",
    "address": "Help@Shop.example",
    "smtp": {"host": "smtp.example"},
    "webhook_user": "u",
    "webhook_passwords": ["p"],
}


def read(inbox: dict[str, Any]) -> Any:
    return Inboxes.model_validate({"inboxes": {"x": inbox}}).inboxes["x"]


def test_each_kind_has_its_settings_and_its_answer_to_an_unknown_fate() -> None:
    web, sms, mail = read({"kind": "websocket"}), read(SMS), read(MAIL)
    assert (type(web), web.on_unknown_send) == (WebsocketInbox, "resend")
    assert (type(sms), sms.on_unknown_send, sms.number) == (TwilioSmsInbox, "park", "+441632960123")
    assert (type(mail), mail.on_unknown_send, mail.address) == (SendgridEmailInbox, "resend", "help@shop.example")
    assert (sms.approve, sms.collection, sms.confirms_stop) == (None, None, "provider")
    assert type(read({"kind": "pigeon", "loft": 1})) is OtherInbox


def test_secrets_are_never_shown() -> None:
    for inbox in (read(SMS | {"auth_tokens": ["hush-1"]}), read(MAIL | {"webhook_passwords": ["hush-1"]})):
        assert "hush-1" not in repr(inbox) + str(inbox) + inbox.model_dump_json()


@pytest.mark.parametrize(
    ("inbox", "at", "words"),
    [
        ({}, ("kind",), "required"),
        ({"kind": "websocket", "titel": "x"}, ("titel",), "Extra"),
        (SMS | {"number": "020 7183"}, ("number",), "international form"),
        (SMS | {"number": None}, (), "messaging_service_sid"),
        (SMS | {"account_sid": "../x"}, ("account_sid",), "pattern"),
        (SMS | {"auth_tokens": []}, ("auth_tokens",), "at least 1"),
        (SMS | {"base_url": "ftp://x"}, ("base_url",), "pattern"),
        (MAIL | {"address": "Help <help@shop.example>"}, ("address",), "without a name"),
        (MAIL | {"address": "a@b\r\nBcc: c@d"}, ("address",), "without a name"),
        (MAIL | {"from_name": "x\r\nBcc: c@d"}, ("from_name",), "line breaks"),
        (MAIL | {"webhook_user": None, "webhook_passwords": []}, (), "anyone could write"),
        (MAIL | {"webhook_passwords": []}, (), "belong together"),
        (MAIL | {"public_keys": ["hello"]}, ("public_keys",), "public key"),
        (MAIL | {"smtp": {"host": "x", "user": "u"}}, ("smtp",), "belong together"),
    ],
)
def test_a_fault_is_named_where_it_is(inbox: dict[str, Any], at: tuple[str, ...], words: str) -> None:
    with pytest.raises(ValidationError) as raised:
        read(inbox)
    (fault,) = raised.value.errors()
    assert set(at) <= set(fault["loc"])
    assert words in fault["msg"]
