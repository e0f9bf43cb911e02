"""Files that came with a message: looked at, sealed beside its event, named and read only with the customer's key."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, RowMapping, bindparam, insert, select

from memory.cards import truncate_cards, truncate_cards_in
from memory.errors import UnknownAttachment
from memory.file_kinds import INLINE, MAX_ALL, MAX_FILES, examine
from memory.log import Head
from memory.messages import Attachment, Event
from memory.schema import attachments
from memory.seal import SealError
from memory.vault import Vault

KEPT: Final = "kept"
REFUSED: Final = "refused: "
# Text is read for card numbers; of a file beyond this only programs make sense, and reading it would take seconds.
_READ: Final = 2 * 2**20
_TEXTS: Final = ("text/", "application/json", "message/rfc822")

_KEEP = insert(attachments)
_ANY = select(attachments).where(attachments.c.id == bindparam("id"))
_ONE = _ANY.where(attachments.c.conversation_id == bindparam("of"))
_OF = (
    select(*(c for c in attachments.c if c.name != "body"))
    .where(attachments.c.conversation_id == bindparam("of"))
    .order_by(attachments.c.seq, attachments.c.id)
)


@dataclass(frozen=True, slots=True)
class Kept:
    """An attachment as it came, with the place of its message in the log. `body` is None where it was not kept, and
    then `verdict` says why."""

    id: str
    seq: int
    name: str
    type: str
    size: int
    verdict: str
    body: bytes | None = None

    @property
    def is_picture(self) -> bool:
        """Whether a browser may draw it: checked again in the bytes, whatever stands in the row."""
        return bool(self.body) and self.type in INLINE and examine("", "", self.body or b"").type == self.type


def checked(files: Sequence[Attachment]) -> tuple[Attachment, ...]:
    """The files as they may be kept: safe names, types by their bytes, a verdict each. Those that have one stay as they
    are. Takes time for big files: call it off the event loop and outside a transaction."""
    room, found = MAX_ALL, []
    for number, file in enumerate(files):
        one = file if file.verdict else _checked(file, number, room)
        if one.verdict == KEPT:
            room -= len(one.body)
        found.append(one)
    return tuple(found)


def _checked(file: Attachment, number: int, room: int) -> Attachment:
    seen = examine(file.name, file.type, file.body)
    why = seen.refused
    if number >= MAX_FILES:
        why = f"more than {MAX_FILES} files in one message"
    elif not why and len(file.body) > room:
        why = f"more than {MAX_ALL // 2**20} MB in one message"
    body = file.body
    if not why and seen.type.startswith(_TEXTS):
        if len(body) > _READ:
            why = f"text of more than {_READ // 2**20} MB"
        else:
            body = truncate_cards_in(body)
    return replace(
        file, name=truncate_cards(seen.name), type=seen.type, body=body, verdict=f"{REFUSED}{why}" if why else KEPT
    )


def attachment_id(conversation: str, provider_id: str, number: int) -> str:
    """The id of a message's nth file: the same whenever the same message is written down."""
    return f"a-{hashlib.sha256(f'{conversation}:{provider_id}:{number}'.encode()).hexdigest()[:32]}"


def keep(
    connection: Connection,
    vault: Vault,
    head: Head,
    seq: int,
    name: str,
    type: str,
    body: bytes | None,
    id: str,
    now: datetime,
    *,
    size: int | None = None,
    verdict: str = KEPT,
) -> None:
    """Writes one file down in the transaction of its event. None as `body` keeps that it came, and not what it was."""
    sealer = vault.sealer(connection, head.row["customer_id"])
    context = f"{head.id}:attachment:{id}"
    row = {
        "id": id,
        "conversation_id": head.id,
        "customer_id": head.row["customer_id"],
        "seq": seq,
        "name": sealer.seal(name, f"{context}:name".encode()),
        "type": type,
        "size": len(body or b"") if size is None else size,
        "sha256": hashlib.sha256(body or b"").hexdigest(),
        "body": None if body is None else sealer.seal_bytes(body, f"{context}:body".encode()),
        "verdict": verdict,
        "at": now,
    }
    connection.execute(_KEEP, row)


def keep_all(head: Head, seq: int, files: Sequence[Attachment], provider_id: str, now: datetime) -> None:
    """Every file of a message, under the ids that `listed` names. What was not looked at before is now."""
    for number, file in enumerate(checked(files)):
        id_ = attachment_id(head.id, provider_id, number)
        body, size = (file.body if file.verdict == KEPT else None), len(file.body)
        keep(
            head.connection,
            head.vault,
            head,
            seq,
            file.name,
            file.type,
            body,
            id_,
            now,
            size=size,
            verdict=file.verdict,
        )


def listed(conversation: str, files: Sequence[Attachment], provider_id: str) -> list[dict[str, object]]:
    """What the message's event says of its files: no name, as that is the customer's own."""
    return [
        {
            "id": attachment_id(conversation, provider_id, number),
            "type": file.type,
            "size": len(file.body),
            "verdict": file.verdict,
        }
        for number, file in enumerate(checked(files))
    ]


def read(connection: Connection, vault: Vault, conversation: str, id: str) -> Kept:
    """Raises UnknownAttachment."""
    return _kept(connection, vault, connection.execute(_ONE, {"id": id, "of": conversation}).mappings().first())


def read_any(connection: Connection, vault: Vault, id: str) -> tuple[str, Kept]:
    """(conversation, file) by the file's id alone. Raises UnknownAttachment."""
    row = connection.execute(_ANY, {"id": id}).mappings().first()
    kept = _kept(connection, vault, row)
    return str(row["conversation_id"]) if row else "", kept


def _kept(connection: Connection, vault: Vault, row: RowMapping | None) -> Kept:
    if row is None:
        raise UnknownAttachment("there is no such attachment")
    sealer, context = vault.sealer(connection, row["customer_id"]), f"{row['conversation_id']}:attachment:{row['id']}"
    body = None if row["body"] is None else sealer.unseal_bytes(row["body"], f"{context}:body".encode())
    name = sealer.unseal(row["name"], f"{context}:name".encode())
    return Kept(row["id"], row["seq"], name, row["type"], row["size"], row["verdict"], body)


def files_of(connection: Connection, vault: Vault, conversation: str) -> dict[int, list[Kept]]:
    """The files of a conversation by the seq of their message, without their bytes; names that cannot be opened any
    more are empty."""
    found: dict[int, list[Kept]] = {}
    for row in connection.execute(_OF, {"of": conversation}).mappings():
        context = f"{conversation}:attachment:{row['id']}:name"
        try:
            name = vault.sealer(connection, row["customer_id"]).unseal(row["name"], context.encode())
        except SealError:
            name = ""
        kept = Kept(row["id"], row["seq"], name, row["type"], row["size"], row["verdict"])
        found.setdefault(row["seq"], []).append(kept)
    return found


def with_names(connection: Connection, vault: Vault, events: Sequence[Event]) -> list[Event]:
    """The events, for people: what came with a message has its name, and whether it may be shown as a picture."""
    if not any(event.meta.get("attachments") for event in events):
        return list(events)
    files = {file.id: file for of in files_of(connection, vault, events[0].conversation).values() for file in of}
    return [_named(event, files) if event.meta.get("attachments") else event for event in events]


def _named(event: Event, files: Mapping[str, Kept]) -> Event:
    listed = [
        {**one, "name": file.name, "verdict": file.verdict, "picture": file.verdict == KEPT and file.type in INLINE}
        for one in event.meta["attachments"]
        if (file := files.get(str(one.get("id"))))
    ]
    return replace(event, meta={**event.meta, "attachments": listed})


def names(files: Iterable[Attachment]) -> str:
    """What stands for the words of a message that has none but files."""
    return "[" + ", ".join(examine(file.name, "", b"").name for file in files) + "]"
