"""Slack's Events API, as Inbound and PersonAct. Pure.

Fields: docs.slack.dev/apis/events-api and docs.slack.dev/messaging/formatting-message-text (checked 2026-11). The same
message may arrive as two events (a mention and a channel message, each with an id of its own) and each up to four
times: it is known again by its channel and time stamp, which Slack keeps unique.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime

from channels.normalise.beside import Deed, PersonAct
from channels.normalise.json_body import Json, identifier, inner, items, json_object, line, words
from channels.normalise.payloads import Arrived, Malformed, clean
from memory.messages import Inbound

# Subtypes that are a person's own words; every other one is a join, an edit, a bot or a notice.
_OWN = frozenset({"", "file_share", "thread_broadcast", "me_message"})
_COMMANDS: dict[str, Deed] = {"take": "take", "release": "release", "close": "close"}
_REFERENCE = re.compile(r"<([^<>\n]{1,3000})>")


@dataclass(frozen=True, slots=True)
class _Said:
    """A person's message: `thread` is the thread it stands in, "" outside any; `mention` that it names our app."""

    team: str
    channel: str
    user: str
    at: str
    thread: str
    text: str
    direct: bool
    mention: bool
    files: tuple[dict[str, str], ...]


def challenge(arrived: Arrived) -> str | None:
    """What Slack wants back when it asks whether the address is ours; None for any other request. Raises BadPayload."""
    body = json_object(arrived.body)
    return line(body, "challenge", 500) if body.get("type") == "url_verification" else None


def messages(arrived: Arrived, *, inbox: str, now: datetime) -> list[Inbound]:
    """The message, if a person wrote one to us: directly, by naming us, or in a thread that we are in."""
    said = _said(arrived)
    if said is None or not (said.text or said.files):
        return []
    thread = said.thread or ("" if said.direct else said.at)
    listed = "[" + ", ".join(f"{one['name']} ({one['type'] or 'unknown type'})" for one in said.files) + "]"
    return [
        Inbound(
            inbox=inbox,
            channel="slack",
            provider_id=f"{said.channel}:{said.at}",
            sender=f"{said.team}:{said.user}",
            text=said.text or listed,
            received_at=now,
            recipient=said.channel,
            thread={"channel": said.channel}
            | ({"thread_ts": thread} if thread else {})
            | ({"attachments": json.dumps(said.files)} if said.files else {}),
            thread_key=thread_key(said.channel, thread, said.user) if thread else "",
            continues=not (said.direct or said.mention),
        )
    ]


def acts(arrived: Arrived) -> list[PersonAct]:
    """What a message means where its thread belongs to a handover: words for the customer, a note, or a command."""
    said = _said(arrived)
    if said is None or not said.thread or said.direct:
        return []
    word = said.text.strip().strip("!/.").lower()
    deed: Deed = _COMMANDS.get(word, "say")
    text = said.text
    if deed == "say" and (noted := re.match(r"note\s*:\s*", text, re.IGNORECASE)):
        deed, text = "note", text[noted.end() :]
    post, key = f"{said.channel}:{said.thread}", f"slack:{said.channel}:{said.at}"
    return [PersonAct(deed, f"slack:{said.user}", key, text, post=post)]


def thread_key(channel: str, thread: str, user: str) -> str:
    """Each person's own conversation in a thread; a digest, as it is stored in the open."""
    return hashlib.sha256(f"slack:{channel}:{thread}:{user}".encode()).hexdigest()[:40]


def _said(arrived: Arrived) -> _Said | None:
    body = json_object(arrived.body)
    event, kind = inner(body, "event"), line(body, "type", 64)
    if not kind:
        raise Malformed("type", "not there")
    if kind != "event_callback" or event.get("type") not in ("message", "app_mention"):
        return None
    if line(event, "subtype") not in _OWN or event.get("bot_id") or event.get("hidden"):
        return None
    ours = {line(one, "user_id") for one in items(body, "authorizations")}
    user = line(event, "user", 40)
    if not user or user in ours or user == "USLACKBOT":
        return None
    raw, at = words(event, "text"), identifier(event, "ts", 32)
    direct = event.get("channel_type") == "im"
    thread = line(event, "thread_ts", 32)
    mention = event["type"] == "app_mention"
    if not direct and not mention and not thread:
        return None  # talk in a channel that nobody addressed to us
    return _Said(
        team=line(event, "team", 40) or line(body, "team_id", 40),
        channel=identifier(event, "channel", 40),
        user=user,
        at=at,
        thread=thread,
        text=plain(raw, ours),
        direct=direct,
        mention=mention,
        files=tuple(_file(one) for one in items(event, "files")[:10]),
    )


def _file(file: Json) -> dict[str, str]:
    return {"name": line(file, "name") or "file", "type": line(file, "mimetype", 100)}


def plain(text: str, ours: set[str] | frozenset[str] = frozenset()) -> str:
    """Slack's markup as plain words: links, mentions and entities undone, the naming of `ours` taken out."""

    def shown(found: re.Match[str]) -> str:
        target, _, label = found[1].partition("|")
        if target[:1] == "@":
            return "" if target[1:] in ours else f"@{label or target[1:]}"
        if target[:1] == "#":
            return f"#{label or target[1:]}"
        if target[:1] == "!":
            return label or "@" + target[1:].partition("^")[0]
        address = target.removeprefix("mailto:").removeprefix("tel:")
        return address if not label or label == address else f"{label} ({address})"

    bare = _REFERENCE.sub(shown, text)
    return clean(bare.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
