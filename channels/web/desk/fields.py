"""Fields of the platform for the desk's pages, and the form that asks once before something is done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments

from channels.web.desk.elements import Act, Box, Button, Text

Changed = Callable[[], Awaitable[None]]
LONGEST = 4000


class Field:
    """A labelled field; `value` is what stands in it now."""

    def __init__(
        self, label: str, value: str = "", *, tag: str = "input", changed: Changed | None = None, **attributes: str
    ) -> None:
        self.value = value
        self._changed = changed
        with Box("label", "field") as self.box:
            Text(label, "span", "field-name")
            self.control = Box(tag, "control", **attributes)
            self.control.props["value"] = value
            self._fill()
        # Each key is heard, so that nothing is lost when a button follows at once; only `change` acts.
        self.control.on("input", self._note, js_handler="(event) => emit(event.target.value)")
        if changed is not None:
            self.control.on("change", self._act, js_handler="(event) => emit(event.target.value)")

    def _fill(self) -> None:
        """What stands inside the element itself."""

    def _note(self, event: GenericEventArguments) -> None:
        self.value = str(event.args or "")[:LONGEST]
        self.control.props["value"] = self.value  # so that drawing it again does not bring the old value back

    async def _act(self, event: GenericEventArguments) -> None:
        self._note(event)
        if self._changed is not None:
            await self._changed()


class Choice(Field):
    """One of several; `options` gives each value its words."""

    def __init__(
        self, label: str, options: Mapping[str, str], value: str, *, changed: Changed | None = None, **attributes: str
    ) -> None:
        self._options = dict(options)
        super().__init__(label, value, tag="select", changed=changed, **attributes)

    def _fill(self) -> None:
        with self.control:
            for value, words in self._options.items():
                option = Text(words, "option", value=value)
                if value == self.value:
                    option.props["selected"] = True

    def _note(self, event: GenericEventArguments) -> None:
        if str(event.args) in self._options:
            super()._note(event)


class Asking:
    """A place for buttons, each of which opens its form there: what will happen, the reason, and the way back."""

    def __init__(self, attempt: Callable[[Callable[[], Awaitable[object]]], Awaitable[bool]]) -> None:
        self._attempt = attempt
        self._box = Box(classes="asking")
        self._draw: Callable[[], None] = lambda: None
        self.open = False

    def offer(self, draw: Callable[[], None]) -> None:
        """Draws the buttons, and draws them again when a form is left."""
        self._draw = draw
        self.open = False
        self._box.clear()
        with self._box:
            draw()

    def opener(
        self,
        does: str,
        label: str,
        act: Callable[[str], Awaitable[object]],
        *,
        form: Callable[[], None] = lambda: None,
        reason: str = "Why",
        typed: str = "",
        danger: bool = False,
    ) -> Act:
        """What a button does that must be asked about first. `act` is given the reason; with `typed` the person has to
        write that word. `form` draws more fields."""

        async def opener() -> None:
            self.open = True
            self._box.clear()
            with self._box, Box("form", "confirm", onsubmit="return false"):
                Text(does, "p", "does")
                form()
                why = Field(reason, maxlength="500", autocomplete="off") if reason else None
                word = Field(f"Write {typed} to go on", autocomplete="off", spellcheck="false") if typed else None
                self._buttons(label, act, why, word, typed, danger)
            first = self._box.html_id
            with self._box:  # the button pressed, whose place this would be said from, is gone
                ui.run_javascript(f'document.getElementById("{first}")?.querySelector(".control")?.focus()')

        return opener

    def _buttons(
        self,
        label: str,
        act: Callable[[str], Awaitable[object]],
        why: Field | None,
        word: Field | None,
        typed: str,
        danger: bool,
    ) -> None:
        said = Text("", "p", "bad")
        said.set_visibility(False)

        async def confirmed() -> None:
            if word is not None and word.value.strip() != typed:
                said.set_text(f"Write {typed} as it stands here, so that this does not happen by a slip.")
                said.set_visibility(True)
                return
            done = await self._attempt(lambda: act(why.value if why else ""))
            if done and not self._box.is_deleted:  # what was done may have drawn the page anew
                self.offer(self._draw)

        async def back() -> None:
            self.offer(self._draw)

        with Box(classes="buttons"):
            Button("Cancel", back, "plain")
            Button(label, confirmed, "plain danger" if danger else "primary")


def table(caption: str, heads: list[str], rows: list[list[Any]], *, empty: str = "") -> None:
    """A table of texts with a caption; `empty` stands where there are no rows."""
    if not rows and empty:
        Text(empty, "p", "muted")
        return
    with Box(classes="wide", tabindex="0", role="region", aria_label=caption), Box("table", "rows"):
        Text(caption, "caption", "vh")
        with Box("thead"), Box("tr"):
            for name in heads:
                Text(name, "th", scope="col")
        with Box("tbody"):
            for row in rows:
                with Box("tr"):
                    for cell in row:
                        _cell(cell)


def _cell(cell: Any) -> None:
    if callable(cell):
        with Box("td"):
            cell()
    elif isinstance(cell, int | float):
        Text(f"{cell:,}", "td", "number")
    else:
        Text(str(cell), "td")
