"""The one engine: rules of a phase against what is seen, and what follows. Pure, and quick enough to cost nothing.

Every rule that holds fires and leaves one verdict. Of those that fired the strictest decides:

    pass < contain < approve < revise < template < handoff

Of equally strict handoffs one of which the customer is told nothing comes first (nothing may be sent then), then the
higher priority; of all that is equal still, the rule that stands first. So what is decided never depends on the order
of rules, only whose words are used. A rule can make a decision stricter and never milder: nothing turns a handoff into
an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from agent.policy.conditions import Test
from agent.policy.facts import FACTS, JUDGES, PHASES, Fact, Phase, Seen, Value
from agent.state import Decision, Verdict
from agent.state import Phase as Place

Then = Literal["pass", "template", "handoff"]
STRICTNESS: Final[Mapping[str, int]] = {
    name: rank for rank, name in enumerate(("pass", "contain", "approve", "revise", "template", "handoff"))
}
PRIORITIES: Final = ("low", "normal", "high")
SILENT: Final = frozenset({"opted_out", "silenced", "drafted", "shadowed"})
"""Codes of handoffs of which the customer is told nothing: nothing may be sent, or a person is about to write."""
PLACES: Final[Mapping[Phase, Place]] = {
    "admit": "admit",
    "triage": "triage",
    "sentence": "generate",
    "draft": "guard",
}
_MOST_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Condition:
    """One fact and what is wanted of it; `wanted` False is a condition that must not hold."""

    name: str
    fact: Fact
    test: Test
    wanted: bool = True


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule, compiled. `judge` names whose objection it stands on; `then` is what follows when revising did not help;
    `always` rules cannot be switched off or made milder. `reason` is cut at its braces: words and names of facts."""

    name: str
    phase: Phase
    decision: Decision
    reason: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    judge: str = ""
    then: Then = "template"
    template: str = ""
    handoff: str = "guard"
    priority: str = "normal"
    matter: str = ""
    always: bool = False


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule that held, with its verdict."""

    rule: Rule
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a phase came to: the decision, whose it was (None: no rule held), all that fired, the verdicts to keep."""

    decision: Decision = "pass"
    by: Fired | None = None
    fired: tuple[Fired, ...] = ()
    verdicts: tuple[Verdict, ...] = ()

    def first(self, decision: Decision) -> Fired | None:
        """The first rule that fired with this decision."""
        return next((each for each in self.fired if each.rule.decision == decision), None)

    def fallback(self) -> Fired | None:
        """What follows when no revision helped: the strictest `then` of the rules that asked for one."""
        asked = [each for each in self.fired if each.rule.decision == "revise"]
        return max(asked, key=lambda each: STRICTNESS[each.rule.then], default=None)


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """The rules in force. `text` is all of it in one form, `version` its digest: the same rules have the same version.
    `templates` are fixed words that the rules bring, `commitments` the tables of what may be promised."""

    rules: tuple[Rule, ...]
    text: str = ""
    version: str = ""
    templates: Mapping[str, str] = field(default_factory=dict)
    commitments: tuple[Mapping[str, Any], ...] = ()
    _of: Mapping[Phase, tuple[Rule, ...]] = field(init=False)

    def __post_init__(self) -> None:
        of = {phase: tuple(rule for rule in self.rules if rule.phase == phase) for phase in PHASES}
        object.__setattr__(self, "_of", of)

    def rule(self, name: str) -> Rule | None:
        return next((rule for rule in self.rules if rule.name == name), None)

    def judge(self, phase: Phase, seen: Seen) -> Ruling:
        """What the rules of a phase say to what is seen. The same for the same, and without a clock."""
        fired, kept = [], []
        known: dict[str, Value] = {}
        for rule in self._of[phase]:
            if phase == "draft" and seen.draft is None and not rule.judge:
                continue  # there are no words to look at
            opinion = seen.opinions.get(rule.judge) if rule.judge else None
            if rule.judge and (opinion is None or opinion.decision == "pass"):
                if opinion is not None and JUDGES[rule.judge].kept:
                    kept.append(_passed(rule, phase, opinion))
                continue
            shown = _shown(rule, seen, known)
            if shown is not None:
                fired.append(Fired(rule, _verdict(rule, phase, seen, known, shown, opinion)))
        fired += [_unruled(phase, opinion) for opinion in seen.opinions.values() if _objects(opinion)]
        by = max(fired, key=_rank, default=None)
        verdicts = (*kept, *(each.verdict for each in fired))
        return Ruling(by.rule.decision if by else "pass", by, tuple(fired), verdicts)

    def may_approve(self, seen: Seen) -> bool:
        """Whether a rule on what is said may yet want a person's yes, by what is known before anything is written: such
        a turn does not stream."""
        known: dict[str, Value] = {}
        return any(
            rule.decision == "approve" and _shown(rule, seen, known, before="sentence") is not None
            for phase in PHASES[2:]
            for rule in self._of[phase]
        )


def _rank(fired: Fired) -> tuple[int, bool, int]:
    """Its weight among those that fired; `max` takes the first of equals."""
    rule = fired.rule
    handed = rule.decision == "handoff"
    return STRICTNESS[rule.decision], handed and rule.handoff in SILENT, PRIORITIES.index(rule.priority) * handed


def _shown(rule: Rule, seen: Seen, known: dict[str, Value], before: Phase | None = None) -> str | None:
    """What met the rule's conditions, in words; None where one is not met. With `before`, conditions on what only that
    phase and later ones know count as met."""
    words = []
    for condition in rule.conditions:
        if before is not None and PHASES.index(condition.fact.since) >= PHASES.index(before):
            continue
        found = condition.test(_value(condition.name, condition.fact, seen, known))
        if (found is not None) is not condition.wanted:
            return None
        if found and condition.wanted:
            words.append(f"{condition.name}: {found}")
    return "; ".join(words[:_MOST_SHOWN])


def _value(name: str, fact: Fact, seen: Seen, known: dict[str, Value]) -> Value:
    if name not in known:
        known[name] = fact.read(seen)
    return known[name]


def _verdict(
    rule: Rule, phase: Phase, seen: Seen, known: dict[str, Value], shown: str, opinion: Verdict | None
) -> Verdict:
    reason = _reason(rule, seen, known, opinion)
    if opinion is not None:
        return Verdict(rule.name, PLACES[phase], rule.decision, reason, opinion.score, opinion.evidence)
    return Verdict(rule.name, PLACES[phase], rule.decision, reason, _score(rule, seen, known), shown)


def _score(rule: Rule, seen: Seen, known: dict[str, Value]) -> float | None:
    """How sure the least sure of its conditions is; None where none of them is a guess."""
    names = [each.fact.score or each.name for each in rule.conditions if each.wanted]
    scores = [_value(name, FACTS[name], seen, known) for name in names if name.endswith("_score")]
    return round(min(map(float, scores)), 3) if scores else None


def _reason(rule: Rule, seen: Seen, known: dict[str, Value], opinion: Verdict | None) -> str:
    if len(rule.reason) == 1:
        return rule.reason[0]
    parts = []
    for at, part in enumerate(rule.reason):
        if at % 2 == 0:
            parts.append(part)
        elif part == "why":
            parts.append(opinion.reason if opinion else seen.turn.triage.reason if seen.turn.triage else "")
        else:
            parts.append(str(_value(part, FACTS[part], seen, known)))
    return "".join(parts)


def _passed(rule: Rule, phase: Phase, opinion: Verdict) -> Verdict:
    return Verdict(rule.name, PLACES[phase], "pass", opinion.reason, opinion.score, opinion.evidence)


def _objects(opinion: Verdict) -> bool:
    """Whether a judge that no rule can speak of objects: then it is heeded as it stands."""
    return opinion.rule not in JUDGES and opinion.decision != "pass"


def _unruled(phase: Phase, opinion: Verdict) -> Fired:
    rule = Rule(opinion.rule, phase, "revise", (opinion.reason,))
    return Fired(rule, opinion)
