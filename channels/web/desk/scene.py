"""What this installation has that people can switch, as the desk's pages are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Scene:
    """What there is to switch: inboxes with their channels, prompts, tools, intents; and what holds where nobody set
    anything: `levels` by inbox, `templates` by name, `limits` by the name of their control, each as "3/day"."""

    inboxes: Mapping[str, str] = field(default_factory=dict)
    prompts: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    webhooks: tuple[str, ...] = ()
    intents: tuple[str, ...] = ()
    levels: Mapping[str, str] = field(default_factory=dict)
    templates: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def channels(self) -> tuple[str, ...]:
        return tuple(sorted(set(self.inboxes.values())))
