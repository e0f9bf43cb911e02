"""A visitor of the live chat whom the organisation's own system signed for: whose conversation it is, and who they are.

A signed identity names the organisation's own user, and may name a telephone and an address of theirs. Those become
theirs here where nobody has them; where a customer has them by the telephone company's word, the two are one person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, RowMapping, update

from memory import customers
from memory.errors import WrongToken
from memory.identity import evidence, linking, naming
from memory.identity.linking import propose, serialise
from memory.identity.members import members
from memory.identity.naming import EMAIL, PHONE, USER, Name
from memory.log import check_token
from memory.receive import open_conversation
from memory.schema import conversations
from memory.vault import Vault

SIGNED: Final = evidence.SIGNED
MID_CONVERSATION: Final = timedelta(hours=2)
"""Whoever signs in so long after the last word in this browser may be another: a family shares it. Two hours is the
idle time after which help desks take a chat for over."""


@dataclass(frozen=True, slots=True)
class Signed:
    """Who the organisation's system says this is. `subject` is its own id of them; the rest may be empty."""

    subject: str
    email: str = ""
    phone: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """A visitor's way in: `conversation` and `token` as the browser has them or as they are to be made, and ids the
    transaction may need. `region` is where a telephone without its country is from."""

    inbox: str
    conversation: str
    token: str
    new_id: str
    now: datetime
    region: str = ""


def sign_in(connection: Connection, vault: Vault, signed: Signed, visit: Visit) -> str:
    """The customer this user is, found or made, with what the identity says of them taken in."""
    serialise(connection)
    customer = customers.by_name(connection, vault, _user(signed), visit.new_id, visit.now)
    named = {PHONE: (signed.phone, evidence.SIGNED_PHONE), EMAIL: (signed.email, evidence.SIGNED_EMAIL)}
    for kind, (written, found) in named.items():
        if written and (value := naming.canonical(kind, written, visit.region)):
            _claim(connection, vault, customer, Name(kind, value, SIGNED), found, visit)
    if signed.name:  # so that it is told apart from other words wherever it is said
        book = vault.book(connection, customer, to_write=True)
        book.pseudonym_for("PERSON", signed.name)
        vault.keep(connection, customer, book)
    return customer


def _claim(connection: Connection, vault: Vault, customer: str, name: Name, found: str, visit: Visit) -> None:
    """Makes a telephone or address the customer's; one that somebody has speaks for the two being one."""
    if customers.add(connection, vault, customer, name, visit.now):
        return
    owner = customers.whose(connection, vault, name)
    if owner is None:  # erased in this moment: it is nobody's, and theirs the next time
        return
    whose, proof = owner
    if whose in members(connection, customer):
        if not proof:
            customers.prove(connection, vault, name)
        return
    id = _link_id(visit, name.kind)
    both = [evidence.SIGNED, found] if proof else [found]
    propose(connection, customer, whose, both, strong=bool(proof), id=id, now=visit.now)


def open_signed(connection: Connection, vault: Vault, signed: Signed, visit: Visit) -> None:
    """A new conversation of a signed user, held with `visit.token` and their identity from now on."""
    customer = sign_in(connection, vault, signed, visit)
    open_conversation(
        connection,
        vault,
        inbox=visit.inbox,
        channel="chat",
        customer=customer,
        address=visit.conversation,
        thread_key=visit.conversation,
        new_id=visit.conversation,
        now=visit.now,
        token=visit.token,
    )
    _prove(connection, visit.conversation)


def resume(connection: Connection, vault: Vault, signed: Signed, visit: Visit) -> RowMapping | None:
    """The row of the conversation a signed user goes on with; one begun before they signed in becomes theirs.

    None for one they may not go on with: it is another user's, people said that the two are not one, or what was said
    in it is so long ago that another may have said it. Raises WrongToken when the secret is not the conversation's.
    """
    serialise(connection)
    row = check_token(connection, vault, visit.conversation, visit.inbox, visit.token)
    customer = sign_in(connection, vault, signed, visit)
    group = members(connection, row["customer_id"])
    if customer in group:
        if row["proof"] != SIGNED:
            _prove(connection, visit.conversation)
        return row
    if row["proof"] == SIGNED or linking.users(connection, group):
        return None
    fresh = not row["visible_seq"] or visit.now - row["last_at"] <= MID_CONVERSATION
    found = [evidence.SIGNED] if fresh else [evidence.DEVICE]
    id = _link_id(visit, "visit")
    if propose(connection, customer, row["customer_id"], found, strong=fresh, id=id, now=visit.now) != "merged":
        return None
    _prove(connection, visit.conversation)
    return row


def admitted(
    connection: Connection, vault: Vault, inbox: str, conversation: str, token: str, signed: Signed | None
) -> RowMapping:
    """The row of a conversation that this visitor holds. Changes nothing: nobody signs in by it.

    Raises WrongToken when its secret is another, and for a signed user's whose identity does not come with it: the
    secret alone does not open that.
    """
    row = check_token(connection, vault, conversation, inbox, token)
    if row["proof"] != SIGNED:
        return row
    owner = customers.whose(connection, vault, _user(signed)) if signed else None
    if owner is None or owner[0] not in members(connection, row["customer_id"]):
        raise WrongToken("this conversation is resumed with the identity it is held by")
    return row


def _user(signed: Signed) -> Name:
    return Name(USER, naming.canonical(USER, signed.subject) or signed.subject, SIGNED)


def _prove(connection: Connection, conversation: str) -> None:
    connection.execute(update(conversations).where(conversations.c.id == conversation).values(proof=SIGNED))


def _link_id(visit: Visit, what: str) -> str:
    """One for each reason a visit may have, the same however often its transaction runs."""
    return f"l-{visit.new_id[-32:]}-{what}"[:40]
