"""Old words of a conversation that goes on: what was said goes, that it was said stays, and the log says so.

A telephone or messenger thread may be one conversation for years, so its age never ends. Events keep their numbers, so
that sockets and readers find no gap; the summary's pieces keep what they cover and lose what they say of it.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, RowMapping, select, update

from memory import schema, segments
from memory.log import Head, read_events
from memory.retention.acts import ROWS, Run, blank_files, pend, take_memories
from memory.retention.kinds import KINDS, LIVE_TURN
from memory.retention.rules import Rule
from memory.schema import attachments, events, turns
from memory.segments import Segment

MADE_BY: Final = "retention"
_PIECE_TOKENS: Final = segments.PIECE_TOKENS * 2 // 3
"""A piece's own budget when it is written anew from what is left of it."""


def forget_words(
    connection: Connection, run: Run, row: RowMapping, rule: Rule, rows: Counter[str], now: datetime
) -> bool:
    """Empties what was said and answered before the rule's days; whether there is more of it."""
    head = Head.lock(connection, run.vault, row["id"])
    quiet_since = head.row["last_at"]
    said = events.c.body.is_not(None) | (events.c.redacted != "")
    old = (
        events.c.conversation_id == head.id,
        events.c.at < rule.cutoff(now),
        events.c.seq <= head.row["answered_seq"],
        said,
    )
    seqs = list(connection.execute(select(events.c.seq).where(*old).order_by(events.c.seq).limit(ROWS)).scalars())
    if not seqs:
        return False
    to = seqs[-1]
    mine = events.c.conversation_id == head.id, events.c.seq.in_(seqs)
    connection.execute(update(events).where(*mine).values(body=None, redacted=""))
    rows["events"] += len(seqs)
    over = turns.c.conversation_id == head.id, turns.c.to_seq <= to, turns.c.status.not_in(LIVE_TURN)
    record = KINDS["record"]
    rows["turns"] += connection.execute(update(turns).where(*over, record.said).values(**record.blank)).rowcount
    files = attachments.c.conversation_id == head.id, attachments.c.seq <= to, attachments.c.body.is_not(None)
    found = list(connection.execute(select(attachments).where(*files)).mappings())
    blank_files(connection, run.vault, found)
    rows["attachments"] += len(found)
    rows["segments"] += _rewrite(connection, run, head.id, to, now)
    take_memories(connection, run, [row], to, rows, now)
    pend(connection, [("conversation", head.id, head.row["customer_id"], to)], now)
    head = Head.lock(connection, run.vault, head.id)  # as the pieces' marks left it
    head.append("noted", now, meta={"by": MADE_BY, "to": to, "removed": len(seqs), "rule": str(rule)})
    head.set(last_at=quiet_since)  # nobody said anything: it must not look as if somebody had
    head.save()
    rows["conversations"] += 1
    return len(seqs) == ROWS


def _rewrite(connection: Connection, run: Run, conversation: str, to: int, now: datetime) -> int:
    """Pieces that cover what went: emptied, or made again of what is left of them; how many."""
    s = schema.segments.c
    query = select(s.number, s.from_seq, s.to_seq, s.version, s.made_by).where(
        s.conversation_id == conversation, s.from_seq <= to
    )
    done = 0
    for row in connection.execute(query.order_by(s.number)).all():
        if row.made_by == MADE_BY and row.to_seq <= to:
            continue
        piece = Segment(row.number, row.from_seq, row.to_seq, row.version + 1, MADE_BY, "")
        if row.to_seq > to:
            count = row.to_seq - row.from_seq + 1
            left = read_events(connection, run.vault, conversation, after=row.from_seq - 1, limit=count)
            again = segments.fold_segment(
                segments.lines_of(left), row.number, row.from_seq,
                budget_tokens=_PIECE_TOKENS, to_seq=row.to_seq, conversation=conversation,
            )  # fmt: skip
            piece = Segment(row.number, row.from_seq, row.to_seq, row.version + 1, MADE_BY, again.text, again.slots)
        done += segments.write_anew(connection, run.vault, conversation, row.version, piece, now)
    return done
