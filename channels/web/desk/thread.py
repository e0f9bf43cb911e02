"""The conversation's log: what was said, with handoffs and notes as thin lines between the messages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from nicegui import ui

from channels.web.desk import words
from channels.web.desk.attachments import draw_files
from channels.web.desk.elements import Box, Button, Text, set_attributes
from memory.messages import Event

ShowTurn = Callable[[str], Awaitable[None]]
NOTHING = "Nothing was said here yet."
REMOVED = "Removed: kept no longer"


class Thread:
    """Appends events as they come; `zone` is the reader's."""

    def __init__(self, show_turn: ShowTurn) -> None:
        self.zone = ZoneInfo("UTC")
        self._show_turn = show_turn
        self._spoke: tuple[str, str] | None = None
        self._fresh = True
        self.scroll = Box(classes="scroll", tabindex="0", role="region", aria_label="What was said")
        with self.scroll:
            self._earlier = Text("Earlier messages are not shown.", "p", "calm")
            self._earlier.set_visibility(False)
            self._log = Box(classes="log", role="log", aria_label="Messages")

    def clear(self) -> None:
        self._log.clear()
        self._spoke = None
        self._fresh = True

    def loading(self) -> None:
        """The shape of what comes, seen only when it takes longer than 300 ms."""
        self.clear()
        with self._log, Box(classes="shape", aria_hidden="true"):
            for _ in range(4):
                Box()

    def append(self, events: Sequence[Event], customer: str, *, shortened: bool = False) -> None:
        self._earlier.set_visibility(shortened or (self._earlier.visible and self._spoke is not None))
        with self._log:
            for event in events:
                self._draw(event, customer)
        if events:
            forced = self._fresh or any(event.kind == "said" for event in events)
            ui.run_javascript(f"window.deskToEnd({self.scroll.id}, {'true' if forced else 'false'})")
            self._fresh = False

    def _draw(self, event: Event, customer: str) -> None:
        match event.kind:
            case "received":
                self._message("customer", customer, event)
            case "replied":
                self._message("bot", "Assistant", event)
            case "said" if "person" not in event.meta:  # a notification or a campaign
                self._message("bot", "Announcement", event)
            case "said":
                self._message("agent", str(event.meta.get("person") or "A person"), event)
            case "noted" if "removed" in event.meta:
                self._spoke = None
                with Box("p", "line"):
                    Text(f"Old messages were removed: they are kept no longer, {self._clock(event)}")
            case "noted":
                self._note(event)
            case _:
                if (text := words.line(event)) is not None:
                    self._spoke = None
                    with Box("p", "line"):
                        Text(f"{text}, {self._clock(event)}")

    def _message(self, role: str, name: str, event: Event) -> None:
        same = self._spoke == (role, name)
        self._spoke = (role, name)
        with Box(classes=f"msg {role}{' same' if same else ''}"):
            with Box("p", "who"):
                Text(name, "b" if role == "agent" else "span")
                Text(self._clock(event), "time", datetime=event.at.isoformat())
            gone = not event.text and event.meta.get("kind", "message") == "message"
            Text(REMOVED if gone else event.text, "div", "text muted" if gone else "text", dir="auto")
            draw_files(event.meta.get("attachments") or ())
            sources = event.meta.get("sources") or ()
            if sources or (event.turn and role == "bot"):
                with Box(classes="below"):
                    draw_sources(sources)
                    if event.turn and role == "bot":
                        Button("How it was made", self._shower(event.turn), "link quiet")

    def _shower(self, turn: str) -> Callable[[], Awaitable[None]]:
        return lambda: self._show_turn(turn)

    def _note(self, event: Event) -> None:
        self._spoke = None
        with Box(classes="note"):
            left = event.meta.get("contact")
            by = "The customer may be answered at" if left else f"Note by {event.meta.get('person') or 'a person'}"
            Text(f"{by}, {self._clock(event)}", "p", "who")
            Text(event.text, "div", "note-text", dir="auto")

    def _clock(self, event: Event) -> str:
        return words.at(event.at.astimezone(self.zone), datetime.now(UTC).astimezone(self.zone))


def draw_sources(sources: Sequence[Mapping[str, Any]]) -> None:
    """Each source by its document's title, opening the sentence it was taken from."""
    for source in sources:
        with Box("details", "source"):
            with Box("summary"):
                Text(str(source.get("n", "")), "b")
                title = str(source.get("title") or source.get("document") or "")
                Text(" › ".join(part for part in (title, str(source.get("section") or "")) if part))
            if quote := source.get("quote") or source.get("text"):
                Text(str(quote), "blockquote")
            draw_address(str(source.get("url") or source.get("source") or ""))


def draw_address(address: str) -> None:
    """A link where the address is one on the web, its text where it is not."""
    if not address:
        return
    try:
        web = urlsplit(address).scheme in ("http", "https")
    except ValueError:
        web = False
    if web:
        link = Text("Open the article", "a", "link")
        set_attributes(link, {"href": address, "target": "_blank", "rel": "noopener noreferrer"})
    else:
        Text(address, "p", "muted")
