"""The report as a page: shares, agreement, what was not answered, and answers beside what people said. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evals.forecast.figures import Share
from evals.forecast.gaps import Asked
from evals.forecast.running import FATES, Outcome
from evals.pages.kit import Item, items, page, section, table
from evals.pages.parts import column, conversation, text

_BEGINNING = "An estimate from conversations that were had: the same graph, the same knowledge, nothing sent."


def html(
    name: str,
    shares: Mapping[str, Share],
    agreement: Mapping[str, Share],
    inboxes: Mapping[str, Mapping[str, Share]],
    tags: Mapping[str, Mapping[str, Share]],
    gaps: Sequence[Asked],
    outcomes: Sequence[Outcome],
) -> str:
    """The whole page."""
    answered = shares["answered"]
    heading = f"{percent(answered)} of what customers asked would have been answered"
    parts = [
        section("What would have happened", _shares(shares), note=_note(answered)),
        section(
            "Beside what did happen",
            _shares(agreement),
            note="Only where it is known what was right: an article was linked, or a bot gave up.",
        ),
    ]
    for title, grouped in (("By inbox", inboxes), ("By tag", tags)):
        if grouped:
            parts.append(section(title, _groups(grouped)))
    parts.append(section("Most often not answered", _gaps(gaps), note="What the knowledge lacks, or does not show."))
    listed = items([_item(each) for each in outcomes], of="questions")
    parts.append(section("Question by question", listed, note="What would have been said, beside what people said."))
    return page(heading, f"{name}. {_BEGINNING}", *parts)


def _note(answered: Share) -> str:
    return f"{answered.of:,} questions. Intervals are at 95 %, drawn by whole conversations."


def percent(share: Share) -> str:
    return "–" if share.share is None else f"{100 * share.share:.0f} %"


def interval(share: Share) -> str:
    """ "41 to 58 %", or a dash."""
    return "–" if share.low is None or share.high is None else f"{100 * share.low:.0f} to {100 * share.high:.0f} %"


def _shares(shares: Mapping[str, Share]) -> str:
    rows = [(name, each.count, each.of, percent(each), interval(each)) for name, each in shares.items()]
    return table(("", "rows", "of", "share", "95 % interval"), rows)


def _groups(grouped: Mapping[str, Mapping[str, Share]]) -> str:
    rows = [
        (name, shares["answered"].of, *(f"{percent(shares[fate])} ({interval(shares[fate])})" for fate in FATES[:3]))
        for name, shares in grouped.items()
    ]
    return table(("", "rows", *FATES[:3]), rows)


def _gaps(gaps: Sequence[Asked]) -> str:
    if not gaps:
        return "<p>Nothing: every question that knowledge could answer was answered.</p>"
    return items([Item(str(each.count), each.question, text(each.question)) for each in gaps], of="kinds of question")


def _item(each: Outcome) -> Item:
    then = [{"role": role, "text": words} for role, words in each.history]
    asked = conversation([*then, {"role": "customer", "text": each.question}])
    ours = text(each.reply or "(nothing)") + (text("Sources: " + ", ".join(each.sources)) if each.sources else "")
    theirs = text(each.said or "(nothing)")
    who = {"person": "What a person said", "bot": "What a bot said"}.get(each.said_by, "What was said")
    body = column("Asked", asked) + column(f"We: {each.fate}", ours) + column(who, theirs)
    tags = tuple(tag for tag in (each.fate, each.inbox, *each.tags) if tag)
    return Item(each.fate, each.question, body, each.reason, tags)
