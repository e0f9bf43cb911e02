"""Everything held about a customer as one page that a person can read, without a script and without the network."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, Final

import orjson

from channels.web.look import tokens

Rows = list[Mapping[str, Any]]

_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?\+00:00")

_STYLE: Final = """
body { margin: 0 auto; padding: 24px 16px 64px; max-width: 76ch; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 24px; line-height: 32px; } h2 { margin-top: 40px; font-size: 20px; } h3 { font-size: 16px; }
.muted, dt, time { color: var(--muted); font-size: 14px; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 4px 16px; margin: 0 0 16px; }
dd { margin: 0; } dd pre { margin: 0; white-space: pre-wrap; font: 14px/20px ui-monospace, monospace; }
.said { margin: 0 0 12px; padding: 8px 12px; border-radius: 10px; background: var(--panel); white-space: pre-wrap; }
.said time { display: block; }
.row { border-top: 1px solid var(--outline); padding-top: 12px; }
@media print { body { max-width: none; } }
"""
_TITLES: Final[Mapping[str, str]] = {
    "customers": "Who you are to us",
    "identities": "How we know you",
    "vault": "Private values in what you wrote",
    "consents": "What you agreed to and withdrew",
    "conversations": "Conversations",
    "events": "What was said and done",
    "attachments": "Files",
    "outbox": "Messages to you, sent or waiting",
    "turns": "How the assistant came to its answers",
    "tasks": "Requests about your data",
    "subscriptions": "Browsers we may notify",
    "campaign_members": "Campaigns",
    "hooks": "Passed on to other systems",
    "dead_letters": "What could not be done",
    "claims": "Message ids of providers",
    "corrections": "Corrections of answers",
    "memories": "What we remember of you",
    "segments": "Summaries of your conversations",
    "links": "Whether you are somebody else we know too",
}
_REMEMBERED: Final[Mapping[str, str]] = {
    "fact": "A fact",
    "preference": "How you like things",
    "instruction": "What you asked us to do always, or never",
    "outcome": "How a matter ended",
}
_KINDS: Final[Mapping[str, str]] = {
    "received": "You wrote",
    "replied": "The assistant wrote",
    "said": "A person wrote",
    "noted": "A person noted",
}


def page(found: Mapping[str, Any], organisation: str) -> str:
    """The whole page. Every value is text: nothing a customer wrote becomes markup."""
    held: Mapping[str, Rows] = found["held"]
    name = escape(organisation)
    body = "".join(_section(table, rows) for table, rows in held.items() if rows)
    unreadable = escape(", ".join(found["unreadable"]))
    warning = f"<p>These could not be opened and are left out: {unreadable}.</p>" if unreadable else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>What {name} holds about you</title><style>{tokens()}{_STYLE}</style></head><body>"
        f"<h1>What {name} holds about you</h1>"
        f'<p class="muted">Customer {_ids(found)}, as of {_time(found["exported_at"])}. '
        "The same is in the JSON file, for another program to read.</p>"
        f"{warning}{body}</body></html>"
    )


def _ids(found: Mapping[str, Any]) -> str:
    return escape(", ".join(found.get("customers") or [found["customer"]]))


def _section(table: str, rows: Rows) -> str:
    title = escape(_TITLES.get(table, table.replace("_", " ").capitalize()))
    form = {"events": _event, "memories": _memory, "segments": _summary}.get(table, _row)
    inside = "".join(map(form, rows))
    return f"<section><h2>{title}</h2>{inside}</section>"


def _event(row: Mapping[str, Any]) -> str:
    kind = str(row["kind"])
    meta: Mapping[str, Any] = row.get("meta") or {}
    who = f" ({escape(str(meta['person']))})" if meta.get("person") else ""
    head = f"{escape(_KINDS.get(kind, kind.replace('_', ' ').capitalize()))}{who}"
    text = escape(str(row.get("body") or ""))
    more = "" if text or not meta else f'<span class="muted">{escape(_json(meta))}</span>'
    return f'<div class="said"><time>{head}, {_time(row["at"])}</time>{text}{more}</div>'


def _memory(row: Mapping[str, Any]) -> str:
    body = row.get("body")
    if not isinstance(body, Mapping) or not body.get("text"):
        return _row(row)
    head = (
        f"{escape(_REMEMBERED.get(str(row.get('kind')), str(row.get('kind'))))}, said {_time(row.get('said_at', ''))}"
    )
    until = f'<span class="muted">It held until {_time(row["valid_until"])}.</span>' if row.get("valid_until") else ""
    return f'<div class="said"><time>{head}</time>{escape(str(body["text"]))} {until}</div>'


def _summary(row: Mapping[str, Any]) -> str:
    body = row.get("body")
    if not isinstance(body, Mapping) or not body.get("text"):
        return _row(row)
    span = escape(f"{row.get('from_seq')} to {row.get('to_seq')}")
    head = f"Of messages {span}, {_time(row.get('at', ''))}"
    return f'<div class="said"><time>{head}</time>{escape(str(body["text"]))}</div>'


def _row(row: Mapping[str, Any]) -> str:
    return f'<dl class="row">{"".join(_pairs(row))}</dl>'


def _pairs(row: Mapping[str, Any]) -> Iterable[str]:
    for name, value in row.items():
        if value in (None, "", {}, []):
            continue
        if name == "body" and "sha256" in row:
            yield f"<dt>file</dt><dd>{_download(row)}</dd>"
            continue
        yield f"<dt>{escape(name.replace('_', ' '))}</dt><dd>{_value(value)}</dd>"


def _download(row: Mapping[str, Any]) -> str:
    # Of no type a browser would open itself: a file that holds markup must not run.
    name = escape(str(row.get("name") or "file"), quote=True)
    return f'<a download="{name}" href="data:application/octet-stream;base64,{escape(str(row["body"]))}">Save it</a>'


def _value(value: Any) -> str:
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        return _time(value)
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return escape(", ".join(value))
    if isinstance(value, dict | list):
        return f"<pre>{escape(_json(value))}</pre>"
    return escape(str(value))


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode()


def _time(moment: Any) -> str:
    text = str(moment)
    return escape(f"{text[:10]} {text[11:16]} UTC" if "T" in text else text)
