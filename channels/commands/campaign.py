"""`frontdesk campaign …`: messages to many, tried first, sent in steps, and stopped at any time."""

from __future__ import annotations

import asyncio
import getpass
import tomllib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from pydantic import ValidationError

from agent.keys import open_vault
from channels.commands.options import Config, Json, report
from channels.http.campaigns import as_json
from channels.proactive import sandbox as rehearsal
from channels.proactive.assembly import open_campaigns
from channels.proactive.campaigns import Campaigns, Shown
from channels.proactive.making import By
from channels.proactive.spec import CampaignSpec, read_list
from channels.proactive.templates import TemplateError
from channels.settings import load
from memory.migrate import migrate
from memory.store import open_store

T = TypeVar("T")
group = typer.Typer(name="campaign", help="Messages to many: check, seed, sandbox, start, step; pause and cancel.")
Id = Annotated[str, typer.Argument(metavar="ID", help="The campaign's id, as `frontdesk campaign list` shows it.")]
Spec = Annotated[Path, typer.Argument(metavar="SPEC.toml", help="What the campaign is; see docs/proactive.md.")]
Why = Annotated[str, typer.Option("--why", help="Why; it is kept with the act.")]
Who = Annotated[str, typer.Option("--by", help="Who acts; you, unless you say so.", default_factory=getpass.getuser)]


def add_to(app: typer.Typer) -> None:
    app.add_typer(group)


@group.command()
def check(spec: Spec, config: Config = None, json: Json = None) -> None:
    """What the campaign would be; writes nothing.

    Example: frontdesk campaign check sale.toml
    """
    wanted = read_spec(spec)

    async def work(campaigns: Campaigns) -> list[str]:
        return campaigns.check(wanted)

    lines = _run(config, work)
    report({"lines": lines}, json, lines)


@group.command()
def create(spec: Spec, why: Why, by: Who, config: Config = None, json: Json = None) -> None:
    """Writes the campaign down with everybody it is for; sends nothing.

    Example: frontdesk campaign create sale.toml --why "autumn stock"
    """
    wanted = read_spec(spec)

    async def work(campaigns: Campaigns) -> Shown:
        made = await campaigns.create(wanted, _by(by, why), _now())
        return await campaigns.show(made.id)

    _report(_run(config, work), json)


@group.command()
def seed(id: Id, why: Why, by: Who, config: Config = None, json: Json = None) -> None:
    """Sends it to the seeds, through a running `serve` or `worker`.

    Example: frontdesk campaign seed m-3f2a --why "read it on a real telephone"
    """
    _act(config, json, id, lambda c: c.seed(id, _by(by, why), _now()))


@group.command()
def sandbox(
    id: Id,
    why: Why,
    by: Who,
    seed: Annotated[int, typer.Option("--seed", help="Another number, other dice.")] = 0,
    at: Annotated[datetime | None, typer.Option("--at", help="As if it were this moment, in UTC.")] = None,
    config: Config = None,
    json: Json = None,
) -> None:
    """Tries it on everybody with nothing sent: what the gate and the provider would say.

    Example: frontdesk campaign sandbox m-3f2a --why "before the start"
    """
    found = _run(config, lambda c: c.sandbox(id, _by(by, why), _now(), seed, at.replace(tzinfo=UTC) if at else None))
    report(found, json, list(rehearsal.lines(found)))


@group.command()
def start(id: Id, why: Why, by: Who, config: Config = None, json: Json = None) -> None:
    """The first step; the seed list and the sandbox come before it.

    Example: frontdesk campaign start m-3f2a --why "seeds and sandbox are fine"
    """
    _act(config, json, id, lambda c: c.start(id, _by(by, why), _now()))


@group.command()
def step(id: Id, why: Why, by: Who, config: Config = None, json: Json = None) -> None:
    """The next step, once everybody of this one has their message.

    Example: frontdesk campaign step m-3f2a --why "no bounces"
    """
    _act(config, json, id, lambda c: c.step(id, _by(by, why), _now()))


@group.command()
def pause(id: Id, why: Why, by: Who, config: Config = None, json: Json = None) -> None:
    """Nothing more leaves until it is resumed.

    Example: frontdesk campaign pause m-3f2a --why "the shop is down"
    """
    _act(config, json, id, lambda c: c.pause(id, _by(by, why), _now()))


@group.command()
def resume(id: Id, why: Why, by: Who, config: Config = None, json: Json = None) -> None:
    """Goes on where it was paused, or stopped by itself.

    Example: frontdesk campaign resume m-3f2a --why "the shop is back"
    """
    _act(config, json, id, lambda c: c.resume(id, _by(by, why), _now()))


@group.command()
def cancel(id: Id, why: Why, by: Who, config: Config = None, json: Json = None) -> None:
    """Ends it for good and takes back what has not left.

    Example: frontdesk campaign cancel m-3f2a --why "wrong price"
    """
    _act(config, json, id, lambda c: c.cancel(id, _by(by, why), _now()))


@group.command()
def show(id: Id, config: Config = None, json: Json = None) -> None:
    """Where it stands.

    Example: frontdesk campaign show m-3f2a
    """
    _report(_run(config, lambda c: c.show(id)), json)


@group.command("list")
def listed(config: Config = None, json: Json = None) -> None:
    """Every campaign, newest first.

    Example: frontdesk campaign list
    """
    found = _run(config, lambda c: c.listed())
    lines = [f"{c.id}  {c.status:9}  step {c.step} of {len(c.steps)}  {c.name}" for c in found]
    rows = [{"id": c.id, "name": c.name, "status": c.status, "step": c.step, "steps": c.steps} for c in found]
    report({"campaigns": rows}, json, lines or ["There are no campaigns. Make one: frontdesk campaign check SPEC.toml"])


def read_spec(path: Path) -> CampaignSpec:
    """The spec of a TOML file; `audience.file` names a CSV beside it. Raises TemplateError naming what is wrong."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TemplateError(f"{path} is not valid TOML: {error}") from None
    audience = found.get("audience")
    if isinstance(audience, dict) and isinstance(audience.get("file"), str):
        listed = path.parent / audience.pop("file")
        audience["recipients"] = [one.model_dump() for one in read_list(listed.read_text(encoding="utf-8"))]
    seeds = found.get("seeds")
    if isinstance(seeds, list):
        found["seeds"] = [{"to": one} if isinstance(one, str) else one for one in seeds]
    try:
        return CampaignSpec.model_validate(found)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)[:5]
        words = "; ".join(f"{'.'.join(str(at) for at in fault['loc'])}: {fault['msg']}" for fault in faults)
        raise TemplateError(f"{path}: {words}") from None


def lines(shown: Shown) -> list[str]:
    """A campaign for a person at a terminal."""
    campaign, p = shown.campaign, shown.progress
    step = f", step {campaign.step} of {len(campaign.steps)}" if campaign.step else ""
    found = [f"{campaign.name} ({campaign.id}): {campaign.status}{step}: {campaign.why}"]
    found.append(
        f"  {p.members} members: {p.waiting} waiting, {p.queued} queued, {p.skipped} skipped"
        + _and(p.dropped, "dropped")
    )
    found.append(
        f"  {p.sent} sent, {p.on_its_way} on the way, {p.refused} refused, {p.parked} parked, {p.failed} failed; "
        f"{p.delivered} delivered, {p.bounced} bounced, {p.complained} complained, {p.opted_out} opted out"
    )
    for name, counts in (("held", p.held_by), ("refused", p.refused_by), ("skipped", p.skipped_because)):
        found += [f"  {count} {name}: {why}" for why, count in counts.items()]
    found += [f"  step {step.number}: {step.members} members, {step.waiting} waiting" for step in p.steps]
    if p.seeds:
        found.append("  seeds: " + ", ".join(f"{count} {status}" for status, count in p.seeds.items()))
    return found + [f"  {share.words()}" for share in shown.health if campaign.step]


def _and(count: int, word: str) -> str:
    return f", {count} {word}" if count else ""


def _act(config: Path | None, json: str | None, id: str, act: Callable[[Campaigns], Awaitable[Any]]) -> None:
    async def work(campaigns: Campaigns) -> Shown:
        await act(campaigns)
        return await campaigns.show(id)

    _report(_run(config, work), json)


def _report(shown: Shown, json: str | None) -> None:
    report(as_json(shown), json, lines(shown))


def _by(name: str, why: str) -> By:
    return By(name, "operator", why)


def _now() -> datetime:
    return datetime.now(UTC)


def _run(config: Path | None, work: Callable[[Campaigns], Awaitable[T]]) -> T:
    async def inside() -> T:
        async with opened(config) as campaigns:
            return await work(campaigns)

    return asyncio.run(inside())


@asynccontextmanager
async def opened(config: Path | None) -> AsyncIterator[Campaigns]:
    """The campaigns of a configuration, over its store, beside a server that runs or not."""
    settings = load(config)
    await asyncio.to_thread(migrate, settings.store.url)
    store = open_store(settings.store.url)
    try:
        vault = await open_vault(settings, store)
        yield open_campaigns(settings, store, vault)
    finally:
        await store.close()
