"""A provider's request, carried out: what people did elsewhere, reports of delivery, messages. Written down before the
provider is told so."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from sqlalchemy import Connection

from agent.errors import Refused
from agent.runtime import Runtime
from channels.adapters.ports import Answer
from channels.normalise.beside import PersonAct
from channels.normalise.payloads import Arrived
from channels.outlets import Outlet
from memory import handoffs, receive
from memory.errors import NotYours
from memory.log import read_head
from memory.messages import Inbound, Report

_log = structlog.get_logger(__name__)

# Bytes. A message takes less to read than to hand to a thread; a mail of megabytes takes
# seconds, for which others must not wait.
_SMALL = 16 * 1024


@dataclass(frozen=True, slots=True)
class _Read:
    """What a request holds."""

    answer: Answer
    beside: Sequence[Report | PersonAct] = ()
    messages: Sequence[Inbound] = ()


async def take_in(runtime: Runtime, outlet: Outlet, came: Arrived, now: datetime) -> Answer:
    """What the provider is told once everything in its request is durable. Raises SignatureError, BadPayload and what
    `Runtime.receive` raises."""
    small = len(came.body) <= _SMALL
    read = _read(outlet, came, now) if small else await asyncio.to_thread(_read, outlet, came, now)
    for one in read.beside:
        if isinstance(one, Report):
            if await runtime.report(outlet.name, one) and one.alone:
                return read.answer  # a bounce of a mail of ours: known, and nobody's message
        elif await carry_out(runtime, outlet.name, one):
            return read.answer  # a person's words at another desk, and no customer's
    for message in read.messages:
        await runtime.receive(message)
    return read.answer


def _read(outlet: Outlet, came: Arrived, now: datetime) -> _Read:
    adapter, settings = outlet.adapter, outlet.settings
    adapter.verify(came, settings, now)
    if adapter.handshake is not None and (answer := adapter.handshake(came, settings)) is not None:
        return _Read(answer)
    beside = adapter.beside(came, outlet.name, settings) if adapter.beside else ()
    return _Read(adapter.answer, beside, adapter.normalise(came, outlet.name, settings, now))


async def carry_out(runtime: Runtime, inbox: str, act: PersonAct) -> bool:
    """Does here what a person did there, once; True when it was about a handover's thread of ours.

    Ownership is checked as at our own desk. What it refuses is noted in the conversation, so that nobody's words are
    lost without a trace.
    """
    conversation = await runtime.store.read(lambda c: _conversation(c, inbox, act))
    if conversation is None:
        return False
    scope = f"{inbox}/acts"[:64]
    if await runtime.store.read(lambda c: receive.claimed(c, scope, act.key)):
        return bool(act.post)
    try:
        await _do(runtime, conversation, act)
    except (NotYours, Refused) as error:
        await _explain(runtime, conversation, act, str(error))
    now = datetime.now(UTC)
    await runtime.store.write(lambda c: handoffs.remember(c, scope, act.key, conversation, now))
    _log.info("person_act", inbox=inbox, conversation=conversation, act=act.act)
    return bool(act.post)


def _conversation(connection: Connection, inbox: str, act: PersonAct) -> str | None:
    if act.post:
        return handoffs.of_post(connection, inbox, act.post)
    return receive.open_thread(connection, inbox, act.thread_key)


async def _do(runtime: Runtime, conversation: str, act: PersonAct) -> None:
    """Raises NotYours, Refused."""
    desk, head = runtime.desk, await runtime.store.read(lambda c: read_head(c, conversation))
    if act.act == "note":
        await desk.note(conversation, act.person, act.text)
    elif act.act == "opened":
        if head["owner"] == "bot":
            await desk.take_over(conversation, act.person)
    elif head["status"] != "open" and act.act in ("take", "say"):
        raise Refused("the conversation is closed; the customer's next message opens it again")
    elif act.act == "take":
        await desk.take_over(conversation, act.person)
    elif act.act == "say":
        await desk.take_over(conversation, act.person)
        await desk.say(conversation, act.person, act.text, act.key, said_there=act.said_there)
    elif act.act == "release":
        if head["owner"] == "queue":
            await desk.take_over(conversation, act.person)
        if head["owner"] != "bot":
            await desk.release(conversation, act.person)
    elif head["status"] == "open":
        await desk.close(conversation, act.person)


async def _explain(runtime: Runtime, conversation: str, act: PersonAct, why: str) -> None:
    """A note in the log, and the reason back into the thread that the act came from."""
    said = f"\n{act.text}" if act.text else ""
    verb = "said to the customer elsewhere" if act.said_there else f"not carried out ({act.act}): {why}"
    now = datetime.now(UTC)
    await runtime.desk.note(conversation, act.person, f"{verb}{said}"[:20_000])
    if act.post:
        await runtime.store.write(
            lambda c: handoffs.answer_post(c, runtime.vault, conversation, act.post, act.key, f"Not sent: {why}.", now)
        )
