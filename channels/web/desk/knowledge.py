"""The page about the knowledge: what it does not answer; what in it contradicts itself, is out of date or doubled."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote

from fastapi import Request

from agent.knowing.care import Care
from agent.knowing.gaps import Gap, Gaps
from channels.care_words import (
    REASONS,
    contradiction_head,
    counted,
    duplicate_head,
    gap_head,
    gap_verdict,
    mixed,
    one_line,
    stale_words,
)
from channels.web.desk.elements import Box, Button, Text
from channels.web.desk.fields import Choice, table
from channels.web.desk.marking import draw_marked
from channels.web.desk.pages import Draw, Frame, later
from channels.web.desk.thread import draw_address
from channels.web.desk.words import channel
from knowledge.checking.findings import Contradiction, Duplicate, Findings, Place

PERIODS: Final = {"7d": ("7 days", 7), "30d": ("30 days", 30), "90d": ("90 days", 90)}
SHOWN: Final = 20
NO_GAPS = "No question of these {period} was left without an answer. What is shows here, with what comes near it."
NOTHING = "There is no knowledge yet. Bring some in with “frontdesk ingest”, and it is looked through here."
IN_ORDER = "Nothing contradicts itself, nothing is out of date and nothing is there twice."
_WIDEST: Final = 400


def draw(care: Care) -> Draw:
    """The page."""

    def page(frame: Frame, request: Request) -> Callable[[], Awaitable[None]]:
        return KnowledgePage(care, frame, request.query_params.get("period", "30d")).start

    return page


class KnowledgePage:
    """The page in one browser tab. Gaps and findings are read beside each other: neither waits for the other."""

    def __init__(self, care: Care, frame: Frame, period: str) -> None:
        self._care = care
        self._frame = frame
        self._period = period if period in PERIODS else "30d"
        Text("Knowledge", "h2", "title")
        with Box("section", aria_label="Not answered"):
            with Box(classes="filters"), Box("div", "periods", role="group", aria_label="Period"):
                self._buttons = {key: self._button(key, label) for key, (label, _) in PERIODS.items()}
            self._gaps = Box(classes="cards")
        with Box("section", aria_label="To look at"):
            collections = {name: name for name in care.all_collections}
            self._collection = Choice("Collection", collections, care.collection, changed=self._read_findings)
            self._collection.box.set_visibility(len(collections) > 1)
            self._findings = Box(classes="cards")
        _shape(self._gaps)
        _shape(self._findings)

    def _button(self, key: str, label: str) -> Button:
        async def choose() -> None:
            self._period = key
            await self._read_gaps()

        return Button(label, choose, "tab")

    async def start(self) -> None:
        """Reads for the first time."""
        later(self._show_findings, self._frame, "looks through the knowledge")
        await self._read_gaps()

    async def _read_gaps(self) -> None:
        for key, button in self._buttons.items():
            button.props["aria-current"] = "true" if key == self._period else "false"
            button.update()
        if not await self._frame.attempt(self._show_gaps):
            self._gaps.clear()

    async def _show_gaps(self) -> None:
        until = datetime.now(UTC)
        found = await self._care.gaps(until - timedelta(days=PERIODS[self._period][1]), until, limit=SHOWN)
        self._gaps.clear()
        with self._gaps:
            draw_gaps(found, PERIODS[self._period][0], self._frame.up)
        self._frame.announce(f"{counted(found.groups, 'gap')}")

    async def _read_findings(self) -> None:
        if not await self._frame.attempt(self._show_findings):
            self._findings.clear()

    async def _show_findings(self) -> None:
        try:
            found = await self._care.check(datetime.now(UTC).date(), self._collection.value)
        except BaseException:
            self._findings.clear()
            raise
        self._findings.clear()
        with self._findings:
            draw_findings(found)


def _shape(box: Box) -> None:
    with box:
        for _ in range(2):
            Box(classes="shape")


def draw_gaps(found: Gaps, period: str, up: str) -> None:
    """The gaps, those of most customers first."""
    if not found.gaps:
        Text("Nothing was left unanswered", "h3")
        Text(NO_GAPS.format(period=period), "p", "muted")
        return
    asked = f"{counted(found.questions, 'question')} of {counted(found.customers, 'customer')}"
    Text(f"{asked} in the last {period} not answered", "h3")
    about = f"In {counted(found.groups, 'group')} of one meaning, those of most customers first."
    Text(about if len(found.gaps) == found.groups else f"{about} The first {len(found.gaps)} show.", "p", "muted")
    for gap in found.gaps:
        _draw_gap(gap, up)


def _draw_gap(gap: Gap, up: str) -> None:
    with Box("article", "card gap"):
        Text(one_line(gap.label, _WIDEST), "h4", dir="auto")
        channels = mixed({channel(name): count for name, count in gap.channels.items()})
        Text(f"{gap_head(gap)}; {channels}; {mixed(gap.why, REASONS)}", "p", "muted")
        Text(gap_verdict(gap), "p")
        if gap.nearest:
            with Box("ul", "verdicts"):
                for each in gap.nearest:
                    with Box("li"):
                        heading = " › ".join(part for part in (each.title or each.document, each.section) if part)
                        Text(f"{one_line(heading)} ({each.score:.2f}) ")
                        draw_address(each.source if each.source.startswith("http") else "")
        with Box("details"):
            Text("How it was asked", "summary")
            with Box("ul", "verdicts"):
                for example in gap.examples:
                    with Box("li"):
                        Text(f"“{one_line(example.text, _WIDEST)}” ", dir="auto")
                        where = f"{up}?c={quote(example.conversation, safe='')}"
                        Text(f"Conversation of {example.at.date().isoformat()}", "a", "link", href=where)


def draw_findings(found: Findings) -> None:
    """What a person should look at, the worst first."""
    size = f"{counted(found.passages, 'passage')} of {counted(found.documents, 'document')} looked through."
    if not any(found.counts.values()):
        Text("Nothing to mend" if found.passages else "Nothing to look through", "h3")
        Text(f"{size} {IN_ORDER}" if found.passages else NOTHING, "p", "muted")
        return
    Text(_title(found), "h3")
    Text(size, "p", "muted")
    for each in found.contradictions[:SHOWN]:
        _draw_contradiction(each)
    if found.stale:
        _draw_stale(found)
    for copies in found.duplicates[:SHOWN]:
        _draw_duplicate(copies)
    more = max(0, len(found.contradictions) - SHOWN) + max(0, len(found.duplicates) - SHOWN)
    if more:
        Text(f"{more:,} more are listed by “frontdesk knowledge check”.", "p", "muted")


def _title(found: Findings) -> str:
    parts = [
        (len(found.contradictions), "contradiction", ""),
        (len(found.stale), "document out of date or soon", "documents out of date or soon"),
        (len(found.duplicates), "group of copies", "groups of copies"),
    ]
    return ", ".join(counted(*part) for part in parts if part[0])


def _draw_contradiction(each: Contradiction) -> None:
    with Box("article", "card contradiction"):
        Text(f"Contradiction: {contradiction_head(each)}", "h4")
        for place, says in ((each.left, each.left_says), (each.right, each.right_says)):
            _draw_place(place, says)


def _draw_place(place: Place, says: str = "") -> None:
    Text(one_line(place.heading), "p", "muted")
    at = place.text.find(says) if says and says != "not" else -1
    draw_marked(place.text, [(at, at + len(says))] if at >= 0 else (), "blockquote", "quoted")
    draw_address(place.source)


def _draw_stale(found: Findings) -> None:
    with Box("article", "card stale"):
        Text("Out of date, or soon", "h4")
        rows = [[each.title or each.document, stale_words(each), each.document] for each in found.stale]
        table("Out of date, or soon", ["Document", "What", "Name"], [list(row) for row in rows])


def _draw_duplicate(each: Duplicate) -> None:
    with Box("article", "card duplicate"):
        Text(f"Copies: {duplicate_head(each)}", "h4")
        draw_marked(one_line(each.places[0].text, _WIDEST), (), "blockquote", "quoted")
        with Box("ul", "verdicts"):
            for place in each.places[:SHOWN]:
                Text(f"{one_line(place.heading)} ({place.document})", "li")
