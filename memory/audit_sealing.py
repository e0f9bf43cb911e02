"""Details of the audit that are about one customer: sealed under the customer's key before they are chained.

The chain covers what is stored, so it holds when the key is destroyed; only nobody can read these details any more.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

import orjson
from sqlalchemy import Connection, select

from memory.errors import UnknownConversation
from memory.schema import conversations
from memory.seal import SealError
from memory.vault import Vault

ERASED: Final[Mapping[str, Any]] = {"erased": True}
"""What stands for details that nobody can open any more."""
UNOPENED: Final[Mapping[str, Any]] = {"sealed": True}


def sealed(connection: Connection, vault: Vault, seq: int, subject: str, detail: Mapping[str, Any]) -> dict[str, Any]:
    """`detail` under the key of the customer that `subject` names, a customer, a conversation or a hold; as it is where
    it names none, or one who is gone."""
    whose = _whose(connection, subject)
    if not whose or not detail:
        return dict(detail)
    try:
        body = vault.sealer(connection, whose).seal_bytes(orjson.dumps(dict(detail), default=str), _context(seq))
    except UnknownConversation:
        return dict(detail)
    return {"of": whose, "sealed": base64.b64encode(body).decode()}


def opened(connection: Connection, vault: Vault | None, seq: int, detail: Mapping[str, Any]) -> Mapping[str, Any]:
    """`detail` as it was given; ERASED where its customer was erased, UNOPENED without a vault or where spoilt."""
    if set(detail) != {"of", "sealed"} or not isinstance(detail["sealed"], str):
        return detail
    if vault is None:
        return UNOPENED
    try:
        body = base64.b64decode(detail["sealed"], validate=True)
        found: Mapping[str, Any] = orjson.loads(
            vault.sealer(connection, detail["of"]).unseal_bytes(body, _context(seq))
        )
    except UnknownConversation:
        return ERASED
    except (SealError, binascii.Error, orjson.JSONDecodeError):
        return UNOPENED
    return found


def _whose(connection: Connection, subject: str) -> str:
    kind, slash, name = subject.partition(":")
    if slash and kind == "customer":
        return name
    if subject.startswith("hold/"):
        return subject.removeprefix("hold/")
    conversation = name if kind == "conversation" else subject
    query = select(conversations.c.customer_id).where(conversations.c.id == conversation)
    return str(connection.execute(query).scalar() or "")


def _context(seq: int) -> bytes:
    return f"audit:{seq}".encode()
