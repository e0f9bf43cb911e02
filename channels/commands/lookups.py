"""`frontdesk lookups`: what is looked up in your own systems, and one look-up tried from here."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated, Any

import typer

from channels.commands.options import Config, Json, report
from channels.settings import Settings, load

group = typer.Typer(name="lookups", help="Look-ups in your own systems: list them, try one.")


def add_to(app: typer.Typer) -> None:
    app.add_typer(group)


@group.command("list")
def listed(config: Config = None, json: Json = None) -> None:
    """The look-ups of the configuration: what each asks, for whom, and what of the answer is said.

    Example: frontdesk lookups list
    """
    from agent.lookups.spec import compiled

    found = [compiled(name, each) for name, each in load(config).lookups.items()]
    rows = [
        {
            "name": each.name,
            "url": each.url,
            "owner": f"{each.owner.field} is the customer's {each.owner.identity}" if each.owner else "by its address",
            "says": [statement.label for statement in each.statements],
        }
        for each in found
    ]
    lines = [f"{row['name']}: {row['url']}; {row['owner']}; says {', '.join(row['says'])}" for row in rows]
    report({"lookups": rows}, json, lines or ["nothing is looked up: there is no [lookups.NAME] in the configuration"])


@group.command("try")
def tried(
    name: Annotated[str, typer.Argument(help="Which look-up: NAME of [lookups.NAME].")],
    value: Annotated[str, typer.Argument(help="The value a customer would name, such as an order number.")] = "",
    identity: Annotated[
        list[str] | None,
        typer.Option("--identity", metavar="KIND=VALUE", help="Who asks, as email=ada@example.com; several times."),
    ] = None,
    config: Config = None,
    json: Json = None,
) -> None:
    """Makes one look-up as a turn would, for the identity given, and shows what would be said; exits 1 when it fails.

    The answer is shown with real values, as your system gives them. Without --identity nobody is proven, so that only
    a record that needs no owner is shown.

    Example: frontdesk lookups try order ORD-1234 --identity email=ada@example.com
    """
    given = dict(_pair(each) for each in identity or ())
    outcome = asyncio.run(_try(load(config), name, value, given))
    lines = [f"{outcome['state']} in {outcome['ms']:.0f} ms" + (f": {outcome['why']}" if outcome["why"] else "")]
    report(outcome, json, [*lines, *(f"  {each}" for each in outcome["says"])])
    if outcome["state"] == "failed":
        raise typer.Exit(1)


def _pair(text: str) -> tuple[str, str]:
    kind, equals, value = text.partition("=")
    if not (kind and equals and value):
        raise typer.BadParameter("write it as KIND=VALUE, such as email=ada@example.com", param_hint="--identity")
    return kind.strip(), value.strip()


async def _try(settings: Settings, name: str, value: str, given: dict[str, str]) -> dict[str, Any]:
    from agent.lookups.addresses import Unfit, filled, places
    from agent.lookups.fetching import Fetcher, LookUpFailed
    from agent.lookups.spec import compiled

    if name not in settings.lookups:
        there = ", ".join(settings.lookups) or "none"
        raise typer.BadParameter(f"there is no [lookups.{name[:40]}]; there are: {there}", param_hint="NAME")
    look_up = compiled(name, settings.lookups[name])
    values = {**given, look_up.slot: value}
    if missing := [each for each in places(look_up.url) if not values.get(each)]:
        raise typer.BadParameter(f"its address needs {', '.join(missing)}: the value, or --identity KIND=VALUE")
    fetcher = Fetcher(name, settings.lookups[name])
    started = time.perf_counter()
    try:
        answer = await fetcher.get(filled(look_up.url, values))
        state, why, says = _read(settings, look_up, None if answer is None else answer.body, value, given)
    except (LookUpFailed, Unfit) as error:
        state, why, says = "failed", str(error), []
    finally:
        await fetcher.aclose()
    return {"name": name, "state": state, "ms": (time.perf_counter() - started) * 1000, "why": why, "says": says}


def _read(settings: Settings, look_up: Any, body: Any, value: str, given: dict[str, str]) -> tuple[str, str, list[str]]:
    """(state, why, sentences) of an answer."""
    from zoneinfo import ZoneInfo

    from agent.lookups.reading import Place, owners, records, statements
    from memory.identity.naming import canonical, region_of

    found = [] if body is None else records(look_up, body)
    if not found:
        return "not found", "the system has nothing by that name", []
    if look_up.owner is not None:
        kind, region = look_up.owner.identity, region_of(settings.organisation.locale)
        asks = canonical(kind, given.get(kind, ""), region)
        own = [r for r in found if asks and asks in [canonical(kind, o, region) for o in owners(look_up, r, body)]]
        if not own:
            why = f"a customer with that {kind} is not its owner" if asks else f"say who asks: --identity {kind}=…"
            return "not found", why, []
        found = own
    place = Place(settings.organisation.locale, ZoneInfo(settings.organisation.timezone))
    said = [line for each in found for line in statements(look_up, each, body, value, place)]
    return ("found", "", said) if said else ("failed", "the answer has none of the fields that are named", [])
