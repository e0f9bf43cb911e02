"""What a reply may commit the organisation to: nothing that its source does not say, or no entry allows."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "understanding"))
from understanding_support import ask, hit

from agent.guardrails.commitments import CommitmentJudge, Registry, Where, commitment
from agent.guardrails.commitments_reading import condition, facts
from agent.guardrails.sentences import cite

TODAY = date(2026, 11, 27)
RETURNS = (
    "Unused items can be returned within 30 days of delivery. We refund the price within 5 to 7 working days after the "
    "parcel arrives. You pay the return postage. Sale items cannot be returned. Refunds go to the original card. "
    "If the item is faulty, we pay the return postage. Gift cards are not refunded."
)
DELIVERY = (
    "Standard delivery costs £3.95 and takes 2 to 4 days. Delivery is free for orders over £50. "
    "Next-day delivery costs £6.95. When a parcel is late by more than 3 days, we send a £10 voucher. "
    "Orders placed until 18 December 2026 arrive before Christmas. Delivery to Ireland costs €9.50."
)
WARRANTY = (
    "Tents have a warranty of 2 years. We repair or replace a faulty tent free of charge. "
    "Damage by storms is not covered. Members get a 10% discount on repairs. "
    "Our team calls you back within 2 working days. You can cancel a booking up to 48 hours before it starts."
)
QUESTION = ask("how do returns work", hit("returns", RETURNS), hit("delivery", DELIVERY), hit("warranty", WARRANTY))


def judged(raw: str, registry: Registry | None = None, **where: Any) -> Any:
    place = Where(where.pop("on", TODAY), **where)
    return CommitmentJudge(registry).within(place).judge(cite(raw, QUESTION), QUESTION)


# --- what its source commits to may be said in other words

SAID_BY_THE_SOURCE = [
    "You can return unused items for up to 30 days after delivery. [1]",
    "Unused items may be returned within thirty days of delivery. [1]",
    "We'll refund the price in 5 to 7 working days once the parcel has arrived. [1]",
    "You pay the postage for the return. [1]",
    "It is not possible to return sale items. [1]",
    "Your refund goes to the original card. [1]",
    "If your item is faulty we cover the return postage. [1]",
    "Standard delivery is £3.95 and takes 2 to 4 days. [2]",
    "Delivery costs nothing extra for orders over £50, it is free. [2]",
    "For orders over £50, delivery is free. [2]",
    "Next-day delivery is £6.95. [2]",
    "If your parcel is more than 3 days late, we'll send you a £10 voucher. [2]",
    "Order until 18 December 2026 and it arrives before Christmas. [2]",
    "The delivery price for Ireland is €9.50. [2]",
    "A tent has a 2 year warranty. [3]",
    "A faulty tent is repaired or replaced free of charge. [3]",
    "Members get 10 % discount on repairs. [3]",
    "A colleague will call you back within 2 working days. [3]",
    "You can cancel a booking up to 2 days before it starts. [3]",
]


@pytest.mark.parametrize("said", SAID_BY_THE_SOURCE)
def test_what_the_source_commits_to_passes_in_other_words(said: str) -> None:
    verdict = judged(said)
    assert verdict.decision == "pass", verdict.reason


@pytest.mark.parametrize(
    "sentence", [each.strip() + "." for each in f"{RETURNS} {DELIVERY} {WARRANTY}".split(". ") if each.strip()]
)
def test_a_quoted_sentence_always_passes(sentence: str) -> None:
    assert judged(f"{sentence.rstrip('.')}. [1][2][3]").decision == "pass"


# --- invented and changed commitments are sent back, and the reason names what is wrong

INVENTED = [
    ("I've refunded your order. [1]", "done"),
    ("Your refund has been processed. [1]", "done"),
    ("We have already cancelled it for you. [3]", "done"),
    ("I will send you a replacement today. [1]", "replacement"),
    ("We will compensate you for the trouble. [1]", "compensation"),
    ("You will get a voucher for the inconvenience. [1]", ""),
    ("We guarantee delivery by Friday. [2]", "friday"),
    ("Our team will upgrade your tent to a larger one. [3]", "nothing of the kind"),
    ("Your parcel is on its way. [2]", "done"),
    ("A full refund is guaranteed, no questions asked. [1]", ""),
    ("You are entitled to a discount of 20%. [3]", "20"),
    ("We promise to beat any price. [2]", ""),
]
AMOUNTS = [
    ("Standard delivery costs £2.95 and takes 2 to 4 days. [2]", "2.95"),
    ("Standard delivery costs €3.95. [2]", "3.95 EUR"),
    ("Delivery is free for orders over £30. [2]", "30"),
    ("When a parcel is late by more than 3 days, we send a £20 voucher. [2]", "20"),
    ("Next-day delivery is 5 pounds. [2]", "5 GBP"),
    ("Members get 15% discount on repairs. [3]", "15"),
    ("Members get a £10 discount on repairs. [3]", "10 GBP"),
    ("Delivery to Ireland costs £9.50. [2]", "9.5 GBP"),
]
DEADLINES = [
    ("Unused items can be returned within 60 days of delivery. [1]", "60 days"),
    ("Unused items can be returned within 30 weeks of delivery. [1]", "210 days"),
    ("Unused items can be returned within a month and 30 working days of delivery. [1]", "working"),
    ("We refund the price within 5 to 7 days after the parcel arrives. [1]", "5 to 7 days"),
    ("We refund the price within 2 working days after the parcel arrives. [1]", "2 working days"),
    ("We'll refund the price today. [1]", "0 days"),
    ("Standard delivery takes 1 day. [2]", "1 day"),
    ("Orders placed until 21 December 2026 arrive before Christmas. [2]", "12-21"),
    ("Orders placed until 18 December 2027 arrive before Christmas. [2]", "2027-12-18"),
    ("Tents have a warranty of 5 years. [3]", "1825 days"),
    ("Tents have a lifetime warranty. [3]", "lifetime"),
    ("Our team calls you back within 2 hours. [3]", "day"),
    ("You can cancel a booking up to 24 hours before it starts. [3]", "1 day"),
]
CONDITIONS = [
    ("We pay the return postage. [1]", ""),
    ("Delivery is free. [2]", "orders over"),
    ("We will send you a £10 voucher. [2]", "late"),
    ("Items can be returned within 30 days of delivery. [1]", "unused"),
    ("All repairs have a 10% discount. [3]", "all"),
    ("Any item can be returned within 30 days. [1]", "any"),
]
TURNED = [
    ("Sale items can be returned. [1]", "yes where its source says no"),
    ("Gift cards are refunded. [1]", "yes where its source says no"),
    ("Unused items cannot be returned within 30 days of delivery. [1]", "no where its source says yes"),
    ("We never refund the price. [1]", "no where its source says yes"),
    ("You pay the return postage if the item is faulty. [1]", ""),
]


@pytest.mark.parametrize(("said", "told"), [*INVENTED, *AMOUNTS, *DEADLINES, *CONDITIONS, *TURNED])
def test_a_commitment_that_its_source_does_not_make_is_sent_back(said: str, told: str) -> None:
    verdict = judged(said)
    assert verdict.decision == "revise"
    assert told.lower() in verdict.reason.lower()
    assert verdict.rule == "commitments"


@pytest.mark.parametrize(
    "said",
    [
        "We will refund you tomorrow.",
        "I'll send a new one.",
        "Your order arrives on Friday.",
        "It costs £5.",
        "You get a voucher.",
        "Thank you, your refund of £20 is on its way.",
    ],
)
def test_a_commitment_without_a_source_is_sent_back(said: str) -> None:
    assert "cites nothing" in judged(said).reason


@pytest.mark.parametrize(
    "said",
    [
        "Hello!",
        "Thank you for your message.",
        "We are happy to help.",
        "I'll be happy to help.",
        "Would you like a refund or a replacement?",
        "When did your parcel arrive?",
        "The store is in Penrith. [1]",
        "Open the app and choose Settings. [1]",
        "",
        "   ",
        "!!!",
    ],
)
def test_what_commits_to_nothing_passes(said: str) -> None:
    assert judged(said).decision == "pass"


def test_a_passage_that_was_not_found_is_no_source() -> None:
    assert judged("Standard delivery costs £3.95. [9]").decision == "revise"


# --- the registry

TABLES: list[dict[str, Any]] = [
    {"name": "late_voucher", "kinds": ["voucher"], "says": ["late"], "max_amount": 10, "currency": "GBP"},
    {"name": "call_back", "kinds": ["contact"], "max_days": 2, "source": False, "inboxes": ["web"]},
    {"name": "refund", "kinds": ["refund"], "max_days": 7, "valid_until": date(2026, 12, 31)},
    {
        "name": "summer",
        "kinds": ["discount"],
        "max_percent": 20,
        "valid_from": "2026-06-01",
        "valid_until": "2026-08-31",
    },
    {"name": "repair", "kinds": ["replacement", "free"], "pattern": r"\bfaulty\b", "regions": ["uk"], "source": False},
]
REGISTRY = Registry.parse(TABLES)


@pytest.mark.parametrize(
    ("said", "where", "told"),
    [
        ("If your parcel is more than 3 days late, we'll send you a £10 voucher. [2]", {}, "pass"),
        ("If your parcel is more than 3 days late, we'll send you a £15 voucher. [2]", {}, "more than the 10"),
        ("If your parcel is more than 3 days late, we'll send you a €10 voucher. [2]", {}, "in GBP, not EUR"),
        ("We'll send you a £10 voucher. [2]", {}, "covers voucher"),
        ("A colleague will call you back within 2 days.", {"inbox": "web"}, "pass"),
        ("A colleague will call you back within 2 days.", {"inbox": "shop"}, "not allowed in this inbox"),
        ("A colleague will call you back within 2 days.", {}, "not allowed in this inbox"),
        ("A colleague will call you back within 2 weeks.", {"inbox": "web"}, "longer than the 2 days"),
        ("We'll refund the price in 5 to 7 working days once the parcel has arrived. [1]", {}, "pass"),
        (
            "We'll refund the price in 5 to 7 working days once the parcel has arrived. [1]",
            {"on": date(2027, 1, 1)},
            "allowed until 2026-12-31",
        ),
        ("We'll refund the price in 5 to 14 working days. [1]", {}, "longer than the 7 days"),
        ("You'll get a 10% discount on repairs as a member. [3]", {}, "allowed until 2026-08-31"),
        ("You'll get a 10% discount on repairs as a member. [3]", {"on": date(2026, 5, 1)}, "from 2026-06-01 only"),
        ("You'll get a 10% discount on repairs as a member. [3]", {"on": date(2026, 7, 1)}, "pass"),
        ("You'll get a 30% discount on repairs as a member. [3]", {"on": date(2026, 7, 1)}, "more than the 20 %"),
        ("We will replace your faulty tent.", {"region": "uk"}, "pass"),
        ("We will replace your faulty tent.", {"region": "ie"}, "not allowed in this region"),
        ("We will replace your old tent.", {"region": "uk"}, "covers replacement"),
        ("We will compensate you. [1]", {}, "covers compensation"),
        ("I will wash your car. [1]", {}, "covers action"),
    ],
)
def test_a_promise_needs_an_entry_that_allows_it(said: str, where: dict[str, Any], told: str) -> None:
    verdict = judged(said, REGISTRY, **where)
    if told == "pass":
        assert verdict.decision == "pass", verdict.reason
    else:
        assert verdict.decision == "revise"
        assert told in verdict.reason


def test_an_entry_does_not_stand_in_for_a_source_unless_it_says_so() -> None:
    tables = [{"name": "vouchers", "kinds": ["voucher"], "max_amount": 50, "currency": "GBP"}]
    said = "We'll send you a £40 voucher. [2]"
    assert "40" in judged(said, Registry.parse(tables)).reason
    assert judged(said, Registry.parse([{**tables[0], "source": False}])).decision == "pass"


def test_a_quotation_needs_no_entry() -> None:
    assert (
        judged("When a parcel is late by more than 3 days, we send a £10 voucher. [2]", Registry(())).decision == "pass"
    )


def test_an_empty_registry_allows_no_promise() -> None:
    assert judged("We'll refund the price in 5 to 7 working days. [1]", Registry(())).decision == "revise"


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({}, "commitment 1: name"),
        ({"name": ""}, "commitment 1: name"),
        ({"name": 3}, "commitment 1: name"),
        ({"name": "x"}, 'commitment "x": kinds'),
        ({"name": "x", "kinds": ["refunds"]}, "kinds has 'refunds'"),
        ({"name": "x", "kinds": 7}, "kinds must be"),
        ({"name": "x", "kinds": ["refund"], "max": 3}, "max is no key"),
        ({"name": "x", "kinds": ["refund"], "max_amount": 3}, "max_amount needs a currency"),
        ({"name": "x", "kinds": ["refund"], "max_amount": -3, "currency": "GBP"}, "max_amount must be"),
        ({"name": "x", "kinds": ["refund"], "max_amount": True, "currency": "GBP"}, "max_amount must be"),
        ({"name": "x", "kinds": ["refund"], "max_days": "soon"}, "max_days must be"),
        ({"name": "x", "kinds": ["refund"], "max_days": float("nan")}, "max_days must be"),
        ({"name": "x", "kinds": ["refund"], "currency": "BTC"}, "currency must be"),
        ({"name": "x", "kinds": ["refund"], "valid_until": "soon"}, "valid_until must be a day"),
        ({"name": "x", "kinds": ["refund"], "valid_from": "2026-02-01", "valid_until": "2026-01-01"}, "valid_until"),
        ({"name": "x", "kinds": ["refund"], "pattern": "("}, "pattern is no regular expression"),
        ({"name": "x", "kinds": ["refund"], "pattern": "a" * 1000}, "pattern must be"),
        ({"name": "x", "kinds": ["refund"], "source": "no"}, "source must be true or false"),
        ({"name": "x", "kinds": ["refund"], "says": [1]}, "says must be"),
    ],
)
def test_a_broken_entry_is_named(table: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match="commitment") as caught:
        Registry.parse([table])
    assert told in str(caught.value)


def test_two_entries_of_one_name_are_refused() -> None:
    table = {"name": "x", "kinds": ["refund"]}
    with pytest.raises(ValueError, match="twice"):
        Registry.parse([table, table])


# --- reading


def test_periods_are_compared_in_days() -> None:
    assert facts("within 14 days").periods == facts("within two weeks").periods
    assert facts("within 5 working days").periods == facts("in 5 business days").periods
    assert facts("within 48 hours").periods == facts("within 2 days").periods
    assert facts("within 5 days").periods != facts("within 5 working days").periods


def test_amounts_are_compared_with_their_currency() -> None:
    assert facts("£1,000.00").amounts == facts("1000 pounds").amounts == {(1000.0, "GBP")}
    assert facts("$20").amounts != facts("£20").amounts


def test_a_condition_is_read_up_to_its_comma() -> None:
    assert condition("If the item is faulty, we pay.") == "If the item is faulty"
    assert condition("We pay.") == ""


@given(st.text(max_size=400))
def test_any_text_is_read(text: str) -> None:
    commitment(text)
    assert judged(f"{text} [1]").decision in ("pass", "revise")


def test_a_huge_sentence_is_judged_in_time() -> None:
    assert judged("we will refund you within 3 days and " * 3000 + "[1]").decision == "revise"
