"""A rule's table, checked key by key and made into a Rule. Pure. Raises Faulty with what is wrong and where."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, cast, get_args, get_type_hints

from agent.policy.conditions import Faulty, fact, meant, test
from agent.policy.engine import PRIORITIES, STRICTNESS, Condition, Rule, Then
from agent.policy.facts import JUDGES, PHASES, Phase
from agent.state import Decision, Handoff

KEYS: Final[Mapping[str, type]] = {
    "name": str,
    "phase": str,
    "judge": str,
    "when": dict,
    "unless": dict,
    "decision": str,
    "then": str,
    "template": str,
    "handoff": str,
    "priority": str,
    "matter": str,
    "reason": str,
    "enabled": bool,
    "always": bool,
}
DECISIONS: Final[Mapping[Phase, tuple[str, ...]]] = {
    "admit": ("pass", "template", "handoff"),
    "triage": ("pass", "contain", "approve", "template", "handoff"),
    "sentence": ("pass", "approve", "revise", "template", "handoff"),
    "draft": ("pass", "approve", "revise", "template", "handoff"),
}
CODES: Final = tuple(
    code for code in get_args(get_type_hints(Handoff)["code"]) if code not in ("rejected", "drafted", "shadowed")
)
_SAID: Final = {str: "a string", bool: "true or false", dict: "a table"}
_LONGEST_REASON: Final = 300
_FIXED: Final = frozenset({"name", "phase", "judge", "when", "unless", "enabled", "always"})
"""What nobody may change of a rule that always holds."""


def merged(old: Mapping[str, Any], new: Mapping[str, Any], *, first: bool = False) -> dict[str, Any]:
    """A rule with a later file's changes laid over it; conditions are changed fact by fact. `first` is the file that
    ships, which alone may say that a rule always holds. Raises Faulty."""
    for key, value in new.items():
        if key not in KEYS:
            raise Faulty(f"there is no key {key!r}{meant(key, KEYS)}", key)
        if not isinstance(value, KEYS[key]):
            raise Faulty(f"{key} is {_SAID[KEYS[key]]}", key)
        if key == "always" and not first:
            raise Faulty("only rules that ship can be kept from being switched off", key)
        if old.get("always") and key in _FIXED and value != old.get(key):
            raise Faulty(f"it always holds: its {key} cannot be changed", key)
        if old and key == "phase" and value != old["phase"]:
            raise Faulty(f"its phase is {old['phase']}; write a rule of another name for {value}", key)
    if "then" in new and new.get("decision", old.get("decision", "revise")) != "revise":
        raise Faulty("then is for rules that revise", "then")
    if old.get("always"):
        _no_milder(old, new)
    tables = {key: {**old.get(key, {}), **new.get(key, {})} for key in ("when", "unless") if key in old or key in new}
    return {**old, **new, **tables}


def _no_milder(old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    ranks = {**STRICTNESS, "": -1}
    for key in ("decision", "then"):
        if key in new and ranks.get(new[key], 99) < ranks.get(old.get(key, ""), -1):
            raise Faulty(f"it always holds: its {key} cannot be milder than {old[key]}", key)
    if new.get("handoff") in ("opted_out", "silenced") and old.get("handoff") not in ("opted_out", "silenced"):
        raise Faulty("it always holds: the customer is told of it", "handoff")
    if old.get("handoff") in ("opted_out", "silenced") and new.get("handoff", old["handoff"]) != old["handoff"]:
        raise Faulty("it always holds: its handoff cannot be changed", "handoff")


def compiled(values: Mapping[str, Any], templates: Mapping[str, str]) -> Rule:
    """The rule of a table whose keys and types are known to be right. Raises Faulty."""
    for key in ("phase", "decision", "reason"):
        if key not in values:
            raise Faulty(f"it has no {key}")
    phase = cast(Phase, _one_of(values, "phase", PHASES))
    decision = cast(Decision, _one_of(values, "decision", DECISIONS[phase]))
    then = cast(Then, _one_of(values, "then", ("pass", "template", "handoff"), "template"))
    if phase == "sentence" and then == "pass":
        raise Faulty("a sentence that was refused is never said: then is template or handoff", "then")
    ending = then if decision == "revise" else decision
    return Rule(
        name=values["name"],
        phase=phase,
        decision=decision,
        reason=_reason(values["reason"], phase),
        conditions=_conditions(values, phase),
        judge=_judge(values, phase),
        then=then,
        template=_template(values, ending, templates),
        handoff=_one_of(values, "handoff", CODES, "guard"),
        priority=_one_of(values, "priority", PRIORITIES, "normal"),
        matter=_matter(values),
        always=values.get("always", False),
    )


def _one_of(values: Mapping[str, Any], key: str, those: tuple[str, ...], otherwise: str = "") -> str:
    value = str(values.get(key, otherwise))
    if value not in those:
        where = f" in the phase {values['phase']}" if key == "decision" else ""
        raise Faulty(f"{key} cannot be {value[:40]!r}{where}; there are: {', '.join(those)}", key)
    return value


def _judge(values: Mapping[str, Any], phase: Phase) -> str:
    name = values.get("judge", "")
    if "judge" not in values:
        return ""
    if name not in JUDGES:
        raise Faulty(f"there is no judge {name[:40]!r}{meant(name, JUDGES)}", "judge")
    if phase not in JUDGES[name].phases:
        raise Faulty(f"{name} does not judge in the phase {phase}, but in {', '.join(JUDGES[name].phases)}", "judge")
    return str(name)


def _conditions(values: Mapping[str, Any], phase: Phase) -> tuple[Condition, ...]:
    """All that must hold, cheap ones first. Raises Faulty, also for a rule that looks at nothing."""
    found = []
    for key, wanted in (("when", True), ("unless", False)):
        for name, given in values.get(key, {}).items():
            known = fact(name, phase, key, name)
            try:
                found.append(Condition(name, known, test(known, given), wanted))
            except Faulty as fault:
                raise Faulty(f"{key}.{name}: {fault}", key, name) from None
    if not any(each.wanted for each in found) and "judge" not in values:
        raise Faulty("it looks at nothing: give it a condition (when.…) or a judge")
    return tuple(sorted(found, key=lambda each: each.fact.kind == "text"))


def _template(values: Mapping[str, Any], ending: str, templates: Mapping[str, str]) -> str:
    name = values.get("template", "")
    if ending == "template" and not name:
        raise Faulty("it ends in a template and names none")
    if name and ending not in ("template", "handoff"):
        raise Faulty(f"it ends in {ending}, where no template is said", "template")
    if name and name not in templates:
        raise Faulty(f"there is no template {name[:60]!r}{meant(name, templates)}", "template")
    return str(name)


def _matter(values: Mapping[str, Any]) -> str:
    value = values.get("matter", "")
    if not re.fullmatch(r"[\w .-]{0,64}", value):
        raise Faulty("matter is at most 64 letters, figures and blanks", "matter")
    return str(value)


def _reason(text: str, phase: Phase) -> tuple[str, ...]:
    """The reason cut at its braces: words at even places, names of facts at odd ones."""
    if not 0 < len(text.strip()) <= _LONGEST_REASON:
        raise Faulty(f"its reason has 1 to {_LONGEST_REASON} characters", "reason")
    parts = re.split(r"\{(\w+)\}", text)
    if any(brace in part for part in parts[::2] for brace in "{}"):
        raise Faulty("its reason has braces that name no fact: write {kind}", "reason")
    for name in parts[1::2]:
        if name != "why" and fact(name, phase, "reason").kind == "text":
            raise Faulty(f"its reason cannot quote {name}: reasons stay when what was said is erased", "reason")
    return tuple(parts)
