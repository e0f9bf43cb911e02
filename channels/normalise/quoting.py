"""What a customer wrote in an email, without what was quoted and without signatures. Pure.

Written line by line in linear time, because mail is hostile: the pattern-based `mail-parser-reply` takes 31 s for
20,000 empty lines. Whatever is not certainly quoted or a signature stays: losing a customer's words is worse than
carrying a line too many. Names, greetings and closings ("Best regards, Ann") are the customer's words.

A line is one of
    text       what somebody wrote                       blank
    quote      it starts with ">"                        (also "C>", the mark of old readers)
    wrote      "On 3 May 2026, Ann <ann@…> wrote:", also over two or three lines
    headers    "From: … Sent: … Subject: …", at least From and one more
    original   "-----Original Message-----" and its translations
    dashes     "-- ", "__" or a rule of underscores: a signature follows
    device     "Sent from my iPhone" and its translations
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from channels.normalise import mail_words as words

Kind = Literal["text", "blank", "quote", "wrote", "headers", "original", "dashes", "device"]

MAX_LINES = 20_000
_LINE = 500  # characters of a line that are looked at; no announcement is longer

_QUOTE = re.compile(r"^\s{0,3}(?:>|[A-Z]{1,3}> ?$|[A-Z]{1,3}> \S)")
_FENCE = re.compile(r"^\s{0,3}(?:```|~~~)")
_DASHES = re.compile(r"^\s*(?:--\s?|—|__|_{5,}|-- -+)\s*$")
_RULE = re.compile(r"^[-_=*~ ]+|[-_=*~ ]+$")
_WROTE_END = re.compile(rf"(?:(?:^|[\s>\])\"'])(?:{words.WROTE})|(?:{words.WROTE_JOINED}))\s?[:：]?$", re.IGNORECASE)
_WROTE_ON = re.compile(rf"\s(?:{words.WROTE_ON})\s.{{4,80}}[:：]$", re.IGNORECASE)
_WROTE_NAME = re.compile(words.WROTE_NAME, re.IGNORECASE)
_ADDRESSED = re.compile(r"<[^<>\s]+@[^<>\s]+>\s?[:：]$")
# Whatever the language: who, by address, and when, to the minute.
_MAILBOX = re.compile(r"[<(][^<>()\s]+@[^<>()\s]+[>)]")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b|\b\d{1,2}[/.-]\d{1,2}[/.-]\d{2}\b")
_MINUTE = re.compile(r"\b\d{1,2}[:.]\d\d\b")
_DATE = re.compile(
    r"\b\d{1,2}[:.h]\d\d\b|\b(?:19|20)\d\d\b|\b\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}\b|\d\s?[年月日년월일]", re.IGNORECASE
)
_ISO_LINE = re.compile(
    r"^\d{4}-\d\d-\d\d,? (?:at )?\d{1,2}:\d\d(?::\d\d)?(?: (?:GMT|UTC)?[+-]\d\d:?\d\d)? \S.{0,120}$", re.IGNORECASE
)
_LABEL = re.compile(r"^[\s>*_|]*([^\W\d_][^:：<>@]{0,28}?)[\s*_]*[:：]\s*(.*)$")
_FROM, _SENT = words.whole(words.FROM), words.whole(words.SENT)
_SUBJECT, _OTHER = words.whole(words.SUBJECT), words.whole(words.OTHER)
_ORIGINAL = words.whole(words.ORIGINAL)
_ABOVE = words.whole(words.ABOVE)
_FORWARDED = words.whole(rf"[>\s]*(?:{words.FORWARDED})\s?:?")
_DEVICE = re.compile(rf"(?<!\w)(?:{words.DEVICE})", re.IGNORECASE)
_SENT_FROM = re.compile(rf"^[\W_]*(?:{words.SENT_FROM})(?!\w)", re.IGNORECASE)
_SIGNED = re.compile(rf"^[\W_]*(?:{words.SIGNED})\W*$", re.IGNORECASE)
_DEVICE_WORDS = 8  # "Sent from my Samsung Galaxy S5 device", "Verzonden met BlackBerry Work"
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


@dataclass(frozen=True, slots=True)
class Piece:
    """One announcement or line: `lines` are as the mail has them."""

    kind: Kind
    lines: tuple[str, ...]


def strip_quoted(text: str) -> str:
    """The reply alone. The whole text, stripped, when nothing but quotes and announcements is in it.

    Quotes that the customer answered in between stay, marked by ">"; after `MAX_LINES` lines the rest is dropped.
    """
    lines = [line.rstrip() for line in _INVISIBLE.sub("", text).replace("\xa0", " ").split("\n", MAX_LINES)[:MAX_LINES]]
    pieces = _without_signatures(list(_pieces(lines)))
    reply = "\n".join(line for piece in _reply(pieces) for line in piece.lines)
    return reply.strip() or "\n".join(lines).strip()


def strip_signature(text: str) -> str:
    """The text up to its first signature ("-- ", "Sent from my …"); the whole text when it begins with one."""
    pieces = _without_signatures(list(_pieces(text.split("\n", MAX_LINES)[:MAX_LINES])))
    return "\n".join(line for piece in pieces for line in piece.lines).strip() or text.strip()


def _pieces(lines: Sequence[str]) -> Iterator[Piece]:
    fences = sum(bool(_FENCE.match(line)) for line in lines)
    at, fenced = 0, False
    while at < len(lines):
        kind: Kind
        if _FENCE.match(lines[at]):
            fences -= 1
            fenced = not fenced and fences > 0
            kind, length = "text", 1
        else:
            kind, length = ("text", 1) if fenced else _recognise(lines, at)
        yield Piece(kind, tuple(lines[at : at + length]))
        at += length


def _recognise(lines: Sequence[str], at: int) -> tuple[Kind, int]:
    line = lines[at][:_LINE].strip()
    if not line:
        return "blank", 1
    if _QUOTE.match(lines[at][:_LINE]):
        return "quote", 1
    if _DASHES.match(line):
        return ("original", 1) if _is_original(lines, at) else ("dashes", 1)
    if _is_original(lines, at):
        return "original", 1
    if length := _headers(lines, at):
        return "headers", length
    if length := _wrote(lines, at):
        return "wrote", length
    if _is_device(lines, at):
        return "device", 1
    return "text", 1


def _is_original(lines: Sequence[str], at: int) -> bool:
    """ "-----Original Message-----", "Begin forwarded message:", or Outlook's rule above a header block."""
    line = lines[at][:_LINE].strip()
    if _FORWARDED.match(line) or _ABOVE.match(line):
        return True
    inner = _RULE.sub("", line)
    if inner and line[:2] in ("--", "__", "==", "**") and _ORIGINAL.match(inner):
        return True
    ruled = len(line) >= 5 if not inner else line.startswith("----") and line.endswith("----")
    return ruled and bool(_headers(lines, at + 1))


def _headers(lines: Sequence[str], at: int) -> int:
    """How many lines a quoted header block takes from here, 0 when there is none.

    A sender with an address, or with a time, or with date and subject, among the next lines; the first may be any of
    them. A bare "From: London, To: Paris, Date: 3 May" is a customer's.
    """
    seen: set[str] = set()
    taken = address = 0
    timed = False
    for offset, line in enumerate(lines[at : at + 14]):
        label = _label(line[:_LINE])
        if label:
            seen.add(label)
            address += "@" in line
            timed = timed or bool(_MINUTE.search(line[:_LINE]))
            taken = offset + 1
        elif not offset or (line.strip() and offset > taken) or (not line.strip() and offset > taken + 1):
            break
    letter = {"sent", "subject"} <= seen or (address and len(seen) > 1)
    if "from" in seen and (letter or (timed and "sent" in seen)):
        return taken
    return 4 if _shaped(lines[at : at + 4]) else 0


def _shaped(lines: Sequence[str]) -> bool:
    """A header block in a language nobody listed: who (with an address), when (to the minute), to whom, about what,
    each behind a label of its own."""
    found = [_LABEL.match(line[:_LINE]) for line in lines]
    if len(found) < 4 or not all(found):
        return False
    sender, sent, to, _ = (each[2] if each else "" for each in found)
    return bool(_MAILBOX.search(sender) and _YEAR.search(sent) and _MINUTE.search(sent) and "@" in to)


def _label(line: str) -> str | None:
    found = _LABEL.match(line)
    if not found:
        return None
    label = " ".join(found[1].lower().split())
    for name, pattern in (("from", _FROM), ("sent", _SENT), ("subject", _SUBJECT), ("other", _OTHER)):
        if pattern.match(label):
            return name
    return None


def _wrote(lines: Sequence[str], at: int) -> int:
    """How many lines an attribution takes from here (at most three), 0 when there is none."""
    joined = ""
    for length, line in enumerate(lines[at : at + 3], start=1):
        part = line[:_LINE].strip()
        if not part or (length > 1 and _QUOTE.match(part) and not part.startswith(">:")):
            return 0
        joined = f"{joined} {part}".strip()
        if len(joined) > _LINE:
            return 0
        if length == 1 and not _dated(joined):
            return int(len(part) <= 80 and _WROTE_END.search(part) is not None and _quote_after(lines, at))
        if _attributes(joined) or _is_iso(lines, at, length, joined):
            # Of "Thanks for your mail of 12:30.", "On Monday 13:00 Ann wrote:" only the second line is one.
            own = length > 1 and _DATE.search(part) and _wrote(lines, at + length - 1) == 1
            return 0 if own else length
    return 0


def _quote_after(lines: Sequence[str], at: int) -> bool:
    """Whether a marked quote follows, which makes "Nora wrote:" an attribution without a date."""
    following = next((line for line in lines[at + 1 : at + 3] if line.strip()), "")
    return following.lstrip().startswith(">")


def _attributes(joined: str) -> bool:
    bare = _RULE.sub("", joined)
    if not joined.endswith((":", "：")) and bare == joined:
        return False
    if _DATE.search(joined) and (_ADDRESSED.search(joined) or _WROTE_ON.search(joined) or _WROTE_NAME.search(joined)):
        return True
    if _WROTE_END.search(bare) and _dated(bare):
        return True
    return bool(_MAILBOX.search(joined) and _MINUTE.search(joined) and _YEAR.search(joined))


def _dated(text: str) -> bool:
    return "@" in text or bool(_DATE.search(text))


def _is_iso(lines: Sequence[str], at: int, length: int, joined: str) -> bool:
    """Gmail's "2016-03-03 17:21 GMT+01:00 Ann <ann@…>:", whose address may have wrapped."""
    if not _ISO_LINE.match(joined):
        return False
    following = lines[at + length].strip() if at + length < len(lines) else ""
    return joined.endswith(":") or not following


def _is_device(lines: Sequence[str], at: int) -> bool:
    """A device's line stands alone: at the start, after a blank line or after another of its kind."""
    before = lines[at - 1].strip() if at else ""
    return _device_line(lines[at].strip()) and (not before or _device_line(before))


def _device_line(line: str) -> bool:
    if len(line) > 150 or line.endswith("?"):
        return False
    short = len(line.split("<")[0].split("(http")[0].split()) <= _DEVICE_WORDS
    return bool(_SIGNED.match(line) or (_SENT_FROM.match(line) and _DEVICE.search(line) and (short or "xcuse" in line)))


def _without_signatures(pieces: Sequence[Piece]) -> list[Piece]:
    """Up to the first signature: what follows one is never the customer's (a program puts its quote there)."""
    written = False
    kept: list[Piece] = []
    for piece in pieces:
        if piece.kind in ("dashes", "device"):
            if written:
                return kept
            continue
        written = written or piece.kind == "text"
        kept.append(piece)
    return kept


def _reply(pieces: Sequence[Piece]) -> Sequence[Piece]:
    """The text before what is quoted, or between it, or, when nothing is before it, after it."""
    kept: list[Piece] = []
    last_text = max((at for at, piece in enumerate(pieces) if piece.kind == "text"), default=-1)
    first: Kind = "blank"
    last: Kind = "blank"
    written, answered = False, 0
    for at, piece in enumerate(pieces):
        if piece.kind in ("wrote", "headers", "original"):
            if written and not (piece.kind == "wrote" and last_text > at and _quote_follows(pieces, at)):
                break
            continue
        kept.append(piece)
        if piece.kind == "blank":
            continue
        answered += piece.kind == "text" and last == "quote"
        written = written or piece.kind == "text"
        first, last = (piece.kind if first == "blank" else first), piece.kind
    if not written:
        return kept
    while kept[-1].kind != "text":
        kept.pop()
    if first == "quote" and answered == 1:  # one quote above one answer: only the answer
        return kept[next(at for at, piece in enumerate(kept) if piece.kind == "text") :]
    return kept


def _quote_follows(pieces: Sequence[Piece], at: int) -> bool:
    after = (piece.kind for piece in pieces[at + 1 : at + 6] if piece.kind != "blank")
    return next(after, "blank") == "quote"
