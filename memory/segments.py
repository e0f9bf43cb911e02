"""Pieces of a conversation's summary, one after the other without a gap, and where they are kept.

A piece covers every event after the one before it, so that what was said is in the window or in exactly one of them.
Pieces are only added at the end, under the conversation's lock and from where the last one ended; one that does not go
on from there is not stored, and what it covered stays in the window. A piece may be written anew: it then keeps its
number and what it covers, and gets the next version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection, RowMapping, bindparam, func, insert, select, text, update

from memory import schema
from memory.log import Head, read_head
from memory.messages import Event, Line, Role
from memory.schema import events
from memory.slots import Slot, slots_of
from memory.summary import fold
from memory.vault import Vault
from memory.window import count_tokens

EXTRACTIVE: Final = "extractive"
PIECE_TOKENS: Final = 600
"""Of what was said, in one piece: small enough that its text, at two thirds of that, seldom has to be cut."""
READ: Final = 64
"""Pieces that are looked through when a conversation is opened: about 1,500 messages of ordinary length."""

_ROLES: dict[str, Role] = {"received": "customer", "replied": "bot", "said": "agent"}


@dataclass(frozen=True, slots=True)
class Segment:
    """What was said in events `from_seq` to `to_seq`, in short, and what of it is kept to the letter. `version` grows
    each time the piece is written anew; `made_by` is "extractive" or the model that wrote it. `bears` are the lines of
    its text that bear on the message it was read for; "" where none does."""

    number: int
    from_seq: int
    to_seq: int
    version: int
    made_by: str
    text: str
    slots: tuple[Slot, ...] = ()
    bears: str = ""


# --- making them: pure ---


def lines_of(found: Iterable[Event]) -> tuple[Line, ...]:
    """What was said by customer, bot or person, of events that were redacted; handoffs and notes are not said."""
    return tuple(
        Line(_ROLES[e.kind], e.redacted, e.seq)
        for e in found
        if e.kind in _ROLES and e.redacted and not e.meta.get("automatic")
    )


def fold_segment(
    lines: Sequence[Line],
    number: int,
    from_seq: int,
    *,
    budget_tokens: int,
    to_seq: int = 0,
    conversation: str = "",
    count: Callable[[str], int] = count_tokens,
) -> Segment:
    """One piece over `lines`, made without a model. It covers from `from_seq` to the last line, or to `to_seq`."""
    end = max(to_seq, lines[-1].seq if lines else from_seq)
    text = fold("", lines, budget_tokens, count)
    return Segment(number, from_seq, end, 1, EXTRACTIVE, text, slots_of(lines, conversation))


def fold_segments(
    lines: Sequence[Line],
    number: int,
    from_seq: int,
    *,
    budget_tokens: int,
    to_seq: int = 0,
    conversation: str = "",
    count: Callable[[str], int] = count_tokens,
) -> tuple[Segment, ...]:
    """The pieces over `lines`, numbered from `number`, each over at most PIECE_TOKENS (or one longer line). No lines
    give no pieces, unless `to_seq` says that there is something to pass over."""
    made: list[Segment] = []
    for piece in _cut(lines, count):
        made.append(
            fold_segment(piece, number, from_seq, budget_tokens=budget_tokens, conversation=conversation, count=count)
        )
        number, from_seq = number + 1, made[-1].to_seq + 1
    if to_seq >= from_seq:
        rest = made.pop() if made else Segment(number, from_seq, to_seq, 1, EXTRACTIVE, "")
        made.append(Segment(rest.number, rest.from_seq, to_seq, 1, EXTRACTIVE, rest.text, rest.slots))
    return tuple(made)


def next_number(found: Sequence[Segment]) -> int:
    """The number of the piece that comes after these."""
    return max((segment.number for segment in found), default=0) + 1


def _cut(lines: Sequence[Line], count: Callable[[str], int]) -> list[list[Line]]:
    pieces: list[list[Line]] = []
    room = 0
    for line in lines:
        cost = count(line.text)
        if not pieces or cost > room:
            pieces.append([])
            room = PIECE_TOKENS
        pieces[-1].append(line)
        room -= cost
    return pieces


# --- keeping them ---

_TABLE = schema.segments
_OF = _TABLE.c.conversation_id == bindparam("of")
_NEWEST = select(_TABLE).where(_OF).order_by(_TABLE.c.number.desc()).limit(bindparam("most"))
_COVERING = select(_TABLE).where(_OF, _TABLE.c.from_seq <= bindparam("at_seq"), _TABLE.c.to_seq >= bindparam("at_seq"))
_LAST = select(func.max(_TABLE.c.number)).where(_OF)
_INSERT = insert(_TABLE)
_ANEW = update(_TABLE).where(_OF, _TABLE.c.number == bindparam("no"), _TABLE.c.version == bindparam("before"))
_MARK = select(events.c.redacted, events.c.meta).where(
    events.c.conversation_id == bindparam("of"), events.c.seq == bindparam("at_seq")
)


def newest(connection: Connection, vault: Vault, conversation: str, limit: int = READ) -> list[Segment]:
    """The last pieces of a conversation, newest first. Raises UnknownConversation."""
    row = read_head(connection, conversation)
    return newest_of(connection, vault, row, limit)


def newest_of(connection: Connection, vault: Vault, row: Mapping[str, Any] | RowMapping, limit: int) -> list[Segment]:
    """The same, of a conversation whose row was read. One whose summary is older than its pieces has that as one."""
    if not row["summary_to"]:
        return []
    rows = connection.execute(_NEWEST, {"of": row["id"], "most": limit}).mappings().all()
    if not rows:
        old = _before_pieces(connection, row)
        return [old] if old and limit else []
    sealer = vault.sealer(connection, row["customer_id"])
    return [_opened(each, sealer.unseal(each["body"], _context(row["id"], each).encode())) for each in rows]


def number_after(connection: Connection, row: Mapping[str, Any] | RowMapping) -> int:
    """The number of the piece that is to be added to a conversation next."""
    return (_last(connection, row["id"]) or (1 if _before_pieces(connection, row) else 0)) + 1


def covering(connection: Connection, vault: Vault, conversation: str, seq: int) -> Segment | None:
    """The piece that covers an event; None where it is in the window still. Raises UnknownConversation."""
    head = read_head(connection, conversation)
    row = connection.execute(_COVERING, {"of": conversation, "at_seq": seq}).mappings().first()
    if row is None:
        old = _before_pieces(connection, head) if not _last(connection, conversation) else None
        return old if old and seq <= old.to_seq else None
    sealer = vault.sealer(connection, head["customer_id"])
    return _opened(row, sealer.unseal(row["body"], _context(conversation, row).encode()))


def keep(head: Head, made: Sequence[Segment], turn: str | None, now: datetime) -> int:
    """Adds pieces to a conversation and marks each in its log; returns how many. One that does not begin right after
    what is covered already is not added, nor any after it: somebody else was first, and it stays in the window."""
    if not made:
        return 0
    last, kept = _last(head.connection, head.id), 0
    if not last and (old := _before_pieces(head.connection, head.row)):
        _store(head, old, None, now)
        last = 1
    for segment in made:
        follows = segment.from_seq == head.row["summary_to"] + 1 and segment.number == last + 1
        if not follows or not segment.from_seq <= segment.to_seq <= head.row["seq"]:
            break
        _store(head, segment, turn, now)
        seq = head.append("summarised", now, turn=turn, meta=_mark(segment))
        head.set(summary_seq=seq, summary_to=segment.to_seq)
        last, kept = last + 1, kept + 1
    return kept


@dataclass(frozen=True, slots=True)
class Unwritten:
    """A piece made without a model."""

    conversation: str
    number: int
    from_seq: int


def unwritten(connection: Connection, since: datetime, limit: int) -> list[Unwritten]:
    """Pieces made without a model since then, newest first."""
    wanted = select(_TABLE.c.conversation_id, _TABLE.c.number, _TABLE.c.from_seq).where(
        text(f"made_by = '{EXTRACTIVE}'"), _TABLE.c.at >= since
    )
    return [Unwritten(*row) for row in connection.execute(wanted.order_by(_TABLE.c.at.desc()).limit(limit))]


def write_anew(
    connection: Connection, vault: Vault, conversation: str, before: int, segment: Segment, now: datetime
) -> bool:
    """Puts another text in the place of version `before` of a piece, as the next version; False when it was written
    anew meanwhile. Only its text and who made it change. Raises UnknownConversation."""
    head = Head.lock(connection, vault, conversation)
    sealed = _sealed(head, segment)
    given = {"of": conversation, "no": segment.number, "before": before}
    done = connection.execute(
        _ANEW.values(version=segment.version, made_by=segment.made_by, body=sealed, at=now), given
    ).rowcount
    if not done:
        return False
    last_at = head.row["last_at"]
    head.append("summarised", now, meta=_mark(segment))
    head.set(last_at=last_at)  # nobody said anything: it must not look as if somebody had
    head.save()
    return True


def _store(head: Head, segment: Segment, turn: str | None, now: datetime) -> None:
    row = {"conversation_id": head.id, "number": segment.number, "from_seq": segment.from_seq}
    row |= {"to_seq": segment.to_seq, "version": segment.version, "made_by": segment.made_by}
    head.connection.execute(_INSERT, {**row, "body": _sealed(head, segment), "turn_id": turn, "at": now})


def _sealed(head: Head, segment: Segment) -> bytes:
    pinned = [[slot.kind, slot.value, slot.seq, slot.role, slot.words] for slot in segment.slots]
    body = orjson.dumps({"text": segment.text, "slots": pinned}).decode()
    return head.seal(body, f"segment:{segment.number}:{segment.version}")


def _opened(row: RowMapping, body: str) -> Segment:
    held = orjson.loads(body)
    conversation = row["conversation_id"]
    pinned = tuple(Slot(kind, value, seq, role, conversation, words) for kind, value, seq, role, words in held["slots"])
    values = (row["number"], row["from_seq"], row["to_seq"], row["version"], row["made_by"])
    return Segment(*values, held["text"], pinned)


def _context(conversation: str, row: RowMapping) -> str:
    return f"{conversation}:segment:{row['number']}:{row['version']}"


def _mark(segment: Segment) -> dict[str, Any]:
    kept = {"number": segment.number, "version": segment.version, "made_by": segment.made_by}
    return {**kept, "from": segment.from_seq, "to": segment.to_seq}


def _last(connection: Connection, conversation: str) -> int:
    return connection.execute(_LAST, {"of": conversation}).scalar() or 0


def _before_pieces(connection: Connection, row: Mapping[str, Any] | RowMapping) -> Segment | None:
    """The summary of a conversation that was summarised as one running text, as its first piece."""
    if not row["summary_seq"]:
        return None
    mark = connection.execute(_MARK, {"of": row["id"], "at_seq": row["summary_seq"]}).first()
    if mark is None or not mark.redacted:
        return None
    return Segment(1, 1, row["summary_to"], 1, EXTRACTIVE, mark.redacted)
