"""What a person said in their other conversations, so that one on the next channel goes on where the last one ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, RowMapping, bindparam, select

from memory.identity.profile import Profile
from memory.identity.translating import translated
from memory.messages import Event, Line
from memory.pseudonyms import PseudonymBook
from memory.schema import conversations, events
from memory.segments import Segment, lines_of, newest_of
from memory.slots import Slot, slots_of
from memory.vault import Vault

LATELY: Final = timedelta(days=30)
"""How old the last word of a conversation may be that is gone on with; what is older is for long-term memory."""
MOST_CONVERSATIONS: Final = 3
MOST_LINES: Final = 12
"""Lines of them all: what a person reads to catch up, some 400 tokens."""
MOST_SLOTS: Final = 40
_PIECES: Final = 2
# Events looked at for so many lines: beside each there may be a handover, a delivery, a note.
_LOOK = 4 * MOST_LINES

_LATELY = (
    select(conversations)
    .where(
        conversations.c.customer_id.in_(bindparam("members", expanding=True)),
        conversations.c.id != bindparam("but"),
        conversations.c.last_at >= bindparam("since"),
        conversations.c.visible_seq > 0,
    )
    .order_by(conversations.c.last_at.desc(), conversations.c.id)
    .limit(MOST_CONVERSATIONS)
)
_SAID = (
    select(events)
    .where(events.c.conversation_id == bindparam("of"), events.c.visible, events.c.redacted.is_not(None))
    .order_by(events.c.seq.desc())
    .limit(_LOOK)
)


@dataclass(frozen=True, slots=True)
class Earlier:
    """Of a person's other conversations of late: their newest `lines` in the order they were said, the newest pieces of
    their summaries, and what is pinned of both, newest first. All in the pseudonyms of the customer who reads."""

    lines: tuple[Line, ...] = ()
    segments: tuple[Segment, ...] = ()
    slots: tuple[Slot, ...] = ()


NOTHING: Final = Earlier()


def earlier(
    connection: Connection,
    vault: Vault,
    who: Profile,
    conversation: str,
    now: datetime,
    *,
    channel: str = "",
    proof: str = "",
    limit: int = MOST_LINES,
    lately: timedelta = LATELY,
) -> Earlier:
    """What was said in the other conversations of `who`, of all customers who are this person and nobody else.

    Part of a transaction that may write: values the reader's book does not have yet are stored. What was not redacted
    yet is left out. Nothing for a call whose number nobody vouches for: what is said there is heard by whoever calls,
    while a text or a mail goes to the number or address itself.
    """
    if channel == "voice" and not proof:
        return NOTHING
    given = {"members": list(who.members or (who.customer,)), "but": conversation, "since": now - lately}
    rows = connection.execute(_LATELY, given).mappings().all()
    found = [_of(connection, vault, row, limit) for row in rows]
    others = {row["customer_id"] for row in rows} - {who.customer}
    if others:
        book = vault.book(connection, who.customer, to_write=True)
        books = {each: vault.book(connection, each) for each in others}
        found = [
            part if row["customer_id"] == who.customer else _read_as(part, books[row["customer_id"]], book)
            for row, part in zip(rows, found, strict=True)
        ]
        vault.keep(connection, who.customer, book)
    said = sorted(((line, at) for part in found for line, at in part.said), key=lambda each: each[1])[-limit:]
    return Earlier(
        lines=tuple(line for line, _ in said),
        segments=tuple(segment for part in found for segment in part.segments),
        slots=_each_once(slot for part in found for slot in part.slots),
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """One conversation's share: lines with the moment they were said."""

    said: tuple[tuple[Line, datetime], ...]
    segments: tuple[Segment, ...]
    slots: tuple[Slot, ...]


def _of(connection: Connection, vault: Vault, row: RowMapping, limit: int) -> _Part:
    read = [_event(each) for each in connection.execute(_SAID, {"of": row["id"]}).mappings()]
    lines = lines_of(reversed(read))[-limit:]
    at = {event.seq: event.at for event in read}
    segments = tuple(newest_of(connection, vault, row, _PIECES))
    pinned = [*slots_of(lines, row["id"]), *(slot for piece in segments for slot in piece.slots)]
    slots = tuple(sorted(pinned, key=lambda slot: -slot.seq))
    return _Part(tuple((line, at[line.seq]) for line in lines), segments, slots)


def _each_once(found: Iterable[Slot]) -> tuple[Slot, ...]:
    """Of what was said again and again, where it was said last."""
    newest: dict[tuple[str, str], Slot] = {}
    for slot in found:
        newest.setdefault((slot.kind, slot.value), slot)
    return tuple(newest.values())[:MOST_SLOTS]


def _event(row: RowMapping) -> Event:
    """Without its sealed text: what is read here has pseudonyms."""
    same = {name: row[name] for name in ("seq", "prev", "kind", "at", "redacted", "meta")}
    return Event(conversation=row["conversation_id"], turn=row["turn_id"], **same)


def _read_as(part: _Part, from_book: PseudonymBook, to_book: PseudonymBook) -> _Part:
    """The part of another of the person's customers in the reader's pseudonyms."""

    def words(texts: Sequence[str]) -> list[str]:
        return translated(texts, from_book, to_book)

    def slots(found: Sequence[Slot]) -> tuple[Slot, ...]:
        values, around = words([slot.value for slot in found]), words([slot.words for slot in found])
        return tuple(
            replace(slot, value=value, words=near) for slot, value, near in zip(found, values, around, strict=True)
        )

    texts = words([line.text for line, _ in part.said])
    pieces = words([segment.text for segment in part.segments])
    return _Part(
        said=tuple((replace(line, text=text), at) for (line, at), text in zip(part.said, texts, strict=True)),
        segments=tuple(
            replace(piece, text=text, slots=slots(piece.slots))
            for piece, text in zip(part.segments, pieces, strict=True)
        ),
        slots=slots(part.slots),
    )
