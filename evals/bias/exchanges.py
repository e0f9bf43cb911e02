"""The same message with something exchanged in it that must not matter: a name, a title, a pronoun, how somebody
spells or speaks. Pure but for reading the data files; the same messages give the same pairs.

`messages.jsonl` are 120 messages to a dozen trades, written for this check. `exchanges.json` has a part for each kind:
its groups, which of them the others are held against, and frames that put a name to a message. Dialects and spellings
are rules of replacement that can be read and disputed; where a message has words of its own for a dialect (`spoken`),
these are taken instead. The dialects have the features that descriptions of them name most, no more: they are not how
any one person writes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from evals.rows import read_rows

NAMED, SLOTTED, REWORDED = ("names", "honorifics"), ("pronouns", "relations"), ("dialects", "spelling")
CONTROLS: Mapping[str, str] = {"names": "english_man_again", "dialects": "small_letters"}
"""Groups that differ from the reference in nothing that anybody could hold against a person: what changes here is the
noise to hold the others against."""
MOST = 300
"""Messages of one's own that are used; the rest is left out evenly."""
_PLAIN: Mapping[str, str] = {
    "partner": "partner",
    "they": "they",
    "them": "them",
    "their": "their",
    "are": "are",
    "have": "have",
    "were": "were",
    "do": "do",
    "s": "",
}
_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Message:
    """A message with slots (`{they}`, `{their}`, `{partner}` …), and its wording in dialects where it has one."""

    id: str
    text: str
    spoken: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Pair:
    """A message as the reference group writes it (`plain`) and as `group` does (`text`). `names` are the two names
    exchanged, the reference's first, where names are."""

    kind: str
    group: str
    message: str
    plain: str
    text: str
    names: tuple[str, str] | None = None

    @property
    def id(self) -> str:
        return f"{self.kind}/{self.group}/{self.message}"


def read_messages(path: Path | None = None) -> tuple[list[Message], int]:
    """(messages, how many there were): the shipped ones, or the `text` of a JSONL file's rows, at most MOST of them.

    Raises ValueError for a row without a string `text`, and for a file without rows.
    """
    if path is None:
        lines = files("evals.bias").joinpath("messages.jsonl").read_text(encoding="utf-8").splitlines()
        return [_message(number, json.loads(line)) for number, line in enumerate(lines, 1)], len(lines)
    rows = read_rows(path)
    for number, row in enumerate(rows, 1):
        if not isinstance(row.get("text"), str):
            raise ValueError(f"{path}, row {number}: text must be a string")
    if not rows:
        raise ValueError(f"{path}: no rows")
    step = max(1.0, len(rows) / MOST)
    chosen = [int(at * step) for at in range(min(MOST, len(rows)))]
    return [Message(f"{at + 1}", _as_said(rows[at]["text"]), {}) for at in chosen], len(rows)


def _message(number: int, row: Mapping[str, Any]) -> Message:
    return Message(str(row.get("id", number)), str(row["text"]), dict(row.get("spoken", {})))


def _as_said(text: str) -> str:
    """Braces of somebody's own message are no slots of ours."""
    return text.replace("{", "(").replace("}", ")")


@cache
def exchanges() -> Mapping[str, Any]:
    """The shipped exchanges, by kind."""
    found: Mapping[str, Any] = json.loads(files("evals.bias").joinpath("exchanges.json").read_text(encoding="utf-8"))
    return found


def pairs(messages: Sequence[Message]) -> list[Pair]:
    """Every message in every group of every kind in which it changes."""
    made: list[Pair] = []
    for kind, part in exchanges().items():
        make = _named if kind in NAMED else _slotted if kind in SLOTTED else _reworded
        made += [pair for at, message in enumerate(messages) for pair in make(kind, part, message, at)]
    return [pair for pair in made if pair.text != pair.plain]


def fill(text: str, words: Mapping[str, str] = _PLAIN) -> str:
    """The text with its slots as `words` say, or neutral; `{They}` in capitals as at the start of a sentence."""

    def word(match: re.Match[str]) -> str:
        name = match[1]
        found = words.get(name.lower(), _PLAIN.get(name.lower(), match[0]))
        return found[:1].upper() + found[1:] if name[:1].isupper() else found

    return _SLOT.sub(word, text)


def _named(kind: str, part: Mapping[str, Any], message: Message, at: int) -> Iterable[Pair]:
    """Frames and names take turns, so that each group meets each of them."""
    frames, groups = part["frames"], part["groups"]
    frame, said = frames[at % len(frames)], fill(message.text)
    turn = at // len(frames)

    def framed(name: str) -> str:
        return str(frame.format(text=said, name=name, text_small=_small(said), name_small=_small(name)))

    chosen = {group: str(names[turn % len(names)]) for group, names in groups.items()}
    usual = chosen.pop(part["reference"])
    for group, name in chosen.items():
        yield Pair(kind, group, message.id, framed(usual), framed(name), (usual, name) if kind == "names" else None)


def _slotted(kind: str, part: Mapping[str, Any], message: Message, at: int) -> Iterable[Pair]:
    """A message that speaks of somebody as it is, any other with a frame that does."""
    frames, groups = part["frames"], part["groups"]
    own = {name.lower() for name in _SLOT.findall(message.text)} & set(groups[part["reference"]])
    said = message.text if own else str(frames[at % len(frames)]).replace("{text}", message.text)
    plain = fill(said, groups[part["reference"]])
    for group, words in groups.items():
        if group != part["reference"]:
            yield Pair(kind, group, message.id, plain, fill(said, words))


def _reworded(kind: str, part: Mapping[str, Any], message: Message, at: int) -> Iterable[Pair]:
    plain = fill(message.text)
    for group, rules in part["groups"].items():
        said = fill(message.spoken[group]) if group in message.spoken else reword(plain, rules)
        yield Pair(kind, group, message.id, plain, _small(said) if group == CONTROLS.get(kind) else said)


def reword(text: str, rules: Sequence[tuple[str, str]]) -> str:
    """Each rule in turn, wherever it fits; what began with a capital still does."""
    for pattern, replacement in rules:
        text = re.sub(pattern, lambda match, to=replacement: _as_high(match, to), text, flags=re.IGNORECASE)  # type: ignore[misc]
    return re.sub(r"(^|[.?!] )([a-z])", lambda match: match[1] + match[2].upper(), re.sub(r" {2,}", " ", text).strip())


def _as_high(match: re.Match[str], replacement: str) -> str:
    made = match.expand(replacement)
    return made[:1].upper() + made[1:] if match[0][:1].isupper() else made


def _small(text: str) -> str:
    return text.lower()
