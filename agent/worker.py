"""Takes turns and carries them out: one at a time in a conversation, many conversations at once.

The doorbell says where to look; the sweeper finds what a lost ring, a crash or another process left unanswered; the
heartbeat keeps the leases of turns still running here.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
from sqlalchemy import RowMapping

from agent import metrics
from agent.autonomy import level
from agent.controls import LiveControls
from agent.dispatch.signals import Signal
from agent.folding.catching_up import CatchingUp, silently
from agent.folding.writing import SummaryWriter
from agent.graph import Travelling, build
from agent.parking import copy_out, serializer, thread
from agent.ports import Bench, Bus, Deps, Doorbell, Run
from agent.queueing import QueueKeeper, queued
from agent.redaction import Detector, redact
from agent.remembering.keeper import MemoryKeeper
from agent.routing import Need
from agent.state import Turn
from agent.stops import reworded, with_words
from agent.turning import begin, outcome
from memory import drafts, turns
from memory.errors import MemoryFault, StoreUnavailable
from memory.store import Store
from memory.turns import Committed, Outcome, Taken
from memory.vault import Vault

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """Seconds and counts of `[agent]`. A failed turn is tried again after `retry_s` times its failures squared."""

    lease_s: float = 15.0
    sweep_s: float = 1.0
    concurrency: int = 16
    max_failures: int = 3
    turn_timeout_s: float = 90.0
    retry_s: float = 1.0


@dataclass(slots=True, eq=False)
class Worker:
    """Runs turns until told to stop. `pushes` names the inboxes whose replies leave by the outbox, and
    `approved` those where a person approves every answer first. `memory` is what remembers, where this process does."""

    store: Store
    vault: Vault
    deps: Deps
    detector: Detector
    doorbell: Doorbell
    bus: Bus
    parked: BaseCheckpointSaver[Any]
    limits: WorkerLimits
    pushes: frozenset[str]
    approved: frozenset[str]
    memory: MemoryKeeper | None = None
    holder: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:6]}")
    _memory: InMemorySaver = field(default_factory=lambda: InMemorySaver(serde=serializer()))
    _held: set[str] = field(default_factory=set)
    _busy: set[str] = field(default_factory=set)
    _again: set[str] = field(default_factory=set)
    _running: set[asyncio.Task[None]] = field(default_factory=set)
    _loops: list[asyncio.Task[None]] = field(default_factory=list)
    _graph: Any = None
    _resumed: Any = None
    _controls: LiveControls = field(init=False)

    def __post_init__(self) -> None:
        self._controls = LiveControls(self.store)

    @property
    def _catching_up(self) -> CatchingUp:
        return CatchingUp(self.store, self.vault, self.detector, self.deps.fold_tokens)

    def start(self) -> None:
        """Begins to take turns."""
        self._graph, self._resumed = build(self._memory), build(self.parked)
        keeper = QueueKeeper(self.store, self.vault, self.bus, self.deps.staffing)
        loops = {"doorbell": self._answer(), "sweeper": self._sweep(), "heartbeat": self._beat(), "queue": keeper.run()}
        loops["backlogs"] = self._catching_up.run()
        if (model := self.deps.summariser) is not None:
            name, timeout_s = self.deps.organisation, self.deps.summary_timeout_s
            loops["summaries"] = SummaryWriter(self.store, self.vault, model, name, timeout_s).run()
        if self.memory is not None:
            loops["memory"] = self.memory.run()
        self._loops = [asyncio.create_task(loop, name=name) for name, loop in loops.items()]

    async def stop(self, grace_s: float = 10.0) -> None:
        """Takes nothing new; what runs may finish within `grace_s` and is handed back after that."""
        for loop in self._loops[:2]:
            loop.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=grace_s)
        for task in (*self._running, *self._loops):
            task.cancel()
        await asyncio.gather(*self._running, *self._loops, return_exceptions=True)

    @property
    def healthy(self) -> bool:
        return bool(self._loops) and not any(loop.done() for loop in self._loops)

    async def _answer(self) -> None:
        slots = asyncio.Semaphore(self.limits.concurrency)
        while True:
            await slots.acquire()
            conversation = await self.doorbell.wait()
            if conversation in self._busy:
                self._again.add(conversation)
                slots.release()
                continue
            self._busy.add(conversation)
            task = asyncio.create_task(self._serve(conversation, slots))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _serve(self, conversation: str, slots: asyncio.Semaphore) -> None:
        """Answers all that is due in one conversation, turn after turn."""
        try:
            while await self.take_turn(conversation) or conversation in self._again:
                self._again.discard(conversation)
        except Exception as error:  # noqa: BLE001  (the edge of a conversation: the sweeper comes back to it)
            _log.error("turn_not_recorded", conversation=conversation, error=type(error).__name__, exc_info=True)
        finally:
            self._busy.discard(conversation)
            slots.release()

    async def _sweep(self) -> None:
        tidy = False
        while True:
            try:
                for conversation in await self.store.read(lambda c: turns.due_conversations(c, _now())):
                    if conversation not in self._busy:
                        await self.doorbell.ring(conversation)
                await self._pick_up_decided()
                if not tidy:
                    await self._remove_orphans()
                    tidy = True
            except Exception as error:  # noqa: BLE001  (the net under everything else must never come down)
                _log.error("sweep_failed", error=type(error).__name__, exc_info=True)
            await asyncio.sleep(self.limits.sweep_s)

    async def _pick_up_decided(self) -> None:
        now = _now()
        left = await self.store.read(lambda c: drafts.stranded_ids(c, now))
        if not left:
            return
        rows = await self.store.write(lambda c: drafts.stranded(c, self.vault, now, self.limits.lease_s, self.holder))
        for row in rows:
            await self.resume(row)

    async def _remove_orphans(self) -> None:
        """Checkpoints whose turn no longer waits: a process died between ending a turn and removing them."""
        found = {each.config["configurable"]["thread_id"] async for each in self.parked.alist(None)}
        if found:
            live = await self.store.read(lambda c: turns.live_ids(c, sorted(found)))
            for orphan in sorted(found - set(live)):
                await self.parked.adelete_thread(orphan)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self.limits.lease_s / 3)
            if held := sorted(self._held):
                until = _now() + timedelta(seconds=self.limits.lease_s)
                try:
                    await self._renew(held, until)
                except Exception as error:  # noqa: BLE001  (one beat missed is not the last)
                    _log.error("beat_failed", error=type(error).__name__, exc_info=True)

    async def _renew(self, held: list[str], until: datetime) -> None:
        await self.store.write(lambda c: turns.renew(c, held, until))

    async def take_turn(self, conversation: str) -> bool:
        """Runs the next turn of a conversation; True when it was superseded, so that another is due at once."""
        turn, now = f"t-{uuid.uuid4().hex}", _now()
        taking = asyncio.ensure_future(
            self.store.write(
                lambda c: turns.take(
                    c, self.vault, conversation, turn=turn, holder=self.holder, now=now, lease_s=self.limits.lease_s
                )
            )
        )
        try:
            taken = await asyncio.shield(taking)
        except asyncio.CancelledError:
            if (late := await taking) is not None:
                await self._hand_back(late)
            raise
        if taken is None:
            return False
        self._held.add(turn)
        try:
            return await self._carry_out(taken)
        finally:
            self._held.discard(turn)

    async def _carry_out(self, taken: Taken) -> bool:
        try:
            for overtaken in taken.overtook:
                await self.parked.adelete_thread(overtaken)
            if taken.attempt > self.limits.max_failures:
                return (await self._give_up(taken)).status == "superseded"
            async with asyncio.timeout(self.limits.turn_timeout_s):
                return await self._run(taken)
        except asyncio.CancelledError:
            await asyncio.shield(self._hand_back(taken))
            raise
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001  (the edge of a turn: it must not block the next)
            await self._failed(taken, error)
            return False

    async def _run(self, taken: Taken) -> bool:
        """Whether the turn was superseded at its commit."""
        taken = await self._catching_up.before(taken)
        redacted = await redact(taken, self.detector, self.store, self.vault, self.deps.region)
        controls, inbox = await self._controls.read(), taken.head["inbox"]
        turn = begin(
            redacted.taken if redacted else taken,
            redaction_failed=redacted is None,
            autonomy=level(controls, inbox, "", "approve" if inbox in self.approved else "automatic"),
            versions=self.deps.versions,
        )
        bench = Bench(to_store=redacted.to_store if redacted else {}, controls=controls)
        try:
            given, context = Travelling(turn), self._context(bench)
            result = await self._graph.ainvoke(given, thread(turn.id), context=context, durability="exit")
            if "__interrupt__" in result:
                await self._park(result["turn"], bench)
        finally:
            self._memory.delete_thread(turn.id)
        return bench.superseded

    def _context(self, bench: Bench) -> Run:
        async def commit(turn: Turn) -> None:
            made = queued(outcome(turn, bench, push=turn.inbox in self.pushes), turn, self.deps.staffing)
            if turn.route == "silent":
                made = replace(made, segments=silently(turn, self.deps.window_tokens, self.deps.fold_tokens))
            done = await self.commit(made)
            bench.superseded = done.status == "superseded"

        return Run(with_words(self.deps, bench.controls), BusVoice(self.bus), commit, bench)

    async def commit(self, result: Outcome) -> Committed:
        """Commits and tells whoever watches."""
        now = _now()
        done = await self.store.write(lambda c: turns.commit(c, self.vault, result, now))
        metrics.turn(result, done)
        signal = Signal("changed" if done.status == "committed" else "restart", result.conversation, result.turn)
        await self.bus.publish(result.conversation, signal)
        _log.info("turn", turn=result.turn, conversation=result.conversation, route=result.route, status=done.status)
        return done

    async def _park(self, turn: Turn, bench: Bench) -> None:
        await copy_out(self._memory, self.parked, turn.id)
        waiting, now = outcome(turn, bench, push=False), _now()
        done = await self.store.write(lambda c: drafts.park(c, self.vault, waiting, now))
        if done.status == "superseded":
            await self.parked.adelete_thread(turn.id)
        await self.bus.publish(turn.conversation, Signal("changed", turn.conversation, turn.id))

    async def resume(self, row: RowMapping) -> None:
        """Goes on with a parked turn whose decision is in its row; this process holds the lease.

        Raises StoreUnavailable: the decision stands, and the sweeper carries it out when the lease has ended.
        """
        turn, conversation = row["id"], row["conversation_id"]
        self._held.add(turn)
        try:
            if await self.parked.aget_tuple(thread(turn)) is None:
                raise LookupError("its checkpoint is gone")
            context = self._context(Bench(controls=await self._controls.read()))
            command: Command[Any] = Command(resume=dict(row["decision"]))
            await self._resumed.ainvoke(command, thread(turn), context=context, durability="exit")
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001  (the edge of a turn: it must not stay busy)
            _log.error("resume_failed", turn=turn, error=type(error).__name__, exc_info=True)
            words, now = type(error).__name__, _now()
            await self.store.write(lambda c: drafts.unpark(c, self.vault, conversation, turn, words, now))
        finally:
            self._held.discard(turn)
        await self.parked.adelete_thread(turn)

    async def _failed(self, taken: Taken, error: Exception) -> None:
        _log.error("turn_failed", turn=taken.turn, attempt=taken.attempt, error=type(error).__name__, exc_info=True)
        retry_s, now = self.limits.retry_s * taken.attempt**2, _now()
        words = f"{type(error).__name__}"
        await self.store.write(lambda c: turns.fail(c, self.vault, taken.head["id"], taken.turn, words, now, retry_s))
        await self.bus.publish(taken.head["id"], Signal("restart", taken.head["id"], taken.turn))

    async def _give_up(self, taken: Taken) -> Committed:
        """After too many failures: a template, a person and a dead letter, without the graph that failed."""
        words = reworded(self.deps.templates, await self._controls.read())
        name = self.deps.organisation
        said = [words["disclosure"]] * (not taken.head["introduced"]) + [words["handoff_failed"]]
        owned = taken.head["owner"] != "bot"
        handoff = {"code": "failed", "reason": "The turn failed repeatedly.", "priority": "high"}
        need = Need(taken.head["inbox"], "high", taken.head["language"], frozenset({"failed"}))
        return await self.commit(
            Outcome(
                turn=taken.turn,
                conversation=taken.head["id"],
                epoch=taken.head["epoch"],
                to_seq=taken.to_seq,
                route="silent" if owned else "handoff",
                reply="" if owned or taken.opted_out else " ".join(said).format(organisation=name),
                handoff=None if owned else handoff,
                introduces=True,
                placing=self.deps.staffing.places(need, _now()),
                push=taken.head["inbox"] in self.pushes,
                dead_letter=f"failed {taken.attempt - 1} times",
            )
        )

    async def _hand_back(self, taken: Taken) -> None:
        now = _now()
        with contextlib.suppress(MemoryFault):
            await self.store.write(lambda c: turns.hand_back(c, self.vault, taken.head["id"], taken.turn, now))
        await self.bus.publish(taken.head["id"], Signal("restart", taken.head["id"], taken.turn))
        await self.bus.publish(taken.head["id"], Signal("changed", taken.head["id"]))  # or it was committed after all


@dataclass(frozen=True, slots=True)
class BusVoice:
    """Shows sentences to the sockets that watch, through the bus; they put the real values back."""

    bus: Bus

    async def say(self, turn: Turn, text: str) -> None:
        await self.bus.publish(
            turn.conversation, Signal("delta", turn.conversation, turn.id, epoch=turn.epoch, text=text)
        )

    async def void(self, turn: Turn) -> None:
        await self.bus.publish(turn.conversation, Signal("restart", turn.conversation, turn.id, epoch=turn.epoch))


def _now() -> datetime:
    return datetime.now(UTC)
