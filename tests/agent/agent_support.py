"""A small office over a real log: fixed knowledge, a scripted model, and the moves that tests of turns make."""

from __future__ import annotations

import asyncio
import itertools
import logging
import re
import tempfile
import zlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import structlog
from langchain_core.language_models import BaseChatModel
from langgraph.checkpoint.base import BaseCheckpointSaver
from sqlalchemy import RowMapping, Table, select

from agent.dispatch.in_process import InProcessBus, InProcessDoorbell
from agent.dispatch.signals import Signal
from agent.gateway.endpoints import build_gateways
from agent.gateway.gateway import Gateway
from agent.gateway.scripted import Reply, ScriptedChatModel
from agent.graph import Travelling, build
from agent.guardrails.grounding import GroundingJudge
from agent.guardrails.pii import PiiSpan, PiiUnavailable
from agent.parking import open_parking, thread
from agent.ports import Bench, Bus, Deps, Doorbell, Judge, Question, Run, Vector
from agent.redaction import Detector, NoDetector
from agent.runtime import Runtime
from agent.settings import Endpoint, Models, RouteSettings
from agent.state import Sentence, Triage, Turn, Verdict
from agent.templates import DEFAULTS
from agent.worker import Worker, WorkerLimits
from knowledge.passages import Hit, Passage
from knowledge.query import search_query
from knowledge.seeking.ports import EVERYWHERE, Scope
from knowledge.seeking.seeker import Searched, Sought
from knowledge.sentences import sentences
from memory import log
from memory.messages import Event, Inbound, Line
from memory.migrate import migrate
from memory.receive import Receipt
from memory.schema import conversations, turns
from memory.seal import MasterKey
from memory.store import Store, open_store
from memory.vault import Vault

KEY = "0f" * 32
ANSWERED = "You can return unworn items within 45 days of delivery."
SECOND = "Sale items can be returned within 14 days of delivery."
RETURNS = f"{ANSWERED} {SECOND}"
DELIVERY = "Standard delivery in the United Kingdom takes 3 to 5 working days. Next-day delivery costs £6.95."
SHOPS = "The Keswick shop is open from 9:00 to 17:30, Monday to Saturday. The Keswick shop is closed on Sundays."
QUESTION = "How many days do I have to return unworn items?"
ANSWER = f"{ANSWERED} [1]"
INVENTED = "We refund every order twice within 2 minutes. [1]"
DISCLOSURE = "I'm Acme's automated assistant."
FAST = WorkerLimits(lease_s=5.0, sweep_s=0.02, concurrency=8, max_failures=3, turn_timeout_s=20.0, retry_s=0.01)

_WORD = re.compile(r"[a-z0-9£]+")
_DIM = 256


class WordEmbedder:
    """A text's words, each hashed to one of 256 places: texts that share words are near. Keeps what it was asked."""

    name = "words"
    dim = _DIM

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def embed(self, texts: Sequence[str]) -> Vector:
        self.asked.extend(texts)
        rows = np.zeros((len(texts), _DIM), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in _WORD.findall(text.lower()):
                row[zlib.crc32(word.encode()) % _DIM] += 1.0
            row /= np.linalg.norm(row) or 1.0
        return rows


class Shelf:
    """A library of fixed passages. `fault` is raised instead of an answer, `delay_s` is taken before one."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._passages = [
            Passage(name, name, name.title(), text, f"https://acme.example/{name}", sentences=tuple(sentences(text)))
            for name, text in texts.items()
        ]
        self.fault: Exception | None = None
        self.delay_s = 0.0
        self.asked: list[str] = []

    async def seek(
        self,
        text: str,
        history: Sequence[Line] = (),
        *,
        limit: int = 8,
        collection: str | None = None,
        scope: Scope = EVERYWHERE,
        rewritten: str = "",
        known: Mapping[str, Vector] | None = None,
    ) -> Sought:
        query = rewritten or search_query(text)
        self.asked.append(query)
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        if self.fault is not None:
            raise self.fault
        *near, vector = await WordEmbedder().embed([*(passage.text for passage in self._passages), query])
        scored = sorted(
            ((float(each @ vector), p) for each, p in zip(near, self._passages, strict=True)), key=lambda pair: -pair[0]
        )
        none = np.zeros((0, _DIM), np.float32)
        hits = tuple(Hit(passage, score, score, None, none) for score, passage in scored[:limit])
        return Sought(query, vector, hits, Searched({"message": text}))

    async def ready(self) -> None:
        if self.fault is not None:
            raise self.fault

    async def close(self) -> None:
        return None


class WordUnderstanding:
    """What a message wants, by a word in it; a question where none is. Keeps what it read."""

    KINDS: tuple[tuple[str, str], ...] = (
        ("human", "person"),
        ("disgrace", "complaint"),
        ("ignore your instructions", "attack"),
        ("hello", "smalltalk"),
        ("thanks", "smalltalk"),
        ("hmm", "unclear"),
    )

    def __init__(self) -> None:
        self.read: list[str] = []

    async def triage(self, text: str, history: Sequence[Line], vector: Vector | None) -> Triage:
        self.read.append(text)
        kind: Any = next((kind for word, kind in self.KINDS if word in text.lower()), "question")
        return Triage(kind, 0.9, f"it reads like a {kind}")


class NearFloor:
    """Passes where the best passage shares enough words with the question."""

    def judge(self, question: Question) -> Verdict:
        best = max((hit.dense or 0.0 for hit in question.hits), default=0.0)
        return Verdict("floor", "retrieve", "pass" if best >= 0.25 else "template", "by shared words", best)

    def nearest(self, question: Question, limit: int) -> Question:
        return replace(question, hits=question.hits[:limit])


class Lenient:
    """A judge and a floor that pass everything, so that only the guard stands between a draft and the customer."""

    def judge(self, *what: Sentence | Question) -> Verdict:
        return Verdict("lenient", "generate", "pass", "anything goes")

    def nearest(self, question: Question, limit: int) -> Question:
        return replace(question, hits=question.hits[:limit])


class PatternDetector:
    """Finds what its patterns say. `down` makes it unable to look."""

    def __init__(self, **patterns: str) -> None:
        self._patterns = {name: re.compile(pattern) for name, pattern in patterns.items()}
        self.down = False
        self.looked_at: list[str] = []

    async def find(self, texts: Sequence[str]) -> list[list[PiiSpan]]:
        if self.down:
            raise PiiUnavailable("the analyser is down")
        self.looked_at.extend(texts)
        return [
            [PiiSpan(*m.span(), name, 1.0) for name, pattern in self._patterns.items() for m in pattern.finditer(text)]
            for text in texts
        ]


def people() -> PatternDetector:
    return PatternDetector(
        PERSON=r"Wilhelmina Quackenbush|Ben Ash", EMAIL_ADDRESS=r"\S+@\S+\.example", PHONE_NUMBER=r"\+44\d{10}"
    )


def scripted(*replies: Reply, delay_s: float = 0.0, **fields: Any) -> ScriptedChatModel:
    return ScriptedChatModel(replies=replies or (ANSWER,), delay_s=delay_s, **fields)


def gateway(*models: Sequence[Reply], deadline_s: float = 5.0, delay_s: float = 0.0, **endpoint: Any) -> Gateway:
    """The real gateway over scripted endpoints "m0", "m1", …, each with its own replies."""
    endpoints = {
        f"m{n}": Endpoint(provider="scripted", options={"replies": list(said), "delay_s": delay_s}, **endpoint)
        for n, said in enumerate(models)
    }
    route = RouteSettings(endpoints=list(endpoints), deadline_s=deadline_s)
    return build_gateways(Models(endpoints=endpoints, routes={"answer": route}))["answer"]


def deps(model: BaseChatModel | None = None, **fields: Any) -> Deps:
    judges: tuple[Judge, ...] = (GroundingJudge(),)
    given: dict[str, Any] = {
        "embedder": WordEmbedder(),
        "library": Shelf({"returns": RETURNS, "delivery": DELIVERY, "shops": SHOPS}),
        "understanding": WordUnderstanding(),
        "floor": NearFloor(),
        "judges": judges,
        "model": model or scripted(),
        "templates": DEFAULTS,
        "organisation": "Acme",
        "voice": "Plain.",
        "collections": {},
        "collection": "help",
        "retrieve_timeout_s": 2.0,
        "generate_timeout_s": 5.0,
        "window_tokens": 1200,
        "fold_tokens": 400,
        "passages": 3,
        "versions": {"prompt": "p-1"},
    }
    return Deps(**{**given, **fields})


# --- one run of the graph, without a log ---


def turn(*said: str, **fields: Any) -> Turn:
    """A Turn as the worker feeds it: the bot owns the conversation and was introduced."""
    lines = tuple(Line("customer", text, n) for n, text in enumerate(said or (QUESTION,), 1))
    given: dict[str, Any] = {
        "id": "t-1",
        "conversation": "c-1",
        "customer": "p-1",
        "inbox": "web",
        "channel": "chat",
        "owner": "bot",
        "epoch": 0,
        "from_seq": 1,
        "to_seq": len(lines),
        "attempt": 1,
        "started_at": datetime(2026, 11, 24, 12, 0, tzinfo=UTC),
        "said": lines,
        "history": (),
        "summary_to": 0,
        "asked_for_person": False,
        "opted_out": False,
        "introduce": False,
        "redaction_failed": False,
        "autonomy": "automatic",
        "triage": None,
        "query": "",
        "found": (),
        "draft": None,
        "withheld": None,
        "template": "",
        "handoff": None,
        "verdicts": (),
        "revisions": 0,
        "approval": None,
        "route": "answer",
        "versions": {},
    }
    return Turn(**{**given, **fields})


@dataclass
class Audience:
    """What somebody who watches sees: sentences as they come, void taken back."""

    shown: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    voids: int = 0

    async def say(self, turn: Turn, text: str) -> None:
        self.shown.append(text)
        self.heard.append(text)

    async def void(self, turn: Turn) -> None:
        self.shown.clear()
        self.voids += 1


@dataclass(frozen=True)
class Ran:
    """How one run of the graph ended: the Turn as committed, the nodes it went through, and who watched."""

    turn: Turn
    path: list[str]
    audience: Audience
    bench: Bench

    @property
    def said(self) -> str:
        return self.turn.draft.text if self.turn.draft else ""

    def decided(self, rule: str) -> list[str]:
        return [verdict.decision for verdict in self.turn.verdicts if verdict.rule == rule]


async def run(start: Turn, given: Deps | None = None) -> Ran:
    """The whole graph over one Turn, with nothing behind it that keeps anything."""
    ended: list[Turn] = []
    path: list[str] = []
    audience, bench = Audience(), Bench()

    async def commit(made: Turn) -> None:
        ended.append(made)

    context = Run(given or deps(), audience, commit, bench)
    async for update in build(None).astream(
        Travelling(start), thread(start.id), context=context, stream_mode="updates"
    ):
        path += update
    (made,) = ended
    return Ran(made, path, audience, bench)


# --- a whole office: log, worker, desk ---


@dataclass
class Office:
    """One process's share. Two of them over one url are two processes, as far as the log can tell."""

    runtime: Runtime
    heard: list[Signal] = field(default_factory=list)
    serial: Any = field(default_factory=itertools.count)

    @property
    def worker(self) -> Worker:
        return self.runtime.worker

    @property
    def store(self) -> Store:
        return self.runtime.store

    async def receive(self, text: str, *, sender: str = "+441632960001", inbox: str = "sms", **fields: Any) -> Receipt:
        given: dict[str, Any] = {"provider_id": f"SM-{id(self)}-{next(self.serial)}", "received_at": datetime.now(UTC)}
        inbound = Inbound(inbox=inbox, sender=sender, text=text, **{"channel": "sms", **given, **fields})
        return await self.runtime.receive(inbound)

    async def ask(self, text: str, **fields: Any) -> str:
        """Receives a message and waits until it is answered; the conversation."""
        receipt = await self.receive(text, **fields)
        await self.settled(receipt.conversation)
        return receipt.conversation

    async def head(self, conversation: str) -> RowMapping:
        return await self.store.read(lambda c: log.read_head(c, conversation))

    async def settled(self, conversation: str, timeout_s: float = 10.0) -> RowMapping:
        """Until nothing of the conversation waits for an answer and nobody works on it."""

        async def done() -> bool:
            row = await self.head(conversation)
            return row["lease"] is None and row["inbound_seq"] <= max(row["answered_seq"], row["parked_seq"])

        await until(done, timeout_s)
        return await self.head(conversation)

    async def idle(self) -> None:
        """Until this office's worker has tidied up after its last turn: a moment after what it committed is seen."""

        async def done() -> bool:
            return not self.worker._busy

        await until(done)

    async def events(self, conversation: str) -> list[Event]:
        return await self.store.read(lambda c: log.read_events(c, self.runtime.vault, conversation))

    async def kinds(self, conversation: str) -> list[str]:
        return [event.kind for event in await self.events(conversation)]

    async def replies(self, conversation: str) -> list[str]:
        return [event.text for event in await self.events(conversation) if event.kind == "replied"]

    async def rows(self, table: Table) -> list[RowMapping]:
        return await self.store.read(lambda c: list(c.execute(select(table)).mappings()))

    async def turns(self, conversation: str | None = None) -> list[RowMapping]:
        """Turns in the order they began."""
        query = select(turns).order_by(turns.c.started_at)
        if conversation is not None:
            query = query.where(turns.c.conversation_id == conversation)
        return await self.store.read(lambda c: list(c.execute(query).mappings()))

    async def parked(self) -> list[str]:
        """Ids of turns whose checkpoint is kept."""
        found = [each.config["configurable"]["thread_id"] async for each in self.worker.parked.alist(None)]
        return sorted(set(found))

    async def change(self, conversation: str, **values: Any) -> None:
        """Puts a conversation's row into a state that only a crash leaves behind."""
        statement = conversations.update().where(conversations.c.id == conversation).values(**values)
        await self.store.write(lambda c: c.execute(statement).rowcount)


async def until(check: Callable[[], Any], timeout_s: float = 10.0) -> None:
    """Until `await check()` is true."""
    async with asyncio.timeout(timeout_s):
        while not await check():  # noqa: ASYNC110  (what it waits for may happen in another office)
            await asyncio.sleep(0.005)


@cache
def empty_log() -> bytes:
    """A migrated SQLite file without rows; copying it takes a hundredth of migrating."""
    with tempfile.TemporaryDirectory() as folder:
        migrate(f"sqlite:///{folder}/log.db")
        return Path(folder, "log.db").read_bytes()


def prepare(url: str) -> None:
    """Brings the database at `url` to this version's schema."""
    path = Path(url.removeprefix("sqlite:///"))
    if url.startswith("sqlite") and not path.exists():
        path.write_bytes(empty_log())
    migrate(url)


def plain_logs() -> None:
    """Faults as `serve` logs them; structlog's own way, with every local variable, takes seconds for each."""
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
    )


class KeptBus(InProcessBus):
    """The in-process bus, which also keeps every signal in order."""

    def __init__(self) -> None:
        super().__init__()
        self.signals: list[Signal] = []

    async def publish(self, conversation: str, signal: Signal) -> None:
        self.signals.append(signal)
        await super().publish(conversation, signal)

    def of(self, turn: str) -> list[Signal]:
        return [signal for signal in self.signals if signal.turn == turn]


@asynccontextmanager
async def office(
    url: str,
    given: Deps | None = None,
    *,
    detector: Detector | None = None,
    doorbell: Doorbell | None = None,
    bus: Bus | None = None,
    parked: BaseCheckpointSaver[Any] | None = None,
    limits: WorkerLimits = FAST,
    pushes: Sequence[str] = ("sms",),
    approved: Sequence[str] = (),
    started: bool = True,
    grace_s: float = 2.0,
) -> AsyncIterator[Office]:
    """An office that answers; closing it drains it as SIGTERM does."""
    plain_logs()
    await asyncio.to_thread(prepare, url)
    async with AsyncExitStack() as stack:
        store = open_store(url)
        stack.push_async_callback(store.close)
        saver = parked or await open_parking(stack, url)
        shared, bell, signals = given or deps(), doorbell or InProcessDoorbell(), bus or KeptBus()
        vault = Vault(MasterKey.from_secret(KEY))
        worker = Worker(
            store=store,
            vault=vault,
            deps=shared,
            detector=detector or NoDetector(),
            doorbell=bell,
            bus=signals,
            parked=saver,
            limits=limits,
            pushes=frozenset(pushes),
            approved=frozenset(approved),
        )
        library: Any = shared.library
        runtime = Runtime(store, vault, bell, signals, worker, library, stack.pop_all())
        if started:
            runtime.start()
        try:
            yield Office(runtime)
        finally:
            await runtime.close(grace_s)
