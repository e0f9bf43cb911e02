"""Retention by these settings: what a process runs at its time, and what commands and pages act on."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from langgraph.checkpoint.base import BaseCheckpointSaver

from agent.chores import Chore, Chores, last_slot
from agent.errors import Misconfigured
from agent.retention import CHORE, LEASE_S, Index, NoIndex, Retention
from agent.runtime import Runtime
from channels.settings import Settings
from memory.store import Store
from memory.vault import Vault

REST: Final = "retention_rest"
# It costs one look at an index, so whoever has just started looks too, unless another process did a moment ago.
_REST_EVERY: Final = timedelta(seconds=10)


def open_retention(
    settings: Settings,
    store: Store,
    vault: Vault,
    holder: str,
    parked: BaseCheckpointSaver[Any] | None = None,
    index: Index | None = None,
) -> Retention:
    """`index` is the index of memories where this process has it."""
    wanted = settings.retention
    if index is None and not settings.memory.remember:
        index = NoIndex()
    return Retention(
        store=store,
        vault=vault,
        rules=wanted.rules(),
        holder=holder,
        parked=parked,
        index=index,
        most=wanted.most,
        jump_days=wanted.jump_days,
    )


def retention_of(settings: Settings, runtime: Runtime) -> Retention:
    """That of a running process."""
    worker = runtime.worker
    index = runtime.oversight.places.index
    return open_retention(settings, runtime.store, runtime.vault, worker.holder, worker.parked, index)


def open_chores(settings: Settings, runtime: Runtime) -> Chores:
    """What a process does at its time: the daily run where there are rules and a time, and, where it has the index of
    memories, what another process could not finish. Raises Misconfigured."""
    retention = retention_of(settings, runtime)
    found = []
    if settings.retention.time is not None and retention.rules:
        slot = partial(last_slot, settings.retention.time, _zone(settings))
        found.append(Chore(CHORE, slot, retention.by_itself, LEASE_S))
    if retention.index is not None:
        found.append(Chore(REST, _some_time_ago, retention.rest, LEASE_S))
    return Chores(runtime.store, runtime.worker.holder, found)


def _some_time_ago(now: datetime) -> datetime:
    return now - _REST_EVERY


def _zone(settings: Settings) -> ZoneInfo:
    try:
        return ZoneInfo(settings.organisation.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        raise Misconfigured(f"organisation.timezone: there is no zone {settings.organisation.timezone!r}") from None
