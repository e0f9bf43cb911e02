"""One reply in each channel's form and limits. Pure: nothing here knows a provider's API."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from channels.gsm7 import fold, length
from channels.letter_page import letter_text, page
from channels.normalise.payloads import clean
from memory.messages import Purpose

MAX_SMS = 1600  # Twilio's limit for a body, error 21617; longer replies leave as several messages
MAX_SUBJECT = 200
MAX_REFERENCES = 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What fits: UTF-16 units of one SMS, and sources shown below a text."""

    max_characters: int = MAX_SMS
    max_sources: int = 3


@dataclass(frozen=True, slots=True)
class Letter:
    """What an email says beside its text: `id` and `domain` make its Message-ID, `subject` stands where no customer's
    is answered, `thread` is the message answered (message_id, references, subject)."""

    id: str
    domain: str
    subject: str = "Your message"
    purpose: Purpose = "reply"
    thread: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A reply as it leaves. `parts` are sent one after the other (one but for long SMS); `text` is all of it.

    `segments` is what an SMS costs over all parts. `headers` and `html` are email's; `sources` are for channels that
    show them beside the text.
    """

    text: str
    parts: tuple[str, ...]
    sources: tuple[Mapping[str, Any], ...] = ()
    segments: int = 0
    subject: str = ""
    html: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def render(
    text: str,
    sources: Sequence[Mapping[str, Any]] = (),
    channel: str = "web",
    limits: Limits | None = None,
    letter: Letter | None = None,
) -> Rendered:
    """The reply for "sms", "email" (which needs a `letter`), or the web: there the text as it is, sources beside it.

    A source is a mapping with `title` and `url` or `source`; only http(s) addresses are ever shown to a customer
    outside the web page. Raises ValueError for an email without a letter.
    """
    limits = limits or Limits()
    if channel == "sms":
        return _sms(clean(text), sources, limits)
    if channel == "email":
        if letter is None:
            raise ValueError("an email needs a letter")
        return _email(clean(text), sources, limits, letter)
    return Rendered(text, (text,), tuple(sources))


def linked(sources: Sequence[Mapping[str, Any]], most: int) -> list[tuple[str, str]]:
    """(title, address) of the sources that have an http(s) address, each address once, at most `most`."""
    found: dict[str, str] = {}
    for source in sources:
        address = str(source.get("url") or source.get("source") or "").strip()
        if _ADDRESS.match(address):
            found.setdefault(address, " ".join(str(source.get("title") or "").split()))
    return [(title, address) for address, title in found.items()][:most]


_ADDRESS = re.compile(r"^https?://[^\s<>\"']{1,500}$", re.IGNORECASE)

# --- SMS ---

# Words that carriers and Twilio act upon; a customer who was told to send one as an answer would opt out (or in).
_RESERVED = "stop|stopall|unsubscribe|end|quit|revoke|optout|opt-out|cancel|yes|start|unstop|help|info"
_VERBS = (
    r"(?:(?i:reply|respond|answer|text(?: back)?|send(?: back)?|type|write|message)(?i: us| back| me)?)"
    r"(?i: with| by)?(?i: the word| only| just)?"
)
_VERB = re.compile(r"^(?:reply|respond|answer|text|send|type|write|message)(?: back)?(?: us| me)?", re.IGNORECASE)
# Not when it says how to opt out, back in, or get help: that is what the words are for.
_UNLESS = (
    r"(?!(?i:\s+(?:to|for)\s+(?:opt|unsubscribe|resubscribe|stop|get help|help|no (?:more|further)|receiv|"
    r"end (?:all )?(?:texts|messages))))"
)
_OR = rf"(?:\s?(?i:or|/)\s?[\"']?(?i:no|{_RESERVED})\b[\"']?)?"
_ASKS = re.compile(
    # in capitals or quotes anywhere ("reply CANCEL"), in small letters only as a command ("Please reply yes")
    rf"\b{_VERBS}\s+(?:(?P<quote>[\"'*]{{1,2}})(?i:{_RESERVED})(?P=quote)|(?:{_RESERVED.upper()})\b){_OR}{_UNLESS}"
    rf"|(?:(?<=^)|(?<=[.!?:,]\s)|(?<=\n)|(?<=(?i:please)\s))(?!(?i:send))\b{_VERBS}\s+(?i:{_RESERVED})\b{_OR}{_UNLESS}"
)
_PLAIN_TAGS = (
    (re.compile(r"\[([^\]\n]{1,200})\]\((https?://[^)\s]{1,500})\)"), r"\1 \2"),
    (re.compile(r"(?<!\w)(\*\*|__)(?=\S)([^\n*_]{1,500}?)(?<=\S)\1(?!\w)"), r"\2"),
    (re.compile(r"^#{1,6} +", re.MULTILINE), ""),
)
_BREAKS = (re.compile(r"\n\n"), re.compile(r"\n"), re.compile(r"(?<=[.!?。！？]) "), re.compile(r" "))


def plain(text: str) -> str:
    """Markdown's emphasis, headings and links as plain words."""
    for pattern, replacement in _PLAIN_TAGS:
        text = pattern.sub(replacement, text)
    return text


def without_reserved_words(text: str) -> str:
    """The text with no request to answer with a reserved word, except to opt out, back in, or get help."""
    return _ASKS.sub(_own_words, text)


def _own_words(found: re.Match[str]) -> str:
    verb = _VERB.match(found[0])
    return f"{verb[0] if verb else 'reply'} in your own words"


def _sms(text: str, sources: Sequence[Mapping[str, Any]], limits: Limits) -> Rendered:
    body = without_reserved_words(fold(plain(text))).strip()
    known = {address for _, address in linked(sources, limits.max_sources) if address not in body}
    lines = [address for _, address in linked(sources, limits.max_sources) if address in known]
    whole = "\n".join([body, *lines]) if body else "\n".join(lines)
    parts = tuple(split(whole, limits.max_characters))
    return Rendered(whole, parts, segments=sum(length(part).segments for part in parts))


def split(text: str, most: int) -> list[str]:
    """The text in pieces of at most `most` UTF-16 units, broken at a paragraph, line, sentence or word where possible.

    Never inside a surrogate pair, an ESC sequence, or a letter and its marks. No piece is empty; no text, no pieces.
    Raises ValueError when `most` is less than 2, as an emoji needs two units.
    """
    if most < 2:
        raise ValueError("a piece needs room for two units")
    pieces: list[str] = []
    rest = text.strip()
    while rest:
        end = _fitting(rest, most)
        if end < len(rest):
            end = _break(rest, end)
        piece, rest = rest[:end].rstrip(), rest[end:].lstrip()
        if piece:
            pieces.append(piece)
    return pieces


def _fitting(text: str, most: int) -> int:
    """How many characters fit."""
    units = 0
    for at, character in enumerate(text):
        units += 2 if ord(character) > 0xFFFF else 1
        if units > most:
            return at
    return len(text)


def _break(text: str, end: int) -> int:
    """Where to break at or before `end`: the last good place in the second half, else before the last letter."""
    for pattern in _BREAKS:
        found = [one.end() for one in pattern.finditer(text, end // 2, end)]
        if found:
            return found[-1]
    at = end
    while at > max(1, end - 16) and (
        unicodedata.combining(text[at]) or text[at] in "\u200d\ufe0f" or text[at - 1] == "\u200d"
    ):
        at -= 1
    return at


# --- email ---

_RE = re.compile(r"^\s*(?:re|aw|sv|antw|rif|odp|vs|ynt)\s*(?:\[\d+\])?\s*[:：]\s*", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,900}>")  # printable ASCII alone, as RFC 5322 section 3.6.4 has it
_AUTOMATIC: Mapping[Purpose, str] = {
    "reply": "auto-replied",
    "confirmation": "auto-replied",
    "notification": "auto-generated",
    "marketing": "auto-generated",  # RFC 3834 section 5: not in answer to a mail
}


def message_id(id: str, domain: str) -> str:
    """The Message-ID of an outbox row: the same for every attempt, so that a mail sent twice is shown once."""
    local = (
        id if re.fullmatch(r"[A-Za-z0-9._-]{1,100}", id) else hashlib.sha256(id.encode("utf-8", "replace")).hexdigest()
    )
    return f"<{local}@{domain}>"


def reply_subject(subject: str, default: str) -> str:
    """ "Re: …" of the customer's subject, once and on one line; `default` where there is none."""
    words = " ".join("".join(one if one.isprintable() else " " for one in subject).split())
    while _RE.match(words):
        words = _RE.sub("", words, count=1)
    return f"Re: {words[:MAX_SUBJECT]}" if words else default


def _email(text: str, sources: Sequence[Mapping[str, Any]], limits: Limits, letter: Letter) -> Rendered:
    links = linked(sources, limits.max_sources)
    listed = [f"- {title}: {address}" if title else f"- {address}" for title, address in links]
    body = letter_text(text).strip() + ("\n\nSources:\n" + "\n".join(listed) if listed else "")
    headers = {"Message-ID": message_id(letter.id, letter.domain)} | _threading(letter.thread)
    if automatic := _AUTOMATIC.get(letter.purpose):
        headers["Auto-Submitted"] = automatic
    return Rendered(
        body,
        (body,),
        subject=reply_subject(letter.thread.get("subject", ""), letter.subject),
        html=page(text, links),
        headers=headers,
    )


def _threading(thread: Mapping[str, str]) -> dict[str, str]:
    """In-Reply-To and References as RFC 5322 section 3.6.4 has them: the parent's, then the parent."""
    parent = _MESSAGE_ID.findall(thread.get("message_id", ""))[:1]
    if not parent:
        return {}
    before = [one for one in _MESSAGE_ID.findall(thread.get("references", "")) if one != parent[0]]
    chain = [*(before if len(before) < MAX_REFERENCES else [before[0], *before[2 - MAX_REFERENCES :]]), parent[0]]
    return {"In-Reply-To": parent[0], "References": " ".join(chain)}
