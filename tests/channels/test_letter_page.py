"""A reply's Markdown as one email's HTML and text."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml.etree import fromstring  # type: ignore[import-untyped]  # lxml ships no types

from channels.letter_page import letter_text, page
from channels.render import Letter, render

ANSWER = (
    "# Returns\n\nYou can **return** it within *45 days*:\n\n1. Pack it.\n2. Send it to us.\n   Keep the receipt.\n\n"
    "- boots\n  - left\n  - right\n- jackets\n\nSee [our page](https://shop.example/r?a=1&b=2) or https://shop.example.\n"
    "> Quoted words\n\n```\nA < B\n```\nBest,\nNora"
)


def body(text: str) -> str:
    return page(text).removeprefix("<!DOCTYPE html><html><body>").removesuffix("</body></html>")


def test_what_people_write_looks_right_in_html() -> None:
    assert body(ANSWER) == (
        "<h2>Returns</h2><p>You can <strong>return</strong> it within <em>45 days</em>:</p>"
        "<ol><li>Pack it.</li><li>Send it to us.<br>Keep the receipt.</li></ol>"
        "<ul><li>boots<ul><li>left</li><li>right</li></ul></li><li>jackets</li></ul>"
        '<p>See <a href="https://shop.example/r?a=1&amp;b=2">our page</a> or '
        '<a href="https://shop.example">https://shop.example</a>.</p>'
        "<blockquote>Quoted words</blockquote><pre>A &lt; B</pre><p>Best,<br>Nora</p>"
    )


def test_and_in_text() -> None:
    said = letter_text(ANSWER)
    assert said.startswith("Returns\n\nYou can return it within 45 days:\n\n1. Pack it.\n2. Send it to us.")
    assert "- boots\n  - left" in said
    assert "See our page (https://shop.example/r?a=1&b=2) or https://shop.example." in said


def test_one_reply_is_both_in_an_email_and_plain_in_an_sms() -> None:
    mail = render("Take **two**:\n- boots", (), "email", letter=Letter("t-1", "shop.example"))
    assert (mail.text, "<strong>two</strong>" in mail.html, "<li>boots</li>" in mail.html) == (
        "Take two:\n- boots", True, True,
    )  # fmt: skip
    assert render("Take **two**:\n- boots", (), "sms").text == "Take two:\n- boots"


@pytest.mark.parametrize(
    "text",
    [
        "2 * 3 * 4 = 24",
        "snake_case_name and __init__ stay",
        "a ** b ** c",
        "5 - 3",
        "-5 degrees",
        "1.5 kg",
        "[not a link](javascript:alert(1))",
        "<script>alert(1)</script>",
        "**not closed",
    ],
)
def test_what_only_looks_like_markdown_stays(text: str) -> None:
    shown = body(text).replace("&lt;", "<").replace("&gt;", ">")
    assert shown == f"<p>{text}</p>" or text.startswith("snake")
    assert "<a " not in shown


def test_nothing_can_run() -> None:
    hostile = '<img src=x onerror=alert(1)> [x](https://a.example/"onclick="b) `<b>` **<i>**'
    assert not re.search(r"<(?:img|i|b)[ >]", page(hostile))
    assert 'onclick="' not in page(hostile)


@settings(deadline=None)
@given(st.text(alphabet="ab *_`[]()-1.>#\n:/hts", max_size=200))
def test_any_text_makes_a_well_formed_page(text: str) -> None:
    fromstring(page(text).removeprefix("<!DOCTYPE html>").replace("<br>", "<br/>"))


@pytest.mark.parametrize(
    "hostile", ["**a" * 20_000, "[" * 50_000, "- " * 30_000, " " * 50_000 + "- x\n" * 5000, "`" * 50_000]
)
def test_a_hostile_text_takes_no_longer_than_a_long_one(hostile: str) -> None:
    started = time.process_time()
    page(hostile)
    letter_text(hostile)
    assert time.process_time() - started < 5
