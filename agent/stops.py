"""What people switched off or worded otherwise, as a turn sees it: read once, with the turn's controls. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from agent.autonomy import Controls
from agent.ports import Deps
from memory.controls import switches

PROMPT, TOOL = "stop/prompt", "stop/tool"
ANSWER, SEARCH = f"{PROMPT}/answer", f"{TOOL}/search"
"""The prompt that writes answers, and the tool that finds passages: neither is of use without the other."""
TOOLS = frozenset({SEARCH.removeprefix(f"{TOOL}/")})
"""What a turn may use besides a model."""


def switched_off(controls: Controls, *names: str) -> str:
    """The first of these switches that is on, or ""."""
    return next((name for name in names if controls.get(name, {}).get("on")), "")


def silenced(controls: Controls, inbox: str, channel: str) -> str:
    """The switch that stops everything, this inbox or its channel, or "": the bot says nothing at all."""
    return switched_off(controls, *switches(inbox=inbox, channel=channel))


def reworded(templates: Mapping[str, str], controls: Controls) -> Mapping[str, str]:
    """The templates with the words that people set under controls, which win over the file's."""
    own = {name: str(controls.get(f"template/{name}", {}).get("text") or "") for name in templates}
    return {name: own[name] or text for name, text in templates.items()}


def with_words(deps: Deps, controls: Controls) -> Deps:
    """The same parts, speaking the words people set."""
    if not any(name.startswith("template/") for name in controls):
        return deps
    return replace(deps, templates=reworded(deps.templates, controls))
