"""Drafts made of templates."""

from __future__ import annotations

from agent.ports import Deps
from agent.state import Draft, Sentence, Turn


def introduction(deps: Deps) -> str:
    """Says that it is automated: the first words of the bot to a customer, and after a person gave back."""
    return deps.templates["disclosure"].format(organisation=deps.organisation)


def from_template(turn: Turn, deps: Deps, name: str) -> Draft:
    """The template as a draft, introduced where this is the bot's first message."""
    text = deps.templates[name].format(organisation=deps.organisation)
    opening = (Sentence(introduction(deps)),) if turn.introduce else ()
    return Draft((*opening, Sentence(text)), made_by=f"template:{name}")
