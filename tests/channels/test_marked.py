"""A reply in the signs of each messenger."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from channels.marked import SLACK_MOST, WHATSAPP_CHARACTERS, slack, whatsapp

SOURCES = [{"title": "Returns", "url": "https://h.example/r?a=1&b=2"}, {"title": "Local", "source": "/srv/x.md"}]


def test_markdown_becomes_whatsapps_signs() -> None:
    found = whatsapp("# Returns\nYou have **45 days**, see [here](https://h.example/r).", SOURCES)
    assert found.text == (
        "*Returns*\nYou have *45 days*, see here: https://h.example/r.\n\nhttps://h.example/r?a=1&b=2"
    )


def test_markdown_becomes_slacks_signs_and_the_rest_is_escaped() -> None:
    found = slack("**Yes** & <b>no</b> <!here> <@U1>", SOURCES)
    assert found.text == (
        "*Yes* &amp; &lt;b&gt;no&lt;/b&gt; &lt;!here&gt; &lt;@U1&gt;\n\n<https://h.example/r?a=1&amp;b=2|Returns>"
    )


def test_names_with_underscores_and_products_with_stars_stay_as_they_are() -> None:
    assert whatsapp("use snake_case and 2*3*4", ()).text == "use snake_case and 2*3*4"


@settings(deadline=None, max_examples=100)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=9000))
def test_no_text_names_anybody_in_slack_and_every_part_fits(text: str) -> None:
    for part in slack(text, ()).parts:
        assert len(part) <= SLACK_MOST
        assert "<!" not in part
        assert "<@" not in part
    for part in whatsapp(text, ()).parts:
        assert len(part.encode("utf-16-le")) // 2 <= WHATSAPP_CHARACTERS
