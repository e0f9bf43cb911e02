"""Small talk gets its own answer, and a yes to an offered person is a yes."""

from __future__ import annotations

import pytest

from agent.nodes.courtesies import accepts_a_person, courtesy
from agent.templates import DEFAULTS
from memory.messages import Line

OFFER = (Line("customer", "Do you sell boats?", 1), Line("bot", DEFAULTS["unknown"], 2))


@pytest.mark.parametrize("text", ["yes", "Yes please", "ok", "sure, thanks", "yeah go ahead", "please do", "Yes!"])
def test_a_yes_to_the_offer_fetches_a_person(text: str) -> None:
    assert accepts_a_person(text, OFFER, DEFAULTS)


@pytest.mark.parametrize(
    "text",
    ["no", "no thanks", "yes but how much is it", "", "what?", "yes I also wanted to ask about returns"],
)
def test_anything_else_does_not(text: str) -> None:
    assert not accepts_a_person(text, OFFER, DEFAULTS)


def test_a_yes_to_something_else_does_not() -> None:
    assert not accepts_a_person("yes", (), DEFAULTS)
    assert not accepts_a_person("yes", (*OFFER, Line("customer", "hm", 3)), DEFAULTS)
    assert not accepts_a_person("yes", (Line("bot", "It opens at nine.", 1),), DEFAULTS)


@pytest.mark.parametrize(
    ("text", "template"),
    [
        ("hi", "greeting"),
        ("thanks a lot", "thanks"),
        ("cheers", "thanks"),
        ("bye", "goodbye"),
        ("no thanks", "goodbye"),
    ],
)
def test_small_talk_is_answered_in_kind(text: str, template: str) -> None:
    assert courtesy(text) == template
