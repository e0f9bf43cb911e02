"""A desk with its pages of oversight over a real store: customers of every kind, switches turned, a week of figures."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from langgraph.checkpoint.memory import InMemorySaver
from sqlalchemy import Connection, insert, update
from standin import Standin, serving

from agent.oversight import Actor, Oversight
from agent.redaction import NoDetector
from agent.templates import DEFAULTS
from channels.web import desk as desk_pages
from channels.web.desk.overseeing import Overseen
from channels.web.desk.scene import Scene
from channels.web.ports import Identity
from memory import ownership
from memory.consent import record_consent
from memory.log import Head
from memory.messages import EventKind, Inbound
from memory.migrate import migrate
from memory.receive import NewIds, receive
from memory.schema import outbox, turns
from memory.seal import MasterKey
from memory.store import Store, open_store
from memory.vault import Vault

PEOPLE: Mapping[str, Identity] = {
    "key-ada": Identity("Ada", "admin"),
    "key-maya": Identity("Maya", "agent"),
    "key-vera": Identity("Vera", "viewer"),
    "key-robot": Identity("CRM", "service"),
}
INBOXES = {"web": "chat", "sms": "sms", "mail": "email"}
SCENE = Scene(
    inboxes=INBOXES,
    prompts=("answer",),
    tools=("search",),
    intents=("question", "complaint"),
    levels={"web": "automatic", "sms": "automatic", "mail": "approve"},
    templates={name: DEFAULTS[name] for name in ("greeting", "unknown")},
    limits={"throttle/customer": ("3/day",)},
)


@dataclass
class Place:
    """The parts behind a desk."""

    store: Store
    vault: Vault
    oversight: Oversight

    async def talk(self, *given: Any, **fields: Any) -> tuple[str, str]:
        """As `begin`, in a transaction of its own."""
        return await self.store.write(lambda c: self.begin(c, *given, **fields))

    def begin(
        self,
        connection: Connection,
        sender: str,
        inbox: str,
        ago: timedelta,
        text: str,
        *later: tuple[EventKind, float, str, dict[str, Any]],
        number: int = 0,
    ) -> tuple[str, str]:
        """(customer, conversation) of a message that came then, with events some seconds after it."""
        at = datetime.now(UTC) - ago
        key = f"{sender}-{inbox}-{number}"
        inbound = Inbound(inbox, INBOXES[inbox], key, sender, text, at)
        ids = NewIds(f"c-{abs(hash(key)):x}", f"p-{abs(hash(sender)):x}", f"k-{abs(hash(key)):x}")
        receipt = receive(connection, self.vault, inbound, ids, at)
        head = Head.lock(connection, self.vault, receipt.conversation)
        for kind, seconds, words, meta in later:
            head.append(kind, at + timedelta(seconds=seconds), words, meta=meta)
        head.save()
        return receipt.customer, receipt.conversation

    async def consent(self, customer: str, channel: str, state: str, ago: timedelta = timedelta(days=1)) -> None:
        at = datetime.now(UTC) - ago
        await self.store.write(
            lambda c: record_consent(
                c, id=f"k-{customer[-8:]}-{channel}-{state}", customer=customer, channel=channel, purpose="marketing",
                state="in" if state == "in" else "out", evidence={"source": "web form"}, now=at,
            )
        )  # fmt: skip


@contextlib.asynccontextmanager
async def place(folder: Path) -> AsyncIterator[Place]:
    """An empty store in a folder, with what acts on it."""
    url = f"sqlite:///{folder}/log.db"
    migrate(url)
    store, vault = open_store(url), Vault(MasterKey.from_secret("0f" * 32))
    try:
        yield Place(store, vault, Oversight(store, vault, InMemorySaver(), NoDetector()))
    finally:
        await store.close()


def application(
    where: Place, people: Mapping[str, Identity] = PEOPLE, scene: Scene = SCENE, standin: Standin | None = None
) -> FastAPI:
    """The desk with its pages, over this place; conversations are those of `standin`."""
    app, seen, desk = FastAPI(), Overseen(where.oversight, scene), standin or Standin()
    desk_pages.mount(app, desk, people.get, "Fernhill Outdoor", "a secret of the tests", overseen=seen)
    return app


async def week(where: Place) -> str:
    """Two weeks at the shop; the id of the customer who has something of everything."""
    priya, talk = await where.store.write(lambda c: _talks(c, where))
    await where.consent(priya, "email", "in", timedelta(days=3))
    await where.consent(priya, "email", "out")
    await where.store.write(lambda c: _send(c, where.vault, talk))
    record = {"draft": {"made_by": "gpt", "cost": 0.0031, "tokens_in": 900, "tokens_out": 60}}
    rows = [
        {"id": f"t-{n}", "conversation_id": talk, "from_seq": 1, "to_seq": 1, "epoch": 0, "attempt": 1, "holder": "x"}
        | {"status": "committed", "started_at": datetime.now(UTC) - timedelta(hours=n), "record": record}
        for n in range(1, 40)
    ]
    await where.store.write(lambda c: c.execute(insert(turns), rows).rowcount)
    now, ada = datetime.now(UTC), Actor("Ada", "admin")
    await where.oversight.set_control("stop/inbox/sms", {"on": True}, ada, "The provider has an outage.", now)
    await where.oversight.set_control("autonomy/web/complaint", {"level": "draft"}, ada, "They are delicate.", now)
    return priya


def _talks(connection: Connection, where: Place) -> tuple[str, str]:
    for day in range(13):
        for number in range(3 + (day * 5) % 7):
            ago = timedelta(days=day, hours=1 + number)
            inbox = ("web", "sms", "mail")[(day + number) % 3]
            sender = f"+4416329600{day:02}{number}" if inbox == "sms" else f"guest-{day}-{number}@mail.example"
            events: list[tuple[EventKind, float, str, dict[str, Any]]] = [("replied", 1.5 + number, "60 days.", {})]
            if number % 3 == 1:
                events.append(("handed_over", 3, "", {"code": "no_answer" if day % 2 else "asked"}))
                events.append(("said", 400 + 60 * number, "A person here.", {"person": "Maya"}))
            if number % 4 == 2:
                events.append(("feedback", 900, "", {"turn": "", "score": 5 - number % 3}))
            if number == 4:
                events.append(("triaged", 2, "", {"kind": "complaint", "sentiment": "negative"}))
            where.begin(connection, sender, inbox, ago, "How long do I have to return it?", *events)
    return where.begin(
        connection, "priya.raghunathan@mail.example", "mail", timedelta(hours=3),
        "Hello, Priya Raghunathan here: is the tent back in stock?",
        ("replied", 2, "It is back in stock.", {}),
    )  # fmt: skip


def _send(connection: Connection, vault: Vault, conversation: str) -> None:
    at = datetime.now(UTC) - timedelta(hours=2)
    ownership.take_over(connection, vault, conversation, "Maya", at)
    became = [("sent", "ok")] * 9 + [("parked", "opted_out"), ("pending", "quiet_hours")]
    for number, (status, rule) in enumerate(became):
        seq = ownership.say(connection, vault, conversation, "Maya", "Hello", key=str(number), push=True, now=at)
        sent = at if status == "sent" else None
        row = update(outbox).where(outbox.c.conversation_id == conversation, outbox.c.seq == seq)
        connection.execute(row.values(status=status, rule=rule, sent_at=sent))
    ownership.release(connection, vault, conversation, "Maya", at)


async def main(port: int, folder: Path) -> None:
    """A desk to look at."""
    async with place(folder) as where:
        print(await week(where))  # noqa: T201
        async with serving(application(where), port) as address:
            print(f"{address}/desk key-ada")  # noqa: T201
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2])))
