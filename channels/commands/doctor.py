"""`frontdesk doctor`: checks configuration, stores, models and keys, and says what to do about each fault."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any

import typer

from channels.commands.options import Config, Json, report
from channels.settings import Settings, load


def add_to(app: typer.Typer) -> None:
    app.command()(doctor)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `remedy` is empty where it is well."""

    name: str
    ok: bool
    found: str
    remedy: str = ""


def doctor(config: Config = None, json: Json = None) -> None:
    """Checks configuration, stores, models and keys; exits 1 when something needs doing.

    Example: frontdesk doctor --config frontdesk.toml
    """
    findings = asyncio.run(examine(load(config)))
    lines = [
        f"{'ok  ' if f.ok else 'FAIL'} {f.name}: {f.found}" + (f"\n     {f.remedy}" * (not f.ok)) for f in findings
    ]
    report({"findings": [asdict(f) for f in findings]}, json, lines)
    if not all(f.ok for f in findings):
        raise typer.Exit(1)


def _lines(finding: Finding) -> list[str]:
    if finding.ok:
        return [f"ok    {finding.name}: {finding.found}"]
    return [f"FAIL  {finding.name}: {finding.found}", f"      {finding.remedy}"]


async def examine(settings: Settings) -> list[Finding]:
    """Every check, each on its own: one that fails does not hide the next."""
    checks: list[tuple[str, str, Callable[[], Awaitable[str]]]] = [
        ("store", "check [store] url; for SQLite the folder must be writable", lambda: _store(settings)),
        ("master key", "set [store] master_key to env:NAME or file:PATH", lambda: _master_key(settings)),
        ("knowledge", "run `frontdesk ingest PATH`, or set [qdrant] url", lambda: _knowledge(settings)),
        ("keys", "add [keys.NAME] with key and role", lambda: _keys(settings)),
        ("inboxes", "check [inboxes] and the secrets they name", lambda: _inboxes(settings)),
        ("rules", "correct the lines named, or leave [agent] policy out", lambda: _rules(settings)),
    ]
    checks.extend(_look_up_check(name, settings) for name in settings.lookups)
    if settings.redis is not None:
        checks.append(("redis", "check [redis] url; without Redis remove the section", lambda: _redis(settings)))
    return [await _look(*check) for check in checks] + await _models(settings)


async def _look(name: str, remedy: str, check: Callable[[], Awaitable[str]]) -> Finding:
    try:
        return Finding(name, True, await check())
    except Exception as error:  # noqa: BLE001  (a doctor reports every fault and stops at none)
        return Finding(name, False, " ".join(str(error).split()) or type(error).__name__, remedy)


async def _store(settings: Settings) -> str:
    from memory.migrate import HEAD, migrate

    before = await asyncio.to_thread(migrate, settings.store.url)
    kind = settings.store.url.partition(":")[0]
    return f"{kind}, schema {HEAD}" + ("" if before == HEAD else f" (was {before or 'empty'})")


async def _master_key(settings: Settings) -> str:
    from agent.assembly import master_key

    await asyncio.to_thread(master_key, settings)
    where = settings.store.master_key.get_secret_value()
    return f"readable from {where}" if where.startswith(("file:", "env:")) else "given by value"


async def _knowledge(settings: Settings) -> str:
    from channels.commands.opening import opened

    async with opened(settings) as (library, embedder):
        name = settings.qdrant.collection
        count = await library.count(name) if name in await library.collections() else 0
    if not count:
        raise LookupError(f"the collection {name!r} is empty, so nothing can be answered")
    return f"{count} passages in {name!r}, embedded with {embedder.name}"


async def _keys(settings: Settings) -> str:
    from channels.http.auth import open_keys
    from channels.serving import data_folder

    keys, fresh = open_keys(settings, data_folder(settings))
    return "the admin key of this machine" if fresh else f"{len(keys.known)} configured"


async def _inboxes(settings: Settings) -> str:
    from channels.outlets import open_outlets
    from channels.signed_identity import identities

    identities(settings.inboxes)
    await open_outlets(settings).aclose()
    return ", ".join(f"{name} ({inbox.kind})" for name, inbox in settings.inboxes.items())


async def _rules(settings: Settings) -> str:
    from agent.assembly import open_policy

    policy = await asyncio.to_thread(open_policy, settings)
    where = f"{settings.agent.policy} over the shipped rules" if settings.agent.policy else "the shipped rules"
    return f"{len(policy.rules)} of {where}, version {policy.version}"


def _look_up_check(name: str, settings: Settings) -> tuple[str, str, Callable[[], Awaitable[str]]]:
    remedy = f"check url, headers and ca of [lookups.{name}], then `frontdesk lookups try {name} VALUE`"
    return f"look-up {name}", remedy, lambda: _look_up(settings, name)


async def _look_up(settings: Settings, name: str) -> str:
    from agent.lookups.fetching import Fetcher

    fetcher = Fetcher(name, settings.lookups[name])
    try:
        return f"{await fetcher.reached(settings.lookups[name].url)} answers"
    finally:
        await fetcher.aclose()


async def _redis(settings: Settings) -> str:
    from redis.asyncio import Redis

    assert settings.redis is not None  # noqa: S101  (only then is it checked)
    async with Redis.from_url(settings.redis.url, socket_connect_timeout=2.0) as client:
        info: Any = await client.info("server")
    return f"version {info['redis_version']}"


async def _models(settings: Settings) -> list[Finding]:
    from agent.gateway.endpoints import BUILT_IN
    from agent.gateway.probe import described, probe

    names = {name for route in settings.models.routes.values() for name in route.endpoints}
    findings = []
    for name in sorted(names):
        endpoint = settings.models.endpoints.get(name) or BUILT_IN.get(name)
        if endpoint is None:
            findings.append(Finding(f"model {name}", False, "not configured", f"add [models.endpoints.{name}]"))
        elif endpoint.provider in ("extractive", "scripted"):
            findings.append(Finding(f"model {name}", True, "in this process, no network"))
        else:
            found = await probe(name, endpoint)
            facts, *notes = described(found)
            findings.append(Finding("model", found.ok, " ".join([facts, *notes]) if found.ok else facts, found.remedy))
    return findings
