"""What a look-up gave, as the Turn carries it: pseudonyms only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

State = Literal["found", "not_found", "failed", "unproven", "unnamed"]
"""Found and the customer's own; not there, or somebody else's; no answer; nobody proved who they are, so nothing was
asked; which one is meant was not said, so nothing was asked."""


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What one look-up in the organisation's own systems gave: `text` with pseudonyms, as evidence, one statement a
    line; or, where it failed, `fault` for people. `subject` is the value it was asked for, `asked` how it is called in
    the settings, `title` what a source of it is called. `at` and `ms` say when it was asked and how long that took,
    `kept` that an answer of a moment ago was used. `template` names the words that answer where there is no text.
    `note` says for people what else is to be known: fields left out, whose it was."""

    asked: str
    subject: str
    text: str = ""
    fault: str = ""
    ms: float = 0.0
    state: State = "found"
    title: str = ""
    at: datetime | None = None
    kept: bool = False
    template: str = ""
    about: str = ""
    firm: bool = False
    note: str = ""
