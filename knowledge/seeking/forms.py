"""The ways one message is asked: alone, with what it leans on, under the name in focus, in parts. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from knowledge.query import MAX_CHARS, Said, search_query
from knowledge.seeking.focus import Focus
from knowledge.seeking.names import Names
from knowledge.sparse import terms

_NAMED: Final = 2
_LEAST_HELD: Final = 0.1
_NEXT: Final = 0.5
"""A second name is asked about where it is held half as firmly as the first: each costs an embedding."""
_LEAST_TOP: Final = 0.3
"""A name held less firmly is asked only of its own passages, not of all."""
_SAID_NOW: Final = 0.3
"""A message that says a name this clearly needs no other before it."""
_LONG_WORDS: Final = 40
"""Words from which a message is several things, each looked for by itself."""
_PARTS: Final = 4
_LAST_LINES: Final = 2
_MEANING_CHARS: Final = 500
"""What of a long message is embedded as a whole, as its sentences are too: an embedding costs by its length, and the
mean of two hundred words says little."""
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+|\n+")
_LEAST_PART_TERMS: Final = 2


@dataclass(frozen=True, slots=True)
class Forms:
    """What is searched for one message; forms that would say the same are "".

    `message` is it alone, `leaning` with names and a short answer of the lines before where it cannot stand alone,
    `trailing` behind the last two lines, `parts` its sentences where it is long. `named` are those behind each of the
    names in focus (by number), for the passages under that name; the first of them is `leading` when it is firm.
    """

    message: str
    leaning: str = ""
    trailing: str = ""
    parts: tuple[str, ...] = ()
    named: Mapping[int, str] = field(default_factory=dict)
    leading: int | None = None

    def meaning(self, form: str) -> str:
        """What of a form is embedded."""
        return form[:_MEANING_CHARS] if self.parts else form

    def texts(self) -> tuple[str, ...]:
        """Every form whose meaning is searched, once, the message first; of `trailing` only the words are."""
        all_forms = (self.message, self.leaning, *self.parts, *self.named.values())
        return tuple(dict.fromkeys(form for form in all_forms if form))


def forms(text: str, history: Sequence[Said], focus: Focus, names: Names) -> Forms:
    """The forms of `text` after `history`. `message` is "" only for a message without words."""
    message = search_query(text)
    leaning = search_query(text, history)
    named = _named(message, focus, names)
    leading = next((name for name in named if focus.held[name] >= _LEAST_TOP), None)
    return Forms(
        message=message,
        leaning=leaning if leaning != message else "",
        trailing=_trailing(message, history),
        parts=_parts(text),
        named=named,
        leading=leading,
    )


def _named(message: str, focus: Focus, names: Names) -> dict[int, str]:
    """Nothing where the message says a name itself."""
    if not message or focus.strongest_now > _SAID_NOW:
        return {}
    strongest = focus.strongest(_NAMED)
    least = max([_LEAST_HELD, *(_NEXT * focus.held[name] for name in strongest[:1])])
    followed = [name for name in strongest if focus.held[name] >= least]
    return {name: f"{names.all[name].text}: {message}"[:MAX_CHARS] for name in followed}


def _trailing(message: str, history: Sequence[Said]) -> str:
    before = [search_query(line.text) for line in history[-_LAST_LINES:]]
    return " ".join([*before, message])[-MAX_CHARS:] if any(before) else ""


def _parts(text: str) -> tuple[str, ...]:
    if len(text.split()) <= _LONG_WORDS:
        return ()
    sentences = [" ".join(part.split())[:MAX_CHARS] for part in _SENTENCE.split(text)]
    telling = [part for part in dict.fromkeys(sentences) if len(terms(part)) >= _LEAST_PART_TERMS]
    return tuple(sorted(telling, key=lambda part: -len(terms(part)))[:_PARTS])
