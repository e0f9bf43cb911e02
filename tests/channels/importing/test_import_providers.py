"""Promises of the readers: what a provider's export says, in this project's words; nothing private among them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.importing.providers import PROVIDERS
from channels.importing.run import Read, read
from channels.importing.shapes import Export, Record

EXPORTS = Path(__file__).parent / "exports"


async def found(provider: str) -> Read:
    return await read(provider, EXPORTS / provider)


def export(provider: str, *values: Mapping[str, Any]) -> Export:
    return PROVIDERS[provider].read([Record(f"file, line {n}", value) for n, value in enumerate(values, 1)])


def said(each: Export, number: int = 0) -> list[tuple[str, str]]:
    return [(step.by, step.text) for step in each.conversations[number].steps]


def everything(each: Read) -> str:
    rows = [row for talk in each.talks for row in talk.rows]
    return json.dumps(rows, ensure_ascii=False) + repr(each.export.conversations)


# -- articles


async def test_zendesk_articles_come_with_section_language_and_address() -> None:
    articles = {each.id: each for each in (await found("zendesk")).export.articles}
    refunds = articles["zendesk:article:115001:en-us"]
    assert refunds.text.startswith("## By card\n\nA card refund takes 3 to 5 working days")
    assert (refunds.section, refunds.updated, refunds.labels) == ("Returns > Refunds", "2026-03-01", ("returns",))
    assert refunds.url == "https://cairn.zendesk.com/hc/en-us/articles/115001-How-long-refunds-take"
    assert "alert" not in refunds.text
    assert "| Ireland | €4 |" in articles["zendesk:article:115002:en-us"].text
    german = articles["zendesk:article:115001:de"]
    assert (german.title, german.section) == ("Wie lange Erstattungen dauern", "Returns > Refunds")


@pytest.mark.parametrize(
    ("provider", "internal"),
    [
        ("zendesk", {"115003": "a draft", "115004": "for user segment 77 alone"}),
        ("intercom", {"9001": "a draft", "9002": "a draft"}),
        ("chatwoot", {"52": "archived"}),
    ],
)
async def test_what_customers_may_not_read_says_so(provider: str, internal: dict[str, str]) -> None:
    articles = (await found(provider)).export.articles
    assert {each.id.split(":")[2]: each.internal for each in articles if each.internal} == internal


async def test_intercom_articles_come_in_every_language_they_have() -> None:
    articles = {each.id: each for each in (await found("intercom")).export.articles}
    assert articles["intercom:article:9001:en"].section == "Shop > Members"
    assert (
        articles["intercom:article:9001:en"].text == "# Membership\n\nThe club costs 20 a year.\n\n- 90 days to return"
    )
    assert articles["intercom:article:9001:fr"].url.endswith("/fr/articles/9001-adhesion")


async def test_chatwoot_articles_are_markdown_with_their_public_address() -> None:
    article = (await found("chatwoot")).export.articles[0]
    assert article.text.startswith("## By machine\n\nWash at 30 degrees")
    assert article.url == "https://help.cairn.example/hc/cairn/articles/1767600000-washing-down"


# -- conversations


@pytest.mark.parametrize(
    ("provider", "private"),
    [
        ("zendesk", ["complained before", "solved automatically", "merged into", "an older copy"]),
        ("intercom", ["secret", "deleted words", "old words", "listed only"]),
        ("chatwoot", ["call the courier", "taken back", "few minutes", "rate the", "resolved"]),
    ],
)
async def test_notes_deleted_words_and_the_system_never_become_turns(provider: str, private: list[str]) -> None:
    text = everything(await found(provider))
    assert [each for each in private if each in text] == []


async def test_turns_stand_in_order_of_time_with_everybody_on_the_right_side() -> None:
    first = said((await found("zendesk")).export)
    assert [by for by, _ in first] == ["customer", "person", "customer", "person"]
    assert first[0][1].startswith("Refund for my boots\n\nHi, I sent my boots back")
    assert first[2][1] == "I am her sister, please write to priya@example.net too."
    assert [by for by, _ in said((await found("zendesk")).export, 1)] == ["customer", "bot", "customer", "person"]


async def test_what_cannot_be_used_is_named() -> None:
    reasons = {each.place: each.reason for each in (await found("zendesk")).export.skipped}
    assert reasons["tickets.jsonl, line 6"] == "is no JSON object"
    assert "ticket 38 is deleted" in reasons.values()
    listed = [each.reason for each in (await found("intercom")).export.skipped]
    assert any("has no parts" in reason for reason in listed)


async def test_the_same_message_twice_is_one_turn() -> None:
    talks = (await found("intercom")).export.conversations
    email = next(each for each in talks if each.id.endswith("802"))
    assert [(step.by, step.text) for step in email.steps] == [
        ("customer", "Opening hours\n\nWhen are you open on Sundays?"),
        ("person", "From ten to four."),
    ]


def test_zendesk_comments_in_files_of_their_own_find_their_ticket() -> None:
    comment = {
        "id": 1,
        "type": "Comment",
        "author_id": 5,
        "public": True,
        "plain_body": "Help!",
        "created_at": "2026-01-01",
    }
    records = [
        Record("tickets.json", {"tickets": [{"id": 12, "requester_id": 5, "subject": ""}]}),
        Record("tickets/12/comments.json", {"comments": [comment]}),
        Record("tickets/13/comments.json", {"comments": [{**comment, "id": 2}]}),
    ]
    read = PROVIDERS["zendesk"].read(records)
    assert said(read) == [("customer", "Help!")]
    assert [each.place for each in read.skipped] == ["comments of ticket 13"]


@pytest.mark.parametrize(
    "comment",
    [
        {"public": False},
        {"public": None},
        {"public": "true"},
        {"public": True, "type": "VoiceComment"},
        {"public": True, "via": {"channel": "web", "source": {"rel": "merge"}}},
        {"public": True, "plain_body": "▇▇▇▇ ▇▇"},
        {"public": True, "plain_body": " \n "},
    ],
)
def test_a_comment_is_public_only_where_the_export_says_so(comment: dict[str, Any]) -> None:
    whole = {"id": 1, "author_id": 5, "plain_body": "words", "created_at": "2026-01-01T00:00:00Z", **comment}
    read = export("zendesk", {"id": 9, "requester_id": 5, "subject": "", "comments": [whole]})
    assert said(read) == []


def test_a_message_of_an_attachment_alone_is_a_turn_and_no_question() -> None:
    comments = [
        {"id": 1, "author_id": 5, "public": True, "plain_body": "", "attachments": [{"id": 1}], "created_at": 1},
        {"id": 2, "author_id": 6, "public": True, "plain_body": "Thank you for the picture.", "created_at": 2},
    ]
    read = export("zendesk", {"id": 9, "requester_id": 5, "comments": comments})
    assert said(read) == [("customer", "[attachment]"), ("person", "Thank you for the picture.")]


def test_an_intercom_part_of_an_unknown_type_is_not_taken_for_public() -> None:
    part = {"id": "1", "author": {"type": "admin"}, "body": "<p>words</p>", "created_at": 1}
    kinds = ["note", "note_and_reopen", "assignment", "something_new", "comment"]
    parts = [{**part, "id": str(n), "part_type": kind} for n, kind in enumerate(kinds)]
    read = export("intercom", {"type": "conversation", "id": "1", "conversation_parts": {"conversation_parts": parts}})
    assert said(read) == [("person", "words")]


def test_an_ai_agent_is_a_bot_whatever_its_author_type() -> None:
    author = {"type": "admin", "from_ai_agent": True, "name": "Fin"}
    parts = [{"id": "1", "part_type": "comment", "author": author, "body": "Hello", "created_at": 1}]
    read = export("intercom", {"type": "conversation", "id": "1", "conversation_parts": {"conversation_parts": parts}})
    assert said(read) == [("bot", "Hello")]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = (
    "id articles translations tickets comments users data payload messages conversations type body title content "
    "author public created_at part_type conversation_parts message_type sender meta tags labels status portal via "
    "translated_content requester_id source_id author_id attachments content_attributes private slug locale source"
)
NAMES = FIELDS.split()


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(PROVIDERS)),
    st.lists(st.dictionaries(st.sampled_from(NAMES), JSON | st.dictionaries(st.sampled_from(NAMES), JSON)), max_size=4),
)
def test_no_json_whatever_its_shape_breaks_a_reader(provider: str, values: list[dict[str, Any]]) -> None:
    export(provider, *values)
