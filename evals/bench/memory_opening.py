"""What it costs to open a conversation of 10,000 messages, beside one of 100, in the same store.

To open is what happens when its customer writes again and people look: the turn is taken with all that its context
needs of the log, the desk reads the conversation, its newest events and what helps, and the chat widget resumes. Both
lengths are opened in turn, so that whatever else the machine does befalls both. One pair of conversations the bot
answered, in the other a person wrote with the customer while the bot was silent.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import statistics
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.table import Table
from sqlalchemy import Connection

from agent.folding.catching_up import CatchingUp
from agent.redaction import NoDetector
from evals.bench.memory_talk import talk
from memory import log, ownership, reading, turns
from memory.messages import Inbound
from memory.migrate import migrate
from memory.receive import NewIds, receive
from memory.seal import MasterKey
from memory.segments import fold_segments, lines_of, newest_of, next_number
from memory.store import Store, open_store
from memory.turns import Outcome, Taken
from memory.vault import Vault
from memory.window import slide

SHORT, LONG = 100, 10_000
WINDOW, FOLD = 1_200, 400  # `[agent] window_tokens` and `fold_tokens` as shipped
SHOWN = 200  # events the desk reads at first, and messages the widget asks for
ROUNDS = 30
BAR = 1.5
_BEGUN = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Opening:
    """Medians over the rounds, of the short conversation and the long one. CPU is this process's: of PostgreSQL, only
    the side that asks. `pieces` are those of the long one's summary."""

    store: str
    owner: str
    short_ms: float
    long_ms: float
    ratio: float
    short_cpu_ms: float
    long_cpu_ms: float
    cpu_ratio: float
    pieces: int
    bar: float = BAR


async def measure(scratch: Path, postgres: str = "", *, long: int = LONG, rounds: int = ROUNDS) -> list[Opening]:
    """On SQLite, and on the PostgreSQL of that URL (an empty database) where one is given."""
    found = []
    for url in (f"sqlite:///{scratch}/opening.db", *([postgres] if postgres else ())):
        await asyncio.to_thread(migrate, url)
        store = open_store(url)
        try:
            found += [await _pair(store, owner, long, rounds) for owner in ("bot", "person")]
        finally:
            await store.close()
    return found


async def _pair(store: Store, owner: str, long: int, rounds: int) -> Opening:
    house = House(store, Vault(MasterKey(b"\x0f" * 32)))
    short = await house.conversation(owner, SHORT)
    lengthy = await house.conversation(owner, long)
    costs: dict[str, list[tuple[float, float]]] = {short: [], lengthy: []}
    for each in (short, lengthy):  # statements are compiled and keys unwrapped once
        await house.opened(each)
    for _ in range(rounds):
        for each in (short, lengthy):
            costs[each].append(await house.opened(each))
    medians = {of: [statistics.median(column) for column in zip(*costs[of], strict=True)] for of in costs}
    (short_ms, short_cpu), (long_ms, long_cpu) = medians[short], medians[lengthy]
    pieces = await store.read(lambda c: newest_of(c, house.vault, log.read_head(c, lengthy), 1))
    return Opening(
        store.url.partition(":")[0],
        owner,
        short_ms,
        long_ms,
        long_ms / short_ms,
        short_cpu,
        long_cpu,
        long_cpu / short_cpu,
        pieces[0].number if pieces else 0,
    )


class House:
    """A log, and the moves that fill and open its conversations as the worker, the desk and the widget make them."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self.store, self.vault = store, vault
        self._serial = itertools.count(1)
        self._rng = random.Random(7)  # noqa: S311  (made-up talk)
        self._catching = CatchingUp(store, vault, NoDetector(), FOLD)

    async def conversation(self, owner: str, messages: int) -> str:
        """A new one in which so many messages were said; its id."""
        sender, at = f"+4420{uuid.uuid4().int % 10**8:08d}", _BEGUN
        conversation, said = "", 0
        while said < messages:
            batch = min(40, messages - said)
            conversation = await self.store.write(self._talking(sender, owner, batch, at))
            if owner == "person":
                await self._catching.fold(conversation)
            said, at = said + batch, at + timedelta(hours=1)
        return conversation

    def _talking(self, sender: str, owner: str, messages: int, at: datetime) -> Callable[[Connection], str]:
        names = [uuid.uuid4().hex[:24] for _ in range(messages * 4)]
        lines = talk(self._rng, messages)

        def work(connection: Connection) -> str:
            fresh = iter(names)
            conversation = ""
            for asked, answered in zip(lines[::2], lines[1::2], strict=True):
                conversation = self._heard(connection, sender, asked, next(fresh), next(fresh), at)
                if owner == "person":
                    self._owned(connection, conversation, at)
                self._answered(connection, conversation, answered, next(fresh), at, speaks=owner == "bot")
                if owner == "person":
                    ownership.say(
                        connection, self.vault, conversation, "ada", answered, key=next(fresh), push=True, now=at
                    )
            return conversation

        return work

    def _heard(self, connection: Connection, sender: str, text: str, name: str, id: str, at: datetime) -> str:
        inbound = Inbound("bench", "sms", name, sender, text, at)
        ids = NewIds(f"c-{id}", f"p-{id}", f"k-{id}")
        return receive(connection, self.vault, inbound, ids, at).conversation

    def _owned(self, connection: Connection, conversation: str, at: datetime) -> None:
        if log.read_head(connection, conversation)["owner"] == "bot":
            ownership.take_over(connection, self.vault, conversation, "ada", at)

    def _answered(
        self, connection: Connection, conversation: str, text: str, name: str, at: datetime, *, speaks: bool
    ) -> None:
        taken = self._taken(connection, conversation, f"t-{name}", at)
        if taken is not None:
            turns.commit(connection, self.vault, self._outcome(taken, text if speaks else ""), at)

    def _taken(self, connection: Connection, conversation: str, turn: str, at: datetime) -> Taken | None:
        return turns.take(connection, self.vault, conversation, turn=turn, holder="bench", now=at, lease_s=60.0)

    def _outcome(self, taken: Taken, reply: str) -> Outcome:
        """As a turn's nodes make it of what was taken: the texts redacted, the window slid, the rest folded."""
        events = [replace(e, redacted=e.text if e.redacted is None else e.redacted) for e in taken.events]
        history = [line for line in lines_of(events) if line.seq < taken.from_seq]
        gone, kept = slide(history, WINDOW, FOLD)
        first, number = taken.head["summary_to"] + 1, next_number(taken.segments)
        window = [{"role": line.role, "text": line.text, "seq": line.seq} for line in kept]
        record = {"history": window, "found": []} if reply else {}
        return Outcome(
            turn=taken.turn,
            conversation=taken.head["id"],
            epoch=taken.head["epoch"],
            to_seq=taken.to_seq,
            route="answer" if reply else "silent",
            reply=reply,
            triage={"kind": "question"} if reply else None,
            segments=fold_segments(gone, number, first, budget_tokens=FOLD, conversation=taken.head["id"]),
            redacted={e.seq: e.text for e in taken.events if e.redacted is None},
            record=record,
        )

    async def opened(self, conversation: str) -> tuple[float, float]:
        """Wall and CPU ms of one opening; the message that causes it and the turn that ends it are not counted."""
        at, name = _BEGUN + timedelta(days=300, minutes=next(self._serial)), uuid.uuid4().hex[:24]
        sender = await self.store.read(lambda c: _address(c, self.vault, conversation))
        await self.store.write(lambda c: self._heard(c, sender, "And what did the green kettle cost?", name, name, at))
        wall, cpu = time.perf_counter(), time.process_time()
        taken = await self.store.write(lambda c: self._taken(c, conversation, f"t-{name}", at))
        assert taken is not None  # noqa: S101  (its message was just written)
        taken = await self._catching.before(taken)
        slide(lines_of(taken.events), WINDOW, FOLD)
        view = await self.store.read(lambda c: reading.conversation(c, self.vault, conversation))
        await self.store.read(
            lambda c: log.read_events(c, self.vault, conversation, after=max(0, view.seq - SHOWN), limit=SHOWN)
        )
        await self.store.read(lambda c: reading.assist(c, self.vault, view))
        begin = await self.store.read(lambda c: log.shown_after(c, conversation, SHOWN))
        await self.store.read(
            lambda c: log.read_events(c, self.vault, conversation, after=begin, limit=SHOWN, visible_only=True)
        )
        spent = (time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000
        await self.store.write(lambda c: turns.commit(c, self.vault, self._outcome(taken, "It cost £24.95."), at))
        return spent


def _address(connection: Connection, vault: Vault, conversation: str) -> str:
    return log.Head.lock(connection, vault, conversation).address()[0]


def table(found: Sequence[Opening]) -> Table:
    """The openings as people read them."""
    made = Table("store", "owner", "100, ms", "10,000, ms", "ratio", "CPU ms", "CPU ms", "ratio", "bar", "pieces")
    made.title = "What it costs to open a conversation"
    for each in found:
        made.add_row(
            each.store,
            each.owner,
            f"{each.short_ms:.2f}",
            f"{each.long_ms:.2f}",
            f"{each.ratio:.2f}",
            f"{each.short_cpu_ms:.2f}",
            f"{each.long_cpu_ms:.2f}",
            f"{each.cpu_ratio:.2f}",
            f"{each.bar:.1f}",
            str(each.pieces),
        )
    return made
