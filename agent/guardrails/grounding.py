"""Whether a sentence of a reply is in its sources: the judge, the marker parser and the splitter for streams. Pure.

Verbatim means: the words of the sentence stand in one cited passage in the same order, markdown, white space, quotes'
shapes and the closing full stop aside; of a table row, that every piece is a cell of that row or of its header, in
the form `understanding.tables.Row.shown` gives. Anything else is a model's own wording: then its numbers, amounts,
dates and names must all be in a cited passage, it must not turn a yes into a no, and enough of its words must be
there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from agent.guardrails.claims import is_courtesy, lost, negations
from agent.ports import Question
from agent.state import Citation, Sentence, Verdict
from agent.understanding import tables
from agent.understanding.synonyms import alike
from agent.understanding.words import content, stems
from knowledge.passages import Hit
from knowledge.sentences import sentences as sentence_spans

THRESHOLD: Final = 0.6
"""Least share of a model's own words that must be in one cited passage; from docs/answers.md, table of figures."""
_MARKER: Final = re.compile(r"\s*\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]")
_QUOTES: Final = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "−": "-", "\u00a0": " "})


@dataclass(frozen=True, slots=True)
class Support:
    """How a text stands to a passage: where it is said (a span of the passage), how well (0..1), and what is not."""

    start: int
    end: int
    score: float
    verbatim: bool
    unsupported: tuple[str, ...] = ()


def normalised(text: str) -> str:
    """A text for comparison: no markdown, one space, plain quotes, lower case, no closing stop."""
    return tables.clean(text).translate(_QUOTES).casefold().rstrip(" .!?;:,")


def support(text: str, passage: str, spans: Sequence[tuple[int, int]] | None = None) -> Support:
    """The best support for `text` in `passage`, whose sentences are `spans` (found again where not given)."""
    places = tuple(spans) if spans else tuple(sentence_spans(passage)) or ((0, len(passage)),)
    wanted = normalised(text)
    for start, end in places:
        row = tables.row_at(passage, start, end)
        if row is not None and tables.says(row, text):
            return Support(start, end, 1.0, True)
        if wanted and wanted == normalised(passage[start:end]):
            return Support(start, end, 1.0, True)
    if wanted and _contains(normalised(passage), wanted):
        return Support(*_spanning(wanted, passage, places), 1.0, True)
    return _paraphrase(text, passage, places)


def _contains(passage: str, wanted: str) -> bool:
    """Whole words only: "5 days" is not in "15 days"."""
    at = passage.find(wanted)
    while at >= 0:
        before, after = passage[at - 1 : at], passage[at + len(wanted) : at + len(wanted) + 1]
        if not before.isalnum() and not after.isalnum() and len(wanted.split()) > 2:
            return True
        at = passage.find(wanted, at + 1)
    return False


def _spanning(wanted: str, passage: str, places: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The shortest run of sentences that holds it; the whole passage where none does (a heading, say)."""
    for length in range(1, min(4, len(places)) + 1):
        for first in range(len(places) - length + 1):
            start, end = places[first][0], places[first + length - 1][1]
            if wanted in normalised(passage[start:end]):
                return start, end
    return 0, len(passage)


def _paraphrase(text: str, passage: str, places: Sequence[tuple[int, int]]) -> Support:
    """The sentence with most of its words; facts may come from anywhere in the passage, polarity from that one."""
    words = content(text)
    start, end = max(places, key=lambda span: _covered(words, stems(passage[span[0] : span[1]])))
    near = _covered(words, stems(passage[start:end]))
    share = 0.5 * near + 0.5 * _covered(words, stems(passage))
    turned = _turned(text, passage[start:end]) and near >= 0.5
    missing = (*lost(text, passage), *(["a negation"] if turned else []))
    return Support(start, end, share * (0.5 ** min(len(missing), 3)), False, missing)


def _covered(words: dict[str, float], there: frozenset[str]) -> float:
    """Rarity-weighted share of the words that are there; a synonym counts 0.7; 1 for a text without content words."""
    total = sum(words.values())
    if not total:
        return 1.0
    same = alike()
    found = sum(
        weight if word in there else 0.7 * weight
        for word, weight in words.items()
        if word in there or not there.isdisjoint(same.get(word, ()))
    )
    return found / total


def _turned(text: str, source: str) -> bool:
    """Whether exactly one of the two is negative."""
    return (negations(text) > 0) != (negations(source) > 0)


class GroundingJudge:
    """Judges one sentence: "pass", or "revise" with what its sources do not say."""

    def __init__(self, threshold: float = THRESHOLD) -> None:
        self._threshold = threshold

    def judge(self, sentence: Sentence, question: Question) -> Verdict:
        """The verdict of the best cited passage; its evidence is that passage's sentence."""
        text = _MARKER.sub("", sentence.text).strip()
        if not sentence.citations:
            return _uncited(text)
        passages = {hit.passage.id: hit.passage for hit in question.hits}
        cited = [passages[each.passage] for each in sentence.citations if each.passage in passages]
        if len(cited) < len(sentence.citations):
            return _verdict("revise", 0.0, "it cites a passage that was not found")
        supports = [(support(text, passage.text, passage.sentences), passage) for passage in cited]
        best, passage = max(supports, key=lambda pair: (pair[0].verbatim, pair[0].score))
        said = passage.text[best.start : best.end]
        if best.verbatim:
            return _verdict("pass", 1.0, "verbatim in its source", said)
        missing = _missing_everywhere([each for each, _ in supports])
        if missing:
            return _verdict("revise", best.score, f"its sources do not say {', '.join(missing[:3])}", said)
        if best.score < self._threshold:
            return _verdict("revise", best.score, "too little of it is in its sources", said)
        return _verdict("pass", best.score, "its facts and words are in its sources", said)


def _missing_everywhere(supports: Sequence[Support]) -> list[str]:
    """What none of the cited passages says; a negation counts by the best one alone."""
    first = supports[0].unsupported
    return [fact for fact in first if all(fact in each.unsupported for each in supports)]


def _uncited(text: str) -> Verdict:
    if is_courtesy(text):
        return _verdict("pass", 1.0, "a courtesy, it claims nothing")
    return _verdict("revise", 0.0, "it claims something and cites nothing")


def _verdict(decision: str, score: float, reason: str, evidence: str = "") -> Verdict:
    outcome = "pass" if decision == "pass" else "revise"
    return Verdict("grounding", "generate", outcome, reason, round(score, 3), evidence)  # type: ignore[arg-type]


def cite(raw_text: str, question: Question) -> Sentence:
    """A model's sentence with its `[n]` markers turned into citations with exact spans.

    n counts question.hits from 1; a number beyond them is dropped with its marker, so that the judge sees the
    sentence without that source. Each citation's score is the support found there.
    """
    numbers = [int(digit) for group in _MARKER.findall(raw_text) for digit in re.findall(r"\d+", group)]
    text = _MARKER.sub("", raw_text).strip()
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


def reply_score(reply: str, evidence: Sequence[str]) -> float:
    """0..1: how far a whole reply is in its evidence. The least supported claim counts as much as all together."""
    said = [reply[start:end] for start, end in sentence_spans(reply)]
    claims = [text for text in said if not is_courtesy(text)]
    if not claims:
        return 1.0
    scores = [max((_score(text, each) for each in evidence), default=0.0) for text in claims]
    return 0.5 * min(scores) + 0.5 * sum(scores) / len(scores)


@lru_cache(maxsize=1024)
def _score(text: str, passage: str) -> float:
    return support(text, passage).score


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


_CANDIDATE: Final = re.compile(r"(?:[.!?…]+[\"'”’)\]*_]*(?P<marks>(?:\s*\[\d{1,3}(?:\s*,\s*\d{1,3})*\])*)(?P<gap>\s+)|(?P<after>(?:\[\d{1,3}\])+)(?P<gap2>\s+)|[。！？]|\n)(?=(?P<next>\S))")  # fmt: skip


def _first_end(text: str) -> int | None:
    """Where the first sentence that is surely over ends; None while none is."""
    for match in _CANDIDATE.finditer(text):
        following = match.group("next")
        if following == "[" and not _closed_bracket(text, match.end()):
            return None
        if following == "[" and _MARKER.match(text, match.end()):
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
