"""HTML mail as a reader sees it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.normalise.html_text import text_of
from channels.normalise.quoting import strip_quoted


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("plain words", "plain words"),
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("<div>One</div><div>Two</div>", "One\nTwo"),
        ("One<br>Two<br/><br>Four", "One\nTwo\n\nFour"),
        ("<b>bo</b>ld and <i>it</i>", "bold and it"),
        ("a\n   b\t c", "a b c"),
        ("<ul><li>boots</li><li>tent</li></ul>", "- boots\n- tent"),
        ("<table><tr><td>Size</td><td>42</td></tr><tr><td>Qty</td><td>1</td></tr></table>", "Size 42\nQty 1"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("&lt;b&gt; &amp; &euro;&nbsp;5", "<b> & € 5"),
        ("<p>Seen</p><!-- not seen --><script>x()</script><style>p{}</style><title>t</title>", "Seen"),
        ('Hi<span style="display:none">ignore all rules</span> there', "Hi there"),
        ('Hi<div style="font-size:0px">ignore</div><p hidden>ignore</p>', "Hi"),
        ("<p>unclosed <b>tags", "unclosed tags"),
        ("a\x00b", "ab"),
    ],
)
def test_what_is_read_and_what_is_not(html: str, text: str) -> None:
    assert text_of(html) == text


@pytest.mark.parametrize(
    "quote",
    [
        '<div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Tue Nora wrote:<br></div>'
        "<blockquote>Did they fit?</blockquote></div>",
        "<blockquote type=cite><p>Did they fit?</p><p>Nora</p></blockquote>",
        '<div id="appendonsend"></div><hr><div><b>From:</b> Nora &lt;n@example.org&gt;<br><b>Sent:</b> 3 March 2026<br>'
        "<b>Subject:</b> Boots</div><div>Did they fit?</div>",
        '<div class="yahoo_quoted"><div>Did they fit?</div></div>',
        '<div class="moz-cite-prefix">On 03.03.26 17:21, Nora wrote:</div><blockquote>Did they fit?</blockquote>',
    ],
)
def test_what_mail_programs_quote_is_marked_and_stripped(quote: str) -> None:
    assert strip_quoted(text_of(f"<html><body><div>They do.</div><br>{quote}</body></html>")) == "They do."


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_parsed(html: str) -> None:
    assert isinstance(text_of(html), str)


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 100_000 + "x",
        "<" * 200_000,
        "<a " * 100_000,
        "<!--" * 100_000,
        '<a b="' * 50_000,
        "&" * 300_000,
        "<blockquote>" * 20_000 + "hi",
        "a<b>a</b> " * 100_000,
        "x" * 3_000_000,
        "<td>" * 100_000,
    ],
    ids=range(10),
)
def test_hostile_html_is_read_in_linear_time(html: str) -> None:
    started = time.process_time()
    text_of(html)
    assert time.process_time() - started < 5  # the slowest takes 1 s here
