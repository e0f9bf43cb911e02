"""Whether what a sentence commits the organisation to is said by its source, and allowed. Pure.

A commitment in a model's own words needs one sentence of a cited passage that says the same: of the same kind, by the
same side, with its amounts, periods, dates and conditions, and not the other way round. Where the organisation keeps a
registry, a promise (`Commitment.promised`) needs an entry as well. What is quoted word for word is the organisation's
own statement and needs neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Final

from agent.guardrails.claims import is_courtesy
from agent.guardrails.commitments_reading import Commitment, commitment, condition, facts
from agent.guardrails.commitments_registry import Entry, Registry, Where
from agent.guardrails.evidence_reading import read
from agent.guardrails.grounding import MARKER, support
from agent.ports import Question
from agent.state import Sentence, Verdict
from agent.understanding.words import rarity
from knowledge.passages import Passage
from knowledge.sentences import sentences as sentence_spans

__all__ = ["Commitment", "CommitmentJudge", "Entry", "Registry", "Where", "commitment"]

_NEAR: Final = 0.85
"""A sentence of the source speaks of the same where it is this near, compared with the nearest one."""
_KEPT: Final = 0.4
"""Share of a condition's words that a sentence must have to have kept it."""


def _today() -> date:
    return datetime.now(UTC).date()


@dataclass(frozen=True, slots=True)
class CommitmentJudge:
    """Judges one sentence: "pass", or "revise" with what its source says otherwise or no entry allows.

    `registry` None asks for evidence alone. `where` is for whom the reply is (see `within`); without it, entries that
    are limited to inboxes or regions allow nothing, and `clock` says which day it is.
    """

    registry: Registry | None = None
    where: Where | None = None
    clock: Callable[[], date] = _today

    def within(self, where: Where) -> CommitmentJudge:
        """The same judge for one turn."""
        return replace(self, where=where)

    def judge(self, sentence: Sentence, question: Question) -> Verdict:
        text = MARKER.sub("", sentence.text).strip()
        found = commitment(text)
        if found is None or (is_courtesy(text) and not found.promised):
            return _verdict("", 1.0, "it commits to nothing")
        passages = {hit.passage.id: hit.passage for hit in question.hits}
        cited = [passages[each.passage] for each in sentence.citations if each.passage in passages]
        quoted = [said for passage in cited if (said := _quoted(text, passage))]
        if quoted:
            cut = min((_dropped(text, said) for said in quoted), key=len)
            return _verdict("; ".join(cut), 0.5 if cut else 1.0, "quoted from its source", quoted[0])
        entries, objection = self._allowed(text, found)
        if objection:
            return _verdict(objection, 0.0)
        if entries and not any(entry.source for entry in entries):
            return _verdict("", 1.0, f"allowed by {', '.join(entry.name for entry in entries)}")
        if not cited:
            return _verdict(f"it commits to {_named(found)} and cites nothing", 0.0)
        return _sourced(text, found, cited)

    def _allowed(self, text: str, found: Commitment) -> tuple[Sequence[Entry], str]:
        if self.registry is None or not found.promised:
            return (), ""
        return self.registry.allowing(text, self.where or Where(self.clock()))


def _quoted(text: str, passage: Passage) -> str:
    """What of the passage the sentence is word for word, or a part of; "" for nothing."""
    found = support(text, passage.text, passage.sentences)
    return passage.text[found.start : found.end] if found.verbatim else ""


def _dropped(text: str, said: str) -> list[str]:
    limit = condition(said)
    return [f'it drops the condition "{limit[:80]}"'] if limit and not _keeps(text, limit) else []


def _sourced(text: str, found: Commitment, cited: Sequence[Passage]) -> Verdict:
    """By the sentences of the sources that speak of the same: of those nearest to it, the one with fewest faults."""
    candidates = [(_likeness(text, said), said) for said in _said(cited, found)]
    if not candidates:
        return _verdict(f"no sentence of its sources speaks of {_named(found)}", 0.0)
    nearest = max(likeness for likeness, _ in candidates)
    near = [(_faults(text, found, said), said) for likeness, said in candidates if likeness >= _NEAR * nearest]
    faults, said = min(near, key=lambda pair: len(pair[0]))
    if not faults:
        return _verdict("", 1.0, "its source commits to the same", said)
    return _verdict("; ".join(faults[:2]), round(1 / (2 + len(faults)), 3), evidence=said)


def _likeness(text: str, said: str) -> float:
    """Share of the sentence's words that the other has, synonyms for some of it, by how rare they are."""
    words, there = read(text).content, read(said)
    weights = [(rarity(word), 1.0 if there.has(word) else 0.7 * bool(there.said_as(word))) for word in words]
    total = sum(weight for weight, _ in weights)
    return sum(weight * found for weight, found in weights) / total if total else 1.0


def _said(cited: Sequence[Passage], found: Commitment) -> Iterator[str]:
    """The sentences of the passages about one of the same things; of a promised deed, about any."""
    for passage in cited:
        for start, end in passage.sentences or sentence_spans(passage.text):
            said = passage.text[start:end]
            if found.kinds & facts(said).kinds or found.kinds <= {"action", "contact"}:
                yield said


def _faults(text: str, found: Commitment, said: str) -> list[str]:
    """What the sentence commits to that this one of its source does not; in the order in which people would tell it."""
    source = facts(said)
    faults = []
    if found.done and not source.done:
        faults.append("it says that something was done, which no source can know")
    if found.negative != source.negative:
        faults.append(
            "it says no where its source says yes" if found.negative else "it says yes where its source says no"
        )
    faults += [
        f"its source does not say {value:g} {currency}" for value, currency in sorted(found.amounts - source.amounts)
    ]
    faults += [f"its source does not say {value:g} %" for value in sorted(found.percents - source.percents)]
    faults += [f"its source does not say {each}{_instead(source)}" for each in _unsaid(found, source)]
    faults += [
        f"its source does not say {y or ''}-{m:02}-{d:02}".replace("say -", "say ")
        for y, m, d in _other_dates(found, source)
    ]
    faults += [f"its source does not say {day}day" for day in sorted(found.weekdays - source.weekdays)]
    if found.payer and source.payer and found.payer != source.payer:
        faults.append("its source lets the other side pay")
    if new := found.kinds - source.kinds - {"action", "price", "contact"}:
        faults.append(f"its source does not speak of {' and '.join(sorted(new))} there")
    if found.kinds <= {"action", "contact"} and not _shares(text, said):
        faults.append("its source promises nothing of the kind")
    if absolute := sorted(found.limitless - source.limitless):
        faults.append(f'its source does not say "{absolute[0]}"')
    return faults + _dropped(text, said)


def _unsaid(found: Commitment, source: Commitment) -> list[str]:
    """Periods of which the source has none that is as long and counted in the same days."""
    there = {(round(each.low, 2), round(each.high, 2), each.working) for each in source.periods}
    ends = {(end, working) for low, high, working in there for end in (low, high)}
    return sorted(
        str(each)
        for each in found.periods
        if (round(each.low, 2), round(each.high, 2), each.working) not in there
        and not (each.low == each.high and (round(each.high, 2), each.working) in ends)
    )


def _instead(source: Commitment) -> str:
    return f", it says {min(source.periods, key=lambda each: each.high)}" if len(source.periods) == 1 else ""


def _other_dates(found: Commitment, source: Commitment) -> list[tuple[int, int, int]]:
    """Dates that the source does not have; a year that one of the two leaves out does not count."""
    return sorted(
        (y, m, d)
        for y, m, d in found.dates
        if not any((m, d) == (m2, d2) and (not y or not y2 or y == y2) for y2, m2, d2 in source.dates)
    )


def _shares(text: str, said: str) -> bool:
    words = read(text).content
    return bool(words) and sum(read(said).has(word) for word in words) >= 0.5 * len(words)


def _keeps(text: str, limit: str) -> bool:
    """Whether the condition's own words, or enough of them, are in the sentence."""
    words = read(limit).content
    there = read(text)
    kept = sum(bool(there.said_as(word)) or there.has(word) for word in words)
    return not words or kept >= _KEPT * len(words)


def _named(found: Commitment) -> str:
    return " and ".join(sorted(found.kinds)) or "something"


def _verdict(fault: str, score: float, reason: str = "", evidence: str = "") -> Verdict:
    return Verdict("commitments", "generate", "revise" if fault else "pass", fault or reason, score, evidence)
