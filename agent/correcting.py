"""What a person may say of an answer, checked and written down: the one way corrections come to be."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Connection

from agent.errors import Refused
from agent.lookups.evidence import SCHEME
from memory import audit, corrections, log, turns
from memory.corrections import Correction, Kind
from memory.store import Store
from memory.vault import Vault

Should = Literal["answer", "handoff", "other"]
LONGEST = 8_000
_PSEUDONYM = re.compile(r"<[A-Z][A-Z0-9_]*_\d+>")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants of a turn's answer.

    wrong    `should` says what should have happened instead
    passage  `passage` is one of the turn's, `text` what it should say
    pin      `text` is the answer from now on; "" takes the reply as it was sent
    block    `passage` is one of the turn's, or `document`, and is not a source any more
    """

    kind: Kind
    text: str = ""
    passage: str = ""
    document: str = ""
    should: Should = "other"
    why: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Correcting:
    """Corrections of this installation. `collections` are those of inboxes with knowledge of their own."""

    store: Store
    vault: Vault
    collection: str
    collections: Mapping[str, str]

    async def correct(self, turn: str, wish: Wish, person: str, role: str) -> Correction:
        """Writes it down; every process follows within seconds. Raises UnknownTurn, Refused."""
        id_, now = f"f-{uuid.uuid4().hex}", datetime.now(UTC)

        def work(connection: Connection) -> Correction:
            made = self._made(connection, turn, wish, id_, person, now)
            corrections.add(connection, made)
            detail = {"kind": made.kind, "turn": turn, "passage": made.passage, "document": made.document}
            audit.note(
                connection, actor=person, role=role, act=f"correction.{made.kind}", subject=id_, detail=detail, now=now
            )
            return made

        return await self.store.write(work)

    async def withdraw(self, id: str, person: str, role: str) -> Correction:
        """It holds no longer. Raises UnknownCorrection."""
        now = datetime.now(UTC)

        def work(connection: Connection) -> Correction:
            ended = corrections.end(connection, id, person, now)
            detail = {"kind": ended.kind, "turn": ended.turn}
            audit.note(
                connection, actor=person, role=role, act="correction.withdrawn", subject=id, detail=detail, now=now
            )
            return ended

        return await self.store.write(work)

    async def listed(self, *, live: bool = False, limit: int = 500) -> list[Correction]:
        """Newest first."""
        return await self.store.read(lambda c: corrections.listed(c, live=live, limit=limit))

    async def cases(self) -> list[dict[str, Any]]:
        """Rows of the `transcripts` suite, one for each correction of a turn, oldest first."""
        return await self.store.read(corrections.cases)

    def _made(self, connection: Connection, turn: str, wish: Wish, id: str, person: str, now: datetime) -> Correction:
        row = turns.read_turn(connection, turn)
        head = log.read_head(connection, row["conversation_id"])
        record: Mapping[str, Any] = row["record"] or {}
        if not record.get("said"):
            raise Refused("this turn has no record to correct: nothing was read in it")
        found = {each["passage"]: each for each in record.get("found", ())}
        question, text, document = _parts(wish, record, found)
        self._keep_private(connection, head["customer_id"], f"{question if wish.kind == 'pin' else ''}\n{text}")
        return Correction(
            id=id,
            kind=wish.kind,
            collection=self.collections.get(head["inbox"], self.collection),
            turn=turn,
            passage=wish.passage,
            document=document,
            question=question,
            text=text,
            why=wish.why.strip()[:1000],
            by=person,
            at=now,
        )

    def _keep_private(self, connection: Connection, customer: str, text: str) -> None:
        """What others will read must not be about this customer."""
        known = self.vault.book(connection, customer).known_in(text)
        if known or _PSEUDONYM.search(text):
            raise Refused("it holds something personal of this customer, so it cannot stand for others")


def _parts(wish: Wish, record: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[str, str, str]:
    """(question, text, document) of the correction. Raises Refused where the wish names nothing it could act on."""
    text = wish.text.strip()
    if len(text) > LONGEST:
        raise Refused(f"the text has {len(text)} characters; {LONGEST} is the most")
    if wish.kind != "wrong" and _of_one_customer(wish, record):
        raise Refused("what was looked up for one customer cannot stand for others")
    passage = found.get(wish.passage)
    if wish.passage and passage is None:
        raise Refused("this turn found no such passage")
    match wish.kind:
        case "wrong":
            return "", wish.should, ""
        case "passage" if passage and text:
            return passage["text"], text, passage["document"]
        case "block" if passage or any(each["document"] == wish.document for each in found.values()):
            return "", wish.should, passage["document"] if passage else wish.document
        case "pin" if answer := text or _sent(record):
            return _asked(record), answer, ""
    needs = {"passage": "a passage and its text", "block": "a passage or a document of the turn", "pin": "an answer"}
    raise Refused(f"this needs {needs[wish.kind]}")


def _of_one_customer(wish: Wish, record: Mapping[str, Any]) -> bool:
    """Whether the wish would make knowledge for everybody of what the organisation's systems said for one customer."""
    looked_up = any(each.get("text") for each in record.get("looked_up", ()))
    return wish.passage.startswith(SCHEME) or wish.document.startswith(SCHEME) or (wish.kind == "pin" and looked_up)


def _asked(record: Mapping[str, Any]) -> str:
    return "\n".join(line["text"] for line in record["said"]).strip()


def _sent(record: Mapping[str, Any]) -> str:
    """The sentences with evidence of the reply, or of the draft that was withheld."""
    draft = record.get("draft") or record.get("withheld") or {}
    return " ".join(each["text"] for each in draft.get("sentences", ()) if each["citations"])
