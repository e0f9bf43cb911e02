"""In which language a message is; English where it cannot be told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.understanding.language import language, read_language


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("en", "where r my stuff"),
        ("en", "can i hav refund"),
        ("en", "iphone 12 case black"),
        ("de", "Paket nicht angekommen"),
        ("de", "Rechnung fehlt"),
        ("fr", "commande annulée"),
        ("es", "quiero devolver esto"),
        ("it", "dov'è il mio pacco"),
        ("pt", "onde está minha encomenda"),
        ("nl", "pakket kwijt, wat nu"),
        ("sv", "var är mitt paket"),
        ("fi", "missä tilaukseni on"),
        ("cs", "kde je moje objednávka"),
        ("pl", "gdzie jest moja paczka"),
        ("ro", "unde este coletul meu"),
        ("hu", "hol van a csomagom"),
        ("tr", "siparişim nerede"),
        ("vi", "đơn hàng của tôi ở đâu"),
        ("id", "di mana pesanan saya"),
        ("ru", "где моя посылка"),
        ("bg", "къде е моята пратка"),
        ("el", "πού είναι το δέμα μου"),
        ("ja", "荷物はどこですか"),
    ],
)
def test_a_short_message_is_told(code: str, text: str) -> None:
    assert language(text) == code


@pytest.mark.parametrize(
    "text", ["", "ok", "lol", "refund pls", "48213", "AB-5512873", "<PERSON_1> 48213", "👍", "nm", "hi", "\x00" * 50]
)
def test_what_shows_no_language_is_taken_for_english(text: str) -> None:
    found = read_language(text)
    assert found.value == "en"
    assert found.score <= 0.9


def test_names_links_and_codes_do_not_make_it_foreign() -> None:
    assert language("Please send it to jürgen.müller@straße.example https://geschäft.example/über-uns") == "en"


def test_a_longer_message_is_surer() -> None:
    longer = "Where is my order, please? I have been waiting for it since last week."
    assert read_language(longer).score > 0.8 > read_language("order").score


@given(st.text(max_size=200))
def test_any_text_has_a_language(text: str) -> None:
    found = read_language(text)
    assert 2 <= len(found.value) <= 3
    assert 0.0 <= found.score <= 1.0
