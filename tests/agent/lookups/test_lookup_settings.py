"""What `[lookups.NAME]` may say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from agent.errors import Misconfigured
from agent.lookups.settings import LookUpSettings
from agent.lookups.spec import compiled, own_templates
from channels.settings import load

ORDER: dict[str, Any] = {
    "url": "https://shop.example/orders/{order}",
    "slot": "order",
    "fields": ["status"],
    "owner": {"field": "email"},
}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"url": "https://shop.example/orders/{invoice}"}, "must name the same"),
        ({"url": "https://shop.example/orders"}, "must name the same"),
        ({"owner": None}, "say whose it is"),
        ({"slot": "email", "url": "https://shop.example/{email}"}, "what the customer proved"),
        ({"pattern": "("}, "regular expression"),
        ({"pattern": r"\d*"}, "nothing at all"),
        ({"fields": []}, "at least 1"),
        ({"fields": [{"path": "a", "says": "{secret}"}]}, "no other braces"),
        ({"ask": "Which {order}?"}, "no other braces"),
        ({"not_found": "{"}, "no other braces"),
        ({"timeout_s": 0}, "greater than 0"),
        ({"cache_s": 86400}, "less than or equal"),
        ({"method": "POST"}, "Extra inputs"),
    ],
)
def test_what_cannot_work_or_would_show_it_to_anybody_is_named(change: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        LookUpSettings(**{**ORDER, **change})


def test_a_look_up_by_what_the_customer_proved_needs_no_owner() -> None:
    by_user = LookUpSettings(url="https://shop.example/users/{user}/orders", fields=["status"])
    assert compiled("orders", by_user).forms == ()


def test_the_file_is_read_and_a_secret_header_is_not_printed(tmp_path: Path) -> None:
    file = tmp_path / "frontdesk.toml"
    file.write_text(
        '[lookups.order]\nurl = "https://shop.example/orders/{order}"\nslot = "order"\n'
        'owner = { field = "customer.email", identity = "email" }\n'
        'headers = { Authorization = "env:SHOP_TOKEN" }\n'
        'fields = ["status", { path = "eta", label = "expected delivery", kind = "date" }]\n'
        'ask = "What is your order number?"\n'
    )
    settings = load(file)
    assert "SHOP_TOKEN" not in repr(settings)
    assert own_templates(settings.lookups) == {"lookup_order_ask": "What is your order number?"}
    look_up = compiled("order", settings.lookups["order"])
    assert look_up.asks == "lookup_order_ask"
    assert look_up.misses == "not_found"
    assert [each.label for each in look_up.statements] == ["status", "expected delivery"]
    file.write_text(file.read_text() + "tiemout_s = 3\n")
    with pytest.raises(Misconfigured, match=r"lookups\.order\.tiemout_s"):
        load(file)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Where is my order ORD-1234?", ("ORD-1234",)),
        ("order number 4417", ("4417",)),
        ("order no. #4417 please", ("4417",)),
        ("it's 100045678", ("100045678",)),
        ("#10042", ("10042",)),
        ("ORD-1 or order ORD-2?", ("ORD-2",)),
        ("ORD-1234 and ORD-1234 and ord-99887", ("ORD-1234", "ord-99887")),
        ("I paid £12345 on 2026-11-20 at 10:30", ()),
        ("in 2026 I bought 3 pairs", ()),
        ("mail me at a12345@example.com", ()),
        ("https://shop.example/orders/ORD-1234", ()),
        ("", ()),
    ],
)
def test_the_usual_order_numbers_are_found_and_amounts_dates_and_addresses_are_none(
    text: str, values: tuple[str, ...]
) -> None:
    assert compiled("order", LookUpSettings(**ORDER)).named_in(text) == values


def test_an_organisations_own_form_stands_instead_of_the_usual_ones() -> None:
    own = compiled("order", LookUpSettings(**ORDER, pattern=r"\bW(\d{4})\b"))
    assert own.named_in("W1234, not ORD-1234 nor 1002003") == ("1234",)


def test_a_long_text_is_searched_for_values_in_no_time() -> None:
    own = compiled("order", LookUpSettings(**ORDER))
    for text in ("A1-" * 20_000, "9" * 50_000, "order " * 10_000, "order number is #" * 5_000, "-" * 50_000):
        own.named_in(text)
