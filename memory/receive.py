"""Writing an inbound message down: the claim on its provider id and its event are one transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, select, update

from memory.attachments import checked, keep_all, listed
from memory.customers import arrived, find_or_make, insert_if_absent
from memory.errors import Replayed, UnknownConversation
from memory.identity import naming
from memory.log import Head
from memory.loops import break_off, goes_round
from memory.messages import Inbound
from memory.opt_outs import OptOutRules, act, read
from memory.schema import claims, conversations
from memory.vault import Vault

OPT_OUTS = OptOutRules()
_SETTLE = update(claims).where(claims.c.inbox == bindparam("of_inbox"), claims.c.provider_id == bindparam("of_id"))
_OPEN = select(conversations.c.id).where(
    conversations.c.inbox == bindparam("inbox"),
    conversations.c.thread_key == bindparam("thread_key"),
    conversations.c.status == "open",
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was written. `duplicate` is true when this provider id had been received before: same seq as then.
    `due` says whether the message waits for a turn."""

    conversation: str
    customer: str
    seq: int
    duplicate: bool
    due: bool


@dataclass(frozen=True, slots=True)
class NewIds:
    """Ids the transaction may need; made outside, so that running it again makes the same rows."""

    conversation: str
    customer: str
    consent: str


def receive(
    connection: Connection,
    vault: Vault,
    inbound: Inbound,
    ids: NewIds,
    now: datetime,
    opt_outs: OptOutRules = OPT_OUTS,
    region: str = "",
) -> Receipt:
    """Appends the message once. `region` ("GB") is where a telephone without its country is from.

    Raises UnknownConversation when `inbound.conversation` is not in this inbox, and Replayed when another message came
    with its one-time token.

    One that only continues what is not open here is not written down: the receipt has no conversation.
    """
    if inbound.continues and open_thread(connection, inbound.inbox, inbound.thread_key) is None:
        return Receipt("", "", 0, duplicate=False, due=False)
    _only_once(connection, inbound, now)
    if not claim(connection, inbound.inbox, inbound.provider_id, now):
        return _earlier(connection, inbound)
    head = _head(connection, vault, inbound, ids, now, region)
    wish = read(connection, head.row["customer_id"], inbound)
    inbound = wish.inbound
    meta: dict[str, Any] = {"kind": inbound.kind, "channel": inbound.channel, "automatic": inbound.automatic}
    if inbound.channel == "chat":  # the browser knows its own message by this again
        meta["id"] = inbound.provider_id.removeprefix(f"{head.id}:")
    files = checked(inbound.attachments)
    if files:
        meta["attachments"] = listed(head.id, files, inbound.provider_id)
    seq = head.append("received", now, inbound.text, meta=meta)
    keep_all(head, seq, files, inbound.provider_id, now)
    looping = goes_round(connection, head.row["customer_id"], inbound, now)
    due = not inbound.automatic and not looping and inbound.kind in ("message", "person")
    head.set(heard_at=now)
    if due:
        head.set(inbound_seq=seq)
    if inbound.thread:
        head.set(thread=head.seal(orjson.dumps(dict(inbound.thread)).decode(), "thread"))
    act(head, wish, opt_outs, ids.consent, now)
    if head.row["status"] == "closed":
        head.set(status="open")
        head.change_owner("bot")
    if looping:
        break_off(head, inbound, now)
    head.save()
    settle(connection, inbound.inbox, inbound.provider_id, head.id, seq)
    return Receipt(head.id, head.row["customer_id"], seq, duplicate=False, due=due)


def _only_once(connection: Connection, inbound: Inbound, now: datetime) -> None:
    """A provider that sends the same message again may use the same token; nothing else may."""
    fresh = not inbound.once or claim(connection, f"{inbound.inbox}/once"[:64], inbound.once, now)
    if not fresh and claimed(connection, inbound.inbox, inbound.provider_id) is None:
        raise Replayed("this request's one-time token was used before")


def claim(connection: Connection, inbox: str, provider_id: str, now: datetime) -> bool:
    """True for the first to claim this id; a second waits for the first's transaction and gets False."""
    return insert_if_absent(connection, claims, inbox=inbox, provider_id=provider_id, conversation_id="", seq=0, at=now)


def settle(connection: Connection, inbox: str, provider_id: str, conversation: str, seq: int) -> None:
    """Ties the claim to the event it became."""
    given = {"of_inbox": inbox, "of_id": provider_id, "conversation_id": conversation, "seq": seq}
    connection.execute(_SETTLE, given)


def open_thread(connection: Connection, inbox: str, thread_key: str) -> str | None:
    """The open conversation of a thread, or None."""
    return connection.execute(_OPEN, {"inbox": inbox, "thread_key": thread_key}).scalar()


def claimed(connection: Connection, inbox: str, provider_id: str) -> tuple[str, int] | None:
    """(conversation, seq) that this id became, or None."""
    row = connection.execute(
        select(claims.c.conversation_id, claims.c.seq).where(
            claims.c.inbox == inbox, claims.c.provider_id == provider_id
        )
    ).first()
    return None if row is None else (row.conversation_id, row.seq)


def _earlier(connection: Connection, inbound: Inbound) -> Receipt:
    conversation, seq = claimed(connection, inbound.inbox, inbound.provider_id) or ("", 0)
    customer = connection.execute(
        select(conversations.c.customer_id).where(conversations.c.id == conversation)
    ).scalar()
    return Receipt(conversation, customer or "", seq, duplicate=True, due=False)


def _head(connection: Connection, vault: Vault, inbound: Inbound, ids: NewIds, now: datetime, region: str) -> Head:
    if inbound.conversation is not None:
        head = Head.lock(connection, vault, inbound.conversation)
        if head.row["inbox"] != inbound.inbox:
            raise UnknownConversation(f"no conversation {inbound.conversation} in inbox {inbound.inbox}")
        return head
    name = naming.sender(inbound.channel, inbound.sender, region)
    if inbound.proof is not None and name.proof:
        name = replace(name, proof=inbound.proof)
    customer = arrived(connection, vault, name, ids.customer, now)
    opened = open_conversation(
        connection,
        vault,
        inbox=inbound.inbox,
        channel=inbound.channel,
        customer=customer,
        address=name.value,
        thread_key=inbound.thread_key or customer,
        new_id=ids.conversation,
        now=now,
    )
    head = Head.lock(connection, vault, opened)
    if name.proof and not head.row["proof"] and head.row["customer_id"] == customer:
        head.set(proof=name.proof)
    return head


def open_conversation(
    connection: Connection,
    vault: Vault,
    *,
    inbox: str,
    channel: str,
    customer: str,
    address: str,
    thread_key: str,
    new_id: str,
    now: datetime,
    token: str | None = None,
) -> str:
    """The open conversation of this thread, made when there is none; two at once agree on one."""
    given = {"inbox": inbox, "thread_key": thread_key}
    if (existing := connection.execute(_OPEN, given).scalar()) is not None:
        return str(existing)
    sealed = vault.sealer(connection, customer).seal(address, f"{new_id}:address".encode())
    insert_if_absent(
        connection,
        conversations,
        id=new_id,
        inbox=inbox,
        channel=channel,
        customer_id=customer,
        thread_key=thread_key,
        address=sealed,
        token_hash=vault.hash("token", token) if token else None,
        opened_at=now,
        last_at=now,
    )
    return str(connection.execute(_OPEN, given).scalar_one())


def open_web(
    connection: Connection, vault: Vault, *, inbox: str, conversation: str, customer: str, token: str, now: datetime
) -> None:
    """A new web conversation of a new visitor, who proves it is theirs with `token` from now on."""
    visitor = find_or_make(connection, vault, "chat", conversation, customer, now)
    open_conversation(
        connection,
        vault,
        inbox=inbox,
        channel="chat",
        customer=visitor,
        address=conversation,
        thread_key=conversation,
        new_id=conversation,
        now=now,
        token=token,
    )
