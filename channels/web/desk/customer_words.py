"""The words of a customer's page: pure functions from what is held to what a person reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from channels.web.desk.words import channel
from memory.customer_views import CustomerView
from memory.erasure.certificate import Certificate, StoreLooked
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
    "memories": "What is remembered",
    "segments": "Summaries",
    "links": "Links with other customers",
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
    others = [each for each in done.customers if each != done.customer]
    lines = [f"Customer {done.customer} was erased at {done.at:%Y-%m-%d %H:%M:%S} UTC by {done.by}."]
    if others:
        lines.append(f"The same person was known as {', '.join(others)} too: they were erased with them.")
    if done.why_again:
        lines.append(f"They were {done.why_again}.")
    lines.append(
        f"{_rows(removed)} removed; the key that opened what was sealed is destroyed."
        if done.key_destroyed
        else f"{_rows(removed)} removed. The key that opened what was sealed is still there: erase again."
    )
    if emptied:
        lines.append(f"{emptied:,} requests or corrections keep that they were made; what they said is emptied.")
    lines.append(_vectors(done))
    lines += [_looked_for(done), *map(looked, done.stores), verdict(done)]
    lines += [f"{each[:1].upper()}{each[1:]}." for each in done.stays]
    return [*lines, f"Written into the audit as entry {done.audit_seq}, certificate {done.digest[:16]}."]


def verdict(done: Certificate) -> str:
    """In one sentence whether nothing was found."""
    if done.clean and done.values_known:
        return "Nothing that was known of them was found in any store."
    if done.clean:
        return (
            "Nothing was found; what was known of them could not be learnt in whole before, so not all was looked for."
        )
    return "Not all is well: look at the stores above that say so, and erase again when they are."


def looked(store: StoreLooked) -> str:
    """What looking through one store gave."""
    if store.fault:
        return f"{_upper(store.store)}: {store.fault.rstrip('.')}."
    where = f" ({store.where})" if store.where else ""
    said = f"{_upper(store.store)}{where}: {store.parts:,} {store.unit}, {size(store.bytes)} looked through, "
    said += f"{_count(store.hits, 'value')} found" if store.hits else "nothing found"
    if store.hits and store.tables:
        said += f", in {', '.join(store.tables)}"
    if store.elsewhere:
        what = "the organisation's own articles" if store.store == "knowledge" else "what is other people's"
        said += f"; {store.elsewhere:,} also {'stands' if store.elsewhere == 1 else 'stand'} in {what}"
    return f"{said}. {_upper(store.note)}.".replace(". .", ".") if store.note else f"{said}."


def _looked_for(done: Certificate) -> str:
    if not done.values:
        return (
            "Nothing was known of them any more that could be looked for; the stores were looked through all the same:"
        )
    missing = f" ({done.unreadable:,} that did not open could not be)" if done.unreadable else ""
    return f"{done.values:,} values that were known of them were looked for{missing}:"


def _vectors(done: Certificate) -> str:
    gone = (
        f"{_count(done.vectors_removed, 'vector')} and {_count(done.checkpoints_removed, 'draft')} that waited removed"
    )
    left = done.vectors_left
    return f"{gone}; {'none is' if not left else f'{left:,} are'} left in the index."


def _rows(count: int) -> str:
    return _count(count, "row")


def _count(count: int, what: str) -> str:
    return f"{count:,} {what if count == 1 else f'{what}s'}"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
