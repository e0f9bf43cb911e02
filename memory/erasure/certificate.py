"""The certificate of an erasure: what was removed, what was looked for and where, what was found, and what stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class StoreLooked:
    """One store that was looked through: `parts` of a `unit` and `bytes`. `hits` counts values of the person that were
    seen in it and should not be; `elsewhere` those that stand in other people's rows or the organisation's own texts,
    as the name of a city may. `note` says what a person should know; a store that could not be read has a `fault`."""

    store: str
    where: str
    unit: str
    parts: int
    bytes: int
    hits: int = 0
    elsewhere: int = 0
    tables: tuple[str, ...] = ()
    note: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What an erasure did and how that was checked. `customers` are all who were the person. `values` is how many
    values were looked for, none of which is written here; with `values_known` False there was nothing left to learn
    them from, because an erasure that was broken off, or a restored backup, was ended."""

    customer: str
    customers: tuple[str, ...]
    at: datetime
    by: str
    removed: Mapping[str, int]
    emptied: Mapping[str, int]
    suppressed: int
    key_destroyed: bool
    vectors_removed: int
    vectors_left: int | None
    checkpoints_removed: int
    values: int
    values_known: bool
    unreadable: int
    stores: tuple[StoreLooked, ...]
    stays: tuple[str, ...]
    why_again: str = ""
    clean: bool = False
    digest: str = ""
    audit_seq: int = 0

    def settled(self) -> Certificate:
        """With its verdict, and the digest over everything but that and the audit's number."""
        looked = not any(store.hits or store.fault for store in self.stores)
        clean = looked and self.key_destroyed and self.vectors_left == 0
        whole = replace(self, clean=clean)
        facts = {name: value for name, value in whole.facts().items() if name not in ("digest", "audit_seq")}
        body = orjson.dumps(facts, option=orjson.OPT_SORT_KEYS, default=str)
        return replace(whole, digest=sha256(body).hexdigest())

    def facts(self) -> dict[str, Any]:
        """As JSON has it: the audit keeps this, and commands and HTTP give it."""
        return {**asdict(self), "at": self.at.isoformat()}


def read_certificate(facts: Mapping[str, Any]) -> Certificate:
    """One from its facts, as another process gave them. Raises ValueError when they are not whole."""
    try:
        stores = tuple(StoreLooked(**{**each, "tables": tuple(each["tables"])}) for each in facts["stores"])
        given = {**facts, "at": datetime.fromisoformat(facts["at"]), "stores": stores}
        return Certificate(**{**given, "customers": tuple(facts["customers"]), "stays": tuple(facts["stays"])})
    except (TypeError, KeyError) as error:
        raise ValueError(f"that is no certificate: {error}") from error
