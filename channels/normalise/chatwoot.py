"""Chatwoot's webhooks, of an agent bot or of an account, as Inbound and PersonAct. Pure.

Fields: chatwoot.com/hc/user-guide/articles/1677693021-how-to-use-webhooks, chatwoot/chatwoot app/models/message.rb and
app/listeners/agent_bot_listener.rb (checked 2026-11). Chatwoot goes on sending events after a person took over, and it
sends back what we posted ourselves.
"""

from __future__ import annotations

import json
from datetime import datetime

from channels.normalise.beside import Deed, PersonAct
from channels.normalise.json_body import Json, identifier, inner, items, json_object, line, words
from channels.normalise.payloads import Arrived, Malformed
from memory.messages import Inbound

MARK = "frontdesk"
"""The key in a message's content attributes by which we know our own again."""
PENDING = "pending"
_STATUS_EVENTS = frozenset(
    {"conversation_status_changed", "conversation_opened", "conversation_resolved", "conversation_updated"}
)
# What a person's act there means here. Snoozed is a person's too: it comes back to them.
_DEEDS: dict[str, Deed] = {"open": "opened", "snoozed": "opened", "resolved": "close", PENDING: "release"}


def messages(arrived: Arrived, *, inbox: str, account: int, inbox_id: int | None, now: datetime) -> list[Inbound]:
    """The customer's message, if it is one: incoming, public. Raises BadPayload.

    In a conversation that is not pending it only continues one that is open here, whose owner is a person by then.
    """
    body = _ours(arrived, account, inbox_id)
    if line(body, "event") != "message_created" or _kind(body) != "incoming" or body.get("private") is True:
        return []
    talk = inner(body, "conversation")
    sender, files = inner(body, "sender"), items(body, "attachments")[:15]
    text, key = words(body, "content"), thread_key(account, talk)
    listed = [{"name": line(one, "file_type", 32) or "file", "type": line(one, "extension", 32)} for one in files]
    if not text and not files:
        return []
    return [
        Inbound(
            inbox=inbox,
            channel="chatwoot",
            provider_id=f"message:{identifier(body, 'id', 40)}",
            sender=f"{account}:{_contact(body, sender, talk)}",
            text=text or "[" + ", ".join(one["name"] for one in listed) + "]",
            received_at=now,
            name=line(sender, "name") or None,
            thread={"conversation": key.partition(":")[2]} | ({"attachments": json.dumps(listed)} if listed else {}),
            thread_key=key,
            continues=line(talk, "status", 16) != PENDING,
        )
    ]


def acts(arrived: Arrived, *, inbox: str, account: int, inbox_id: int | None) -> list[PersonAct]:
    """What a person did there: answered, took the conversation over, gave it back, resolved it. Raises BadPayload."""
    body = _ours(arrived, account, inbox_id)
    event = line(body, "event")
    if event == "message_created":
        return _of_message(body, inbox, account)
    if event not in _STATUS_EVENTS:
        return []
    if event == "conversation_updated" and not _moved(body):
        return []
    deed = _DEEDS.get(line(body, "status", 16))
    if deed is None:
        return []
    key = thread_key(account, body)
    stamp = line(body, "updated_at", 40) or line(body, "last_activity_at", 40) or line(body, "timestamp", 40)
    return [PersonAct(deed, f"{inbox} desk", f"chatwoot:{key}:{deed}:{stamp}", thread_key=key)]


def _of_message(body: Json, inbox: str, account: int) -> list[PersonAct]:
    talk, kind = inner(body, "conversation"), _kind(body)
    key, status = thread_key(account, talk), line(talk, "status", 16)
    id_ = f"chatwoot:message:{identifier(body, 'id', 40)}"
    desk = f"{inbox} desk"
    if kind == "incoming":
        return [] if status == PENDING else [PersonAct("opened", desk, id_, thread_key=key)]
    by_person = kind == "outgoing" and line(inner(body, "sender"), "type", 16).lower() in ("user", "agent")
    if not by_person or MARK in inner(body, "content_attributes"):
        return []  # our own echo, another bot's, an automatic one
    text = words(body, "content")
    if body.get("private") is True:
        return [PersonAct("note", desk, id_, text, thread_key=key)] if text else []
    return [PersonAct("say", desk, id_, text or "[a file]", thread_key=key, said_there=True)]


def thread_key(account: int, talk: Json) -> str:
    """The conversation's own, by the number that its people see."""
    return f"{account}:{identifier(talk, 'id', 20)}"


def _ours(arrived: Arrived, account: int, inbox_id: int | None) -> Json:
    """The body, or an empty one when it is about another account or another inbox of it."""
    body = json_object(arrived.body, 2 * 2**20)
    if not line(body, "event"):
        raise Malformed("event", "not there")
    if line(inner(body, "account"), "id") not in ("", str(account)):
        return {}
    of = line(inner(body, "inbox"), "id") or line(body, "inbox_id") or line(inner(body, "conversation"), "inbox_id")
    return {} if inbox_id is not None and of not in ("", str(inbox_id)) else body


def _kind(body: Json) -> str:
    """Webhooks name a message's type, older ones number it."""
    named = {"0": "incoming", "1": "outgoing", "2": "activity", "3": "template"}
    said = line(body, "message_type", 16)
    return named.get(said, said)


def _contact(body: Json, sender: Json, talk: Json) -> str:
    """The contact's id. Raises FieldMissing where the payload names nobody."""
    for one in (sender, inner(body, "contact"), inner(talk, "meta", "sender")):
        if found := line(one, "id", 20):
            return found
    return identifier(inner(talk, "contact_inbox"), "contact_id", 20)


def _moved(body: Json) -> bool:
    """Whether an update is one of status or of the person it is assigned to."""
    changed = items(body, "changed_attributes")
    return any(name in one for one in changed for name in ("status", "assignee_id"))
