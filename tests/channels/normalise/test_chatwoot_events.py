"""Chatwoot's webhooks, read. Payloads here were written for this test, in the form that Chatwoot documents."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from channels.normalise import chatwoot
from channels.normalise.beside import PersonAct
from channels.normalise.payloads import Arrived, FieldMissing, Malformed
from memory.messages import Inbound

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def request(status: str = "pending", **changes: Any) -> Arrived:
    whole = {
        "event": "message_created",
        "id": 654,
        "content": "Where is it?",
        "message_type": "incoming",
        "private": False,
        "sender": {"id": 4, "name": "Ann", "type": "contact"},
        "account": {"id": 3},
        "inbox": {"id": 58},
        "conversation": {"id": 130, "status": status, "inbox_id": 58},
        **changes,
    }
    return Arrived("", {}, json.dumps({k: v for k, v in whole.items() if v is not None}).encode())


def read(status: str = "pending", **changes: Any) -> list[Inbound]:
    return chatwoot.messages(request(status, **changes), inbox="woot", account=3, inbox_id=58, now=NOW)


def acts(status: str = "pending", **changes: Any) -> list[PersonAct]:
    return chatwoot.acts(request(status, **changes), inbox="woot", account=3, inbox_id=58)


AGENT = {"id": 7, "name": "Bo", "type": "user"}


def test_a_customers_message_of_a_pending_conversation_is_read() -> None:
    (one,) = read()
    assert (one.sender, one.text, one.provider_id, one.name) == ("3:4", "Where is it?", "message:654", "Ann")
    assert (one.thread_key, one.thread["conversation"], one.continues) == ("3:130", "130", False)
    assert acts() == []


@pytest.mark.parametrize("status", ["open", "snoozed", "resolved"])
def test_one_of_another_status_only_continues_what_is_open_here_and_silences_the_bot(status: str) -> None:
    (one,) = read(status)
    assert one.continues
    (act,) = acts(status)
    assert (act.act, act.thread_key, act.person) == ("opened", "3:130", "woot desk")


@pytest.mark.parametrize(
    "changes",
    [
        {"message_type": "outgoing", "sender": AGENT},
        {"message_type": "template"},
        {"message_type": "activity"},
        {"private": True},
        {"content": None},
        {"event": "message_updated"},
        {"event": "webwidget_triggered"},
        {"account": {"id": 4}},
        {"inbox": {"id": 59}},
    ],
)
def test_what_is_no_public_incoming_message_of_ours_is_none(changes: dict[str, Any]) -> None:
    assert read(**changes) == []


def test_our_own_echo_and_other_bots_are_no_persons_words() -> None:
    for sender in ({"id": 1, "name": "Bot", "type": "agent_bot"}, {}, None):
        assert acts(message_type="outgoing", sender=sender) == []
    assert acts(message_type="outgoing", sender=AGENT, content_attributes={"frontdesk": "turn-1:0"}) == []


def test_a_persons_answer_there_is_taken_for_one_that_the_customer_has() -> None:
    (said,) = acts("open", message_type="outgoing", sender=AGENT, content="It is on its way.")
    assert (said.act, said.text, said.said_there) == ("say", "It is on its way.", True)
    (note,) = acts("open", message_type="outgoing", sender=AGENT, private=True, content="VIP")
    assert (note.act, note.text) == ("note", "VIP")


@pytest.mark.parametrize(("status", "act"), [("open", "opened"), ("resolved", "close"), ("pending", "release")])
def test_a_change_of_status_is_an_act(status: str, act: str) -> None:
    event = {"event": "conversation_status_changed", "id": 130, "status": status, "account": {"id": 3}, "inbox_id": 58}
    arrived = Arrived("", {}, json.dumps({**event, "timestamp": 5}).encode())
    (found,) = chatwoot.acts(arrived, inbox="woot", account=3, inbox_id=58)
    assert (found.act, found.thread_key) == (act, "3:130")
    assert chatwoot.messages(arrived, inbox="woot", account=3, inbox_id=58, now=NOW) == []


def test_an_update_counts_when_status_or_person_changed() -> None:
    event = {"event": "conversation_updated", "id": 130, "status": "open", "account": {"id": 3}, "inbox_id": 58}
    for changed, count in (([{"labels": {}}], 0), ([{"assignee_id": {"current_value": 7}}], 1), ([{"status": {}}], 1)):
        arrived = Arrived("", {}, json.dumps({**event, "changed_attributes": changed}).encode())
        assert len(chatwoot.acts(arrived, inbox="woot", account=3, inbox_id=58)) == count


def test_what_is_no_webhook_of_chatwoot_is_refused() -> None:
    with pytest.raises(Malformed):
        chatwoot.messages(Arrived("", {}, b"{}"), inbox="woot", account=3, inbox_id=None, now=NOW)
    with pytest.raises(FieldMissing):
        read(sender={}, conversation={"id": 130, "status": "pending"})
    with pytest.raises(FieldMissing):
        read(conversation={"status": "pending"})
