"""A turn's record as people read it: what was asked, searched, found and decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from channels.web.desk.context import draw_context
from channels.web.desk.elements import Box, Text

SAID: Final = {"message": "in the message", "answer": "in the last answer", "before": "earlier"}


def draw_record(record: Mapping[str, Any]) -> None:
    """A turn's basics: what was asked, what was found, what was decided, what it cost."""
    record = {**record, **mapping(record.get("record")), "route": record.get("route"), "id": record.get("id")}
    draft = mapping(record.get("draft"))
    triage = mapping(record.get("triage"))
    tokens = f"{draft.get('tokens_in', 0)} in, {draft.get('tokens_out', 0)} out"
    table(
        (
            ("Searched", str(record.get("query") or "")),
            ("Understood as", _scored(triage.get("kind"), triage.get("score"))),
            ("Route", str(record.get("route") or "")),
            ("Written by", str(draft.get("made_by") or "")),
            ("Tokens", tokens if draft.get("tokens_in") or draft.get("tokens_out") else ""),
            ("Versions", ", ".join(f"{name} {value}" for name, value in mapping(record.get("versions")).items())),
            ("Turn", str(record.get("id") or "")),
        )
    )
    draw_readings(triage.get("readings"), str(record.get("contained") or ""))
    draw_search(mapping(record.get("searched")))
    draw_context(mapping(record.get("context")))
    if verdicts := record.get("verdicts"):
        Text("Decided", "h3")
        with Box("ul", "verdicts"):
            for verdict in map(mapping, verdicts):
                head = f"{verdict.get('rule')}: {verdict.get('decision')}"
                Text(f"{_scored(head, verdict.get('score'))}. {verdict.get('reason') or ''}", "li")
    if found := record.get("found"):
        Text("Found", "h3")
        with Box("ul", "verdicts"):
            for each in map(mapping, found):
                title = " › ".join(str(each[key]) for key in ("title", "section") if each.get(key))
                Text(_scored(title, each.get("score")), "li")
    if timings := mapping(record.get("timings_ms")):
        Text("Took", "h3")
        table([(str(name), _took(value)) for name, value in timings.items()])


def draw_readings(readings: object, contained: str) -> None:
    """What each of triage's models read in the message, and why; nothing for a record older than they."""
    read = [mapping(each) for each in readings] if isinstance(readings, list | tuple) else []
    if not read and not contained:
        return
    Text("Read in the message", "h3")
    rows = [
        (str(each.get("name")).capitalize(), f"{_scored(each.get('value'), each.get('score'))}: {each.get('reason')}")
        for each in read
    ]
    table([*rows, ("Shown to models as data only", contained)])


def _took(value: object) -> str:
    return f"{value:.0f} ms" if isinstance(value, int | float) else str(value)


def _scored(name: object, score: object) -> str:
    return f"{name} ({score:.2f})" if isinstance(score, int | float) else str(name or "")


def draw_search(searched: Mapping[str, Any]) -> None:
    """Why it was searched as it was; nothing for a turn that searched nothing."""
    if not searched:
        return
    Text("Why it was searched so", "h3")
    focus = map(mapping, searched.get("focus") or ())
    about = [f"{each.get('name')} ({SAID.get(str(each.get('said')), '')})" for each in focus]
    table(
        [
            ("Because", str(searched.get("why") or "")),
            ("About", ", ".join(about)),
            *((str(kind).capitalize(), str(text)) for kind, text in mapping(searched.get("forms")).items()),
            ("Looked at", f"{searched.get('candidates', 0)} passages"),
        ]
    )


def table(rows: Sequence[tuple[str, str]]) -> None:
    with Box("dl", "facts"):
        for name, value in rows:
            if value:
                Text(name, "dt")
                Text(value, "dd")


def mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
