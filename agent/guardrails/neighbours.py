"""A message beside its neighbours: what it answers, and what it goes on with. Pure.

"84900641324" alone is nothing; as the answer to "What is your account number?" it is an account, and as the answer to
"What is your order number?" it must stay. And a value may come in two messages, its first half at the end of one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from agent.guardrails.recognisers.numbers import is_named_otherwise
from agent.guardrails.recognisers.span import PiiSpan

Who = Literal["customer", "us"]
_ASKED: Final = (
    (r"(?:order|booking|reservation|tracking|invoice|reference|ticket|case|claim|policy|parcel)",
     "my order number is "),
    (r"(?:account|acct|routing|sort code)", "my account number is "),
    (r"(?:ssn|social(?: security)?)", "my social security number is "),
    (r"(?:credit|debit)?[ ]?card", "my card number is "),
    (r"(?:password|passcode|passphrase|pin|otp|one-time code|(?:security|verification|access|login) code|code we sent)",
     "my password is "),
    (r"(?:user ?name|user id|login)", "my username is "),
    (r"(?:e-?mail)", "my email is "),
    (r"(?:phone|telephone|mobile|cell|contact|callback)", "my phone number is "),
    (r"(?:zip|post ?code|postal code|pin ?code)", "my zip code is "),
    (r"(?:address)", "my address is "),
    (r"(?:city|town|where (?:do )?you live)", "I live in "),
    (r"(?:passport)", "my passport number is "),
    (r"(?:(?:full|first|last|your|sur)[ ]?name|whom? am i (?:speaking|talking)|who is this)", "my name is "),
)  # fmt: skip
_ASKS: Final = tuple((re.compile(rf"\b{words}s?\b", re.IGNORECASE), lead) for words, lead in _ASKED)
_QUESTION = re.compile(
    r"\?|\b(?:please|could|can|may|would|what|which|tell|give|provide|enter|confirm|need|share|send|type)\b",
    re.IGNORECASE,
)
_LONGEST_ANSWER: Final = 90  # characters: what is longer says itself what it holds
_TAIL: Final = 60  # characters of the message before: what could be a value's first half and the words that name it
_HALF = re.compile(r"[\w@.+-]\s*\Z")


@dataclass(frozen=True, slots=True)
class Said:
    """A line of a conversation: whose it is, and its text."""

    who: Who
    text: str


@dataclass(frozen=True, slots=True)
class View:
    """A text to look at for the sake of line `line`: its own begins at `offset`, what comes before is of line `before`
    (None: ours, and nobody's). `instead` says that it tells more than the line alone."""

    line: int
    text: str
    offset: int
    before: int | None = None
    start: int = 0
    instead: bool = False


def views(lines: Sequence[Said], wanted: Iterable[int]) -> list[View]:
    """The texts to look at so as to know what stands in the customer's lines `wanted`: each alone, after what it was
    asked for, and after the end of the message before it."""
    made: list[View] = []
    for at in wanted:
        text = lines[at].text
        asked = lead_for(lines[at - 1].text) if at and lines[at - 1].who == "us" else ""
        if asked and lines[at].who == "customer" and 0 < len(text.strip()) <= _LONGEST_ANSWER:
            made.append(View(at, text, 0))
            made.append(View(at, asked + text, len(asked), instead=asked.startswith("my order")))
            continue
        made.append(View(at, text, 0))
        if (
            at
            and lines[at].who == lines[at - 1].who == "customer"
            and text.strip()
            and _HALF.search(lines[at - 1].text)
        ):
            start = max(0, len(lines[at - 1].text) - _TAIL)
            tail = lines[at - 1].text[start:]
            both, offset = f"{tail} {text}", len(tail) + 1
            named = is_named_otherwise(both, offset)
            made.append(View(at, both, offset, before=at - 1, start=start, instead=named))
    return made


def lead_for(question: str) -> str:
    """What an answer to `question` would begin with if it were whole, "" where nothing personal was asked for. Of
    several things asked at once the last decides; a text that asks for nothing has none."""
    sentences = [part for part in re.split(r"(?<=[.?!\n])\s+", question[-400:]) if _QUESTION.search(part)]
    if not sentences:
        return ""
    found = [
        (match.end(), -rank, lead)
        for rank, (words, lead) in enumerate(_ASKS)
        for match in words.finditer(sentences[-1])
    ]
    return max(found)[2] if found else ""


def merged(lines: Sequence[Said], seen: Sequence[tuple[View, Sequence[PiiSpan]]]) -> dict[int, list[PiiSpan]]:
    """The spans of each line, from what was found in its views; a value across two lines has a part in each."""
    found: dict[int, list[PiiSpan]] = {view.line: [] for view, _ in seen}
    instead = {view.line for view, _ in seen if view.instead}
    for view, spans in seen:
        if view.line in instead and not view.instead:
            continue
        for span in spans:
            if span.end > view.offset and (view.before is None or _tells(view, span, found[view.line])):
                found[view.line].append(_moved(span, view, lines))
            if view.before is not None and span.start < view.offset - 1 and span.end > view.offset:
                part = replace(span, start=span.start + view.start, end=len(lines[view.before].text))
                found.setdefault(view.before, []).append(part)
    return found


def _tells(view: View, span: PiiSpan, known: Sequence[PiiSpan]) -> bool:
    """Whether a span of two messages together says more than those of the second alone."""
    start, end = max(span.start - view.offset, 0), span.end - view.offset
    return not any(other.start <= start and end <= other.end for other in known)


def _moved(span: PiiSpan, view: View, lines: Sequence[Said]) -> PiiSpan:
    end = min(span.end - view.offset, len(lines[view.line].text))
    return replace(span, start=max(span.start - view.offset, 0), end=end)
