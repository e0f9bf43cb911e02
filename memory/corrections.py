"""What people at the desk said of answers: wrong, better so, approved as it stands, or not from this source.

A correction holds from the moment its transaction commits until somebody withdraws it; rows are never changed but for
their end. Texts are those the models may see: pseudonyms, no customer's real values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from memory.errors import UnknownCorrection
from memory.schema import conversations, corrections, turns

Kind = Literal["wrong", "passage", "pin", "block"]


@dataclass(frozen=True, slots=True)
class Correction:
    """One of them. By kind:

    wrong    `text` is the route it should have taken: answer, handoff or other
    passage  `text` is what the passage should say, `question` what it said when it was corrected
    pin      `text` is the approved answer to `question`
    block    the passage, or the whole document where `passage` is "", is not a source any more
    """

    id: str
    kind: Kind
    collection: str
    turn: str
    passage: str
    document: str
    question: str
    text: str
    why: str
    by: str
    at: datetime
    ended_by: str = ""
    ended_at: datetime | None = None


def add(connection: Connection, correction: Correction) -> None:
    """Writes it down. A correction of the same passage, or of the same question, takes the place of the one before."""
    c = corrections.c
    same = (c.kind == correction.kind, c.collection == correction.collection, c.ended_at.is_(None))
    what = {"passage": c.passage_id == correction.passage, "pin": c.question == correction.question}
    if correction.kind in what:
        ended = {"ended_by": correction.by, "ended_at": correction.at}
        connection.execute(update(corrections).where(*same, what[correction.kind]).values(**ended))
    connection.execute(
        insert(corrections).values(
            id=correction.id,
            kind=correction.kind,
            collection=correction.collection,
            turn_id=correction.turn or None,
            passage_id=correction.passage or None,
            document_id=correction.document or None,
            question=correction.question,
            text=correction.text,
            why=correction.why,
            by=correction.by,
            at=correction.at,
        )
    )


def end(connection: Connection, id: str, by: str, now: datetime) -> Correction:
    """Withdraws it; once withdrawn it stays so. Raises UnknownCorrection."""
    c = corrections.c
    connection.execute(update(corrections).where(c.id == id, c.ended_at.is_(None)).values(ended_by=by, ended_at=now))
    row = connection.execute(select(corrections).where(c.id == id)).mappings().first()
    if row is None:
        raise UnknownCorrection(f"no correction {id}")
    return _correction(row)


def listed(connection: Connection, *, live: bool = False, limit: int = 500) -> list[Correction]:
    """Newest first; with `live` only those that hold."""
    query = select(corrections).order_by(corrections.c.at.desc(), corrections.c.id).limit(limit)
    if live:
        query = query.where(corrections.c.ended_at.is_(None))
    return [_correction(row) for row in connection.execute(query).mappings()]


def stamp(connection: Connection) -> tuple[int, datetime | None, datetime | None]:
    """Changes whenever what holds has changed: a look that costs one row."""
    c = corrections.c
    row = connection.execute(select(func.count(), func.max(c.at), func.max(c.ended_at))).one()
    return row[0], row[1], row[2]


def cases(connection: Connection) -> list[dict[str, Any]]:
    """Each correction of a turn as a labelled conversation of the `transcripts` suite, oldest first."""
    query = (
        select(corrections, turns.c.record, conversations.c.channel)
        .join(turns, turns.c.id == corrections.c.turn_id)
        .join(conversations, conversations.c.id == turns.c.conversation_id)
        .where(turns.c.record.is_not(None))
        .order_by(corrections.c.at)
    )
    return [
        {
            "id": row["id"],
            "channel": row["channel"],
            "turns": [{"role": line["role"], "text": line["text"]} for line in _lines(row["record"])],
            "expect": _expected(_correction(row)),
        }
        for row in connection.execute(query).mappings()
        if row["record"].get("said")
    ]


def _lines(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [*record.get("history", ()), *record["said"]]


def _expected(correction: Correction) -> dict[str, Any]:
    match correction.kind:
        case "pin":
            return {"route": "answer", "passages": [], "reply": correction.text}
        case "passage":
            return {"route": "answer", "passages": [correction.passage]}
        case _:
            return {"route": correction.text or "other", "passages": []}


def _correction(row: RowMapping) -> Correction:
    return Correction(
        id=row["id"],
        kind=row["kind"],
        collection=row["collection"],
        turn=row["turn_id"] or "",
        passage=row["passage_id"] or "",
        document=row["document_id"] or "",
        question=row["question"],
        text=row["text"],
        why=row["why"],
        by=row["by"],
        at=row["at"],
        ended_by=row["ended_by"] or "",
        ended_at=row["ended_at"],
    )
