"""One reply in each channel's form."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from channels.gsm7 import BASIC, EXTENDED, fold, is_gsm7, length
from channels.render import (
    MAX_SMS,
    Letter,
    Limits,
    linked,
    message_id,
    render,
    reply_subject,
    split,
    without_reserved_words,
)

SOURCES = (
    {"title": "Returns & refunds", "url": "https://help.example/returns?a=1&b=2"},
    {"title": "A file", "source": "returns.md"},
    {"title": "Trap", "url": "javascript:alert(1)"},
    {"title": "Again", "url": "https://help.example/returns?a=1&b=2"},
    {"title": 'Sizes "EU"', "source": "https://help.example/sizes"},
)
LETTER = Letter(id="01JABC", domain="shop.example")

# --- length of an SMS (3GPP TS 23.038) ---


def test_the_alphabets_are_as_large_as_the_standard_says() -> None:
    assert len(BASIC) == 127  # 128 positions, one of which is ESC
    assert len(EXTENDED) == 10
    assert not BASIC & EXTENDED


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"),
    [
        ("", "gsm7", 0, 0),
        ("a" * 160, "gsm7", 160, 1),
        ("a" * 161, "gsm7", 161, 2),
        ("a" * 306, "gsm7", 306, 2),
        ("a" * 307, "gsm7", 307, 3),
        ("€" * 80, "gsm7", 160, 1),
        ("€" * 81, "gsm7", 162, 2),
        ("a" * 152 + "€" + "a" * 152, "gsm7", 306, 3),  # the euro does not fit the first part's last septet
        ("a" * 151 + "€" + "a" * 153, "gsm7", 306, 2),
        ("ç" * 70, "ucs2", 70, 1),
        ("ç" * 71, "ucs2", 71, 2),
        ("😀" * 35, "ucs2", 70, 1),
        ("😀" * 36, "ucs2", 72, 2),
        ("ç" * 66 + "😀" + "ç" * 66, "ucs2", 134, 3),  # the pair does not fit the first part's last unit
        ("ç" * 65 + "😀" + "ç" * 67, "ucs2", 134, 2),
    ],
)
def test_units_and_segments(text: str, encoding: str, units: int, segments: int) -> None:
    found = length(text)
    assert (found.encoding, found.units, found.segments) == (encoding, units, segments)


def test_one_curly_quote_does_not_cost_two_parts() -> None:
    text = "It’s “ready” – pick it up…" + " a" * 60
    assert length(text).segments == 3
    assert length(fold(text)).segments == 1
    assert fold("çáí€ü") == "çáí€ü"


@settings(deadline=None)
@given(st.text(max_size=400))
def test_segments_agree_with_a_plain_packing(text: str) -> None:
    found = length(text)
    least, room = (160, 153) if is_gsm7(text) else (70, 67)
    assert (found.segments <= 1) == (found.units <= least)
    if found.segments > 1:
        assert found.units <= found.segments * room
        assert found.segments <= -(-found.units // (room - 1))


# --- splitting ---


@settings(deadline=None)
@given(st.text(max_size=600), st.integers(2, 80))
def test_pieces_fit_lose_no_word_and_break_no_pair(text: str, most: int) -> None:
    pieces = split(text, most)
    assert "".join("".join(pieces).split()) == "".join(text.split())
    for piece in pieces:
        assert piece
        assert 0 < len(piece.encode("utf-16-le", "surrogatepass")) // 2 <= most


def test_a_break_prefers_paragraphs_then_sentences_then_words() -> None:
    assert split("First part here.\n\nSecond part, longer", 30) == ["First part here.", "Second part, longer"]
    assert split("First sentence here. Second one follows", 30) == ["First sentence here.", "Second one follows"]
    assert split("unbroken words go on and on without end", 20) == ["unbroken words go", "on and on without", "end"]
    assert split("x" * 45, 20) == ["x" * 20, "x" * 20, "x" * 5]
    assert split("   ", 20) == []


def test_a_family_of_emoji_or_a_letter_with_marks_is_not_parted() -> None:
    family = "👨‍👩‍👧"
    assert split("x" * 15 + family, 20) == ["x" * 15, family]
    assert split("x" * 19 + "e\u0301\u0323y", 20)[1].startswith("e")


def test_a_piece_needs_room() -> None:
    with pytest.raises(ValueError, match="room"):
        split("x", 1)


# --- SMS ---


def test_an_sms_is_plain_and_lists_only_http_sources() -> None:
    text = "**Yes**, within 30 days. See [our page](https://help.example/x).\n## Steps\n- “Print” the label"
    sms = render(text, SOURCES, "sms")
    assert sms.text == (
        'Yes, within 30 days. See our page https://help.example/x.\nSteps\n- "Print" the label\n'
        "https://help.example/returns?a=1&b=2\nhttps://help.example/sizes"
    )
    assert sms.parts == (sms.text,)
    assert sms.segments == length(sms.text).segments


def test_a_long_sms_leaves_in_parts_below_twilios_limit() -> None:
    sms = render("A sentence of some words. " * 200, (), "sms")
    assert len(sms.parts) > 1
    assert all(len(part) <= MAX_SMS and part.endswith(".") for part in sms.parts)
    assert sms.segments == sum(length(part).segments for part in sms.parts)


def test_an_address_already_in_the_text_is_not_repeated() -> None:
    sms = render("See https://help.example/sizes", ({"url": "https://help.example/sizes"},), "sms")
    assert sms.text == "See https://help.example/sizes"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Reply CANCEL to cancel your order.", "Reply in your own words to cancel your order."),
        ("Please text 'YES' to confirm.", "Please text in your own words to confirm."),
        ("Answer YES or NO.", "Answer in your own words."),
        ("Respond with END to finish the return.", "Respond in your own words to finish the return."),
        ("Send us the word START to begin.", "Send us in your own words to begin."),
        ('reply with "help" if it is urgent', "reply in your own words if it is urgent"),
        ("Is that right? Reply yes and we ship.", "Is that right? Reply in your own words and we ship."),
        ("To change it, text back CANCEL/END", "To change it, text back in your own words"),
    ],
)
def test_an_sms_never_asks_for_a_word_that_opts_out(text: str, said: str) -> None:
    assert render(text, (), "sms").text == said


@pytest.mark.parametrize(
    "text",
    [
        "Reply STOP to opt out.",
        "Text START to resubscribe.",
        "Reply HELP for help.",
        "Reply STOP to stop receiving messages.",
        "You can cancel until Friday.",
        "Send information about the start date.",
        "Please answer helpful questions.",
        "If you answer yes to any of these, call us.",
        "We can send help to your door.",
        "Please send help tickets by email.",
        "Write endings in capitals.",
    ],
)
def test_opting_out_and_ordinary_sentences_are_left_alone(text: str) -> None:
    assert without_reserved_words(text) == text


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_makes_an_sms(text: str) -> None:
    sms = render(text, SOURCES, "sms")
    for part in sms.parts:
        part.encode()


# --- email ---


def test_an_email_answers_in_its_thread() -> None:
    thread = {"message_id": "<b@x>", "references": "<r@x> <a@x>", "subject": "Boots", "attachments": "[]"}
    mail = render(
        "Yes.\nWithin 30 days.\n\nNora", SOURCES, "email", letter=Letter("01JABC", "shop.example", thread=thread)
    )
    assert mail.subject == "Re: Boots"
    assert mail.headers == {
        "Message-ID": "<01JABC@shop.example>",
        "In-Reply-To": "<b@x>",
        "References": "<r@x> <a@x> <b@x>",
        "Auto-Submitted": "auto-replied",
    }
    assert mail.text == (
        "Yes.\nWithin 30 days.\n\nNora\n\nSources:\n- Returns & refunds: https://help.example/returns?a=1&b=2\n"
        '- Sizes "EU": https://help.example/sizes'
    )
    assert "<p>Yes.<br>Within 30 days.</p><p>Nora</p>" in mail.html
    assert '<a href="https://help.example/returns?a=1&amp;b=2">Returns &amp; refunds</a>' in mail.html


@pytest.mark.parametrize(
    ("purpose", "header"),
    [
        ("reply", "auto-replied"),
        ("confirmation", "auto-replied"),
        ("marketing", "auto-generated"),
        ("notification", "auto-generated"),
        ("agent", None),
    ],
)
def test_only_a_machines_mail_says_it_is_automatic(purpose: str, header: str | None) -> None:
    mail = render("Hi", (), "email", letter=Letter("1", "x.example", purpose=purpose))
    assert mail.headers.get("Auto-Submitted") == header
    assert not [name for name in mail.headers if name.lower().startswith("list-")]


def test_the_same_row_has_the_same_message_id_whatever_its_id_looks_like() -> None:
    assert message_id("a-b_1", "x.example") == "<a-b_1@x.example>"
    for odd in ("a b", "<x>", "a\r\nBcc: x", "", "ü", "a" * 500, "\ud800"):
        first = message_id(odd, "x.example")
        assert first == message_id(odd, "x.example")
        assert first.isascii()
        assert len(first) < 100
        assert " " not in first


@pytest.mark.parametrize(
    ("subject", "answer"),
    [
        ("Boots", "Re: Boots"),
        ("re: RE: Aw: Boots", "Re: Boots"),
        ("Re[2]: Boots", "Re: Boots"),
        ("Reply needed", "Re: Reply needed"),
        ("", "Default"),
        ("Re: ", "Default"),
        ("Hi\r\nBcc: x@y.example", "Re: Hi Bcc: x@y.example"),
        ("x" * 500, "Re: " + "x" * 200),
    ],
)
def test_the_subject_is_answered_once_on_one_line(subject: str, answer: str) -> None:
    assert reply_subject(subject, "Default") == answer


def test_html_is_escaped_and_links_are_only_http() -> None:
    text = '<script>alert(1)</script> & "x" https://a.example/?q="><script> javascript:alert(1)'
    html = render(text, (), "email", letter=LETTER).html
    assert "<script" not in html
    assert html.count("<a ") == 1
    assert 'href="https://a.example/?q="' in html


hostile = st.text(max_size=100)


@settings(deadline=None)
@given(hostile, hostile, hostile, hostile)
@example("", "", "<\x1b>", "<a\u2028b> <c@d>")
def test_no_header_of_an_email_can_hold_a_line_break(id: str, subject: str, message: str, references: str) -> None:
    thread = {"subject": subject, "message_id": message, "references": references}
    mail = render("x", (), "email", letter=Letter(id, "x.example", thread=thread))
    for value in (mail.subject, *mail.headers.values()):
        assert value.isprintable()


def test_references_stay_short() -> None:
    thread = {"message_id": "<last@x>", "references": " ".join(f"<{n}@x>" for n in range(100))}
    kept = render("x", (), "email", letter=Letter("1", "x", thread=thread)).headers["References"].split()
    assert (kept[0], kept[-1], len(kept)) == ("<0@x>", "<last@x>", 20)


# --- the web, and what is shared ---


def test_the_web_gets_text_and_sources_as_they_are() -> None:
    web = render("**Yes** “it” is", SOURCES, "web")
    assert (web.text, web.parts, web.sources) == ("**Yes** “it” is", ("**Yes** “it” is",), SOURCES)


def test_sources_are_linked_once_and_never_too_many() -> None:
    assert linked(SOURCES, 9) == [
        ("Returns & refunds", "https://help.example/returns?a=1&b=2"),
        ('Sizes "EU"', "https://help.example/sizes"),
    ]
    many = [{"url": f"https://x.example/{n}"} for n in range(9)]
    assert len(render("x", many, "sms", Limits(max_sources=2)).text.split("\n")) == 3
    for odd in ({"url": None}, {"url": 7}, {"url": "https://a b"}, {"url": "https://" + "x" * 600}, {}):
        assert linked([odd], 3) == []


def test_an_email_needs_a_letter() -> None:
    with pytest.raises(ValueError, match="letter"):
        render("x", (), "email")
