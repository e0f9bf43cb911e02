"""WhatsApp's webhooks, read. Payloads here were written for this test, in the form that Meta documents."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from channels.normalise import whatsapp
from channels.normalise.payloads import Arrived, BadPayload, FieldMissing, Malformed, Oversized
from memory.messages import Inbound

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NUMBER = "106540352242922"


def request(*values: dict[str, Any], number: str = NUMBER) -> Arrived:
    metadata = {"display_phone_number": "441632960123", "phone_number_id": number}
    changes = [{"field": "messages", "value": {"metadata": metadata, **value}} for value in values]
    body = {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": changes}]}
    return Arrived("https://h.example/v1/webhooks/wa", {}, json.dumps(body).encode())


def message(kind: str = "text", **part: Any) -> dict[str, Any]:
    return {"from": "442071838750", "id": "wamid.A", "timestamp": "1772366400", "type": kind, **part}


def read(*found: dict[str, Any], contacts: Any = ()) -> list[Inbound]:
    value = {"messages": list(found), "contacts": list(contacts)}
    return whatsapp.messages(request(value), inbox="wa", number_id=NUMBER, now=NOW)


def test_a_text_is_read_with_its_senders_name_and_number() -> None:
    contact = {"profile": {"name": "Ann"}, "wa_id": "442071838750"}
    (one,) = read(message(text={"body": " Where is it?\r\n"}), contacts=[contact])
    assert (one.sender, one.name, one.text) == ("+442071838750", "Ann", "Where is it?")
    assert (one.provider_id, one.channel, one.recipient) == ("wamid.A", "whatsapp", "+441632960123")
    assert (one.kind, one.automatic, one.received_at) == ("message", False, NOW)


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (message("button", button={"text": "Yes, please", "payload": "p1"}), "Yes, please"),
        (
            message("interactive", interactive={"type": "button_reply", "button_reply": {"id": "1", "title": "Red"}}),
            "Red",
        ),
        (message("interactive", interactive={"type": "list_reply", "list_reply": {"id": "1", "title": "L"}}), "L"),
        (message("image", image={"id": "9", "mime_type": "image/jpeg"}), "[image (image/jpeg)]"),
        (message("image", image={"id": "9", "mime_type": "image/jpeg", "caption": "Broken"}), "Broken"),
        (message("audio", audio={"id": "9", "mime_type": "audio/ogg", "voice": True}), "[voice message (audio/ogg)]"),
        (message("document", document={"id": "9", "filename": "bill.pdf"}), "[bill.pdf (unknown type)]"),
        (
            message("location", location={"latitude": 51.5, "longitude": -0.12, "name": "Shop"}),
            "[location: Shop; 51.5, -0.12]",
        ),
        (message("location", location={"latitude": "x"}), "[location: unknown]"),
        (
            message("contacts", contacts=[{"name": {"formatted_name": "Bo"}, "phones": [{"phone": "+44 1"}]}]),
            "[contact: Bo +44 1]",
        ),
        (
            message(
                "order", order={"text": "Soon?", "product_items": [{"product_retailer_id": "boot", "quantity": 2}]}
            ),
            "[order: 2 × boot]\nSoon?",
        ),
        (
            message("unsupported", errors=[{"code": 131051}]),
            "[a message of a kind that cannot be shown here: unsupported]",
        ),
        (message("hologram"), "[a message of a kind that cannot be shown here: hologram]"),
    ],
)
def test_every_kind_of_message_becomes_words(found: dict[str, Any], text: str) -> None:
    (one,) = read(found)
    assert one.text == text
    assert not one.automatic


@pytest.mark.parametrize(
    "found",
    [message("reaction", reaction={"emoji": "👍", "message_id": "wamid.0"}), message("system", system={"body": "x"})],
)
def test_what_asks_nothing_is_kept_and_not_answered(found: dict[str, Any]) -> None:
    (one,) = read(found)
    assert one.automatic


def test_media_are_noted_for_people() -> None:
    (one,) = read(message("image", image={"id": "9", "mime_type": "image/jpeg", "caption": "Broken"}))
    assert json.loads(one.thread["attachments"]) == [{"name": "image", "type": "image/jpeg", "id": "9"}]


def test_a_request_may_hold_several_messages_and_only_ours_count() -> None:
    both = request({"messages": [message(text={"body": "a"}), message(text={"body": "b"})]}, {"messages": [message()]})
    assert len(whatsapp.messages(both, inbox="wa", number_id=NUMBER, now=NOW)) == 3
    other = request({"messages": [message(text={"body": "a"})]}, number="1")
    assert whatsapp.messages(other, inbox="wa", number_id=NUMBER, now=NOW) == []


def test_stop_opts_out_and_a_button_that_says_so_does_not() -> None:
    (one,) = read(message(text={"body": "STOP"}))
    assert one.kind == "opt_out"
    (two,) = read(message("button", button={"text": "Stop"}))
    assert two.kind == "message"


def test_statuses_are_reports_and_no_messages() -> None:
    statuses = [
        {"id": "wamid.1", "status": "sent"},
        {"id": "wamid.1", "status": "delivered"},
        {"id": "wamid.1", "status": "read"},
        {"id": "wamid.2", "status": "failed", "errors": [{"code": 131047, "title": "Re-engagement message"}]},
        {"id": "wamid.3", "status": "deleted"},
    ]
    found = whatsapp.reports(request({"statuses": statuses}), number_id=NUMBER)
    assert [(one.provider_ref, one.state) for one in found] == [
        ("wamid.1", "delivered"),
        ("wamid.1", "delivered"),
        ("wamid.2", "bounced"),
    ]
    assert found[-1].detail["error_code"] == "131047"
    assert whatsapp.messages(request({"statuses": statuses}), inbox="wa", number_id=NUMBER, now=NOW) == []


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"[]", Malformed), (b'{"object":"page"}', Malformed), (b"{", Malformed), (b" " * (3 * 2**20 + 1), Oversized)],
)
def test_what_is_no_webhook_of_whatsapp_is_refused(body: bytes, kind: type[BadPayload]) -> None:
    with pytest.raises(kind):
        whatsapp.messages(Arrived("", {}, body), inbox="wa", number_id=NUMBER, now=NOW)


def test_a_message_without_sender_or_id_is_refused() -> None:
    for missing in ("from", "id"):
        with pytest.raises(FieldMissing):
            read({name: value for name, value in message(text={"body": "x"}).items() if name != missing})
