"""Which retention rule holds for what, which rules there cannot be, and when a clock is not to be trusted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.retention.guarding import Last, decide, wrong_clock
from memory.retention.regions import EEA, EU, nearness, normal
from memory.retention.rules import BLANKED, CLASSES, FLOORS, REMOVED, Rule, Rules

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def rule(region: str = "*", days: int = 365, tier: str = "*", of: Any = "conversation", what: Any = "erase") -> Rule:
    return Rule(of, days, what, region, tier)


@pytest.mark.parametrize(
    ("region", "days"),
    [
        ("FR", 30),
        ("DE", 60),
        ("NO", 90),
        ("US", 700),
        ("US-CA", 15),
        ("us-ca", 15),
        ("US-NY", 700),
        ("JP", 365),
        ("", 365),
        ("nowhere at all", 365),
        ("EU", 60),
        ("UK", 20),
    ],
)
def test_the_rule_for_the_smallest_place_holds(region: str, days: int) -> None:
    rules = Rules(
        (rule(), rule("EU", 60), rule("FR", 30), rule("EEA", 90), rule("US", 700), rule("US-CA", 15), rule("GB", 20))
    )
    found = rules.holds("conversation", "erase", region, "")
    assert found is not None
    assert found.days == days


def test_a_rule_that_names_the_tier_comes_before_one_that_does_not_but_after_a_nearer_place() -> None:
    rules = Rules((rule(), rule(tier="gold", days=900), rule("FR", 30)))
    assert rules.holds("conversation", "erase", "JP", "gold") == rule(tier="gold", days=900)
    assert rules.holds("conversation", "erase", "FR", "gold") == rule("FR", 30)
    assert rules.holds("conversation", "erase", "JP", "silver") == rule()


def test_what_no_rule_speaks_of_stays() -> None:
    assert Rules((rule("FR"),)).holds("conversation", "erase", "DE", "") is None
    assert Rules((rule("FR"),)).holds("conversation", "erase", "", "") is None
    assert Rules().holds("conversation", "erase", "DE", "") is None
    assert not Rules()


def test_the_union_has_27_members_and_the_area_three_more() -> None:
    assert len(EU) == 27
    assert sorted(EEA - EU) == ["IS", "LI", "NO"]
    assert "GB" not in EEA


@given(st.text(max_size=12))
def test_no_region_however_it_is_written_breaks_a_rule_or_is_nearer_than_anywhere_by_chance(region: str) -> None:
    assert nearness("*", region) == 0
    where = normal(region)
    assert (nearness("FR", region) is not None) == (where.partition("-")[0] == "FR")
    assert normal(where) == where


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ((rule(days=0),), "0 days"),
        ((rule(days=10**9),), "days"),
        ((rule("Europe"),), "no region"),
        ((rule("fr"),), "no region"),
        ((rule(of="consent", days=3649),), "at least 3650 days: an opt-out"),
        ((rule(of="claim", days=3),), "answered twice"),
        ((rule(of="record", what="erase"),), "only be redacted"),
        ((rule(of="memory", what="redact"),), "only be erased"),
        ((rule(), rule(days=5)), "rule 2: another one"),
    ],
)
def test_a_rule_that_cannot_be_is_named(wrong: tuple[Rule, ...], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Rules(wrong)


def test_every_class_can_be_purged_in_some_way_and_nothing_below_its_floor() -> None:
    assert set(CLASSES) == REMOVED | BLANKED
    for of, floor in FLOORS.items():
        what: Any = "erase" if of in REMOVED else "redact"
        Rules((Rule(of, floor.days, what),))
        with pytest.raises(ValueError, match="at least"):
            Rules((Rule(of, floor.days - 1, what),))


def test_the_digest_names_what_the_rules_do_and_nothing_else() -> None:
    one, two = rule("FR", 30), rule("DE", 60)
    assert Rules((one, two)).digest == Rules((two, one)).digest
    assert Rules((one, two)).digest != Rules((one, rule("DE", 61))).digest
    told = Rule("conversation", 30, "erase", "FR", source="CNIL", checked_on=NOW.date())
    assert Rules((told,)).digest == Rules((one,)).digest


@given(
    st.lists(
        st.tuples(st.sampled_from(["*", "EU", "EEA", "FR", "US", "US-CA"]), st.sampled_from(["*", "gold"])),
        unique=True,
        max_size=8,
    ),
    st.sampled_from(["", "FR", "US", "US-CA", "NO", "XX", "us-ca"]),
    st.sampled_from(["", "gold"]),
)
def test_splitting_places_by_rule_says_what_holds_says(places: list[tuple[str, str]], region: str, tier: str) -> None:
    rules = Rules(tuple(rule(where, 10 + n, of_tier) for n, (where, of_tier) in enumerate(places)))
    split = rules.split("conversation", "erase", ["", region], ["", tier])
    named = [each for each, by_tier in split.items() if region in by_tier.get(tier, [])]
    holds = rules.holds("conversation", "erase", region, tier)
    assert named == ([holds] if holds else [])


# --- when a run may act ---


def test_rules_are_planned_before_they_act_and_again_when_they_change() -> None:
    assert decide(None, "a", NOW, 14).does == "plan"
    assert decide(Last(NOW - timedelta(days=1), "b"), "a", NOW, 14).does == "plan"
    assert decide(Last(NOW - timedelta(days=1), "a"), "a", NOW, 14).does == "act"


def test_a_clock_that_jumps_removes_nothing() -> None:
    last = Last(NOW, "a")
    assert decide(last, "a", NOW + timedelta(days=365), 14).does == "refuse"
    assert "365 days ago" in wrong_clock(last, NOW + timedelta(days=365), 14)
    assert "went back" in wrong_clock(last, NOW - timedelta(days=1), 14)
    assert decide(last, "changed", NOW + timedelta(days=365), 14).does == "refuse"
    assert wrong_clock(last, NOW - timedelta(minutes=1), 14) == ""
    assert wrong_clock(last, NOW + timedelta(days=14), 14) == ""
