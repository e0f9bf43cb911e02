"""The page of retention: the rules, what a run would do now, the last runs, and a run at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from fastapi import Request

from agent.errors import Refused
from agent.retention import Retention
from channels.retention_words import CLASSES, entry_words, report_lines, rule_words
from channels.web.desk.elements import Box, Button, Text
from channels.web.desk.fields import Asking, table
from channels.web.desk.pages import Draw, Frame
from memory.retention.planning import Line, Plan

RUNS = 20
NO_RULES = (
    "There are no rules, so nothing is ever purged. They are written into the configuration as [[retention.rule]]: how "
    "long each class of data is kept, and where."
)
NOTHING = "Nothing is over its time."
NO_RUNS = "There was no run yet. The first one only plans."
DOES = (
    "What the table above has to go is removed from every store, a portion at a time; turns go on meanwhile. "
    "It cannot be taken back."
)


def draw(retention: Retention) -> Draw:
    """The page."""

    def page(frame: Frame, _request: Request) -> Callable[[], Awaitable[None]]:
        return RetentionPage(retention, frame).start

    return page


class RetentionPage:
    """Retention in one browser tab."""

    def __init__(self, retention: Retention, frame: Frame) -> None:
        self._retention = retention
        self._frame = frame
        self._plan: Plan | None = None
        Text("Retention", "h2", "title")
        self._body = Box(classes="sections")
        with self._body:
            for _ in range(3):
                Box(classes="shape")

    async def start(self) -> None:
        """Reads for the first time."""
        await self._frame.attempt(self._read)

    async def _read(self) -> None:
        self._plan = plan = await self._retention.plan(datetime.now(UTC))
        told = await self._retention.told(RUNS)
        self._body.clear()
        with self._body:
            self._rules()
            if self._retention.rules:
                self._due(plan)
            with Box("section", "card", aria_label="Last runs"):
                Text("Last runs", "h3")
                rows: list[list[object]] = [[self._frame.at(e.at), e.actor, entry_words(e)] for e in told]
                table("Last runs", ["When", "Who", "What"], rows, empty=NO_RUNS)

    def _rules(self) -> None:
        with Box("section", "card", aria_label="Rules"):
            Text("Rules", "h3")
            rows: list[list[object]] = [
                [rule_words(rule), f"{rule.source} ({rule.checked_on})" if rule.checked_on else rule.source or "—"]
                for rule in self._retention.rules.rules
            ]
            table("Rules", ["Rule", "Where the number is from"], rows, empty=NO_RULES)

    def _due(self, plan: Plan) -> None:
        with Box("section", "card", aria_label="Over their time"):
            Text("Over their time", "h3")
            lines = [line for line in plan.lines if line.due or line.held]
            heads = ["What", "Region", "To go", "Oldest", "Stays, and why"]
            table("Over their time", heads, [self._line(line) for line in lines], empty=NOTHING)
            if plan.due:
                asking = Asking(self._frame.attempt)
                opener = asking.opener(DOES, "Remove them", self._run, reason="", typed="PURGE", danger=True)
                asking.offer(lambda: self._offer(opener))

    def _offer(self, opener: Callable[[], Awaitable[None]]) -> None:
        with Box(classes="buttons start"):
            Button("Remove them now", opener, "plain danger")
            Button("Look again", self.start, "plain")

    def _line(self, line: Line) -> list[object]:
        stays = "; ".join(f"{count:,}: {why}" for why, count in line.held.items())
        oldest = self._frame.at(line.oldest) if line.oldest else "—"
        return [CLASSES[line.rule.of], line.region or "Not known", line.due, oldest, stays or "—"]

    async def _run(self, _why: str) -> None:
        if self._plan is None or self._plan.digest != self._retention.rules.digest:
            raise Refused("the rules were changed: look again")
        actor = self._frame.actor
        done = await self._retention.by_hand(datetime.now(UTC), actor.name, actor.role, most=self._retention.most)
        await self._read()
        self._frame.announce(" ".join(report_lines(done)))
