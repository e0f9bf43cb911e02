"""What is known of a person before they are erased: the values that must be found nowhere afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import Connection, select

from memory.errors import UnknownConversation
from memory.held import HOLDINGS
from memory.pseudonyms import PseudonymBook
from memory.schema import identities
from memory.seal import SealError
from memory.vault import Vault

MOST: Final = 2000
"""Values that are looked for, the longest first: the longer, the more certainly it is theirs."""
_SHORTEST, _LONGEST = 5, 300
# Where a value stands in whole: identities, the vault, file names, addresses.
_WHOLE: Final = {"identities": "value", "vault": "value", "attachments": "name"}
# What is sealed as JSON: the values of memories and slots, not the sentences around them.
_PARTS: Final = {"memories": "body", "segments": "body"}
# An order, a parcel, an amount, a number as people write them in a message: with a digit, not a date or a time.
_NUMBERED = re.compile(r"[£$€]?\b(?=[\w.,/-]*\d)[A-Za-z0-9][\w.,/-]{3,30}\w")
_PLAIN = re.compile(r"\d{4}|\d{1,2}[:.]\d{2}|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d+(?:st|nd|rd|th)|[\d.,]{1,5}")


@dataclass(frozen=True, slots=True)
class Known:
    """`values` are never printed. `hashes` find the identities. `unreadable` counts what could not be opened, so that
    it could not be looked for either."""

    values: tuple[str, ...] = ()
    hashes: tuple[str, ...] = ()
    unreadable: int = 0


def learn(connection: Connection, vault: Vault, person: Sequence[str]) -> Known:
    """What is known of all customers who are the person. Never raises for what does not open."""
    values: set[str] = set()
    unreadable = 0
    for customer in person:
        found, failed = _of(connection, vault, customer)
        values |= found
        unreadable += failed
    query = select(identities.c.hash).where(identities.c.customer_id.in_(person))
    hashes = tuple(sorted(connection.execute(query).scalars()))
    longest = sorted(values, key=lambda value: (-len(value), value))
    return Known(tuple(longest[:MOST]), hashes, unreadable)


def _of(connection: Connection, vault: Vault, customer: str) -> tuple[set[str], int]:
    try:
        sealer, book = vault.sealer(connection, customer), vault.book(connection, customer)
    except (SealError, UnknownConversation):
        return set(), 1
    values, unreadable = {entry.value for entry in book.entries()}, 0
    for holding in HOLDINGS:
        column = _WHOLE.get(holding.name) or _PARTS.get(holding.name) or ("body" if holding.name == "events" else "")
        if not column:
            continue
        _, context = holding.sealed[column]
        query = select(holding.table).where(holding.of(customer))
        for row in connection.execute(query).mappings():
            if not row[column]:
                continue
            try:
                text = sealer.unseal(row[column], context(row).encode())
                values.update(_values(holding.name, text, book))
            except (SealError, orjson.JSONDecodeError):
                unreadable += 1
    return {value for value in map(str.strip, values) if telling(value)}, unreadable


def _values(table: str, text: str, book: PseudonymBook) -> Iterable[str]:
    if table in _WHOLE:
        return (text,)
    if table in _PARTS:
        return (book.restore(value) for value in _leaves(orjson.loads(text)))
    return numbered(text)


def numbered(text: str) -> list[str]:
    """Identifiers and amounts of a message, those that a date or a time is not."""
    return [found for found in _NUMBERED.findall(text[:20_000]) if not _PLAIN.fullmatch(found.lstrip("£$€"))]


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, each in value.items():
            if name == "value" and isinstance(each, str):
                yield each
            else:
                yield from _leaves(each)
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each)


def telling(value: str) -> bool:
    """Whether a value says something of one person: short ones stand everywhere by chance, pseudonyms are nobody's."""
    if value.startswith("<") and value.endswith(">"):
        return False
    if len(value) > _LONGEST or _PLAIN.fullmatch(value):
        return False
    return len(value) >= _SHORTEST or (len(value) >= _SHORTEST - 1 and any(c.isdigit() for c in value))
