"""Zendesk tickets as conversations: who said what, and what of it the customer saw. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from channels.importing.bodies import said
from channels.importing.shapes import (
    By,
    Conversation,
    Json,
    Skipped,
    Step,
    inner,
    items,
    ordered,
    seconds,
    texts,
    words,
)
from channels.importing.sorting import Pile

_CHANNELS = {
    "email": "email",
    "chat": "chat",
    "native_messaging": "chat",
    "messaging": "chat",
    "sms": "sms",
    "whatsapp": "whatsapp",
    "voice": "voice",
}
_TICKET_IN_NAME = re.compile(r"(\d{1,18})(?!.*\d)")
_MERGED = "closed_by_merge"


def conversations(pile: Pile) -> Iterator[Conversation]:
    """Every ticket in which something public was said, its newest copy; what cannot be used joins the skipped."""
    apart: dict[str, list[Json]] = {}
    for record in pile["comment"]:
        named = _TICKET_IN_NAME.search(record.place.partition(",")[0])
        ticket = words(record.value, "ticket_id") or (named.group(1) if named else "")
        apart.setdefault(ticket, []).append(record.value)
    seen: dict[str, tuple[float, Conversation]] = {}
    for record in pile["ticket"]:
        ticket, id = record.value, words(record.value, "id")
        if ticket.get("status") == "deleted":
            pile.skipped.append(Skipped(record.place, f"ticket {id} is deleted"))
            continue
        comments = [*items(ticket, "comments"), *apart.get(id, [])]
        if not comments:
            pile.skipped.append(Skipped(record.place, f"ticket {id} has no comments in this export"))
            continue
        at = seconds(ticket.get("updated_at")) or 0.0
        if id not in seen or at >= seen[id][0]:
            seen[id] = (at, _conversation(id, ticket, comments, pile))
    known = {words(record.value, "id") for record in pile["ticket"]}
    for id in sorted(set(apart) - known):
        pile.skipped.append(Skipped(f"comments of ticket {id or '?'}", "the ticket itself is not in the export"))
    yield from (talk for _, talk in seen.values())


def _conversation(id: str, ticket: Json, comments: list[Json], pile: Pile) -> Conversation:
    steps = [(seconds(each.get("created_at")), _step(ticket, each, pile)) for each in _public(ticket, comments)]
    steps = [(at, step) for at, step in steps if step.text]
    made = _with_subject(ordered(steps), words(ticket, "subject", "raw_subject"))
    people = [pile.named("user", words(each, "author_id")) for each in comments]
    people += [inner(ticket, role) for role in ("requester", "submitter", "assignee")]
    via = words(inner(ticket, "via"), "channel")
    return Conversation(
        id=f"zendesk:ticket:{id}",
        channel=_CHANNELS.get(via, "web"),
        steps=made,
        inbox=_inbox(ticket, pile) or via,
        tags=texts(ticket.get("tags")),
        names=texts([name for each in people for name in (words(each, "name"), words(each, "alias"))]),
    )


def _inbox(ticket: Json, pile: Pile) -> str:
    for field, kind in (("brand_id", "brand"), ("group_id", "group")):
        id = words(ticket, field)
        if name := words(pile.named(kind, id), "name"):
            return name
    return words(inner(ticket, "group"), "name")


def _with_subject(steps: tuple[Step, ...], subject: str) -> tuple[Step, ...]:
    """A question is often in the subject."""
    if not steps or steps[0].by != "customer":
        return steps
    first = steps[0]
    text, _ = said("", first.text, subject=subject)
    return (Step(first.id, first.at, first.by, text, first.links), *steps[1:])


def _public(ticket: Json, comments: list[Json]) -> Iterator[Json]:
    """What the customer saw as words: no notes, no calls, no word of a merge, nothing of the system's."""
    merged = _MERGED in texts(ticket.get("tags"))
    shown = [
        each
        for each in comments
        if each.get("public") is True
        and each.get("type", "Comment") == "Comment"
        and inner(each, "via", "source").get("rel") != "merge"
        and words(inner(each, "via"), "channel") != "system"
        and words(each, "author_id") != "-1"
    ]
    return iter(shown[:-1] if merged and len(shown) > 1 else shown)


def _step(ticket: Json, comment: Json, pile: Pile) -> Step:
    text, links = said(
        words(comment, "html_body"),
        words(comment, "plain_body", "body"),
        attachments=bool(comment.get("attachments")),
    )
    id = words(comment, "id")
    return Step(id, seconds(comment.get("created_at")) or 0.0, _by(ticket, comment, pile), text, links)


def _by(ticket: Json, comment: Json, pile: Pile) -> By:
    via = words(inner(comment, "via"), "channel")
    if via == "rule" or "bot" in via:
        return "bot"
    author = words(comment, "author_id")
    role = words(pile.named("user", author), "role") or words(inner(comment, "author"), "role")
    if role:
        return "customer" if role == "end-user" else "person"
    lists = [ticket.get(name) for name in ("collaborator_ids", "email_cc_ids")]
    copied = {str(id) for each in lists if isinstance(each, list) for id in each}
    requester = words(ticket, "requester_id") or words(inner(ticket, "requester"), "id")
    return "customer" if author == requester or author in copied else "person"
