"""Where a paused turn waits: its checkpoint, copied out of memory into a store of its own, never the log's file."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

# The only types a checkpoint may bring back to life.
LOADABLE = [
    ("agent.state", name)
    for name in ("Turn", "Triage", "Reading", "Citation", "Sentence", "Draft", "Verdict", "Handoff", "Found")
]
LOADABLE += [("memory.messages", "Line"), ("memory.context", "Block"), ("memory.segments", "Segment")]
LOADABLE += [("memory.slots", "Slot"), ("memory.facts.memory", "Memory"), ("memory.facts.memory", "Recalled")]
LOADABLE += [("memory.identity.profile", "Profile"), ("agent.lookups.looked_up", "LookedUp")]
LOADABLE += [("memory.context", "Context"), ("memory.context", "Left")]


def serializer() -> JsonPlusSerializer:
    return JsonPlusSerializer(allowed_msgpack_modules=LOADABLE)


def thread(turn: str) -> RunnableConfig:
    return {"configurable": {"thread_id": turn, "checkpoint_ns": ""}}


async def open_parking(stack: AsyncExitStack, store_url: str) -> BaseCheckpointSaver[Any]:
    """The saver for paused turns: tables in the same PostgreSQL, or `parked.db` beside the SQLite file."""
    if store_url.startswith("sqlite"):
        from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
        from sqlalchemy.engine import make_url

        database = make_url(store_url).database or ""
        path = str(Path(database).with_name("parked.db"))
        sqlite = await stack.enter_async_context(AsyncSqliteSaver.from_conn_string(path))
        sqlite.serde = serializer()
        await sqlite.setup()
        return sqlite
    from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver

    postgres = await stack.enter_async_context(
        AsyncPostgresSaver.from_conn_string(_libpq(store_url), serde=serializer())
    )
    await postgres.setup()
    return postgres


def _libpq(url: str) -> str:
    from sqlalchemy.engine import make_url

    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


async def copy_out(memory: InMemorySaver, parked: BaseCheckpointSaver[Any], turn: str) -> None:
    """Copies the turn's newest checkpoint, and the pause pending on it, to where it survives a restart."""
    found = await memory.aget_tuple(thread(turn))
    if found is None:
        raise LookupError(f"turn {turn} has no checkpoint to park")
    at = await parked.aput(thread(turn), found.checkpoint, found.metadata, found.checkpoint["channel_versions"])
    for task in dict.fromkeys(task for task, _, _ in found.pending_writes or ()):
        writes = [(channel, value) for owner, channel, value in found.pending_writes or () if owner == task]
        await parked.aput_writes(at, writes, task)
