"""In which language a message is, for routing; "" rather than a guess."""

from __future__ import annotations

import pytest

from agent.understanding.tongues import tongue


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("en", "How long does delivery take?"),
        ("de", "Wie lange dauert die Lieferung?"),
        ("fr", "Combien de temps prend la livraison ?"),
        ("es", "¿Cuánto tarda la entrega?"),
        ("it", "Quanto tempo ci vuole per la consegna?"),
        ("nl", "Hoe lang duurt de levering?"),
        ("pl", "Ile trwa dostawa? Proszę o odpowiedź"),
        ("pt", "Quanto tempo demora a entrega?"),
        ("ru", "Сколько идёт доставка?"),
        ("ja", "配送はどのくらいかかりますか"),
        ("zh", "配送需要多长时间"),
        ("de", "Ich möchte mit einem Menschen sprechen"),
        ("es", "Quiero hablar con una persona"),
    ],
)
def test_a_language_is_told_by_its_small_words_or_its_script(code: str, text: str) -> None:
    assert tongue(text) == code


@pytest.mark.parametrize("text", ["", "ok", "Reklamation", "48213", "👍", "<PERSON_1>", "\x00" * 50])
def test_what_shows_no_language_is_not_guessed(text: str) -> None:
    assert tongue(text) == ""
