"""The queue of people: where a turn's handover puts a conversation, and the keeper that lets nobody be forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast, get_args
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import RowMapping

from agent import metrics
from agent.dispatch.signals import Signal
from agent.ports import Bus
from agent.routing import PRIORITIES, Need, Staffing
from agent.state import Turn
from agent.understanding.tongues import tongue
from memory import tasks, transfers
from memory.routing import Placing
from memory.store import Store
from memory.turns import Outcome
from memory.vault import Vault

_log = structlog.get_logger(__name__)

LOOK_S = 5.0
"""How often the keeper looks. Idle owners are counted in minutes, offers to people who come in seconds."""


def queued(outcome: Outcome, turn: Turn, staffing: Staffing) -> Outcome:
    """The outcome with what people owe: the handover's place and due time, the next reply's, a request's task."""
    now = turn.started_at.astimezone(UTC)
    changes: dict[str, Any] = {"resumes": turn.resumes, "contact": turn.contact}
    if turn.request in get_args(tasks.Kind):
        kind = cast(tasks.Kind, turn.request)
        due_at = staffing.request_due(turn.inbox, now)
        day = due_at.astimezone(ZoneInfo(staffing.timezone)).date().isoformat()
        changes["request"] = tasks.Request(f"r-{turn.id}"[:40], kind, due_at, day)
    if turn.handoff is not None:
        priority = _priority(turn)
        if outcome.handoff is not None:
            changes["handoff"] = {**outcome.handoff, "priority": priority}
        changes["placing"] = staffing.places(need(turn, priority), now)
    elif turn.owner == "person":
        changes["next_due_at"] = staffing.due_at(turn.inbox, "next", "normal", now)
    return replace(outcome, **changes)


def need(turn: Turn, priority: str) -> Need:
    """What the turn's conversation needs of a team: what it was taken for, its language, and what it is about."""
    code = turn.handoff.code if turn.handoff else ""
    read = (turn.triage.kind, turn.triage.intent) if turn.triage else ()
    kinds = {code, turn.handoff.matter if turn.handoff else "", turn.request, *read} - {""}
    titles = " ".join(f"{found.title} {found.section}" for found in turn.found[:3])
    said = "\n".join(line.text for line in (*turn.history, *turn.said) if line.role == "customer")
    return Need(turn.inbox, priority, tongue(said), frozenset(kinds), f"{turn.text}\n{titles}")


def _priority(turn: Turn) -> str:
    """The handover's own, raised where the message was urgent."""
    given = turn.handoff.priority if turn.handoff else "normal"
    urgent = turn.triage is not None and turn.triage.urgency == "high"
    return max(given, "high" if urgent else given, key=PRIORITIES.index)


@dataclass(slots=True, eq=False)
class QueueKeeper:
    """Puts back what an idle owner left, and offers what waits to people who are there. One in each process: each step
    looks again under the conversation's lock, so two of them do it once."""

    store: Store
    vault: Vault
    bus: Bus
    staffing: Staffing

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                await self.look(datetime.now(UTC))
            except Exception as error:  # noqa: BLE001  (the net under the queue must never come down)
                _log.error("queue_not_kept", error=type(error).__name__, exc_info=True)
            await asyncio.sleep(LOOK_S)

    async def look(self, now: datetime) -> None:
        """One round."""
        if self.staffing.idle is not None:
            await self._return_idle(now)
        if self.staffing.teams:
            await self._offer(now)
        waiting = await self.store.read(lambda c: transfers.late(c, now))
        for priority in PRIORITIES:
            metrics.SLA_LATE.labels(priority).set(waiting.get(priority, 0))

    async def _return_idle(self, now: datetime) -> None:
        assert self.staffing.idle is not None  # noqa: S101  (asked by the caller)
        cutoff = now - self.staffing.idle
        for row in await self.store.read(lambda c: transfers.idle_rows(c, cutoff)):
            placing = self.again(row, now)
            if await self.store.write(self._returning(row["id"], placing, cutoff, now)):
                _log.info("idle_returned", conversation=row["id"])
                metrics.HANDOFFS.labels("idle").inc()
                await self._tell(row["id"])

    def _returning(self, conversation: str, placing: Placing, cutoff: datetime, now: datetime) -> Any:
        return lambda c: transfers.return_idle(c, self.vault, conversation, placing, cutoff, now)

    async def _offer(self, now: datetime) -> None:
        for row in await self.store.read(lambda c: transfers.unattended(c, now)):
            if await self.store.write(self._offering(row["id"], self.again(row, now), now)):
                await self._tell(row["id"])

    def _offering(self, conversation: str, placing: Placing, now: datetime) -> Any:
        return lambda c: transfers.offer(c, self.vault, conversation, placing, now)

    def again(self, row: Mapping[str, Any] | RowMapping, now: datetime) -> Placing:
        """The place of a conversation that had one already: its team stays, unless there is none of that name."""
        placing = self.staffing.places(Need(row["inbox"], row["priority"], row["language"] or ""), now)
        team = self.staffing.team(row["team"])
        return placing if team is None else replace(placing, teams=((team.name, team.members, team.capacity),))

    async def _tell(self, conversation: str) -> None:
        await self.bus.publish(conversation, Signal("changed", conversation))
