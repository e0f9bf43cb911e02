"""What each switch is called, what it does when it is turned, and what holds now: pure functions to words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from agent.autonomy import LEVELS, Level, control
from channels.web.desk.scene import Scene
from channels.web.desk.words import channel
from memory.limits import parse

Values = Mapping[str, Mapping[str, Any]]
"""Controls by name: `value`, `by`, `why`, `at`."""

DOES: Final[Mapping[Level, str]] = {
    "shadow": "Shadow: a person writes, without seeing its answer",
    "draft": "Draft: a person writes, with its answer before them",
    "approve": "Approve: its answer leaves once a person says yes",
    "automatic": "Automatic: its answer leaves at once",
}
INHERIT = "inherit"
INTENTS: Final[Mapping[str, str]] = {
    "question": "Questions",
    "person": "Asks for a person",
    "complaint": "Complaints",
    "smalltalk": "Small talk",
    "attack": "Attacks",
    "unclear": "Unclear",
    "opt_out": "Opt-outs",
}


@dataclass(frozen=True, slots=True)
class Switch:
    """One kill switch: its control, what it stops, and what happens when somebody stops it."""

    name: str
    label: str
    does: str


EVERYTHING: Final = Switch(
    "stop",
    "Everything",
    "Nothing leaves on any channel, not even answers, until somebody starts it again. Customers can write, and what "
    "they write is kept; what waits leaves then.",
)


def switches(scene: Scene) -> Iterator[tuple[str, list[Switch]]]:
    """The switches by group, the widest group first; a group with nothing in it is left out."""
    held = "What waits is kept and leaves when it is started again."
    groups = {
        "Channels": [
            Switch(f"stop/channel/{name}", _sentence(channel(name)), f"Nothing leaves by {channel(name)}. {held}")
            for name in scene.channels
        ],
        "Inboxes": [
            Switch(f"stop/inbox/{name}", name, f"Nothing leaves from the inbox {name}. {held}")
            for name in sorted(scene.inboxes)
        ],
        "Prompts": [
            Switch(
                f"stop/prompt/{name}",
                name,
                f"No model is asked with the prompt {name}. Customers get the fallback words and a person.",
            )
            for name in scene.prompts
        ],
        "Tools": [
            Switch(f"stop/tool/{name}", name, f"The assistant does not use {name}. It fetches a person where it must.")
            for name in scene.tools
        ],
        "Outgoing webhooks": [
            Switch(f"stop/webhook/{name}", name, f"{name} is told of nothing. What happens meanwhile is told later.")
            for name in scene.webhooks
        ],
    }
    yield from ((title, group) for title, group in groups.items() if group)


def limits(scene: Scene) -> Iterator[tuple[str, str]]:
    """(control, label) of every throttle."""
    yield "throttle/customer", "For each customer"
    yield "throttle/campaign", "For each campaign"
    yield from ((f"throttle/channel/{name}", _sentence(channel(name))) for name in scene.channels)
    yield from ((f"throttle/inbox/{name}", f"Inbox {name}") for name in sorted(scene.inboxes))


def limited(values: Values, scene: Scene, name: str) -> tuple[str, ...]:
    """What a throttle allows now: what somebody set, else the setting; empty is no limit."""
    if (row := values.get(name)) is not None:
        return tuple(row["value"].get("limits", ()))
    return tuple(scene.limits.get(name, ()))


def written(text: str) -> list[str]:
    """Limits as people write them, parted by commas. Raises ValueError with how to write one."""
    found = [part.strip() for part in text.split(",") if part.strip()]
    for each in found:
        parse(each)
    return found


def level_of(values: Values, scene: Scene, inbox: str, intent: str = "") -> str:
    """What somebody set for an inbox, or for an intent in it; INHERIT where nobody did."""
    row = values.get(control(inbox, intent))
    if row is None:
        return INHERIT if intent else scene.levels.get(inbox, "automatic")
    said = row["value"].get("level")
    return said if said in LEVELS else "approve"


def choices(values: Values, scene: Scene, inbox: str, intent: str) -> dict[str, str]:
    """The levels to choose from, in words."""
    words: dict[str, str] = {name: text.split(":")[0] for name, text in DOES.items()}
    if not intent:
        return words
    return {INHERIT: f"As the inbox ({words[_level(level_of(values, scene, inbox))].lower()})", **words}


def consequence(inbox: str, intent: str, chosen: str) -> str:
    """What choosing a level does, said before it is done."""
    what = f"{INTENTS.get(intent, intent)} in {inbox}" if intent else f"Everything in {inbox}"
    if chosen == INHERIT:
        return f"{what}: as the inbox itself, from the next message on."
    return f"{what}. {DOES[_level(chosen)]}, from the next message on."


def _level(name: str) -> Level:
    return next((each for each in LEVELS if each == name), "approve")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
