"""The desk's words: pure functions from what is stored to what a person reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from channels import gsm7
from memory.messages import Event
from memory.views import ConversationView

Section = Literal["waiting", "drafts", "people", "assistant"]

SECTIONS: Mapping[Section, str] = {
    "waiting": "Waiting for a person",
    "drafts": "Drafts to approve",
    "people": "With a person",
    "assistant": "With the assistant",
}

CHANNELS: Mapping[str, str] = {
    "chat": "live chat",
    "web": "live chat",
    "websocket": "live chat",
    "sms": "SMS",
    "twilio_sms": "SMS",
    "email": "email",
    "whatsapp": "WhatsApp",
    "slack": "Slack",
    "voice": "telephone",
}


def duration(span: timedelta) -> str:
    """How long, in at most two units: "under a minute", "12 min", "2 h 10 min", "3 days"."""
    minutes = int(span.total_seconds() // 60)
    if minutes < 1:
        return "under a minute"
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    days = hours // 24
    return "1 day" if days == 1 else f"{days} days"


def who(view: ConversationView) -> str:
    """What to call the customer: the address they write from, or a visitor by the end of their id."""
    if channel(view.channel) == "live chat" and view.sender in (view.id, view.customer):
        return f"Visitor {view.customer[-4:]}" if view.customer.startswith("p-") else view.customer
    return view.sender


def channel(name: str) -> str:
    """The channel as people call it."""
    return CHANNELS.get(name, name.replace("_", " "))


def waits(view: ConversationView) -> bool:
    """Whether its customer waits for a person, also while the assistant goes on with them."""
    return view.owner == "queue" or (view.owner == "bot" and view.waiting_since is not None)


def due(view: ConversationView, now: datetime) -> str:
    """How far away a person's reply is due: "due in 12 min", "late by 3 min", "" where none is owed."""
    if view.due_at is None or view.status == "closed":
        return ""
    return left(view.due_at, now)


def left(due_at: datetime, now: datetime) -> str:
    """How far away it is, or how long ago it was."""
    span = due_at - now
    return f"due in {duration(span)}" if span >= timedelta(0) else f"late by {duration(-span)}"


def meant_for(view: ConversationView) -> str:
    """The team and person a waiting customer is meant for: "Returns, for Maya"."""
    offered = f"for {view.person}" if view.person and view.owner == "queue" else ""
    return ", ".join(filter(None, (view.team or "", offered)))


def section(view: ConversationView, drafted: bool) -> Section:
    """Where in the queue a conversation stands; `drafted` when a draft of its reply waits for a person."""
    if waits(view):
        return "waiting"
    if view.owner == "person":
        return "people"
    return "drafts" if drafted else "assistant"


def rank(view: ConversationView, person: str) -> tuple[object, ...]:
    """Sorts a section: urgent first, then whose reply is due first; a person's own before their colleagues', and of
    those the ones that owe a reply."""
    if waits(view):
        urgency = {"high": 0, "normal": 1, "low": 2}.get(view.priority, 1)
        return (urgency, (view.due_at or view.waiting_since or view.last_at).timestamp())
    if view.owner == "person":
        owed = view.due_at.timestamp() if view.due_at else float("inf")
        return (view.person != person, owed, -view.last_at.timestamp())
    return (-view.last_at.timestamp(),)


def standing(view: ConversationView, person: str) -> str:
    """Who answers now, in one sentence."""
    if view.status == "closed":
        return "This conversation is closed."
    if view.owner == "queue":
        meant = meant_for(view)
        return f"This customer waits for a person ({meant})." if meant else "This customer waits for a person."
    if waits(view):
        return "The assistant goes on with this customer, who waits for a person."
    if view.owner == "bot":
        return "The assistant answers this customer."
    if view.person == person:
        return "You answer this customer. The assistant is silent."
    return f"{view.person} answers this customer."


def line(event: Event) -> str | None:
    """The thin line an event is between messages, None for what the desk does not show."""
    person = str(event.meta.get("person") or "A person")
    match event.kind:
        case "handed_over":
            reason = str(event.meta.get("reason") or "").rstrip(".")
            return f"Handed to people: {reason}" if reason else "Handed to people"
        case "taken":
            by = event.meta.get("by")
            return f"{person} took over" if not by else _given(person, str(by))
        case "assigned":
            return f"Offered to {event.meta.get('to') or 'a person'}"
        case "released" if event.meta.get("by") == "customer":
            return "The customer goes on with the assistant, and still waits for a person"
        case "released":
            return f"{person} gave it back to the assistant"
        case "tasked":
            return f"{request(str(event.meta.get('kind')))}: a task was opened, due {_due_day(event)}"
        case "closed":
            return f"{person} closed it" if event.meta.get("person") else "Closed"
        case "parked":
            return "A draft waits for a person"
        case "decided":
            decisions = {"approve": "approved the draft", "edit": "edited the draft", "reject": "rejected the draft"}
            return f"{person} {decisions.get(str(event.meta.get('decision')), 'decided the draft')}"
        case "bounced":
            return "A message could not be delivered"
        case "opted_out":
            return "The customer opted out"
        case "opted_in":
            return "The customer opted in again"
        case "feedback":
            score = event.meta.get("score")
            return f"The customer rated an answer {score} of 5" if score else "The customer rated an answer"
        case _:
            return None


REQUESTS: Mapping[str, str] = {
    "access": "Wants to see their data",
    "erasure": "Wants their data erased",
    "rectification": "Wants their data corrected",
    "objection": "Objects to how their data is used",
}


def request(kind: str) -> str:
    """A customer's request for a right, as people call it."""
    return REQUESTS.get(kind, kind)


def _given(person: str, by: str) -> str:
    return f"Given to {person}" if by == "routing" else f"{by} passed it to {person}"


def _due_day(event: Event) -> str:
    try:
        at = datetime.fromisoformat(str(event.meta.get("day") or event.meta.get("due_at")))
    except ValueError:
        return "in a month"
    return f"{at.day} {at.strftime('%b %Y')}"


def length(text: str, name: str) -> str:
    """How long a text is in the channel's own units."""
    if channel(name) != "SMS":
        return f"{len(text):,} character{'' if len(text) == 1 else 's'}"
    parts = gsm7.length(gsm7.fold(text)).segments
    return f"{len(text):,} characters, {parts} SMS part{'' if parts == 1 else 's'}"


def receivers(view: ConversationView, person: str) -> str:
    """Who gets what is written in the composer, on which channel and from whom."""
    return f"Goes to {who(view)} by {channel(view.channel)}, from {person}."


def fault(error: Exception) -> str:
    """What went wrong, with the code for whoever helps. An error that is not ours keeps its details to the log."""
    code = getattr(error, "code", None)
    if isinstance(code, str):
        return f"{str(error).rstrip('.')}. ({code})"
    return "That did not work, and nothing was changed. Try again; the log has the details. (internal)"


def at(moment: datetime, today: datetime) -> str:
    """A time of day, with the date when it is not today's. Both in the reader's zone."""
    clock = moment.strftime("%H:%M")
    return clock if moment.date() == today.date() else f"{moment.day} {moment.strftime('%b')} {clock}"
