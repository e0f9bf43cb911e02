"""One conversation to which anything may happen, and what must hold of it afterwards.

As a program it talks into the log at a path until it is killed: `python forgetting_support.py LOG ROUND`.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from agent_support import Audience, PatternDetector, deps, empty_log
from langgraph.runtime import Runtime
from sqlalchemy import Connection

from agent.folding.catching_up import CatchingUp, silently
from agent.nodes.recall import recall
from agent.ports import Bench, Run
from agent.redaction import redact
from agent.state import Turn
from agent.turning import begin, outcome
from memory import log, ownership, turns
from memory.errors import StoreUnavailable
from memory.messages import Event, Inbound
from memory.receive import NewIds, receive
from memory.seal import MasterKey
from memory.segments import READ, newest, number_after
from memory.slots import pins
from memory.store import SqliteStore, Store
from memory.turns import MOST_EVENTS, Outcome, Taken
from memory.vault import Vault

BEGUN = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LEASE_S = 15.0
SENDER = "+441632960001"


@dataclass
class Talk:
    """One conversation and all that may happen to it. Every message names an order of its own."""

    store: Store
    window: int
    vault: Vault = field(default_factory=lambda: Vault(MasterKey(b"\x0f" * 32)))
    detector: PatternDetector = field(default_factory=lambda: PatternDetector(PERSON="Ben Ash"))
    conversation: str = ""
    now: datetime = BEGUN
    serial: Any = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.deps = deps(window_tokens=self.window, fold_tokens=max(self.window // 3, 10))
        self.catching = CatchingUp(self.store, self.vault, self.detector, self.deps.fold_tokens)

    async def hear(self, words: str, **fields: Any) -> None:
        n, self.now = next(self.serial), self.now + timedelta(seconds=1)
        text = f"{words} Order Q-{n:05} of Ben Ash cost £{n}.50."
        inbound = Inbound("sms", "sms", f"SM-{n}", SENDER, text, self.now, **fields)
        ids, now = NewIds(f"c-{n}", f"p-{n}", f"k-{n}"), self.now
        receipt = await self.store.write(lambda c: receive(c, self.vault, inbound, ids, now))
        self.conversation = receipt.conversation

    async def take(self) -> Taken | None:
        name, now = f"t-{next(self.serial)}", self.now
        taken = await self.store.write(
            lambda c: turns.take(c, self.vault, self.conversation, turn=name, holder="test", now=now, lease_s=LEASE_S)
        )
        return taken and await self.catching.before(taken)

    async def carried(self, taken: Taken) -> tuple[Turn, Bench, Outcome]:
        """As the worker carries a turn out, up to its outcome; the graph's only node here slides the window."""
        redacted = await redact(taken, self.detector, self.store, self.vault)
        turn = begin(
            redacted.taken if redacted else taken, redaction_failed=redacted is None, autonomy="automatic", versions={}
        )
        bench = Bench(to_store=redacted.to_store if redacted else {})
        folds: dict[str, Any] = {}
        if turn.owner == "bot" and redacted:
            run = Run(self.deps, Audience(), _nothing, bench)
            turn = replace(turn, **await recall(turn, Runtime(context=run)))
        elif turn.owner != "bot":
            turn = replace(turn, route="silent")
            folds = {"segments": silently(turn, self.deps.window_tokens, self.deps.fold_tokens)}
        made = outcome(turn, bench, push=False)
        reply = "" if turn.route == "silent" else f"It is on its way. Parcel R-{next(self.serial):05} weighs 2 kg."
        return turn, bench, replace(made, reply=reply, record={}, **folds)

    async def commit(self, made: Outcome) -> str:
        now = self.now
        done = await self.store.write(lambda c: turns.commit(c, self.vault, made, now))
        return done.status

    async def answer(self) -> None:
        if (taken := await self.take()) is not None:
            await self.commit((await self.carried(taken))[2])

    # --- what may happen ---

    async def ask(self, words: str) -> None:
        await self.hear(words)
        await self.answer()

    async def ask_twice(self, words: str) -> None:
        await self.hear(words)
        await self.ask(words)

    async def supersede(self, words: str) -> None:
        await self.hear(words)
        taken = await self.take()
        if taken is None:
            return
        made = (await self.carried(taken))[2]
        await self.hear(words)
        assert await self.commit(made) == "superseded"
        await self.answer()

    async def fail(self, words: str) -> None:
        await self.hear(words)
        if (taken := await self.take()) is not None:
            await self.carried(taken)
            now = self.now
            await self.store.write(
                lambda c: turns.fail(c, self.vault, self.conversation, taken.turn, "Boom", now, retry_s=0.0)
            )
        await self.answer()

    async def die(self, words: str) -> None:
        """The process that holds the turn is gone, with what it had folded; another takes it when its lease ends."""
        await self.hear(words)
        if (taken := await self.take()) is not None:
            late = (await self.carried(taken))[2]
            self.now += timedelta(seconds=2 * LEASE_S)
            await self.answer()
            assert await self.commit(late) == "superseded"

    async def cut(self, words: str) -> None:
        """The commit breaks off; it is done again."""
        await self.hear(words)
        if (taken := await self.take()) is None:
            return
        made, now = (await self.carried(taken))[2], self.now

        def broken(connection: Connection) -> None:
            turns.commit(connection, self.vault, made, now)
            raise StoreUnavailable("cut")

        with pytest.raises(StoreUnavailable):
            await self.store.write(broken)
        assert await self.commit(made) == "committed"

    async def blind(self, words: str) -> None:
        """The privacy filter is down for a turn."""
        self.detector.down = True
        await self.ask(words)
        self.detector.down = False

    async def mail(self, words: str) -> None:
        await self.hear(words, automatic=True)

    async def note(self, words: str) -> None:
        if self.conversation:
            now = self.now
            await self.store.write(lambda c: ownership.note(c, self.vault, self.conversation, "ada", words, now))

    async def person(self, words: str) -> None:
        """A person takes over, writes, is written to, and gives the conversation back."""
        await self.owned(words, 2)

    async def long_person(self, words: str) -> None:
        """So long that only a page at a time can be folded, while hardly a turn is taken."""
        await self.owned(words, MOST_EVENTS // 2 + 40)

    async def owned(self, words: str, messages: int) -> None:
        if not self.conversation:
            return
        name, now = self.conversation, self.now
        await self.store.write(lambda c: ownership.take_over(c, self.vault, name, "ada", now))
        for n in range(messages):
            key = f"k-{next(self.serial)}"
            text = f"{words} Your voucher is V-{key[2:]:>05}."
            await self.store.write(
                lambda c, text=text, key=key: ownership.say(  # type: ignore[misc]
                    c, self.vault, name, "ada", text, key=key, push=False, now=now
                )
            )
            if n % 8 == 1:
                await self.ask(words)
        await self.store.write(lambda c: ownership.release(c, self.vault, name, "ada", now))

    # --- what must hold ---

    async def check(self) -> None:
        if not self.conversation:
            return
        head = await self.store.read(lambda c: log.read_head(c, self.conversation))
        events = await self.store.read(lambda c: log.read_events(c, self.vault, self.conversation, limit=100_000))
        pieces = (await self.store.read(lambda c: newest(c, self.vault, self.conversation, 10_000)))[::-1]
        assert [event.seq for event in events] == list(range(1, head["seq"] + 1))
        covered = [seq for piece in pieces for seq in range(piece.from_seq, piece.to_seq + 1)]
        assert covered == list(range(1, head["summary_to"] + 1)), "each event is in one piece, without a gap"
        assert [piece.number for piece in pieces] == list(range(1, len(pieces) + 1))
        marks = [event.meta for event in events if event.kind == "summarised"]
        assert [(m["number"], m["from"], m["to"], m["version"]) for m in marks] == [
            (piece.number, piece.from_seq, piece.to_seq, 1) for piece in pieces
        ], "the log has a mark for each"
        for event in events[: head["summary_to"]]:
            if event.kind in ("received", "replied", "said") and not event.meta.get("automatic"):
                self._held(event, next(p for p in pieces if p.from_seq <= event.seq <= p.to_seq))

    def _held(self, event: Event, piece: Any) -> None:
        assert event.redacted is not None, "a piece is made of redacted words alone"
        held = " ".join([piece.text, *(slot.value for slot in piece.slots)])
        assert "Ben Ash" not in held
        for pin in pins(event.redacted):
            assert pin in held, f"{pin} of event {event.seq} is not in piece {piece.number}"

    async def check_turn(self) -> None:
        """What a turn would read now: all that no piece covers, and no more than a bounded number of events."""
        await self.hear("And now?")
        if (taken := await self.take()) is None:
            return
        head = taken.head
        assert len(taken.events) <= MOST_EVENTS
        seen = [event.seq for event in taken.events]
        assert seen == list(range(head["summary_to"] + 1, head["seq"] + 1)), "nothing falls between, nothing is in both"
        turn, _, made = await self.carried(taken)
        told = {line.seq for line in (*turn.history, *turn.said)}
        folded = {seq for piece in made.segments for seq in range(piece.from_seq, piece.to_seq + 1)}
        for event in taken.events:
            if (
                event.kind in ("received", "replied", "said")
                and event.redacted != ""
                and not event.meta.get("automatic")
            ):
                assert (event.seq in told) != (event.seq in folded)
        numbers = [piece.number for piece in taken.segments]
        assert numbers == sorted(set(numbers))
        last = await self.store.read(lambda c: number_after(c, log.read_head(c, self.conversation)))
        assert (max(numbers, default=0), len(numbers) <= READ) == (last - 1, True)
        await self.commit(made)


async def _nothing(turn: Turn) -> None:
    return None


@asynccontextmanager
async def talking(folder: Path, window: int) -> AsyncIterator[Talk]:
    path = folder / "log.db"
    if not path.exists():
        path.write_bytes(empty_log())
    store = SqliteStore(f"sqlite:///{path}")
    try:
        yield Talk(store, window)
    finally:
        await store.close()


async def _until_killed(folder: Path, round: int) -> None:
    """Talks, and says so after each turn. A round is an hour later than the one before."""
    async with talking(folder, 60) as talk:
        talk.serial, talk.now = itertools.count(round * 10_000), BEGUN + timedelta(hours=round)
        while True:
            await talk.ask("Where is it?")
            sys.stdout.write(f"{talk.conversation}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_until_killed(Path(sys.argv[1]), int(sys.argv[2])))
