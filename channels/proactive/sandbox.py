"""A campaign tried on everybody it is for, with nothing sent: what the gate and the provider would say."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection

from channels import gate
from channels.proactive.composing import composer, filled, seed_values, template_of
from channels.proactive.making import Maker
from channels.proactive.simulator import Simulator
from channels.proactive.ways import Way
from channels.providers.ports import FateUnknown, Postponed, SendError
from memory import campaign_members, outreach
from memory.campaign_members import Compose, Skip
from memory.campaigns import Campaign
from memory.messages import Outbound

_PAGE = 100


@dataclass
class Trial:
    """Counts of members. `accepted` would leave at once, `held` later (by rule, with the last moment), `refused` never
    (by rule), `skipped` have nothing to send. The rest is what the simulated provider did with what was accepted."""

    members: int = 0
    accepted: int = 0
    held: Counter[str] = field(default_factory=Counter)
    held_until: datetime | None = None
    refused: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, str] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)
    variants: Counter[str] = field(default_factory=Counter)
    samples: dict[str, str] = field(default_factory=dict)
    units: int = 0
    unit: str = "messages"
    retried: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    unknown: int = 0
    receipts: Counter[str] = field(default_factory=Counter)
    late: int = 0
    twice: int = 0

    def report(self) -> dict[str, Any]:
        """As JSON. No customer's value is in it: the samples hold [name] for each placeholder."""
        found = {each.name: getattr(self, each.name) for each in fields(self)}
        found["held_until"] = self.held_until.isoformat() if self.held_until else None
        return {name: dict(value) if isinstance(value, Counter) else value for name, value in found.items()}


@dataclass(frozen=True, slots=True)
class _Judged:
    variant: str
    outbound: Outbound
    verdict: gate.GateVerdict


async def rehearse(maker: Maker, campaign: Campaign, way: Way, seed: int, now: datetime) -> Trial:
    """Goes through every member, at this moment. Raises TemplateError when the campaign's words cannot be used."""
    trial, simulator = Trial(unit="SMS parts" if way.channel == "sms" else "messages"), Simulator(way.channel, seed)
    compose = composer(campaign, maker.organisation)
    after: str | None = ""
    while after is not None:
        page = partial(_page, maker=maker, campaign=campaign, way=way, compose=compose, after=after, now=now)
        judged, skipped, after = await maker.store.read(page)
        trial.skipped.update(skipped)
        trial.members += len(judged) + len(skipped)
        for one in judged:
            await _try(trial, simulator, way, one)
        await asyncio.sleep(0)
    _count_receipts(trial, simulator)
    template = template_of(campaign)
    for name in trial.variants:
        values = seed_values(template, campaign.spec["values"], {})
        trial.samples[name] = filled(campaign.spec, template, name, values, maker.organisation).text
    return trial


def _page(
    connection: Connection, *, maker: Maker, campaign: Campaign, way: Way, compose: Compose, after: str, now: datetime
) -> tuple[list[_Judged], list[str], str | None]:
    rows = campaign_members.page(connection, campaign.id, after, _PAGE)
    judged, skipped = [], []
    for row in rows:
        words = compose(row["variant"], campaign_members.values_of(connection, maker.vault, row), row["customer_id"])
        to = outreach.address(connection, maker.vault, row["customer_id"], way.channel)
        if isinstance(words, Skip) or to is None:
            skipped.append(words.why if isinstance(words, Skip) else "there is no address on this channel")
            continue
        outbound = Outbound(
            id=campaign_members.key_of(row),
            inbox=way.inbox,
            channel=way.channel,
            conversation="",
            recipient=to,
            text=words.text,
            purpose=words.purpose,
            campaign=campaign.id,
            subject=words.subject,
        )
        verdict = gate.judge(connection, outbound, row["customer_id"], now, maker.rules)
        judged.append(_Judged(row["variant"], outbound, verdict))
    return judged, skipped, str(rows[-1]["customer_id"]) if len(rows) == _PAGE else None


async def _try(trial: Trial, simulator: Simulator, way: Way, one: _Judged) -> None:
    verdict = one.verdict
    trial.variants[one.variant] += 1
    if verdict.decision in ("refuse", "park"):
        trial.refused[verdict.rule] += 1
        trial.reasons.setdefault(verdict.rule, verdict.why)
        return
    if verdict.decision == "hold":
        trial.held[verdict.rule] += 1
        trial.reasons.setdefault(verdict.rule, verdict.why)
        trial.held_until = max(filter(None, (trial.held_until, verdict.until)), default=None)
    else:
        trial.accepted += 1
    rendered = way.render(one.outbound)
    trial.units += rendered.segments or len(rendered.parts)
    for attempt in (1, 2):
        try:
            await simulator.send(replace(one.outbound, attempts=attempt), rendered)
        except Postponed:
            trial.retried += attempt == 1
            continue
        except FateUnknown:
            trial.unknown += 1
        except SendError as error:
            trial.rejected[f"{error.code} {error.provider_code}".strip()] += 1
        return


def _count_receipts(trial: Trial, simulator: Simulator) -> None:
    seen: set[tuple[str, str]] = set()
    for receipt in simulator.receipts:
        if (receipt.key, receipt.kind) in seen:
            trial.twice += 1
            continue
        seen.add((receipt.key, receipt.kind))
        trial.receipts[receipt.kind] += 1
        trial.late += receipt.after_s >= 300


def lines(report: dict[str, Any]) -> Sequence[str]:
    """The report for a person at a terminal."""
    found = [f"{report['members']} members: {report['accepted']} would leave at once"]
    for rule, count in report["held"].items():
        found.append(f"  {count} held ({rule}): {report['reasons'].get(rule, '')}")
    if report["held_until"]:
        found.append(f"  the last of these at {report['held_until']}")
    for rule, count in report["refused"].items():
        found.append(f"  {count} refused by the gate ({rule}): {report['reasons'].get(rule, '')}")
    for why, count in report["skipped"].items():
        found.append(f"  {count} skipped: {why}")
    found.append(f"{report['units']} {report['unit']}; variants: {_counts(report['variants']) or 'none'}")
    for name, text in report["samples"].items():
        found.append(f"  {name}: {text}")
    outcome = {"delivered": report["receipts"].get("delivered", 0), "bounced": report["receipts"].get("bounced", 0)}
    outcome |= {"complained": report["receipts"].get("complained", 0), "no answer": report["unknown"]}
    found.append(
        f"simulated: {_counts(outcome)}; rejected: {_counts(report['rejected']) or 'none'}; "
        f"{report['retried']} tried twice, {report['late']} reports late, {report['twice']} reports twice"
    )
    return found


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())
