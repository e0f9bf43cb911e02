"""Pieces of an entry's body: what was said, what was found, texts side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from evals.pages.kit import clip, esc

LINE_CHARS, LINES = 300, 5
_WHO: Mapping[str, str] = {"customer": "Customer", "bot": "Assistant", "agent": "Assistant", "person": "Person"}


def conversation(lines: Sequence[Mapping[str, Any]]) -> str:
    """The last lines of `{"role","text"}`, oldest first, clipped."""
    said = []
    for line in lines[-LINES:]:
        role = str(line.get("role", ""))
        who = _WHO.get(role, role)
        kind = " customer" if role == "customer" else ""
        said.append(f'<p class="said{kind}"><b>{esc(who)}</b>{esc(clip(str(line.get("text", "")), LINE_CHARS))}</p>')
    return "".join(said)


def column(heading: str, body: str, *more: tuple[str, str]) -> str:
    """One of the columns side by side in an entry; `more` headings with their bodies stand below the first."""
    made = "".join(f"<h3>{esc(head)}</h3>{each}" for head, each in ((heading, body), *more))
    return f"<div>{made}</div>"


def passage(first: str, title: str, text: str, *, kind: str = "", most: int = 140) -> str:
    """A passage in a list: `first` says its place, score and whether it is right; `kind` is good, bad or ""."""
    named, words = esc(clip(title, 100)), esc(clip(text, most))
    return f'<li class="{esc(kind)}"><em>{esc(first)}</em> {named}<br><span class="muted">{words}</span></li>'


def passages(made: Iterable[str]) -> str:
    return f'<ol class="found">{"".join(made)}</ol>'


def text(value: str, most: int = 1500) -> str:
    """Text as it is, line ends kept."""
    return f"<pre>{esc(value if len(value) <= most else value[: most - 1] + '…')}</pre>"
