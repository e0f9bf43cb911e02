"""`kill -9` in the middle of a purge: what is left is whole, the audit knows what went, and the next run ends it."""

from __future__ import annotations

import asyncio
import signal
import sys
import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from agent.retention import NoIndex, Retention
from memory import audit, schema
from memory.migrate import migrate
from memory.retention.acts import ROWS
from memory.retention.rules import Rule, Rules
from memory.seal import MasterKey
from memory.store import Store, open_store
from memory.vault import Vault

pytestmark = pytest.mark.server

KEY = "0f" * 32
OLD = 300
RUN = """
    import asyncio, sys
    from datetime import UTC, datetime
    from agent.retention import Retention
    from memory.retention.rules import Rule, Rules
    from memory.seal import MasterKey
    from memory.store import open_store
    from memory.vault import Vault

    class Telling(Retention):
        "Says after each transaction that it is durable."

        async def _write(self, report, work):
            done = await Retention._write(self, report, work)
            print("one", flush=True)
            return done

    async def main():
        rules = Rules((Rule("conversation", 365, "erase"),))
        here = Telling(open_store(sys.argv[1]), Vault(MasterKey.from_secret(sys.argv[2])), rules, "child")
        await here.by_hand(datetime.now(UTC), "child", "system")

    asyncio.run(main())
"""


async def filled(url: str) -> None:

    migrate(url)
    store, now = open_store(url), datetime.now(UTC)

    def work(connection: Any) -> None:
        for number in range(OLD + 10):
            at = now - timedelta(days=800 if number < OLD else 3)
            events = 3 * ROWS if number == 7 else 12
            customer = {"id": f"p-{number}", "key": b"x", "created_at": at}
            head = {"id": f"c-{number}", "inbox": "sms", "channel": "sms", "customer_id": f"p-{number}", "seq": events}
            head |= {"thread_key": f"p-{number}", "address": b"x", "opened_at": at, "last_at": at}
            connection.execute(insert(schema.customers).values(**customer))
            connection.execute(insert(schema.conversations).values(**head))
            row = {"conversation_id": f"c-{number}", "prev": 0, "kind": "received", "at": at, "visible": True}
            row |= {"body": b"sealed", "redacted": "words", "meta": {}}
            connection.execute(insert(schema.events), [{**row, "seq": n} for n in range(1, events + 1)])

    await store.write(work)
    await store.close()


async def tallies(store: Store) -> dict[str, int]:
    def work(connection: Any) -> dict[str, int]:
        tables = (schema.conversations, schema.events, schema.customers, schema.hooks)
        found = {str(t.name): connection.execute(select(func.count()).select_from(t)).scalar_one() for t in tables}
        e, c = schema.events.c, schema.conversations.c
        stray = ~select(c.id).where(c.id == e.conversation_id).exists()
        found["stray"] = connection.execute(select(func.count()).select_from(schema.events).where(stray)).scalar_one()
        return found

    return await store.read(work)


async def told(store: Store) -> int:
    """Conversations that the audit says went."""
    rows = await store.read(lambda c: list(c.execute(select(schema.audit)).mappings()))
    return sum(int(r["detail"]["rows"].get("conversations", 0)) for r in rows if r["act"] == "retention.purged")


@pytest.mark.parametrize("after", [1, 6])
async def test_a_purge_that_is_killed_leaves_everything_whole_and_is_ended_by_the_next(
    tmp_path: Path, after: int
) -> None:

    url = f"sqlite:///{tmp_path}/log.db"
    await filled(url)
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", textwrap.dedent(RUN), url, KEY, stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    for _ in range(after):
        assert await child.stdout.readline() == b"one\n"
    child.send_signal(signal.SIGKILL)
    await child.wait()
    store = open_store(url)
    try:
        left = await tallies(store)
        assert 10 < left["conversations"] < OLD + 10, "it was killed in the middle"
        assert left["stray"] == 0
        assert await told(store) == OLD + 10 - left["conversations"], "the audit has what went, and nothing else"
        assert await store.read(audit.verify) is None
        rules = Rules((Rule("conversation", 365, "erase"),))
        again = Retention(store, Vault(MasterKey.from_secret(KEY)), rules, "next", index=NoIndex())
        later = datetime.now(UTC) + timedelta(minutes=5)  # the dead one's lease has run out
        again.clock = lambda: later
        await again.by_hand(later, "ada", "admin")
        found = await tallies(store)
        assert found == {"conversations": 10, "events": 120, "customers": 10, "hooks": 0, "stray": 0}
        assert await told(store) == OLD, "and none was purged twice"
    finally:
        await store.close()
