"""A model's stream into sentences, and its `[n]` markers into citations. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from agent.guardrails.grounding import MARKER, support
from agent.ports import Question
from agent.state import Citation, Sentence
from knowledge.passages import Hit
from knowledge.sentences import sentences as sentence_spans


def cite(raw_text: str, question: Question) -> Sentence:
    """A model's sentence with its `[n]` markers turned into citations with exact spans.

    n counts question.hits from 1; a number beyond them is dropped with its marker, so that the judge sees the
    sentence without that source. Each citation's score is the support found there.
    """
    numbers = [int(digit) for group in MARKER.findall(raw_text) for digit in re.findall(r"\d+", group)]
    text = MARKER.sub("", raw_text).strip()
    hits = [question.hits[n - 1] for n in dict.fromkeys(numbers) if 0 < n <= len(question.hits)]
    return Sentence(text, tuple(_citation(text, hit) for hit in hits))


def _citation(text: str, hit: Hit) -> Citation:
    passage = hit.passage
    found = support(text, passage.text, passage.sentences)
    return Citation(
        passage=passage.id,
        document=passage.document_id,
        title=passage.title,
        source=passage.source,
        section=passage.section,
        start=found.start,
        end=found.end,
        score=round(found.score, 3),
    )


class SentenceSplitter:
    """Cuts a stream into sentences, each with the markers that follow it. `feed` as it comes, `flush` at the end.

    A sentence is given out once what follows shows that it is over: white space after its end and then a character
    that is no marker. So amounts, addresses, abbreviations and numbers are never cut, and a table row stays whole.
    """

    def __init__(self) -> None:
        self._held = ""

    def feed(self, chunk: str) -> list[str]:
        """The sentences that this chunk completed, without outer white space; often none."""
        self._held += chunk
        found: list[str] = []
        while (cut := _first_end(self._held)) is not None:
            sentence, self._held = self._held[:cut].strip(), self._held[cut:]
            if sentence:
                found.append(sentence)
        return found

    def flush(self) -> list[str]:
        """What is left, as sentences; the splitter is empty afterwards."""
        left, self._held = self._held, ""
        return [piece for piece in _pieces(left) if piece]


_CANDIDATE: Final = re.compile(
    r"(?:[.!?…]+[\"'”’)\]*_]*(?P<marks>(?:\s*\[\d{1,3}(?:\s*,\s*\d{1,3})*\])*)(?P<gap>\s+)|"
    r"(?P<after>(?:\[\d{1,3}\])+)(?P<gap2>\s+)|[。！？]|\n)(?=(?P<next>\S))"
)


def _first_end(text: str) -> int | None:
    """Where the first sentence that is surely over ends; None while none is."""
    for match in _CANDIDATE.finditer(text):
        following = match.group("next")
        if following == "[" and not _closed_bracket(text, match.end()):
            return None
        if following == "[" and MARKER.match(text, match.end()):
            continue
        if _ends_here(text, match):
            return match.end()
    return None


def _closed_bracket(text: str, at: int) -> bool:
    return "]" in text[at : at + 16] or len(text) - at >= 16


def _ends_here(text: str, match: re.Match[str]) -> bool:
    """Whether the library's own rules, and no list number, end a sentence here."""
    if match.group().strip() == "" or match.group(0)[0] in "。！？":
        return True
    if match.group("after") is not None:
        return not match.group("next").islower()
    if (match.group("marks") or "").strip():
        return True
    if re.fullmatch(r"\s*(?:\d{1,3}|[a-z])\.", text[: match.start("gap")]):
        return False
    spans = sentence_spans(text[: match.end()] + "X" if match.group("next").isupper() else text[: match.end() + 1])
    return any(end <= match.start("gap") and end >= match.start() for _, end in spans)


def _pieces(text: str) -> Iterator[str]:
    while (cut := _first_end(text)) is not None:
        yield text[:cut].strip()
        text = text[cut:]
    yield text.strip()
