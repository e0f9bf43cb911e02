"""The few HTML elements the desk is drawn with. Text stays text: nothing here takes markup."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

Act = Callable[[], Awaitable[None]]


class Box(Element):
    """An element that holds others. `attributes` are HTML's, `_` stands for `-`: `aria_label="Queue"`."""

    def __init__(self, tag: str = "div", classes: str = "", **attributes: str) -> None:
        super().__init__(tag)
        self.classes(classes)
        set_attributes(self, attributes)


class Text(TextElement):
    """An element with text."""

    def __init__(self, text: str = "", tag: str = "span", classes: str = "", **attributes: str) -> None:
        super().__init__(tag=tag, text=text)
        self.classes(classes)
        set_attributes(self, attributes)


class Button(TextElement):
    """A button of the platform. A second press while `act` runs does nothing."""

    def __init__(self, text: str, act: Act, classes: str = "plain", **attributes: str) -> None:
        super().__init__(tag="button", text=text)
        self.classes(classes)
        set_attributes(self, {"type": "button", **attributes})
        self._act = act
        self._busy = False
        self.on("click", self._press, [])

    async def _press(self) -> None:
        if self._busy:
            return
        self._busy = True
        try:
            await self._act()
        finally:
            self._busy = False


def set_attributes(element: Element, attributes: dict[str, str]) -> None:
    """Sets HTML attributes as they are; the props of Quasar would parse them."""
    changed = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
    if any(element.props.get(name) != value for name, value in changed.items()):
        element.props.update(changed)
        element.update()
