"""The page of figures: a period, what it is compared with, and a chart with its numbers for each finding."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from fastapi import Request
from nicegui import ui
from nicegui.events import GenericEventArguments

from agent.oversight import Oversight
from channels.web.desk.dashboards_charts import option
from channels.web.desk.dashboards_words import Figure, findings
from channels.web.desk.elements import Box, Button, Text
from channels.web.desk.fields import Choice, table
from channels.web.desk.pages import Draw, Frame
from channels.web.desk.scene import Scene
from channels.web.desk.words import channel
from memory.trends import Scope

AGAIN_S = 60.0  # how old the figures become while the page is open


@dataclass(frozen=True, slots=True)
class Period:
    """A span to look at, cut into slices; `clock` writes a slice's beginning."""

    label: str
    span: timedelta
    slices: int
    clock: str
    axis: str


PERIODS: Final = {
    "24h": Period("24 hours", timedelta(hours=24), 24, "%H:%M", "hour from"),
    "7d": Period("7 days", timedelta(days=7), 7, "%a %d", "day from"),
    "30d": Period("30 days", timedelta(days=30), 30, "%d %b", "day from"),
}


def draw(oversight: Oversight, scene: Scene) -> Draw:
    """The page."""

    def page(frame: Frame, request: Request) -> Callable[[], Awaitable[None]]:
        return FiguresPage(oversight, scene, frame, request.query_params.get("period", "7d")).start

    return page


class FiguresPage:
    """The figures in one browser tab."""

    def __init__(self, oversight: Oversight, scene: Scene, frame: Frame, period: str) -> None:
        self._oversight = oversight
        self._frame = frame
        self._period = period if period in PERIODS else "7d"
        self._dark = False
        self._found: list[Figure] = []
        self._charts: list[tuple[Figure, ui.echart]] = []
        Text("Figures", "h2", "title")
        with Box(classes="filters"):
            with Box("div", "periods", role="group", aria_label="Period"):
                self._buttons = {key: self._button(key, each) for key, each in PERIODS.items()}
            inboxes = {"": "All inboxes", **{name: name for name in sorted(scene.inboxes)}}
            channels = {"": "All channels", **{name: channel(name) for name in scene.channels}}
            self._inbox = Choice("Inbox", inboxes, "", changed=self.read)
            self._channel = Choice("Channel", channels, "", changed=self.read)
        self._when = Text("", "p", "muted")
        self._figures = Box(classes="figures")
        with self._figures:
            for _ in range(4):
                Box(classes="shape")

    def _button(self, key: str, period: Period) -> Button:
        async def choose() -> None:
            self._period = key
            await self.read()

        return Button(period.label, choose, "tab")

    async def start(self) -> None:
        """Reads for the first time, and again by the clock."""
        self._dark = bool(await ui.run_javascript("deskDark()", timeout=2))
        ui.on("desk-dark", self._turn)
        await self.read()
        ui.timer(AGAIN_S, self.read, immediate=False)

    async def read(self) -> None:
        """Shows the period's figures as they are now."""
        for key, button in self._buttons.items():
            button.props["aria-current"] = "true" if key == self._period else "false"
            button.update()
        await self._frame.attempt(self._read)

    async def _read(self) -> None:
        period, until = PERIODS[self._period], datetime.now(UTC)
        scope = Scope(until - period.span, until, period.slices, self._inbox.value, self._channel.value)
        now, before = await self._oversight.figures(scope)
        labels = [start.astimezone(self._frame.zone).strftime(period.clock) for start in scope.starts()]
        found = findings(now, before, labels, period.axis, period.label)
        since = self._frame.at(scope.since)
        self._when.set_text(f"{since} to {self._frame.at(until)}, compared with the {period.label} before.")
        if found != self._found:
            self._found = found
            self._show()

    def _show(self) -> None:
        self._figures.clear()
        self._charts.clear()
        with self._figures:
            for figure in self._found:
                self._draw(figure)

    def _draw(self, figure: Figure) -> None:
        with Box("section", "figure", aria_label=figure.title, data_figure=figure.key):
            Text(figure.title, "h3")
            if figure.compared:
                Text(figure.compared, "p", "muted")
            if figure.chart is not None:
                # What it shows is in the table below, which anybody can read.
                with Box(role="img", aria_label=f"Chart: {figure.title}"):
                    drawn = ui.echart(option(figure.chart, self._dark), renderer="svg").classes("chart")
                self._charts.append((figure, drawn))
            if figure.empty:
                Text(figure.empty, "p", "muted")
            if figure.rows:
                with Box("details"):
                    Text("The numbers", "summary")
                    table(figure.title, list(figure.heads), [list(row) for row in figure.rows])

    def _turn(self, event: GenericEventArguments) -> None:
        """The browser went from light to dark, or back."""
        self._dark = bool(event.args)
        for figure, drawn in self._charts:
            if figure.chart is not None:
                drawn.options.clear()
                drawn.options.update(option(figure.chart, self._dark))
                drawn.update()
