"""From the rules that ship and an organisation's own file to one Policy. A fault names its file, line and rule.

`faults` in what is raised come sorted by line: `rules.toml:12: rule "brand": there is no fact 'kidn'; did you mean
kind?` Nothing is loaded where one rule is at fault: half a policy would be another policy.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from agent.policy import positions
from agent.policy.compiling import compiled, merged
from agent.policy.conditions import Faulty, meant
from agent.policy.engine import Policy
from agent.policy.recording import recorded, version_of
from agent.policy.sources import BrokenRules, Source, parsed, read
from agent.templates import DEFAULTS, braced

SHIPPED: Final = "rules.toml"
MOST_RULES: Final = 500
_TABLES: Final = ("rule", "templates", "commitment")
Commitments = Callable[[Sequence[Mapping[str, Any]]], object]
"""Reads the tables of what may be promised. Raises ValueError naming the entry."""


@dataclass(frozen=True, slots=True)
class Written:
    """A rule as files wrote it, what a later one says laid over the earlier; `places` says where each key stands."""

    values: Mapping[str, Any]
    places: Mapping[str, tuple[Source, positions.Path]]
    source: Source
    path: positions.Path

    @property
    def name(self) -> str:
        return str(self.values["name"])

    def fault(self, what: str, key: tuple[str, ...] = ()) -> tuple[int, str]:
        source, path = self.places.get(key[0], (self.source, self.path)) if key else (self.source, self.path)
        return source.fault((*path, *key), f'rule "{self.name}": {what}')


@cache
def shipped() -> Policy:
    """The rules that ship, alone."""
    return load(None)


def load(path: Path | None, templates: Mapping[str, str] = DEFAULTS, commitments: Commitments | None = None) -> Policy:
    """The policy of the shipped rules with those of `path` over them (None: the shipped ones alone).

    `templates` are the fixed words there are besides the file's own. Raises BrokenRules.
    """
    sources = [_shipped()]
    if path is not None:
        sources.append(parsed(read(path), str(path)))
    return assembled(sources, templates, commitments)


def loads(text: str, name: str = "rules.toml", templates: Mapping[str, str] = DEFAULTS) -> Policy:
    """The same for the text of an organisation's file."""
    return assembled([_shipped(), parsed(text.encode("utf-8", "surrogatepass"), name)], templates)


@cache
def _shipped() -> Source:
    return parsed(resources.files("agent.policy").joinpath(SHIPPED).read_bytes(), SHIPPED)


def restored(text: str) -> Policy:
    """The policy that was kept as `text`, as it judged then, whatever ships today. Raises BrokenRules for one that this
    version can no longer read."""
    tables = json.loads(text)
    return assembled([Source("the kept policy", tables, {(): 1})], {**DEFAULTS, **tables.get("templates", {})})


def assembled(sources: Sequence[Source], templates: Mapping[str, str], reads: Commitments | None = None) -> Policy:
    """One Policy of several files, later ones over earlier ones. Raises BrokenRules with every fault of all rules."""
    faults: list[tuple[int, str]] = []
    written: dict[str, Written] = {}
    words: dict[str, str] = {}
    commitments: list[Mapping[str, Any]] = []
    for source in sources:
        faults += _unknown(source)
        words |= _templates(source, faults)
        _rules(source, written, faults, first=source is sources[0])
        commitments += _commitments(source, faults, reads)
    known = {**templates, **words}
    rules = []
    for each in written.values():
        try:
            rules.append(compiled(each.values, known))
        except Faulty as fault:
            faults.append(each.fault(str(fault), fault.key))
    if faults:
        raise BrokenRules([words for _, words in sorted(faults)])
    text = recorded([each.values for each in written.values()], words, commitments)
    live = tuple(rule for rule, each in zip(rules, written.values(), strict=True) if each.values.get("enabled", True))
    return Policy(live, text, version_of(text), words, tuple(commitments))


def _unknown(source: Source) -> list[tuple[int, str]]:
    return [
        source.fault((key,), f"there is no table {key!r}{meant(key, _TABLES)}")
        for key in source.tables
        if key not in _TABLES
    ]


def _templates(source: Source, faults: list[tuple[int, str]]) -> dict[str, str]:
    """The file's own fixed words."""
    given = source.tables.get("templates", {})
    if not isinstance(given, Mapping):
        faults.append(source.fault(("templates",), "templates is a table of fixed words by name"))
        return {}
    found = {}
    for name, text in given.items():
        if name in DEFAULTS:
            what = f"template {name!r}: change the shipped words under [agent.templates]"
        elif not isinstance(text, str) or not text.strip() or not braced(text):
            what = f"template {name!r}: words, which may use {{organisation}}, {{when}} and no other braces"
        else:
            found[name] = text
            continue
        faults.append(source.fault(("templates", name), what))
    return found


def _rules(source: Source, written: dict[str, Written], faults: list[tuple[int, str]], *, first: bool) -> None:
    """Adds a file's rules to those written before, and lays changes over them."""
    given = source.tables.get("rule", [])
    if not isinstance(given, list) or not all(isinstance(each, Mapping) for each in given):
        faults.append(source.fault(("rule",), "rules are tables: write [[rule]] above each"))
        return
    if len(given) > MOST_RULES:
        faults.append(source.fault(("rule", MOST_RULES), f"more than {MOST_RULES} rules"))
        return
    here: set[str] = set()
    for number, values in enumerate(given):
        path: positions.Path = ("rule", number)
        name = values.get("name")
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", name):
            what = f"rule {number + 1}: it needs a name of 1 to 64 letters, figures, _, . and -"
            faults.append(source.fault((*path, "name"), what))
            continue
        if name in here:
            faults.append(source.fault((*path, "name"), f'rule "{name}": there are two of this name'))
            continue
        here.add(name)
        places = dict.fromkeys(values, (source, path))
        new = Written(values, places, source, path)
        try:
            merged({}, values, first=first)
            written[name] = _over(written[name], new) if name in written else new
        except Faulty as fault:
            faults.append(new.fault(str(fault), fault.key))


def _over(old: Written, new: Written) -> Written:
    """The rule with what a later file says. Raises Faulty for what may not be changed."""
    return replace(old, values=merged(old.values, new.values), places={**old.places, **new.places})


def _commitments(
    source: Source, faults: list[tuple[int, str]], reads: Commitments | None
) -> Sequence[Mapping[str, Any]]:
    """The tables of allowed commitments, where all of them can be read."""
    given = source.tables.get("commitment", [])
    if not isinstance(given, list) or not all(isinstance(each, Mapping) for each in given):
        faults.append(source.fault(("commitment",), "commitments are tables: write [[commitment]] above each"))
        return []
    if reads is None or not _said(reads, given):
        return given
    number = next(n for n in range(len(given)) if _said(reads, given[: n + 1]))
    what = _said(reads, given[: number + 1])
    named = (key for key in given[number] if key != "name" and re.search(rf"(?<!\w){re.escape(key)}(?!\w)", what))
    path: positions.Path = ("commitment", number, next(named, "name"))
    faults.append(source.fault(path, what if what.startswith("commitment") else f"commitment {number + 1}: {what}"))
    return []


def _said(reads: Commitments, given: Sequence[Mapping[str, Any]]) -> str:
    """What is wrong with these tables, "" where nothing is."""
    try:
        reads(given)
    except ValueError as error:
        return " ".join(str(error).split()) or "it cannot be read"
    return ""
