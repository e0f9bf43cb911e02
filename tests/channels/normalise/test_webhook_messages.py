"""The generic webhook's messages, read."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from channels.normalise import webhook
from channels.normalise.payloads import Arrived, BadPayload, Empty, FieldMissing, Malformed, Oversized
from memory.messages import Attachment, Inbound

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def read(kind: str = "message.received", **data: Any) -> list[Inbound]:
    given = {"id": "m1", "sender": "ann@example.org", "text": "Where is it?", **data}
    body = {"type": kind, "data": {name: value for name, value in given.items() if value is not None}}
    arrived = Arrived("", {"webhook-id": "msg_9"}, json.dumps(body).encode())
    return webhook.messages(arrived, inbox="crm", now=NOW)


def test_a_message_is_read_whole() -> None:
    (one,) = read(name="Ann", thread={"ticket": "7"}, conversation="t-7")
    assert (one.sender, one.text, one.name, one.provider_id) == ("ann@example.org", "Where is it?", "Ann", "id:m1")
    assert one.thread == {"ticket": "7", "conversation": "t-7"}
    (same,), (other,) = read(id="m2", conversation="t-7"), read(id="m3", conversation="t-8")
    assert one.thread_key == same.thread_key != other.thread_key


def test_a_message_without_an_id_is_known_by_its_delivery() -> None:
    assert read(id=None)[0].provider_id == "delivery:msg_9"


def test_files_come_with_it() -> None:
    content = base64.b64encode(b"GIF89a").decode()
    (one,) = read(text=None, attachments=[{"name": "a.gif", "type": "image/gif", "content": content}])
    assert one.attachments == (Attachment("a.gif", "image/gif", b"GIF89a"),)
    assert one.text == "[a.gif]"


def test_a_person_can_be_asked_for_without_words() -> None:
    (one,) = read("person.requested", text=None)
    assert (one.kind, one.text) == ("person", "I would like a person.")


def test_a_type_that_is_not_ours_is_taken_and_left() -> None:
    assert read("invoice.paid") == []


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ({"text": None}, Empty),
        ({"sender": None}, FieldMissing),
        ({"sender": "a" * 300}, Malformed),
        ({"id": "a" * 300}, Malformed),
        ({"text": "a" * 100_001}, Oversized),
        ({"thread": ["x"]}, Malformed),
        ({"thread": {"a": 1}}, Malformed),
        ({"thread": {str(n): "x" for n in range(21)}}, Oversized),
        ({"attachments": [{"content": "%%"}]}, Malformed),
        ({"attachments": [{}] * 11}, Oversized),
    ],
)
def test_what_is_wrong_is_named(data: dict[str, Any], kind: type[BadPayload]) -> None:
    with pytest.raises(kind):
        read(**data)


def test_a_body_without_type_or_data_says_what_to_write() -> None:
    for body in (b"{}", b'{"type":"message.received"}', b'{"type":"message.received","data":[]}'):
        with pytest.raises(Malformed):
            webhook.messages(Arrived("", {}, body), inbox="crm", now=NOW)
