"""The inboxes by which something can be said first, without opening their providers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from agent.errors import Misconfigured
from channels.adapters.registry import resolve
from channels.errors import UnknownInbox
from channels.inboxes.websocket import WebsocketInbox
from channels.render import Rendered
from channels.settings import Settings
from memory.messages import Outbound


@dataclass(frozen=True, slots=True)
class Way:
    """One inbox. `sends` is false where its channel shows the log by itself, as the live chat does, or has no way
    out."""

    inbox: str
    channel: str
    sends: bool
    render: Callable[[Outbound], Rendered]


class Ways(Mapping[str, Way]):
    """Ways by inbox; asking for one that is not there raises UnknownInbox."""

    def __init__(self, ways: Mapping[str, Way]) -> None:
        self._ways = dict(ways)

    def __getitem__(self, inbox: str) -> Way:
        if inbox not in self._ways:
            raise UnknownInbox(inbox)
        return self._ways[inbox]

    def __iter__(self) -> Iterator[str]:
        return iter(self._ways)

    def __len__(self) -> int:
        return len(self._ways)


def open_ways(settings: Settings) -> Ways:
    """Raises Misconfigured for an inbox that nothing serves, and for a destination in an inbox that is not there."""
    found: dict[str, Way] = {}
    for name, inbox in settings.inboxes.items():
        if isinstance(inbox, WebsocketInbox):
            found[name] = Way(name, "chat", False, _as_it_is)
        elif (resolved := resolve(name, inbox)) is not None:
            adapter, own = resolved
            render = partial(_rendered, adapter.render, own)
            found[name] = Way(name, adapter.channel, adapter.provider is not None, render)
    for name, place in settings.digests.destinations.items():
        if place.inbox not in found or not found[place.inbox].sends:
            raise Misconfigured(f"digests.destinations.{name}.inbox: {place.inbox!r} is no inbox that can send")
    return Ways(found)


def _rendered(render: Callable[[Outbound, object], Rendered], own: object, outbound: Outbound) -> Rendered:
    return render(outbound, own)


def _as_it_is(outbound: Outbound) -> Rendered:
    return Rendered(outbound.text, (outbound.text,))
