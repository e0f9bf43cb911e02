"""The words of a customer's page: pure functions from what is held to what a person reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from channels.web.desk.words import channel
from memory.customer_views import CustomerView
from memory.erasing import Certificate
from memory.tasks import Task
from memory.views import ConversationView

ERASE: Final = "ERASE"
NO_CONSENT: Final = "The customer has said nothing about messages that are not answers. Marketing is not sent to them."
HOLDS: Final = "While it stands nobody can erase this customer, whoever asks."
PURPOSES: Final[Mapping[str, str]] = {
    "marketing": "Marketing",
    "notification": "Notifications",
    "all": "Everything, answers too",
}
CONSENT_FORMS: Final[tuple[tuple[str, str, str], ...]] = (
    ("in", "Record a consent", "The customer may be sent these messages from now on. You must be able to show it."),
    ("out", "Record a withdrawal", "The customer is sent no such messages from this moment on."),
)
_KINDS: Final[Mapping[str, str]] = {"phone": "Telephone", "email": "Email address", "web": "Browser"}
_HELD: Final[Mapping[str, str]] = {
    "customers": "Customer",
    "identities": "Identities",
    "vault": "Private values",
    "conversations": "Conversations",
    "events": "Messages and events",
    "turns": "Turns of the assistant",
    "outbox": "Messages sent or waiting",
    "attachments": "Files",
    "consents": "Consent entries",
    "subscriptions": "Browsers to notify",
    "campaign_members": "Campaigns",
    "hooks": "Events for other systems",
    "dead_letters": "Dead letters",
    "tasks": "Requests",
    "claims": "Provider message ids",
    "corrections": "Corrections of answers",
}
_ENTITIES: Final[Mapping[str, tuple[str, str]]] = {
    "PERSON": ("name", "names"),
    "LOCATION": ("place", "places"),
    "PHONE_NUMBER": ("telephone number", "telephone numbers"),
    "EMAIL_ADDRESS": ("email address", "email addresses"),
}


def title(view: CustomerView) -> str:
    """What to call the customer, masked."""
    return ", ".join(each.masked for each in view.identities if each.kind != "web") or f"Visitor {view.id[-4:]}"


def kind(name: str) -> str:
    """A kind of identity as people call it."""
    return _KINDS.get(name, channel(name)[:1].upper() + channel(name)[1:])


def facts(view: CustomerView, at: Callable[[datetime | None], str]) -> dict[str, str]:
    """What is known besides, where something is."""
    given = {
        "Customer since": at(view.created_at),
        "Time zone": view.timezone,
        "Region": view.region,
        "Tier": view.tier,
        "Id": view.id,
    }
    return {name: value for name, value in given.items() if value}


def first(view: ConversationView) -> str:
    return view.first_words.strip() or "No message yet"


def state(view: ConversationView) -> str:
    """Who has a conversation."""
    if view.status == "closed":
        return "Closed"
    return {"queue": "Waits for a person", "bot": "With the assistant"}.get(view.owner, f"With {view.person}")


def purpose(name: str) -> str:
    return PURPOSES.get(name, name)


def standing(state: str) -> str:
    """What holds now, for a purpose on a channel."""
    return {"in": "May be sent", "out": "Opted out"}.get(state, "Never said")


def said(state: str) -> str:
    return {"in": "Yes", "out": "No"}.get(state, state)


def evidence(found: Mapping[str, Any]) -> str:
    """What shows that it was said."""
    return "; ".join(f"{name}: {value}" for name, value in found.items() if value not in (None, ""))


def remembered(counts: Mapping[str, int]) -> str:
    """What the vault holds, in one sentence: "The vault holds 2 names and 1 place under pseudonyms." """
    if not counts:
        return "The vault holds nothing personal of this customer yet."
    parts = [f"{count} {_entity(name, count)}" for name, count in sorted(counts.items())]
    listed = " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
    return f"The vault holds {listed} under pseudonyms. Models see the pseudonyms alone."


def _entity(name: str, count: int) -> str:
    one, many = _ENTITIES.get(name, (name.replace("_", " ").lower(), name.replace("_", " ").lower()))
    return one if count == 1 else many


def held(rows: Mapping[str, int]) -> dict[str, str]:
    """How many rows each table has, in words; those with none are left out."""
    return {_HELD.get(name, name): f"{count:,}" for name, count in rows.items() if count}


def size(count: int) -> str:
    """Bytes as people read them."""
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1000:,.1f} kB" if count < 1_000_000 else f"{count / 1_000_000:,.1f} MB"


def task(found: Task) -> str:
    """What the customer asked for."""
    kinds = {"access": "Their data", "erasure": "Erasure", "rectification": "A correction", "objection": "An objection"}
    return kinds.get(found.kind, found.kind)


def erases(view: CustomerView) -> str:
    """What an erasure will do, said before it is done."""
    talks, messages = len(view.conversations), view.rows.get("events", 0)
    return (
        f"This removes {talks} {'conversation' if talks == 1 else 'conversations'} with {messages:,} messages and "
        "events, the identities, the private values with their key, files, and what waits to be sent. It cannot be "
        "taken back. Opt-outs stay, under a keyed hash, so that nobody writes to them again."
    )


def certificate(done: Certificate) -> list[str]:
    """The proof of an erasure, line by line."""
    removed, emptied = sum(done.removed.values()), sum(done.emptied.values())
    lines = [
        f"Customer {done.customer} was erased at {done.at:%Y-%m-%d %H:%M:%S} UTC by {done.by}.",
        f"{removed:,} {'row' if removed == 1 else 'rows'} removed; the key that opened what was sealed is destroyed.",
    ]
    if emptied:
        lines.append(f"{emptied:,} requests or corrections keep that they were made; what they said is emptied.")
    if done.suppressed:
        lines.append(f"{done.suppressed:,} opt-outs are kept on the suppression list, under a keyed hash.")
    lines.append("Backups made before hold the customer until they expire: erase again after restoring one.")
    return [*lines, f"Written into the audit as entry {done.audit_seq}."]
