"""From a system's JSON to sentences: only what the settings name, as people of the place write it."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lookups_pairs import SYSTEMS

from agent.lookups.reading import RECORDS, Place, owners, records, statements
from agent.lookups.settings import LookUpSettings
from agent.lookups.spec import LookUp, compiled

HERE = Place("en-GB", ZoneInfo("Europe/London"))


def look_up(*fields: Any, **given: Any) -> LookUp:
    whole = {"url": "https://shop.example/{order}", "slot": "order", "owner": {"field": "owner"}, **given}
    return compiled("order", LookUpSettings(fields=list(fields) or ["status"], **whole))


def said(body: Any, *fields: Any, place: Place = HERE, **given: Any) -> list[str]:
    one = look_up(*fields, **given)
    return [line for record in records(one, body) for line in statements(one, record, body, "7", place)]


def test_every_field_of_an_order_is_said_in_words() -> None:
    given, body = SYSTEMS["order"]
    one = compiled("order", LookUpSettings(url="https://shop.example/{order}", **given))
    (record,) = records(one, body)
    assert owners(one, record, body) == ["Ada@Example.com"]
    assert statements(one, record, body, "ORD-1234", HERE) == [
        "Status of order ORD-1234: on its way.",
        "Carrier of order ORD-1234: DHL.",
        "Tracking number of order ORD-1234: JD0146-7781.",
        "Dispatch date of order ORD-1234: 26 November 2026.",
        "Expected delivery of order ORD-1234: 30 November 2026.",
        "Delivery method of order ORD-1234: next-day delivery.",
        "Items of order ORD-1234: Helvellyn jacket, merino socks.",
        "Order date of order ORD-1234: 20 November 2026.",
        "Total of order ORD-1234: £129.90.",
        "Payment of order ORD-1234: paid.",
        "Last day to return of order ORD-1234: 29 January 2027.",
    ]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("status", "shipped", "Status of order 7: shipped."),
        ("eta", "2026-11-30", "Eta of order 7: 30 November 2026."),
        ("eta", "2026-13-45", "Eta of order 7: 2026-13-45."),
        ({"path": "eta", "kind": "date"}, "2026-11-30T23:30:00Z", "Eta of order 7: 30 November 2026."),
        ("eta", "2026-07-01T23:30:00Z", "Eta of order 7: 2 July 2026, 00:30."),
        ("eta", "2026-07-01T10:30:00", "Eta of order 7: 1 July 2026, 10:30."),
        ({"path": "sum", "kind": "amount", "currency": "GBP"}, "12.5", "Sum of order 7: £12.50."),
        ({"path": "sum", "kind": "amount", "currency": "GBP", "minor_units": True}, 1250, "Sum of order 7: £12.50."),
        ({"path": "sum", "kind": "amount"}, 1250, "Sum of order 7: 1,250."),
        ({"path": "sum", "kind": "amount", "currency": "XQQ"}, 3, "Sum of order 7: XQQ3.00."),
        ({"path": "sum", "kind": "amount", "currency": "GBP"}, "lots", "Sum of order 7: lots."),
        ({"path": "sum", "kind": "number"}, 1234567.5, "Sum of order 7: 1,234,567.5."),
        ("paid", True, "Paid of order 7: yes."),
        ({"path": "paid", "words": {"FALSE": "not yet"}}, False, "Paid of order 7: not yet."),
        ({"path": "by", "says": "{value} brings {title} {subject}"}, "DHL", "DHL brings order 7."),
        ("count", 3, "Count of order 7: 3."),
        ("note", "  a\r\n b\x00\u200b c ", "Note of order 7: a b c."),
        ("note", "Really?", "Note of order 7: Really?"),
    ],
)
def test_a_value_is_said_as_people_write_it(field: Any, value: Any, words: str) -> None:
    path = field if isinstance(field, str) else field["path"]
    assert said({path: value}, field) == [words]


def test_dates_and_amounts_are_written_as_the_organisation_does() -> None:
    german = Place("de-DE", ZoneInfo("Europe/Berlin"))
    fields = (
        {"path": "eta", "label": "Lieferung"},
        {"path": "sum", "label": "Summe", "kind": "amount", "currency": "EUR"},
    )
    assert said({"eta": "2026-11-30", "sum": 1234.5}, *fields, place=german) == [
        "Lieferung of order 7: 30. November 2026.",
        "Summe of order 7: 1.234,50 €.",
    ]


@pytest.mark.parametrize("value", [None, {}, [], {"a": 1}, ["a"], "", "  ", float("inf"), "\x00"])
def test_what_is_no_value_is_not_said(value: Any) -> None:
    if value == float("inf"):
        value = None
    assert said({"status": value}) == []


def test_what_the_settings_do_not_name_is_never_said() -> None:
    body = {"status": "shipped", "secret": "s3cret", "customer": {"email": "ada@example.com"}}
    assert "s3cret" not in " ".join(said(body, "status", "customer", "nothing", "status.deeper", "secret.x"))


def test_paths_lead_into_lists_and_back_out_of_the_record() -> None:
    body = {"data": [{"items": [{"n": "a"}, {"n": "b"}, {"n": "a"}], "x": ["p", "q"]}], "shop": {"name": "Acme"}}
    assert said(body, "items[].n", "items.1.n", "x[]", "x.9", "$.shop.name", root="data") == [
        "N of order 7: a, b.",
        "N of order 7: b.",
        "X of order 7: p, q.",
        "Name of order 7: Acme.",
    ]


def test_a_list_is_read_as_far_as_a_person_would() -> None:
    body = {"orders": [{"number": f"A{n}", "status": "sent"} for n in range(1000)]}
    found = said(body, root="orders", subject="number")
    assert len(found) == RECORDS
    assert found[1] == "Status of order A1: sent."
    (many,) = said({"items": list(range(500))}, "items[]")
    assert many.endswith(", 11 …")


def test_a_value_of_any_length_is_cut() -> None:
    (line,) = said({"status": "x" * 1_000_000})
    assert len(line) < 300


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["status", "a", "b"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no fault of the code
@given(_JSON)
def test_whatever_comes_back_is_sentences_of_one_line_or_nothing(body: Any) -> None:
    for line in said(body, "status", "status.a", "a[].b", {"path": "b", "kind": "amount", "currency": "GBP"}, "$.a"):
        assert line
        assert "\n" not in line
        assert len(line) < 4000
