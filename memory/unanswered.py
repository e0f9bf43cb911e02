"""Questions of customers that were not answered, read off the log: pseudonyms only, as the turns' records hold them.

A turn that found nothing, or nothing that might be said, told the customer so or fetched a person; one that was rated
1 or 2, or marked wrong at the desk, did answer, but not this. Those of a customer who was erased are gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, func, or_, select

from memory.schema import conversations, corrections, events, turns

Why = Literal["not_found", "refused", "no_answer", "rated", "wrong"]
MOST: Final = 20_000
"""Questions of a period that are read, newest first; more would say nothing new."""
LOWEST: Final = 2
_LONGEST: Final = 2000
_c, _e, _k, _t = conversations.c, events.c, corrections.c, turns.c


@dataclass(frozen=True, slots=True)
class Unanswered:
    """One of them. `text` is what the customer wrote, `query` what was searched for it; `why` has at least one reason:

    not_found  no passage answers it          refused  a passage was found, but no sentence that may be said
    no_answer  a person was fetched for that  rated    the customer gave 1 or 2 of 5
    wrong      a person at the desk marked it wrong
    """

    turn: str
    conversation: str
    customer: str
    inbox: str
    channel: str
    at: datetime
    text: str
    query: str
    why: tuple[Why, ...]


def unanswered(
    connection: Connection, since: datetime, until: datetime, inbox: str = "", limit: int = MOST
) -> list[Unanswered]:
    """Those of turns that began in the period, newest first."""
    rated = _turns_rated(connection, since)
    wrong = set(connection.execute(_MARKED_WRONG).scalars())
    found: dict[str, Unanswered] = {}
    for ids in (None, *_portions(sorted(rated | wrong))):
        for row in connection.execute(_query(since, until, inbox, limit, ids)).mappings():
            if row["id"] not in found and (text := _said(row["said"])):
                found[row["id"]] = _one(row, text, _reasons(row, rated, wrong))
    return sorted(found.values(), key=lambda each: (each.at, each.turn), reverse=True)[:limit]


_UNKNOWN: ColumnElement[bool] = _t.record["template"].as_string() == "unknown"
_HANDED: ColumnElement[str] = _t.record[("handoff", "code")].as_string()
_MARKED_WRONG = select(_k.turn_id).where(_k.kind == "wrong", _k.ended_at.is_(None), _k.turn_id.is_not(None))


def _query(since: datetime, until: datetime, inbox: str, limit: int, ids: Sequence[str] | None) -> Select[Any]:
    """Turns of the period that say themselves that they did not answer, or these. A record is long: only what is
    needed of it leaves the database."""
    said = (_t.record["said"], _t.record["query"].as_string(), _t.record["verdicts"], _t.record["template"].as_string())
    names = ("said", "query", "verdicts", "template")
    query = (
        select(
            *(_t[name] for name in ("id", "conversation_id", "started_at")),
            *(_c[name] for name in ("customer_id", "inbox", "channel")),
            *(part.label(name) for name, part in zip(names, said, strict=True)),
            _HANDED.label("handed"),
        )
        .join(conversations, _c.id == _t.conversation_id)
        .where(_c.last_at >= since, _t.started_at >= since, _t.started_at < until, _t.record.is_not(None))
        .where(or_(_UNKNOWN, _HANDED == "no_answer") if ids is None else _t.id.in_(ids))
        .order_by(_t.started_at.desc(), _t.id)
        .limit(limit)
    )
    return query.where(_c.inbox == inbox) if inbox else query


def _turns_rated(connection: Connection, since: datetime) -> set[str]:
    """Turns whose last rating is a low one."""
    score = _e.meta["score"].as_integer()
    query = (
        select(_e.turn_id, score)
        .join(conversations, _c.id == _e.conversation_id)
        .where(_c.last_at >= since, _e.kind == "feedback", _e.at >= since, func.length(_e.turn_id) > 0)
        .order_by(_e.at, _e.seq)
    )
    last = {turn: int(given or 0) for turn, given in connection.execute(query)}
    return {turn for turn, given in last.items() if 1 <= given <= LOWEST}


def _portions(ids: Sequence[str]) -> list[Sequence[str]]:
    """At most 500 at once: a statement takes only so many parameters."""
    return [ids[start : start + 500] for start in range(0, len(ids), 500)]


def _said(lines: Any) -> str:
    texts = [str(line.get("text") or "") for line in lines or () if isinstance(line, Mapping)]
    return "\n".join(texts).strip()[:_LONGEST]


def _reasons(row: RowMapping, rated: set[str], wrong: set[str]) -> tuple[Why, ...]:
    found: list[Why] = []
    if row["template"] == "unknown":
        verdicts = [verdict for verdict in row["verdicts"] or () if isinstance(verdict, Mapping)]
        refused = any((v.get("rule"), v.get("decision")) == ("guard", "template") for v in verdicts)
        found.append("refused" if refused else "not_found")
    if row["handed"] == "no_answer":
        found.append("no_answer")
    if row["id"] in rated:
        found.append("rated")
    if row["id"] in wrong:
        found.append("wrong")
    return tuple(found)


def _one(row: RowMapping, text: str, why: tuple[Why, ...]) -> Unanswered:
    return Unanswered(
        turn=row["id"],
        conversation=row["conversation_id"],
        customer=row["customer_id"],
        inbox=row["inbox"],
        channel=row["channel"],
        at=row["started_at"],
        text=text,
        query=(row["query"] or text)[:_LONGEST],
        why=why,
    )
