"""What another desk is told, in words and as data. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from channels.marked import SLACK_CHARACTERS, slack_escaped
from channels.render import split

_LAST_WORDS = 600
_SUMMARY = 1200
HOW_TO = (
    "Answer in this thread: your words go to the customer. `note: …` stays between you, "
    "`take` makes it yours, `release` gives it back to the assistant, `close` ends it."
)
_TYPES = {"handed_over": "handoff.started", "released": "handoff.ended", "closed": "handoff.ended"}


@dataclass(frozen=True, slots=True)
class Matter:
    """A conversation as another desk is told of it. `text` and `by` are of the event that is told; without `shows_text`
    nothing that the customer or a person said is in it, nor who they are. `number` is the conversation's own where the
    other desk has it as well."""

    event: str
    conversation: str
    inbox: str
    channel: str
    priority: str
    at: datetime
    reason: str
    summary: str
    last_words: str
    customer: str
    text: str
    by: str
    link: str
    shows_text: bool = True
    number: str = ""


def for_slack(matter: Matter) -> list[str]:
    """One message, or several where a text is long, in mrkdwn; nothing in it can name a person or a channel."""
    by = _safe(matter.by)
    deeds = {"taken": f"_{by} took it over._", "released": f"_{by} gave it back to the assistant._"}
    if matter.event == "handed_over":
        said = _opening(matter)
    elif matter.event in ("received", "said"):
        said = _quoted("Customer" if matter.event == "received" else matter.by, matter)
    else:
        said = deeds.get(matter.event, f"_{by} closed it._")
    return split(said, SLACK_CHARACTERS)


def _safe(text: str) -> str:
    return slack_escaped(" ".join(text.split()))


def _opening(matter: Matter) -> str:
    urgent = ":rotating_light: " if matter.priority == "high" else ""
    lines = [f"{urgent}*A customer waits for a person* · {_safe(matter.inbox)} ({_safe(matter.channel)})"]
    if matter.reason:
        lines.append(f"*Why:* {_safe(matter.reason)}")
    if matter.shows_text and matter.last_words:
        lines.append(_quote(matter.last_words[:_LAST_WORDS]))
    if matter.shows_text and matter.summary:
        lines.append(f"*So far:* {_safe(matter.summary[:_SUMMARY])}")
    if matter.link:
        lines.append(f"<{matter.link}|Open it at the desk>")
    return "\n".join([*lines, HOW_TO])


def _quoted(who: str, matter: Matter) -> str:
    if not matter.shows_text:
        return f"_{_safe(who)} wrote._" + (f" <{matter.link}|Read it at the desk>" if matter.link else "")
    return f"*{_safe(who)}:*\n{_quote(matter.text)}"


def _quote(text: str) -> str:
    return "\n".join(f"> {line}" for line in slack_escaped(text).splitlines())


def for_webhook(matter: Matter, id: str) -> Mapping[str, Any]:
    """The body of a webhook, as docs/webhooks.md describes it."""
    data: dict[str, Any] = {
        "id": id,
        "event": matter.event,
        "conversation": matter.conversation,
        "inbox": matter.inbox,
        "channel": matter.channel,
        "priority": matter.priority,
        "reason": matter.reason,
        "by": matter.by or None,
        "link": matter.link or None,
    }
    if matter.shows_text:
        shown = {"text": matter.text, "summary": matter.summary, "last_words": matter.last_words}
        data |= {**shown, "customer": matter.customer}
    kind = _TYPES.get(matter.event, "handoff.message" if matter.event in ("received", "said") else "handoff.changed")
    return {"type": kind, "timestamp": matter.at.isoformat(), "data": data}


def for_chatwoot(matter: Matter) -> str:
    """A private note for the people there."""
    lines = [f"Handed over: {matter.reason}" if matter.reason else "Handed over to a person."]
    if matter.shows_text and matter.summary:
        lines.append(f"So far: {matter.summary[:_SUMMARY]}")
    return "\n\n".join([*lines, *([matter.link] if matter.link else [])])
