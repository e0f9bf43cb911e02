"""`frontdesk policy`: the rules in force, those of an old turn, and whether a file of rules can be used."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from channels.commands.options import Config, Json, report
from channels.settings import Settings, load

group = typer.Typer(name="policy", help="The rules of turns: check a file of them, show those in force or an old one.")
Version = Annotated[str, typer.Argument(metavar="[VERSION]", help="As a turn's record names it; those in force now.")]


def add_to(app: typer.Typer) -> None:
    app.add_typer(group)


@group.command("check")
def check(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="A file of rules; [agent] policy's.")] = None,
    config: Config = None,
    json: Json = None,
) -> None:
    """Reads a file of rules as a start would, and names each fault with its line; exits 1 when there is one.

    Example: frontdesk policy check rules.toml
    """
    from agent.assembly import open_policy
    from agent.policy.sources import BrokenRules

    settings = load(config)
    if file is not None:
        settings = settings.model_copy(update={"agent": settings.agent.model_copy(update={"policy": str(file)})})
    try:
        policy = open_policy(settings)
    except BrokenRules as error:
        report({"ok": False, "faults": list(error.faults)}, json, list(error.faults))
        raise typer.Exit(1) from None
    name = settings.agent.policy or "the shipped rules"
    lines = [f"{name}: {len(policy.rules)} rules hold, version {policy.version}"]
    report({"ok": True, "version": policy.version, "rules": len(policy.rules), "faults": []}, json, lines)


@group.command("show")
def show(version: Version = "", config: Config = None, json: Json = None) -> None:
    """The rules that hold, phase by phase; of an old turn by the version its record names.

    Example: frontdesk policy show 3f2a9c01de --json rules.json
    """
    import orjson

    text = asyncio.run(_kept(load(config), version)) if version else _in_force(load(config))
    whole = orjson.loads(text)
    live = [rule for rule in whole["rule"] if rule.get("enabled", True)]
    report(whole, json, [_line(rule) for rule in live])


def _in_force(settings: Settings) -> str:
    from agent.assembly import open_policy

    return open_policy(settings).text


async def _kept(settings: Settings, version: str) -> str:
    from memory import releases
    from memory.migrate import migrate
    from memory.store import open_store

    await asyncio.to_thread(migrate, settings.store.url)
    store = open_store(settings.store.url)
    try:
        release = await store.read(lambda c: releases.read(c, "policy", version))
    finally:
        await store.close()
    if release is None:
        raise ValueError(f"no turn here ran by rules of version {version[:64]!r}")
    return release.text


def _line(rule: dict[str, Any]) -> str:
    decision = rule["decision"]
    named = {"template": rule.get("template", ""), "handoff": rule.get("handoff", "guard")}.get(decision, "")
    after = f", then {rule.get('then', 'template')}" if decision == "revise" else ""
    return f"{rule['phase']:<9}{rule['name']:<24}{f'{decision} {named}'.strip()}{after}"
