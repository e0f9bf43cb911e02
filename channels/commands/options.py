"""Options every command has, and how results are reported."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="PATH", help="Configuration file; ./frontdesk.toml where there is one."),
]
Json = Annotated[
    str | None,
    typer.Option("--json", metavar="PATH", help="Write the report as JSON to PATH, or to stdout for -."),
]


def say(line: str) -> None:
    """A line for the person at the terminal."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def report(value: Any, path: str | None, lines: list[str]) -> None:
    """The report as JSON where it was asked for, else as lines."""
    if path is None:
        for line in lines:
            say(line)
        return
    text = orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS, default=str).decode()
    if path == "-":
        say(text)
    else:
        Path(path).write_text(text + "\n", encoding="utf-8")
        for line in lines:
            say(line)
