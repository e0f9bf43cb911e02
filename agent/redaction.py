"""Pseudonyms for what a turn reads: each event once, stored with it, before anything else sees its text.

An event is looked at beside its neighbours (`guardrails.neighbours`): an account number given in answer to a request
names itself by that, and a value sent in two messages is hidden in both, where both are new.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol

from sqlalchemy import Connection

from agent.guardrails.neighbours import Said, merged, views
from agent.guardrails.pii import PiiSpan, PiiUnavailable
from memory.identity.suggesting import typed
from memory.log import redact_events, redacted_already
from memory.messages import VISIBLE, Event
from memory.pseudonyms import PseudonymBook, pseudonymise
from memory.store import Store
from memory.turns import Taken
from memory.vault import Vault


class Detector(Protocol):
    """Finds personal data. Raises PiiUnavailable when it cannot look."""

    async def find(self, texts: Sequence[str]) -> list[list[PiiSpan]]: ...


class NoDetector:
    """Finds nothing: for an organisation that switched redaction off, and to measure without it."""

    async def find(self, texts: Sequence[str]) -> list[list[PiiSpan]]:
        return [[] for _ in texts]


@dataclass(frozen=True, slots=True)
class Redacted:
    """A turn whose events all carry their redacted text, and those texts that its commit has yet to store, by seq."""

    taken: Taken
    to_store: Mapping[int, str] = field(default_factory=dict)


async def redact(taken: Taken, detector: Detector, store: Store, vault: Vault, region: str = "") -> Redacted | None:
    """The turn redacted, or None when the analyser failed: the turn must fail closed.

    New pseudonyms are stored at once, with the texts that use them, before anything else can see them. Texts that
    need none are stored by the turn's commit, which saves a transaction. A telephone or address that is another
    customer's is suggested to people as the same person's; `region` is where one without its country is from.
    """
    raw = [event for event in taken.events if event.redacted is None]
    if not raw:
        return Redacted(taken)
    try:
        found = await _found(taken.events, detector)
    except PiiUnavailable:
        return None
    made = _pseudonymised(raw, found, taken.book)
    to_store = made
    if taken.book.new_entries():
        customer, conversation = taken.head["customer_id"], taken.head["id"]
        made, to_store = await store.write(_keeping(vault, customer, conversation, raw, found, region)), {}
    return Redacted(replace(taken, events=[_with(event, made) for event in taken.events]), to_store)


async def redact_events_of(
    conversation: str, customer: str, events: Sequence[Event], detector: Detector, store: Store, vault: Vault
) -> list[Event]:
    """Events of one conversation, in order, that all carry their redacted text: what had none has it stored at once.
    For what reads the log outside of a turn. Raises PiiUnavailable, StoreUnavailable, UnknownConversation."""
    raw = [event for event in events if event.redacted is None]
    if not raw:
        return list(events)
    found = await _found(events, detector)
    made = await store.write(_keeping(vault, customer, conversation, raw, found))
    return [_with(event, made) for event in events]


def _keeping(
    vault: Vault,
    customer: str,
    conversation: str,
    raw: Sequence[Event],
    found: Mapping[int, Sequence[PiiSpan]],
    region: str = "",
) -> Callable[[Connection], dict[int, str]]:
    """A transaction that stores the redacted texts of events and the pseudonyms they are the first to use; it gives
    the texts as they stand, which another may have stored first."""
    now = datetime.now(UTC)

    def keep(connection: Connection) -> dict[int, str]:
        book = vault.book(connection, customer, to_write=True)
        redacted = {**_pseudonymised(raw, found, book), **redacted_already(connection, conversation, list(found))}
        redact_events(connection, conversation, redacted)
        vault.keep(connection, customer, book)
        typed(connection, vault, customer, book.new_entries(), now, region)
        return redacted

    return keep


async def _found(events: Sequence[Event], detector: Detector) -> dict[int, list[PiiSpan]]:
    """The spans of each event that has no redacted text yet, by seq. Raises PiiUnavailable."""
    # What nobody says (a note, a delivery) stands between no two lines; a raw one is looked at all the same.
    spoken = [event for event in events if event.kind in VISIBLE or event.redacted is None]
    lines = [Said("customer" if event.kind == "received" else "us", event.text) for event in spoken]
    looked = views(lines, [at for at, event in enumerate(spoken) if event.redacted is None])
    spans = await detector.find([view.text for view in looked])
    found = merged(lines, list(zip(looked, spans, strict=True)))
    return {spoken[at].seq: found[at] for at in found}


def _pseudonymised(
    events: Sequence[Event], found: Mapping[int, Sequence[PiiSpan]], book: PseudonymBook
) -> dict[int, str]:
    return {event.seq: pseudonymise(event.text, found[event.seq], book) for event in events}


def _with(event: Event, made: dict[int, str]) -> Event:
    return replace(event, redacted=made[event.seq]) if event.seq in made else event


async def redact_text(text: str, customer: str, detector: Detector, store: Store, vault: Vault) -> str:
    """A text of a person at the desk with the customer's pseudonyms. Raises PiiUnavailable."""
    (spans,) = await detector.find([text])

    def keep(connection: Connection) -> str:
        book = vault.book(connection, customer, to_write=True)
        made = pseudonymise(text, spans, book)
        vault.keep(connection, customer, book)
        return made

    return await store.write(keep)
