"""Numbers of many states are found by form, check digit and cue, and an order's number never is one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.guardrails.recognisers.identities import (
    brazilian_cpf,
    dutch_bsn,
    find_identities,
    french_nir,
    german_tax_id,
)

# Published specimens and numbers made to pass their check; none is a person's.
IDS = [
    ("my nhs number is 943 476 5919", "943 476 5919"),
    ("NI number AB123456C", "AB123456C"),
    ("my itin is 912-70-1234", "912-70-1234"),
    ("my aadhaar is 2345 6789 0124", "2345 6789 0124"),
    ("PAN ABCPE1234F", "ABCPE1234F"),
    ("TFN 123 456 782", "123 456 782"),
    ("medicare 2123 45670 1", "2123 45670 1"),
    ("my SIN is 046 454 286", "046 454 286"),
    ("pesel 44051401359", "44051401359"),
    ("Steuer-ID 86 095 742 719", "86 095 742 719"),
    ("cpf 529.982.247-25", "529.982.247-25"),
    ("sécurité sociale 1 85 05 78 006 084 91", "1 85 05 78 006 084 91"),
    ("bsn 111222333", "111222333"),
    ("dni 12345678Z", "12345678Z"),
    ("X1234567L", "X1234567L"),
    ("codice fiscale RSSMRA85T10A562S", "RSSMRA85T10A562S"),
    ("passport number 533380006", "533380006"),
]


@pytest.mark.parametrize(("text", "value"), IDS)
def test_an_id_is_found(text: str, value: str) -> None:
    assert value in [text[span.start : span.end] for span in find_identities(text)]


@pytest.mark.parametrize(("text", "value"), IDS)
def test_the_same_digits_named_as_an_order_s_stay(text: str, value: str) -> None:
    assert find_identities(f"order number {value}") == []


@pytest.mark.parametrize(
    "text",
    [
        "my nhs number is 943 476 5918",
        "my SIN is 046 454 287",
        "pesel 44051401358",
        "cpf 529.982.247-24",
        "dni 12345678A",
        "943 476 5919",
        "12345678901",
    ],
)
def test_a_wrong_check_digit_or_a_missing_cue_is_no_id(text: str) -> None:
    assert find_identities(text) == []


@given(st.text(max_size=30))
def test_checks_take_any_text(text: str) -> None:
    for check in (german_tax_id, brazilian_cpf, french_nir, dutch_bsn):
        assert check(text) in (True, False)


@pytest.mark.parametrize(
    ("check", "right"),
    [
        (german_tax_id, "86095742719"),
        (brazilian_cpf, "52998224725"),
        (french_nir, "185057800608491"),
        (dutch_bsn, "111222333"),
    ],
)
def test_no_other_last_digit_passes(check: object, right: str) -> None:
    passing = [digit for digit in "0123456789" if check(right[:-1] + digit)]  # type: ignore[operator]
    assert passing == [right[-1]]
