"""Pseudonyms for what a turn reads: each event once, stored with it, before anything else sees its text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from sqlalchemy import Connection

from agent.guardrails.pii import PiiSpan, PiiUnavailable
from memory.log import redact_events
from memory.messages import Event
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


async def redact(taken: Taken, detector: Detector, store: Store, vault: Vault) -> Redacted | None:
    """The turn redacted, or None when the analyser failed: the turn must fail closed.

    New pseudonyms are stored at once, with the texts that use them, before anything else can see them. Texts that
    need none are stored by the turn's commit, which saves a transaction.
    """
    raw = [event for event in taken.events if event.redacted is None]
    if not raw:
        return Redacted(taken)
    try:
        found = await detector.find([event.text for event in raw])
    except PiiUnavailable:
        return None
    made = _pseudonymised(raw, found, taken.book)
    to_store = made
    if taken.book.new_entries():
        customer, conversation = taken.head["customer_id"], taken.head["id"]

        def keep(connection: Connection) -> dict[int, str]:
            book = vault.book(connection, customer, to_write=True)
            redacted = _pseudonymised(raw, found, book)
            redact_events(connection, conversation, redacted)
            vault.keep(connection, customer, book)
            return redacted

        made, to_store = await store.write(keep), {}
    return Redacted(replace(taken, events=[_with(event, made) for event in taken.events]), to_store)


def _pseudonymised(events: Sequence[Event], found: Sequence[list[PiiSpan]], book: PseudonymBook) -> dict[int, str]:
    return {event.seq: pseudonymise(event.text, spans, book) for event, spans in zip(events, found, strict=True)}


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
