"""What is reported of an incident, and how an update changes it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, field_validator

from agent.errors import FrontdeskError
from channels.proactive.incident_messages import Audience
from channels.proactive.spec import Audience as Customers

Severity = Literal["minor", "major", "critical"]
Status = Literal["investigating", "identified", "monitoring", "resolved"]
Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class BadFacts(FrontdeskError):
    code = "bad_facts"
    status = 422


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Fact(Part):
    """One sentence. Without `audiences` it is for everybody."""

    text: Sentence
    audiences: list[Audience] = Field(default_factory=list)

    @field_validator("text")
    @classmethod
    def _is_one_line(cls, text: str) -> str:
        return " ".join(text.split())


class Reach(Part):
    """Customers who are told, by one inbox."""

    inbox: str = Field(min_length=1, max_length=64)
    audience: Customers


class IncidentReport(Part):
    """The facts of a new incident. `customers` are told only where it names them."""

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$")
    title: Name
    severity: Severity = "minor"
    status: Status = "investigating"
    started_at: AwareDatetime
    resolved_at: AwareDatetime | None = None
    affected: list[Name] = Field(default_factory=list, max_length=50)
    facts: list[Fact | Sentence] = Field(default_factory=list, max_length=50)
    next_update_at: AwareDatetime | None = None
    customers: list[Reach] = Field(default_factory=list, max_length=10)


class IncidentUpdate(Part):
    """What changed; what is left out stays. `facts` are added to those that are known, `affected` replaces."""

    title: Name | None = None
    severity: Severity | None = None
    status: Status | None = None
    started_at: AwareDatetime | None = None
    resolved_at: AwareDatetime | None = None
    affected: list[Name] | None = Field(default=None, max_length=50)
    facts: list[Fact | Sentence] = Field(default_factory=list, max_length=50)
    next_update_at: AwareDatetime | None = None


def first(report: IncidentReport) -> dict[str, Any]:
    """The facts as a version keeps them. Raises BadFacts."""
    kept = report.model_dump(mode="json", exclude={"id", "facts", "customers"})
    return _checked({**kept, "facts": _facts(report.facts)})


def changed(before: Mapping[str, Any], update: IncidentUpdate, now: datetime) -> dict[str, Any]:
    """The facts after an update. Raises BadFacts."""
    given = update.model_dump(mode="json", exclude={"facts"}, exclude_none=True)
    known = list(before["facts"])
    facts = {**before, **given, "facts": known + [fact for fact in _facts(update.facts) if fact not in known]}
    if facts["status"] == "resolved":
        facts["resolved_at"] = facts["resolved_at"] or now.isoformat()
        facts["next_update_at"] = None
    return _checked(facts)


def _facts(given: list[Fact | str]) -> list[dict[str, Any]]:
    made = [fact if isinstance(fact, Fact) else Fact(text=fact) for fact in given]
    return [fact.model_dump() for fact in made]


def _checked(facts: dict[str, Any]) -> dict[str, Any]:
    """Facts that fit each other."""
    if (facts["status"] == "resolved") != (facts["resolved_at"] is not None):
        raise BadFacts("resolved_at belongs to the status resolved, and that to it")
    started = datetime.fromisoformat(facts["started_at"])
    if facts["resolved_at"] and datetime.fromisoformat(facts["resolved_at"]) < started:
        raise BadFacts("resolved_at is before started_at")
    if facts["next_update_at"] and datetime.fromisoformat(facts["next_update_at"]) < started:
        raise BadFacts("next_update_at is before started_at")
    return facts
