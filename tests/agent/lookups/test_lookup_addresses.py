"""Where a look-up's request may go: only where its settings say."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.lookups.addresses import Unfit, checked, filled, is_fit, places

ORDERS = "https://shop.example/api/orders/{order}?by={email}"


def test_the_value_of_a_name_stands_encoded_in_its_place() -> None:
    assert filled(ORDERS, {"order": "ORD-1234", "email": "ada+1@example.com"}) == (
        "https://shop.example/api/orders/ORD-1234?by=ada%2B1%40example.com"
    )
    assert places(ORDERS) == ("order", "email")


@pytest.mark.parametrize(
    "value",
    [
        "",
        ".",
        "..",
        "../admin",
        "..%2fadmin",
        "a/b",
        "a\\b",
        "a%2fb",
        "a?x=1",
        "a#b",
        "a&b=c;d",
        "a\nb",
        "a\r\nHost: evil",
        "a\x00b",
        "x" * 101,
        "{order}",
        "‮gpj",
        "a;b",
        " ",
        "1..2",
    ],
)
def test_a_value_that_could_lead_elsewhere_is_refused(value: str) -> None:
    with pytest.raises(Unfit):
        filled(ORDERS, {"order": value, "email": "ada@example.com"})


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no fault of the code
@given(st.text(max_size=120))
def test_whatever_a_customer_writes_the_host_the_path_and_the_query_keep_their_form(value: str) -> None:
    if not is_fit(value):
        return
    url = httpx.URL(filled(ORDERS, {"order": value, "email": value}))
    assert (url.scheme, url.host, url.port) == ("https", "shop.example", None)
    assert url.raw_path.split(b"?")[0].count(b"/") == 3
    assert url.path == f"/api/orders/{value}"
    assert dict(url.params) == {"by": value}
    assert url.fragment == ""


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("http://shop.example/{order}", "https"),
        ("ftp://shop.example/{order}", "https"),
        ("https://{order}.example/x", "host"),
        ("https://{order}/x", "host"),
        ("https://shop.example:{order}/x", "read|host"),
        ("https://user:secret@shop.example/{order}", "user"),
        ("https://shop.example/{order}#top", "fragment"),
        ("https://shop.example/x?{order}=1", "name"),
        ("https://shop.example/{Order}", "braces"),
        ("https://shop.example/{order", "braces"),
        ("https://shop.example/{}", "braces"),
        ("https:///{order}", "host"),
        ("{order}", "https"),
        ("https://shop.example/a b/{order}", "plain"),
        ("https://shop.example\\@evil.example/{order}", "plain"),
        ("https://[::1/{order}", "read"),
    ],
)
def test_an_address_that_a_value_could_steer_is_no_setting(template: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        checked(template, allow_http=False)


def test_http_is_for_this_machine_or_where_it_was_allowed() -> None:
    assert checked("http://127.0.0.1:8080/{order}", allow_http=False)
    assert checked("http://localhost/{order}", allow_http=False)
    assert checked("http://orders.internal/{order}", allow_http=True)
