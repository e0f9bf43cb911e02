"""The inboxes that reach people through a provider, opened: each with its adapter, its settings and its way out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from channels.adapters.ports import Adapter
from channels.adapters.registry import open_provider, resolve
from channels.inboxes.base import InboxBase
from channels.providers.ports import Provider
from channels.settings import Settings


@dataclass(frozen=True, slots=True)
class Outlet:
    """One inbox. `provider` is None where the channel only receives."""

    name: str
    adapter: Adapter[Any]
    settings: InboxBase
    provider: Provider | None


class Outlets(Mapping[str, Outlet]):
    """Outlets by inbox name."""

    def __init__(self, outlets: Mapping[str, Outlet]) -> None:
        self._outlets = dict(outlets)

    def __getitem__(self, name: str) -> Outlet:
        return self._outlets[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._outlets)

    def __len__(self) -> int:
        return len(self._outlets)

    async def aclose(self) -> None:
        """Closes every way out."""
        await asyncio.gather(*(o.provider.aclose() for o in self._outlets.values() if o.provider))


def open_outlets(settings: Settings) -> Outlets:
    """Raises Misconfigured for an inbox that no adapter serves or whose secrets cannot be read."""
    opened: dict[str, Outlet] = {}
    for name, inbox in settings.inboxes.items():
        if (found := resolve(name, inbox)) is not None:
            adapter, own = found
            opened[name] = Outlet(name, adapter, own, open_provider(name, inbox, settings.server.public_url))
    return Outlets(opened)
