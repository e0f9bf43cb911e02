"""What people write of themselves that may be another customer's: kept for people to judge, never acted on.

Anybody can write anybody's telephone into a chat. So this links nobody and shows nobody anything; it tells people at
the desk that two customers may be one person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from memory import customers
from memory.identity import naming
from memory.identity.evidence import NAME, TYPED_EMAIL, TYPED_PHONE
from memory.identity.linking import propose
from memory.identity.naming import EMAIL, PHONE, Name
from memory.pseudonyms import Pseudonym
from memory.vault import Vault

_TELLS: Final = {"PHONE_NUMBER": (PHONE, TYPED_PHONE), "EMAIL_ADDRESS": (EMAIL, TYPED_EMAIL)}
# Of one message: whoever writes a list of addresses is not telling us their own.
_MOST = 3


def typed(
    connection: Connection, vault: Vault, customer: str, written: Iterable[Pseudonym], now: datetime, region: str = ""
) -> int:
    """Suggests the customers whose telephone or address this one wrote; how many. `written` are values new to the
    customer's book, `region` is where a telephone without its country is from."""
    named = [entry for entry in written if entry.entity in _TELLS]
    if len(named) > _MOST:
        return 0
    suggested = 0
    for entry in named:
        kind, found = _TELLS[entry.entity]
        value = naming.canonical(kind, entry.value, region)
        owner = customers.whose(connection, vault, Name(kind, value)) if value else None
        if owner is None or owner[0] == customer:
            continue
        evidence = [found, *([NAME] if _same_name(connection, vault, customer, owner[0]) else [])]
        made = propose(connection, customer, owner[0], evidence, strong=False, id=_id(customer, owner[0]), now=now)
        suggested += made == "suggested"
    return suggested


def _same_name(connection: Connection, vault: Vault, one: str, other: str) -> bool:
    names = [
        {" ".join(e.value.casefold().split()) for e in vault.book(connection, each).entries() if e.entity == "PERSON"}
        for each in (one, other)
    ]
    return bool(names[0] & names[1])


def _id(one: str, other: str) -> str:
    """Of the pair, so that a transaction that runs again makes the same row."""
    return f"l-{hashlib.sha256(':'.join(sorted((one, other))).encode()).hexdigest()[:38]}"
