"""Campaigns: one row each, and the only ways from one status to the next. Every act is in the audit with who and why.

building ─► draft ─► seeded, sandboxed ─► running ─► done
                                           │  ▲
                                           ▼  │
                                         paused (by a person), stopped (by itself)
any that has not ended ─► cancelled

`building` is a campaign whose members are still being written down; a process that dies meanwhile leaves it so, and
making it again under the same name goes on. `step` is 0 before the start, then the number of the step that is under
way. `marks` of the spec hold what happened on the way: when it was seeded and sandboxed, with which result.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, RowMapping, bindparam, select, update

from memory import controls
from memory.audit import note
from memory.customers import insert_if_absent
from memory.errors import CampaignRefused, UnknownCampaign
from memory.schema import campaign_members, campaigns, outbox

Status = Literal["building", "draft", "seeded", "sandboxed", "running", "paused", "stopped", "done", "cancelled"]
Act = Literal["ready", "seed", "sandbox", "start", "step", "pause", "resume", "stop", "cancel", "finish"]

_BEFORE = frozenset({"draft", "seeded", "sandboxed"})
_ACTS: Mapping[Act, tuple[frozenset[str], Status]] = {
    "ready": (frozenset({"building"}), "draft"),
    "seed": (_BEFORE, "seeded"),
    "sandbox": (_BEFORE, "sandboxed"),
    "start": (_BEFORE, "running"),
    "step": (frozenset({"running"}), "running"),
    "pause": (frozenset({"running"}), "paused"),
    "resume": (frozenset({"paused", "stopped"}), "running"),
    "stop": (frozenset({"running"}), "stopped"),
    "finish": (frozenset({"running"}), "done"),
    "cancel": (_BEFORE | {"building", "running", "paused", "stopped"}, "cancelled"),
}
_ONE = select(campaigns).where(campaigns.c.id == bindparam("of"))
_LOCK = _ONE.with_for_update()


@dataclass(frozen=True, slots=True)
class Campaign:
    """As it stands. `why` is what the last act was for; `spec` holds no customer's value."""

    id: str
    name: str
    kind: str
    spec: Mapping[str, Any]
    status: Status
    step: int
    step_at: datetime | None
    why: str
    by: str
    created_at: datetime
    ended_at: datetime | None

    @property
    def steps(self) -> list[float]:
        """Shares of the whole in per cent, growing to 100."""
        return list(self.spec["steps"])

    @property
    def marks(self) -> Mapping[str, Any]:
        marks: Mapping[str, Any] = self.spec.get("marks", {})
        return marks


def campaign_id(name: str) -> str:
    """The id that a campaign of this name has: names are unique."""
    return f"m-{hashlib.sha256(name.encode()).hexdigest()[:20]}"


def begin(
    connection: Connection,
    *,
    name: str,
    kind: str,
    spec: Mapping[str, Any],
    by: str,
    role: str,
    why: str,
    now: datetime,
) -> Campaign:
    """The campaign of this name, made when there is none. The same spec again is the same campaign.

    Raises CampaignRefused when the name has another spec, told apart by its `fingerprint`.
    """
    id_ = campaign_id(name)
    row = {"name": name, "kind": kind, "spec": dict(spec), "status": "building", "by": by[:64], "why": why}
    if insert_if_absent(connection, campaigns, id=id_, created_at=now, **row):
        note(connection, actor=by, role=role, act="campaign.create", subject=id_, detail={"why": why}, now=now)
        return read(connection, id_)
    found = read(connection, id_)
    if found.spec.get("fingerprint") != spec.get("fingerprint"):
        raise CampaignRefused(f"there is another campaign named {name!r} ({id_}, {found.status}); choose another name")
    return found


def read(connection: Connection, id: str) -> Campaign:
    """Raises UnknownCampaign."""
    return _campaign(connection.execute(_ONE, {"of": id}).mappings().first(), id)


def lock(connection: Connection, id: str) -> Campaign:
    """The campaign, kept from changing until the transaction ends. Raises UnknownCampaign."""
    return _campaign(connection.execute(_LOCK, {"of": id}).mappings().first(), id)


def listed(connection: Connection, *, status: str | None = None, limit: int = 100) -> list[Campaign]:
    """Campaigns, newest first."""
    query = select(campaigns).order_by(campaigns.c.created_at.desc(), campaigns.c.id).limit(limit)
    if status is not None:
        query = query.where(campaigns.c.status == status)
    return [_campaign(row, "") for row in connection.execute(query).mappings()]


def act(
    connection: Connection,
    id: str,
    what: Act,
    *,
    by: str,
    role: str,
    why: str,
    now: datetime,
    marks: Mapping[str, Any] | None = None,
    at_step: int | None = None,
) -> Campaign:
    """Takes the campaign to its next status. Raises UnknownCampaign, CampaignRefused when it is not its time, or when
    it is not at `at_step` any more."""
    campaign = lock(connection, id)
    allowed, status = _ACTS[what]
    if campaign.status not in allowed:
        raise CampaignRefused(f"{what}: the campaign {campaign.name!r} is {campaign.status}")
    if at_step is not None and campaign.step != at_step:
        raise CampaignRefused(f"{what}: the campaign {campaign.name!r} is at step {campaign.step} by now")
    values: dict[str, Any] = {"status": status, "why": why}
    if what in ("start", "step"):
        values |= {"step": _next_step(campaign), "step_at": now}
    if marks:
        values["spec"] = {**campaign.spec, "marks": {**campaign.marks, **marks}}
    if status in ("done", "cancelled"):
        values["ended_at"] = now
        drop_waiting(connection, id, now)
    _switch(connection, id, status, by, role, why, now)
    if what == "cancel":
        withdraw(connection, [id])
    connection.execute(update(campaigns).where(campaigns.c.id == id).values(**values))
    detail = {"why": why, "from": campaign.status, "step": values.get("step", campaign.step)}
    note(connection, actor=by, role=role, act=f"campaign.{what}", subject=id, detail=detail, now=now)
    return read(connection, id)


def mark(connection: Connection, id: str, **marks: Any) -> None:
    """Writes marks down without an act. Raises UnknownCampaign."""
    campaign = lock(connection, id)
    spec = {**campaign.spec, "marks": {**campaign.marks, **marks}}
    connection.execute(update(campaigns).where(campaigns.c.id == id).values(spec=spec))


def _next_step(campaign: Campaign) -> int:
    if campaign.step >= len(campaign.steps):
        raise CampaignRefused(f"step {campaign.step} of {campaign.name!r} is the last")
    return campaign.step + 1


def withdraw(connection: Connection, ids: Sequence[str]) -> int:
    """Takes back what waits in the outbox; how many messages that were. What is under way cannot be."""
    waiting = outbox.c.campaign_id.in_(ids) & (outbox.c.status == "pending")
    values = {"status": "refused", "rule": "cancelled", "verdict": "the campaign was cancelled"}
    return connection.execute(update(outbox).where(waiting).values(**values)).rowcount


def left_behind(connection: Connection) -> list[str]:
    """Cancelled campaigns of which a message was under way and waits again now."""
    query = select(campaigns.c.id).join(outbox, outbox.c.campaign_id == campaigns.c.id)
    query = query.where(campaigns.c.status == "cancelled", outbox.c.status == "pending").distinct()
    return list(connection.execute(query).scalars())


def _switch(connection: Connection, id: str, status: str, by: str, role: str, why: str, now: datetime) -> None:
    """The gate's own switch for this campaign: what is in the outbox does not leave while it may not go on."""
    name = f"stop/campaign/{id}"
    if status in ("paused", "stopped", "cancelled"):
        controls.put(connection, name, {"on": True}, by, why, now, role)
    elif status == "running":
        controls.drop(connection, name, by, why, now, role)


def drop_waiting(connection: Connection, id: str, now: datetime) -> int:
    """Members that had no message yet get none, and their values are forgotten."""
    m = campaign_members.c
    values = {m["status"]: "dropped", m["reason"]: "the campaign ended", m["values"]: None, m["at"]: now}
    return connection.execute(
        update(campaign_members).where(m.campaign_id == id, m.status == "waiting").values(values)
    ).rowcount


def _campaign(row: RowMapping | None, id: str) -> Campaign:
    if row is None:
        raise UnknownCampaign(f"no campaign {id}")
    return Campaign(**{name: row[name] for name in Campaign.__slots__})
