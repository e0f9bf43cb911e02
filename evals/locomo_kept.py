"""A LoCoMo sample as a store keeps it: one customer, a conversation for each session, and an index of what was said.

The first speaker is the customer, the second somebody who writes at the desk. Names stand as they are in the data.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Connection, insert

from agent.ports import Embedder
from agent.remembering.pointing import FORM, Said, said_points
from agent.remembering.recollecting import Recollections
from agent.state import Turn
from evals.locomo import Sample, Session
from memory.facts.edge_index import EdgeIndex
from memory.facts.index import Made
from memory.identity.profile import Profile
from memory.log import Head
from memory.messages import Line, Role
from memory.migrate import migrate
from memory.schema import conversations, customers
from memory.seal import MasterKey
from memory.store import Store, open_store
from memory.vault import Vault

_ASKING = "c-asking"
_KEY = "00" * 32
"""For a store that lives for a run."""


@dataclass(frozen=True, slots=True, eq=False)
class Shelf:
    """A store and an index that are there for a run."""

    store: Store
    vault: Vault
    index: EdgeIndex
    embedder: Embedder


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """A sample that was put: `ids` are the messages' by conversation and number, in the order they were said."""

    customer: str
    recollections: Recollections
    ids: Mapping[tuple[str, int], str]
    ended_at: datetime


@asynccontextmanager
async def shelf(embedder: Embedder) -> AsyncIterator[Shelf]:
    """An empty one, in a folder that goes with it."""
    with TemporaryDirectory(prefix="frontdesk-memory-") as folder:
        url = f"sqlite:///{folder}/log.db"
        migrate(url)
        store = open_store(url)
        index = await EdgeIndex.open(Path(folder, "index"), Made(embedder.name, embedder.dim, FORM))
        try:
            yield Shelf(store, Vault(MasterKey.from_secret(_KEY)), index, embedder)
        finally:
            await index.close()
            await store.close()


async def keep(shelf: Shelf, sample: Sample, number: int) -> Kept:
    """Puts a sample into the log and the index."""
    customer = f"k-{number}"
    await shelf.store.write(lambda c: _customer(c, shelf.vault, customer, sample.sessions[0].at))
    said, ids = list[Said](), dict[tuple[str, int], str]()
    for session in sample.sessions:
        put = _Session(customer, f"c-{number}-{session.number}", sample.speakers[0], session)
        seqs = await shelf.store.write(lambda c, put=put: put.write(c, shelf.vault))  # type: ignore[misc]
        ids |= {(put.id, seq): message.id for seq, message in zip(seqs, session.messages, strict=True)}
        said += put.said(seqs)
    await shelf.index.put(await said_points(shelf.embedder, said))
    called: dict[str, Role] = {sample.speakers[0].lower(): "customer", sample.speakers[1].lower(): "agent"}
    recollections = Recollections(shelf.store, shelf.vault, shelf.index, shelf.embedder, timeout_s=60.0, called=called)
    return Kept(customer, recollections, ids, sample.sessions[-1].at + timedelta(days=1))


def _customer(connection: Connection, vault: Vault, id: str, at: datetime) -> None:
    connection.execute(insert(customers).values(id=id, key=vault.new_key(id), created_at=at))


@dataclass(frozen=True, slots=True)
class _Session:
    customer: str
    id: str
    first: str
    session: Session

    def write(self, connection: Connection, vault: Vault) -> list[int]:
        """The conversation and its events; returns their seqs."""
        at, sealer = self.session.at, vault.sealer(connection, self.customer)
        address = sealer.seal("", f"{self.id}:address".encode())
        row = {"id": self.id, "inbox": "locomo", "channel": "web", "customer_id": self.customer, "thread_key": self.id}
        connection.execute(insert(conversations).values(**row, address=address, opened_at=at, last_at=at))
        head = Head.lock(connection, vault, self.id)
        seqs = [
            head.append("received" if each.speaker == self.first else "said", self.at(place), each.text,
                        redacted=each.text)
            for place, each in enumerate(self.session.messages)
        ]  # fmt: skip
        head.save()
        return seqs

    def at(self, place: int) -> datetime:
        return self.session.at + timedelta(seconds=30 * place)

    def said(self, seqs: list[int]) -> list[Said]:
        found, before = [], ""
        for place, (seq, each) in enumerate(zip(seqs, self.session.messages, strict=True)):
            role: Role = "customer" if each.speaker == self.first else "agent"
            found.append(Said(self.customer, self.id, seq, role, each.text, self.at(place), before))
            before = each.text
        return found


def asking(kept: Kept, text: str) -> Turn:
    """A turn in a new conversation of the customer, a day after the last one, that asks `text`."""
    fields: dict[str, Any] = {"triage": None, "draft": None, "withheld": None, "handoff": None, "approval": None}
    return Turn(
        id="asking",
        conversation=_ASKING,
        customer=kept.customer,
        inbox="locomo",
        channel="web",
        owner="bot",
        epoch=0,
        from_seq=1,
        to_seq=1,
        attempt=1,
        started_at=kept.ended_at,
        said=(Line("customer", text, 1),),
        history=(),
        summary_to=0,
        asked_for_person=False,
        opted_out=False,
        introduce=False,
        redaction_failed=False,
        autonomy="automatic",
        query="",
        found=(),
        template="",
        verdicts=(),
        revisions=0,
        versions={},
        route="answer",
        profile=Profile(kept.customer, members=(kept.customer,)),
        **fields,
    )
