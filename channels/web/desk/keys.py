"""The desk by keyboard: what Alt and a letter do, said on the buttons and in one place."""

from __future__ import annotations

from channels.web.desk.elements import Box, Text

KEYS = (
    ("Alt+J", "the next who waits"),
    ("Alt+Q", "to the queue"),
    ("Alt+T", "take over"),
    ("Alt+R", "write an answer or note"),
    ("Alt+P", "pass on"),
    ("Alt+G", "give back"),
    ("↑ ↓", "in the queue: the entry above or below; Enter opens it"),
    ("← →", "on the tabs: the other tab"),
    ("Ctrl+Enter", "send the answer"),
)


def shortcut(letter: str) -> dict[str, str]:
    """The attributes by which a button answers to Alt and a letter; desk.js presses it."""
    return {"data_key": letter, "aria_keyshortcuts": f"Alt+{letter}"}


def draw_keys() -> None:
    """The list, folded away."""
    with Box("details", "keys"):
        Text("Keys", "summary", "link quiet")
        with Box("dl", "facts"):
            for key, does in KEYS:
                Text(key, "dt")
                Text(does, "dd")
