"""A scope as a Qdrant server's filter. Pure; knowledge/edge_conditions.py says the same to embedded Qdrant."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from qdrant_client import models

from knowledge.entries import DATES, field_of
from knowledge.seeking.ports import Scope

_FROM, _UNTIL = DATES


def condition(scope: Scope) -> models.Filter | None:
    """None for a scope of everything."""
    inside: list[models.Condition] = [any_of(field_of(key), values) for key, values in scope.equal.items()]
    inside += [models.Filter(should=_suits(field_of(key), values)) for key, values in scope.suits.items()]
    named = _named(scope)
    if named:
        inside.append(models.Filter(should=named))
    out: list[models.Condition] = [any_of(field_of(key), values) for key, values in scope.without.items() if values]
    out += _out_of_force(scope.on) if scope.on else []
    return models.Filter(must=inside or None, must_not=out or None) if inside or out else None


def any_of(field: str, values: Iterable[str]) -> models.FieldCondition:
    return models.FieldCondition(key=field, match=models.MatchAny(any=sorted(set(values))))


def _suits(field: str, values: tuple[str, ...]) -> list[models.Condition]:
    empty = models.IsEmptyCondition(is_empty=models.PayloadField(key=field))
    return [empty, *([any_of(field, values)] if values else [])]


def _named(scope: Scope) -> list[models.Condition]:
    named: list[models.Condition] = []
    if scope.points:
        named.append(models.HasIdCondition(has_id=sorted(scope.points)))
    if scope.documents:
        named.append(any_of("document", scope.documents))
    return named


def _out_of_force(day: date) -> list[models.FieldCondition]:
    """A date without a time holds to its end, and what is no date matches no range and stays open."""
    midnight = datetime.combine(day, time(), UTC)
    conditions = [models.FieldCondition(key=_UNTIL, range=models.DatetimeRange(lt=midnight))]
    if day < date.max:
        conditions.append(
            models.FieldCondition(key=_FROM, range=models.DatetimeRange(gte=midnight + timedelta(days=1)))
        )
    return conditions
