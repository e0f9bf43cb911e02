"""Retention in words, for the terminal, the desk and programs. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from agent.retention import Report
from memory.retention.history import PLANNED, RAN, Entry
from memory.retention.planning import Line, Plan
from memory.retention.rules import Rule

CLASSES: Final[Mapping[str, str]] = {
    "conversation": "Conversations",
    "staff": "Conversations with staff",
    "message": "Old words of threads that go on",
    "memory": "What is remembered",
    "attachment": "Files",
    "record": "Records of turns",
    "delivery": "Messages sent",
    "hook": "Events told to other systems",
    "subscription": "Browsers that no longer wait",
    "dead_letter": "Dead letters that were dealt with",
    "claim": "Ids of messages received",
    "task": "Requests that ended",
    "campaign": "Members of campaigns that ended",
    "consent": "Consents that count no more",
}
TABLES: Final[Mapping[str, str]] = {
    "conversations": "conversations",
    "customers": "customers with nothing left",
    "events": "messages and events",
    "turns": "turns",
    "segments": "pieces of summary",
    "memories": "memories",
    "vault": "pseudonyms",
    "attachments": "files",
    "outbox": "messages sent",
    "hooks": "events told to other systems",
    "claims": "ids of messages received",
    "dead_letters": "dead letters",
    "subscriptions": "browsers told",
    "consents": "entries of consent",
    "campaign_members": "members of campaigns",
    "tasks": "requests",
    "corrections": "reasons of corrections",
    "identities": "identities",
    "links": "links between customers",
}


def rule_words(rule: Rule) -> str:
    """What a rule does: "Conversations, EU: erased after 365 days"."""
    where = "everywhere" if rule.region == "*" else rule.region
    tier = "" if rule.tier == "*" else f", tier {rule.tier}"
    done = "erased" if rule.what == "erase" else "emptied"
    days = "day" if rule.days == 1 else "days"
    return f"{CLASSES[rule.of]}, {where}{tier}: {done} after {rule.days:,} {days}"


def plan_lines(plan: Plan) -> list[str]:
    """What a run would do, line by line."""
    shown = [line for line in plan.lines if line.due or line.held]
    if not shown:
        return ["Nothing is over its time."]
    lines = []
    for line in shown:
        oldest = f", the oldest of {line.oldest:%Y-%m-%d}" if line.oldest else ""
        lines.append(f"{rule_words(line.rule)}")
        lines.append(f"  region {line.region or 'not known'}: {line.due:,} to go{oldest}")
        lines += [f"    stays: {count:,}, {why}" for why, count in line.held.items()]
    return lines


def report_lines(report: Report) -> list[str]:
    """What a run did."""
    done = rows_words(report.rows)
    lines = [f"Removed or emptied: {done}." if done else "There was nothing to remove."]
    if report.left:
        lines.append("More is over its time: it goes with the next run.")
    if report.vectors:
        lines.append(f"Vectors of {report.vectors:,} things wait for the process that has the index of memories.")
    return lines


def rows_words(rows: Mapping[str, int]) -> str:
    """Numbers of rows by table, the telling ones first."""
    named = [(TABLES[name], rows[name]) for name in TABLES if rows.get(name)]
    return ", ".join(f"{count:,} {words}" for words, count in named)


def entry_words(entry: Entry) -> str:
    """One run of the past in a sentence."""
    if entry.act == PLANNED:
        due = sum(int(count) for count in dict(entry.detail.get("due") or {}).values())
        return f"Planned, nothing removed: {due:,} over their time."
    if entry.act == RAN:
        done = rows_words(dict(entry.detail.get("rows") or {}))
        more = " More goes with the next run." if entry.detail.get("left_for_the_next_run") else ""
        return (f"Removed or emptied {done}." if done else "There was nothing to remove.") + more
    return f"Refused: {entry.detail.get('why', '')}"


def plan_json(plan: Plan) -> dict[str, Any]:
    return {
        "at": plan.at.isoformat(),
        "digest": plan.digest,
        "due": plan.due,
        "held": plan.held,
        "lines": [_line_json(line) for line in plan.lines],
    }


def _line_json(line: Line) -> dict[str, Any]:
    return {
        "rule": rule_json(line.rule),
        "region": line.region or None,
        "due": line.due,
        "oldest": line.oldest.isoformat() if line.oldest else None,
        "held": dict(line.held),
    }


def rule_json(rule: Rule) -> dict[str, Any]:
    return {
        "class": rule.of,
        "region": rule.region,
        "tier": rule.tier,
        "days": rule.days,
        "what": rule.what,
        "source": rule.source,
        "checked_on": rule.checked_on.isoformat() if rule.checked_on else None,
    }


def report_json(report: Report) -> dict[str, Any]:
    return {
        "digest": report.digest,
        "rows": {name: count for name, count in sorted(report.rows.items()) if count},
        "left": report.left,
        "vectors_waiting": report.vectors,
        "longest_transaction_s": round(report.longest_s, 4),
    }


def entry_json(entry: Entry) -> dict[str, Any]:
    return {"act": entry.act, "at": entry.at.isoformat(), "by": entry.actor, "detail": dict(entry.detail)}
