"""Promises of the labels: sure where it is known what happened, a guess where it is not."""

from __future__ import annotations

import pytest

from channels.importing import zendesk
from channels.importing.labels import MAX_HISTORY, MAX_ROWS, Links, rows
from channels.importing.shapes import Article, By, Conversation, Step

PAGE = "https://x.zendesk.com/hc/en-us/articles/7-Refunds"
ARTICLES = [
    Article("zendesk:article:7:en-us", "7", "en-us", "Refunds", "Five days."),
    Article("zendesk:article:7:de", "7", "de", "Erstattungen", "Fünf Tage."),
]
LINKS = Links(ARTICLES, zendesk.article_key)


def talk(*steps: tuple[By, str] | tuple[By, str, str]) -> Conversation:
    made = tuple(Step(str(n), n, each[0], each[1], tuple(each[2:])) for n, each in enumerate(steps))
    return Conversation("zendesk:ticket:1", "email", made, inbox="Shop", tags=("a",))


def test_an_answer_that_links_an_article_is_sure_and_names_it() -> None:
    (row,) = rows(talk(("customer", "When?"), ("person", "See here", PAGE)), LINKS)
    assert row["expect"] == {"route": "answer", "passages": ["zendesk:article:7:en-us"], "reply": "See here"}
    assert "weak" not in row
    assert (row["id"], row["conversation"], row["inbox"], row["tags"]) == (
        "zendesk:ticket:1#1",
        "zendesk:ticket:1",
        "Shop",
        ["a"],
    )


@pytest.mark.parametrize(
    ("link", "found"),
    [
        ("https://help.shop.example/hc/de/articles/7", ("zendesk:article:7:de",)),
        ("https://help.shop.example/hc/articles/7", ("zendesk:article:7:en-us",)),
        ("https://help.shop.example/hc/en-us/articles/8", ()),
        ("https://shop.example/articles/7/review", ()),
    ],
)
def test_a_link_leads_to_the_article_in_its_language(link: str, found: tuple[str, ...]) -> None:
    assert LINKS.passages([link]) == found


def test_what_a_person_answered_without_an_article_is_a_guess() -> None:
    (row,) = rows(talk(("customer", "When?"), ("person", "On Monday")), LINKS)
    assert (row["expect"]["route"], row["weak"]) == ("answer", True)


def test_a_bot_that_gave_up_makes_a_handoff_and_one_that_asked_back_a_guess() -> None:
    made = rows(
        talk(
            ("customer", "Help"),
            ("bot", "What is it about?"),
            ("customer", "A person please"),
            ("escalated", ""),
            ("customer", "Hello?"),
            ("person", "I am here"),
        ),
        LINKS,
    )
    assert [(row["expect"]["route"], bool(row.get("weak"))) for row in made] == [
        ("other", True),
        ("handoff", False),
        ("answer", True),
    ]
    assert "reply" not in made[1]["expect"]


def test_a_person_who_takes_over_with_an_article_shows_that_the_knowledge_had_it() -> None:
    (row,) = rows(talk(("customer", "When?"), ("bot", "Hm."), ("person", "Here", PAGE)), LINKS)
    assert (row["expect"]["route"], row["expect"]["passages"], row["weak"]) == (
        "answer",
        ["zendesk:article:7:en-us"],
        True,
    )


def test_nobody_answered_is_no_row_and_neither_is_a_picture_alone() -> None:
    assert rows(talk(("customer", "Anybody?")), LINKS) == []
    assert rows(talk(("person", "We miss you")), LINKS) == []
    assert rows(talk(("customer", "[attachment]"), ("person", "Nice")), LINKS) == []


def test_several_messages_before_an_answer_are_one_row_and_an_opening_of_ours_is_history() -> None:
    (row,) = rows(talk(("person", "New boots!"), ("customer", "Nice"), ("customer", "Price?"), ("person", "90")), LINKS)
    assert [turn["role"] for turn in row["turns"]] == ["agent", "customer", "customer"]


def test_a_long_conversation_does_not_outweigh_the_others() -> None:
    steps: list[tuple[By, str]] = [("customer", "more"), ("person", "yes")] * 40
    made = rows(talk(*steps), LINKS)
    assert len(made) == MAX_ROWS
    assert max(len(row["turns"]) for row in made) <= MAX_HISTORY
    assert len({row["id"] for row in made}) == MAX_ROWS
