"""A reply for the ear: no addresses, no signs of markup, numbers as they are read out, and short. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from channels.normalise.payloads import clean
from channels.voice_words import phrases

LONGEST = 600  # characters, some 45 seconds at 150 words a minute

_LINKED = re.compile(r"\[([^\]\n]{1,200})\]\([^)\s]{1,500}\)")
_ADDRESS = re.compile(r"(?:https?://|www\.)[^\s<>\"']{1,500}[^\s<>\"'.,;:!?)]", re.IGNORECASE)
_MAILBOX = re.compile(r"\b([A-Za-z0-9._%+-]{1,64})@([A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+)\b")
_BULLET = re.compile(r"^\s{0,8}(?:[-*•·–]|\d{1,2}[.)])\s+")
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+")
_RULE = re.compile(r"^\s*(?:[-*_=]\s*){3,}$")
_CELLS = re.compile(r"^\s*\|(.+)\|\s*$")
_MARKS = re.compile(r"(?<!\w)(\*\*|__|\*|_|~~)(?=\S)([^\n]{1,500}?)(?<=\S)\1(?!\w)")
_NOTE = re.compile(r"\s?\[(?:\d{1,2})(?:,\s?\d{1,2})*\]")  # numbers of sources
_CODE = re.compile(r"\b(?=[A-Z0-9-]{4,24}\b)(?=[A-Z0-9-]*\d)(?:[A-Z0-9]{1,12}-)*[A-Z0-9]{1,24}\b")
_TELEPHONE = re.compile(r"(?<![\w.])\+?\(?\d[\d ()/.-]{5,20}\d(?!\w)")
_LONG_NUMBER = re.compile(r"(?<![\w.,])\d{5,24}(?![\w]|[.,]\d)")
_WRITE = re.compile(r"\bwrite (?=[\"“])")
_END = re.compile(r"(?<=[.!?…])\s+")
_PAUSE = re.compile(r"[.!?:;,…]$")


def spoken(text: str, sources: Sequence[Mapping[str, Any]] = (), language: str = "en-GB", most: int = LONGEST) -> str:
    """Sentences to be read out, with the document they came from named at the end.

    What is longer than `most` ends with its last whole sentence, and says that there is more.
    """
    known = phrases(language)
    lines = [_line(each, known) for each in clean(text).split("\n")]
    said = " ".join(each if _PAUSE.search(each) else f"{each}." for each in lines if each)
    said = _WRITE.sub("say ", said)
    short = _shortened(said, most)
    return " ".join(each for each in (short, known["more"] if short != said else "", _named(sources, known)) if each)


def _line(text: str, known: Mapping[str, str]) -> str:
    if _RULE.match(text):
        return ""
    if cells := _CELLS.match(text):
        text = ", ".join(cell.strip() for cell in cells[1].split("|") if cell.strip(" :-"))
    text = _LINKED.sub(r"\1", _BULLET.sub("", _HEADING.sub("", text)))
    text = _ADDRESS.sub(known["link"], text)
    for _ in range(2):  # bold within italics
        text = _MARKS.sub(r"\2", text)
    text = _MAILBOX.sub(lambda found: _mailbox(found, known), _NOTE.sub("", text.replace("`", "")))
    text = _CODE.sub(_by_character, text)
    text = _TELEPHONE.sub(_telephone, text)
    text = _LONG_NUMBER.sub(lambda found: " ".join(found[0]), text)
    return " ".join("".join(one for one in text if not _is_picture(one)).split())


def _mailbox(found: re.Match[str], known: Mapping[str, str]) -> str:
    dot = f" {known['dot']} "
    return f"{found[1].replace('.', dot)} {known['at']} {found[2].replace('.', dot)}"


def _by_character(found: re.Match[str]) -> str:
    """An order's number as one reads it out; a plain number, a year or a time is none."""
    code = found[0]
    if code.isdigit() or not any(one.isalpha() for one in code):
        return code
    return ", ".join(" ".join(part) for part in code.split("-"))


def _telephone(found: re.Match[str]) -> str:
    """Digit by digit in the groups it was written in; dates, amounts and spans of years stay."""
    digits = re.sub(r"\D", "", found[0])
    grouped = found[0].startswith(("+", "0", "(0")) and len(digits) >= 7
    if not grouped:
        return found[0]
    groups = [" ".join(group) for group in re.findall(r"\d+", found[0])]
    return ("plus " if found[0].startswith("+") else "") + ", ".join(groups)


def _is_picture(one: str) -> bool:
    return unicodedata.category(one) in ("So", "Sk", "Cf", "Cs", "Co") or one in "\ufe0f*#|<>~^_"


def _shortened(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    kept = ""
    for sentence in _END.split(text):
        if kept and len(kept) + 1 + len(sentence) > most:
            break
        kept = f"{kept} {sentence}".strip()
    return kept if len(kept) <= most else kept[:most].rsplit(" ", 1)[0].rstrip(",;:") + "."


def _named(sources: Sequence[Mapping[str, Any]], known: Mapping[str, str]) -> str:
    titles = [" ".join(str(source.get("title") or "").split())[:80] for source in sources[:1]]
    return known["source"].format(title=titles[0]) if titles and titles[0] else ""
