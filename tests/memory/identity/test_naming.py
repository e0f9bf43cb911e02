"""One person's telephone or address is one identity however it is written, and no two people's are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.identity.naming import EMAIL, PHONE, Name, address, canonical, region_of, sender, telephone

LONDON = "+442079460018"


@pytest.mark.parametrize(
    ("written", "region"),
    [
        ("+44 20 7946 0018", ""),
        ("+44 (0)20 7946 0018", ""),
        ("+44-20-7946-0018", ""),
        ("+44.20.7946.0018", ""),
        ("0044 20 7946 0018", ""),
        ("0044 20 7946 0018", "DE"),
        ("020 7946 0018", "GB"),
        ("(020) 7946 0018", "GB"),
        ("011 44 20 7946 0018", "US"),
        ("tel:+442079460018", ""),
        ("whatsapp:+442079460018", ""),
        ("\uff0b\uff14\uff14 20 7946 0018", ""),  # full width
        ("  +442079460018\u00a0", ""),
    ],
)
def test_a_telephone_is_one_however_it_is_written(written: str, region: str) -> None:
    assert telephone(written, region) == LONDON


def test_a_mexican_mobile_is_one_with_and_without_the_old_digit() -> None:
    assert telephone("+52 1 55 1234 5678") == telephone("+52 55 1234 5678") == "+525512345678"


@pytest.mark.parametrize(
    ("written", "region"),
    [
        ("", ""), ("+", ""), ("020 7946 0018", ""), ("1234", "GB"), ("12345", "GB"), ("FERNHILL", "GB"),
        ("call +442079460018 now", "GB"), ("+44 20 7946 0018 or 0019", ""), ("+99999999999999999", ""),
        ("1" * 100_000, "GB"), ("+44" + "0" * 36, ""), ("\x00+442079460018", ""), ("+442079460018\n+1", ""),
    ],
)  # fmt: skip
def test_what_is_no_telephone_is_none(written: str, region: str) -> None:
    assert telephone(written, region) is None


@given(st.integers(1_000_000, 9_999_999), st.integers(1_000_000, 9_999_999), st.sampled_from([" ", "-", "."]))
def test_two_telephones_are_never_one(first: int, second: int, between: str) -> None:
    def written(number: int) -> str:
        return f"+44 20{between}{str(number)[:3]}{between}1{str(number)[3:]}"

    assert (telephone(written(first)) == telephone(written(second))) == (first == second)


@given(st.text(max_size=60), st.sampled_from(["", "GB", "US", "ZZ"]))
def test_a_form_is_its_own_form(text: str, region: str) -> None:
    for kind in (PHONE, EMAIL, "web", "user"):
        if (once := canonical(kind, text, region)) is not None:
            assert canonical(kind, once, region) == once


@pytest.mark.parametrize(
    "written",
    ["Jo@Example.COM", " jo@example.com ", "jo@example.com.", "JO@EXAMPLE.COM"],
)
def test_an_address_is_one_however_it_is_written(written: str) -> None:
    assert address(written) == "jo@example.com"


def test_a_domain_in_its_own_script_is_the_one_in_ascii() -> None:
    assert address("jo@bücher.example") == address("jo@XN--BCHER-KVA.example") == "jo@xn--bcher-kva.example"
    assert address("jo@straße.example") != address("jo@strasse.example"), "they are two domains since 2010"


def test_no_providers_habits_are_guessed() -> None:
    forms = {address(each) for each in ("jo.lee@example.com", "jolee@example.com", "jolee+shop@example.com")}
    assert len(forms) == 3


@pytest.mark.parametrize(
    "written", ["", "jo", "@example.com", "jo@", "jo lee@example.com", "a@b@c@", "jo@ex ample.com", "j" * 400 + "@a.b"]
)
def test_what_is_no_address_is_none(written: str) -> None:
    assert address(written) is None


def test_a_sender_has_the_kind_and_the_proof_of_its_channel() -> None:
    for channel in ("sms", "whatsapp", "voice"):
        assert sender(channel, "+44 20 7946 0018") == Name("phone", LONDON, "provider")
    assert sender("email", "Jo@Example.com") == Name("email", "jo@example.com")
    assert sender("chat", "c-1") == Name("web", "c-1")
    assert sender("slack", "T1:U1") == Name("slack", "T1:U1", "provider")


def test_a_call_without_a_number_is_nobodys_telephone() -> None:
    assert sender("voice", "CA0123") == Name("voice", "CA0123")
    assert sender("voice", "client:kiosk", "GB") == Name("voice", "client:kiosk")


def test_a_short_code_is_kept_as_it_came_and_proves_nothing() -> None:
    assert sender("sms", " 60800 ", "GB") == Name("phone", "60800")


@pytest.mark.parametrize(
    ("locale", "region"),
    [("en-GB", "GB"), ("de_AT", "AT"), ("zh-Hant-TW", "TW"), ("en", ""), ("", ""), ("nonsense-", "")],
)
def test_an_organisations_region_is_that_of_its_locale(locale: str, region: str) -> None:
    assert region_of(locale) == region
