"""What every report page is made of: the page itself, sections, figures, tables, and a list that can be filtered.

Text is escaped here; only what is named `body` is taken as HTML. A page asks for nothing over the network, says so in
its content policy, and runs no script but the one that belongs to it, whatever the data holds.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from channels.web.look import tokens

FULL_BYTES = 1_400_000
"""What the bodies of a list may come to: with it a page of a thousand entries stays under 2 MB."""
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Item:
    """An entry of a list: a `mark` in front (a figure or a word), a line of text, small words after it, and a `body`
    of HTML that opens under it ("" for none). `tags` are what the list can be narrowed to."""

    mark: str
    text: str
    body: str = ""
    after: str = ""
    tags: tuple[str, ...] = ()


def esc(value: object) -> str:
    """As HTML text or attribute. Control and direction-changing characters become U+FFFD."""
    return html.escape(_CONTROL.sub("\ufffd", str(value)))


def clip(text: str, most: int) -> str:
    """At most `most` characters on one line, with … where some are left out."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


@lru_cache(maxsize=2)
def _part(name: str) -> str:
    return files("evals.pages").joinpath(name).read_text(encoding="utf-8")


def page(title: str, lead: str, *sections: str) -> str:
    """The whole document."""
    style, script = tokens() + _part("page.css"), _part("filter.js")
    allowed = f"style-src {_digest(style)}; script-src {_digest(script)}"
    policy = f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{esc(title)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{esc(policy)}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{style}</style></head><body><main><h1>{esc(title)}</h1><p>{esc(lead)}</p>{''.join(sections)}</main>"
        f"<script>{script}</script></body></html>\n"
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def section(heading: str, body: str, *, note: str = "") -> str:
    """A part of the page; `note` is a sentence under its heading."""
    said = f'<p class="note">{esc(note)}</p>' if note else ""
    return f"<section><h2>{esc(heading)}</h2>{said}{body}</section>"


def table(heads: Sequence[str], rows: Sequence[Sequence[object]], *, numbers: bool = True) -> str:
    """Cells of text; every column but the first to the right where they are `numbers`."""
    kind = ' class="n"' if numbers else ""
    first = "".join(f'<th scope="col"{kind if at else ""}>{esc(head)}</th>' for at, head in enumerate(heads))
    lines = ("".join(f"<td{kind if at else ''}>{esc(cell)}</td>" for at, cell in enumerate(row)) for row in rows)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f'<div class="wide"><table><thead><tr>{first}</tr></thead><tbody>{body}</tbody></table></div>'


def figures(values: Mapping[str, object], intervals: Mapping[str, Sequence[float] | None]) -> str:
    """A table of figures with their 95 % intervals, where they have one. Figures that are mappings are left out."""
    rows = []
    for name, value in values.items():
        if not isinstance(value, Mapping):
            bounds = intervals.get(name)
            rows.append((name, number(value), f"{number(bounds[0])} to {number(bounds[1])}" if bounds else ""))
    return table(("figure", "value", "95 % interval"), rows)


def number(value: object) -> str:
    """As people read it: one place from ten on, three below; – for none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "–" if value is None else str(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.1f}" if abs(value) >= 10 else f"{value:.3f}"


def facts(values: Mapping[str, object]) -> str:
    """Names and values behind a line that opens: what a run was made by."""
    flat = [
        (name, json.dumps(v, ensure_ascii=False) if isinstance(v, dict | list) else v) for name, v in values.items()
    ]
    return f"<details><summary>How this was made</summary>{table(('', 'value'), flat, numbers=False)}</details>"


def items(entries: Sequence[Item], *, of: str = "entries") -> str:
    """A list in the order given, with a search field and a choice of tags. Bodies are left out once they come to
    FULL_BYTES in all, and the list says from where on."""
    left, cut, lines = FULL_BYTES, 0, []
    for at, item in enumerate(entries):
        left -= len(item.body)
        if item.body and left < 0 and not cut:
            cut = at
        lines.append(_item(item, bool(item.body) and left >= 0))
    said = f'<p class="note">Only the first {cut} open, to keep the page small.</p>' if cut else ""
    return f'{said}<div>{_filter(entries, of)}<ol class="items">{"".join(lines)}</ol></div>'


def _item(item: Item, opens: bool) -> str:
    after = f'<span class="tag">{esc(item.after)}</span>' if item.after else ""
    line = f'<span class="mark">{esc(item.mark)}</span> <bdi>{esc(clip(item.text, 160) or "(no words)")}</bdi>{after}'
    tags = f' data-tags="{esc(json.dumps(item.tags))}"' if item.tags else ""
    if not opens:
        return f'<li{tags}><span class="line">{line}</span></li>'
    return f'<li{tags}><details><summary>{line}</summary><div class="body">{item.body}</div></details></li>'


def _filter(entries: Sequence[Item], of: str) -> str:
    """Hidden until the script shows it: without scripts the list is simply whole."""
    tags = Counter(tag for item in entries for tag in item.tags)
    most_first = sorted(tags, key=lambda tag: (-tags[tag], tag))
    choices = "".join(f'<option value="{esc(tag)}">{esc(tag)} ({tags[tag]:,})</option>' for tag in most_first)
    pick = f'<label>Only <select><option value="">all</option>{choices}</select></label>' if tags else ""
    return (
        f'<div class="filter" hidden><label>Find <input type="search"></label>{pick}<output></output> {esc(of)}</div>'
    )
