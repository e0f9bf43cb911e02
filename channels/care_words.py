"""Gaps and findings in words, for the terminal and the desk alike. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from knowledge.checking.findings import Contradiction, Duplicate, Findings, Place, Stale, Why

if TYPE_CHECKING:
    from agent.knowing.gaps import Gap, Gaps

REASONS: Final[Mapping[str, str]] = {
    "not_found": "not found",
    "refused": "found, but nothing that may be said",
    "no_answer": "handed over",
    "rated": "rated low",
    "wrong": "marked wrong",
}
STALE: Final[Mapping[Why, str]] = {
    "expired": "held until {date}; never cited any more",
    "expiring": "holds until {date}",
    "not_yet": "holds from {date}; not cited before",
    "bad_date": "“{date}” is no date, so it holds for ever",
    "old": "last updated {date}",
    "missing": "the file it was read from is not there any more",
}
_WIDEST: Final = 160


def one_line(text: str, most: int = _WIDEST) -> str:
    """A text on one line, cut with an ellipsis."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def counted(number: int, one: str, many: str = "") -> str:
    """ "1 passage", "1,200 passages"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def mixed(counts: Mapping[Any, int], names: Mapping[Any, str] | None = None) -> str:
    """ "chat 5, email 2", the most first."""
    return ", ".join(f"{(names or {}).get(name, name)} {count:,}" for name, count in counts.items())


def gap_head(gap: Gap) -> str:
    """How often, by how many, when."""
    first, last = gap.first.date().isoformat(), gap.last.date().isoformat()
    when = f"on {last}" if first == last else f"{first} to {last}"
    return f"{counted(gap.count, 'question')} of {counted(gap.customers, 'customer')}, {when}"


def gap_verdict(gap: Gap) -> str:
    """Whether an article lacks this, or there is none."""
    if not gap.nearest:
        return "The knowledge has nothing at all."
    if gap.has_article:
        return "There are articles about it, but they lack this:"
    return "No article is about it. The nearest:"


def gap_lines(found: Gaps) -> list[str]:
    """All of it for a terminal."""
    if not found.gaps:
        return [f"No question since {found.since.date().isoformat()} was left without an answer."]
    lines = [
        f"{counted(found.questions, 'question')} of {counted(found.customers, 'customer')} since "
        f"{found.since.date().isoformat()} were not answered, in {counted(found.groups, 'group')}"
    ]
    for number, gap in enumerate(found.gaps, 1):
        lines += ["", f"{number}. {one_line(gap.label)}", *(f"   {line}" for line in _gap(gap))]
    return lines


def _gap(gap: Gap) -> Iterator[str]:
    yield f"{gap_head(gap)}; {mixed(gap.channels)}; {mixed(gap.why, REASONS)}"
    for example in gap.examples:
        if one_line(example.text) != one_line(gap.label):
            yield f"“{one_line(example.text)}” ({example.conversation})"
    yield gap_verdict(gap)
    for each in gap.nearest:
        heading = " › ".join(part for part in (each.title or each.document, each.section) if part)
        yield f"  {each.score:.2f}  {one_line(heading)}"


def stale_words(each: Stale) -> str:
    """What is wrong with a document."""
    return STALE[each.why].format(date=each.date or "an unknown day")


def stale_line(each: Stale) -> str:
    """A document and what is wrong with it."""
    return f"{each.title or each.document} ({each.document}): {stale_words(each)}"


def place_line(each: Place) -> str:
    """Where something stands, and the words."""
    return f"{one_line(each.heading)} ({each.document}): {one_line(each.text)}"


def contradiction_head(each: Contradiction) -> str:
    """What differs."""
    if "not" in (each.left_says, each.right_says):
        return "One says that it is so, the other that it is not"
    return f"{each.left_says} or {each.right_says}"


def duplicate_head(each: Duplicate) -> str:
    """How alike, in how many places."""
    how = "word for word" if each.exact else f"nearly the same (at least {each.score:.2f})"
    documents = len({place.document for place in each.places})
    return f"{counted(len(each.places), 'passage')} of {counted(documents, 'document')}, {how}"


def check_lines(found: Findings) -> list[str]:
    """All of it for a terminal, what is worst first."""
    where = f"{found.collection} on {found.on.isoformat()}"
    size = f"{counted(found.passages, 'passage')} of {counted(found.documents, 'document')}"
    if not any(found.counts.values()):
        return [f"{where}: nothing to mend in {size}" if found.passages else f"{where}: there are no passages"]
    lines = [f"{where}: {size}"]
    if found.contradictions:
        lines += ["", f"{counted(len(found.contradictions), 'contradiction')}"]
    for each in found.contradictions:
        lines += [f"- {contradiction_head(each)}", f"  {place_line(each.left)}", f"  {place_line(each.right)}"]
    if found.stale:
        lines += ["", counted(len(found.stale), "document out of date, or soon", "documents out of date, or soon")]
    lines += [f"- {stale_line(old)}" for old in found.stale]
    if found.duplicates:
        lines += ["", counted(len(found.duplicates), "group of copies", "groups of copies")]
    for copies in found.duplicates:
        lines += [f"- {duplicate_head(copies)}", *(f"  {place_line(at)}" for at in copies.places)]
    return lines
