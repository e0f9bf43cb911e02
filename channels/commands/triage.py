"""`frontdesk triage`: what triage says of a text."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

import orjson
import typer

from channels.commands.options import Config, Json, report, say
from channels.settings import Settings, load


def add_to(app: typer.Typer) -> None:
    app.command()(triage)


def triage(
    text: Annotated[str | None, typer.Argument(help="A message; without it JSONL with `text` on stdin.")] = None,
    config: Config = None,
    json: Json = None,
) -> None:
    """What triage says of a text, or of each line of a JSONL on stdin.

    Example: frontdesk triage "let me speak to somebody"
    """
    texts = [text] if text is not None else [_text(line) for line in sys.stdin if line.strip()]
    found = asyncio.run(_triage(load(config), texts))
    if text is None:
        for each in found:
            say(orjson.dumps(each).decode())
        return
    report(found[0], json, _lines(found[0]))


def _lines(found: Mapping[str, Any]) -> list[str]:
    """The kind first, then each reading."""
    lines = [f"{found['kind']} ({found['score']:.2f}): {found['reason']}"]
    for each in found["readings"]:
        value = each["value"] or "-"
        lines.append(f"  {each['name']:10} {value} ({each['score']:.2f}): {each['reason']}")
    return lines


def _text(line: str) -> str:
    try:
        return str(orjson.loads(line)["text"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise typer.BadParameter('each line of stdin is JSON with a "text"') from None


async def _triage(settings: Settings, texts: list[str]) -> list[dict[str, Any]]:
    from agent.assembly import taught_understanding
    from agent.understanding.titles import untitled
    from knowledge.embedding import open_embedder

    embedder = await open_embedder(settings.models.embedding.model)
    try:
        understanding = taught_understanding(settings.agent.triage, embedder.name)
        plain = [untitled(text) for text in texts]
        vectors = await embedder.embed(plain)
        found = [await understanding.triage(t, (), v) for t, v in zip(plain, vectors, strict=True)]
        await understanding.close()
        return [asdict(each) for each in found]
    finally:
        await embedder.close()
