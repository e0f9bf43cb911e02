"""`frontdesk triage`: what triage says of a text."""

from __future__ import annotations

import asyncio
import sys
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
    lines = [f"{found[0]['kind']} ({found[0]['score']:.2f}): {found[0]['reason']}"]
    report(found[0], json, lines)


def _text(line: str) -> str:
    try:
        return str(orjson.loads(line)["text"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise typer.BadParameter('each line of stdin is JSON with a "text"') from None


async def _triage(settings: Settings, texts: list[str]) -> list[dict[str, Any]]:
    from agent.understanding.triage import LocalUnderstanding
    from knowledge.embedding import open_embedder

    embedder, understanding = await open_embedder(settings.models.embedding.model), LocalUnderstanding()
    try:
        vectors = await embedder.embed(texts)
        return [asdict(await understanding.triage(t, (), v)) for t, v in zip(texts, vectors, strict=True)]
    finally:
        await embedder.close()
