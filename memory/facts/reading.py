"""The words behind what a search found: messages from the log, memories from their rows, for one reader."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import Connection, bindparam, select

from memory.facts import keeping
from memory.facts.index import Found
from memory.facts.memory import Memory
from memory.identity.translating import translated
from memory.messages import Role
from memory.schema import conversations, events
from memory.vault import Vault

_ROLES: Final[Mapping[str, Role]] = {"received": "customer", "replied": "bot", "said": "agent"}
_SAID = (
    select(
        events.c.conversation_id,
        events.c.seq,
        events.c.kind,
        events.c.at,
        events.c.redacted,
        conversations.c.customer_id,
    )
    .join(conversations, conversations.c.id == events.c.conversation_id)
    .where(
        conversations.c.customer_id.in_(bindparam("members", expanding=True)),
        events.c.conversation_id.in_(bindparam("of", expanding=True)),
        events.c.seq.in_(bindparam("seqs", expanding=True)),
        events.c.kind.in_(list(_ROLES)),
        events.c.redacted.is_not(None),
    )
)


def opened(connection: Connection, vault: Vault, members: Sequence[str], found: Sequence[Found]) -> dict[str, Memory]:
    """Each found point as a memory with its words, by the point's id; nothing of what is gone, was forgotten, or is not
    of `members`, whatever the index says. Texts carry the pseudonyms of the memory's own customer."""
    ids = [each.memory for each in found if each.memory]
    known = {each.id: each for each in keeping.read(connection, vault, ids) if each.customer in members}
    said = _said(connection, members, [each for each in found if not each.memory])
    opened: dict[str, Memory] = {}
    for each in found:
        memory = known.get(each.memory) if each.memory else said.get((each.conversation, each.seq))
        if memory is not None:
            opened[each.id] = memory
    return opened


def _said(connection: Connection, members: Sequence[str], found: Sequence[Found]) -> dict[tuple[str, int], Memory]:
    wanted = {(each.conversation, each.seq): each.id for each in found}
    if not wanted:
        return {}
    given = {
        "members": list(members),
        "of": sorted({conversation for conversation, _ in wanted}),
        "seqs": sorted({seq for _, seq in wanted}),
    }
    rows = connection.execute(_SAID, given).mappings().all()
    return {
        place: Memory(
            id=wanted[place],
            customer=row["customer_id"],
            kind="said",
            text=row["redacted"],
            said_at=row["at"],
            role=_ROLES[row["kind"]],
            conversation=row["conversation_id"],
            seq=row["seq"],
            valid_from=row["at"],
        )
        for row in rows
        if (place := (row["conversation_id"], row["seq"])) in wanted and row["redacted"].strip()
    }


def for_reader(
    connection: Connection, vault: Vault, reader: str, memories: Sequence[Memory], *, to_write: bool
) -> list[Memory] | None:
    """The memories in the pseudonyms of `reader`, where some are of another customer who is the same person.

    Values that the reader's book does not have are added to it with `to_write`; without, None says that some would be.
    """
    others = sorted({each.customer for each in memories} - {reader})
    if not others:
        return list(memories)
    book = vault.book(connection, reader, to_write=to_write)
    read = {each.id: each for each in memories}
    for other in others:
        theirs = [each for each in memories if each.customer == other]
        words = iter(translated(_texts(theirs), vault.book(connection, other), book))
        read |= {each.id: replace(each, text=next(words), value=next(words)) for each in theirs}
    if book.new_entries():
        if not to_write:
            return None
        vault.keep(connection, reader, book)
    return [read[each.id] for each in memories]


def _texts(memories: Sequence[Memory]) -> Iterable[str]:
    for each in memories:
        yield from (each.text, each.value)
