"""Labelled lines of support conversations, what is taken from them, and the plain way of doing it to compare with."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from memory.facts.taking import take_from
from memory.messages import Role

SAID_AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
Take = Callable[[str, Role], set[str]]


@dataclass(frozen=True)
class Labelled:
    role: Role
    wanted: frozenset[str]
    text: str


def labelled(name: str) -> list[Labelled]:
    rows = []
    for line in Path(__file__).with_name(name).read_text(encoding="utf-8").splitlines():
        role, wanted, text = line.split("\t")
        takings = frozenset() if wanted == "-" else frozenset(each.lower() for each in wanted.split(" | "))
        rows.append(Labelled(role, takings, text.replace("\\n", "\n")))  # type: ignore[arg-type]
    return rows


def shipped(text: str, role: Role) -> set[str]:
    return {
        f"{each.kind}.{each.attribute}{'!' if each.denies else '='}{each.value}".lower()
        for each in take_from(text, SAID_AT, role)
    }


_PLAIN = (
    (r"\b(?:live in|moved to|moving to|based in) ((?:<\w+>|[A-Z]\w+)(?: [A-Z]\w+)*)", "fact.home={}"),
    (r"\bI(?:'m| am) an? ((?:[a-z]+ )?[a-z]+)", "fact.job={}"),
    (r"\bI (?:have|own|bought) an? ((?:[A-Z0-9]\w*)(?: \w+){0,2})", "fact.product={}"),
    (r"\b(\w+) plan\b", "fact.plan={}"),
    (r"\border (?:number )?(?:is )?([\w-]*\d[\w-]*)", "fact.order={}"),
    (r"\b(?:prefer|rather)\b.*?\b(email|phone|text|whatsapp)", "preference.contact_channel={}"),
    (r"\b(?:don't|never|stop) (?:call|ring)\w*(?: me)? ?((?:before|after) \w+)?", "instruction.contact_avoid={}"),
    (r"\bcall me ([A-Z]\w+)", "instruction.name={}"),
    (r"\bin (French|German|Spanish|Polish|Welsh)\b", "instruction.language={}"),
    (r"\bleave (?:\w+ )*?((?:with|in|at|behind|on) (?:the |my )?\w+)", "instruction.delivery={}"),
    (r"\b((?:always|never) \w+(?: \w+){1,3})", "instruction.={}"),
    (r"\bprefer (\w+(?: \w+)?)", "preference.={}"),
    (r"\b(refund|replacement|voucher) (?:of \S+ )?(?:was|has been|have been)", "outcome.given={}"),
    (r"\b(cancelled|resolved)\b", "outcome.{0}={0}"),
)  # fmt: skip


def plain(text: str, role: Role) -> set[str]:
    """One pattern for each thing, wherever it stands: what a first version would do."""
    return {
        form.format(match[1] or "phone").lower()
        for pattern, form in _PLAIN
        if form.startswith("outcome") == (role != "customer")
        for match in re.finditer(pattern, text, re.IGNORECASE if form[0] != "f" else 0)
    }


def figures(rows: list[Labelled], take: Take) -> tuple[float, float]:
    """(precision, recall) over what was taken: kind, attribute, value and whether it is denied must all agree."""
    right = taken = wanted = 0
    for row in rows:
        found = take(row.text, row.role)
        right, taken, wanted = right + len(found & row.wanted), taken + len(found), wanted + len(row.wanted)
    return right / max(taken, 1), right / max(wanted, 1)
