"""Intercom: articles with their translations, and conversations with their parts. Pure.

Read as the REST API gives them, listed (`data`, `conversations`), one a file or one a line, as the export to object
storage writes them. Only a conversation that was retrieved by itself has its parts.
https://developers.intercom.com/docs/references/rest-api/api.intercom.io/articles/article
https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations/conversation
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from channels.importing.bodies import said
from channels.importing.shapes import (
    Article,
    By,
    Conversation,
    Export,
    Json,
    Record,
    Skipped,
    Step,
    day,
    inner,
    items,
    ordered,
    seconds,
    texts,
    words,
)
from channels.importing.sorting import Pile, sort
from knowledge.errors import BadDocument
from knowledge.loaders import html

_LISTS = {"data": "", "articles": "article", "collections": "collection", "conversations": "conversation"}
_LISTS |= {"teams": "team", "admins": "admin", "internal_articles": "internal_article"}
_CHANNELS = {
    "email": "email",
    "sms": "sms",
    "whatsapp": "whatsapp",
    "phone_call": "voice",
    "phone_switch": "voice",
    "conversation": "chat",
}
_SAID = {
    "comment": ("customer", "person", "bot"),
    "open": ("customer",),
    "quick_reply": ("customer", "bot"),
    "close": ("person", "bot"),
}
"""Part types whose body was shown, and from whom. A body of any other type (notes, assignments with a note, whatever
comes to be) is not taken for public."""
_HANDED = frozenset({"assignment", "assign_and_reopen", "assign_and_unsnooze", "default_assignment"})
_LINK = re.compile(r"/articles/(\d{1,20})(?:-|/|$|\?|#)")
_CUSTOMERS = frozenset({"user", "lead", "contact", "visitor"})


def read(records: Iterable[Record | Skipped]) -> Export:
    """Everything usable, and what was passed over by name."""
    pile = sort(records, _LISTS, _kind)
    articles = list(_articles(pile))
    return Export(articles, list(_conversations(pile)), pile.skipped)


def article_key(link: str) -> str:
    """The id of the article that a link leads to; "" for any other link."""
    found = _LINK.search(link)
    return found.group(1) if found else ""


def _kind(value: Json) -> str:
    if "id" not in value:
        return ""
    named = value.get("type")
    if named in ("article", "internal_article", "conversation", "collection", "team", "admin"):
        return str(named)
    return "conversation" if "conversation_parts" in value else "article" if "translated_content" in value else ""


# -- articles


def _articles(pile: Pile) -> Iterator[Article]:
    given: dict[str, Article] = {}
    for record in [*pile["article"], *pile["internal_article"]]:
        try:
            made = list(_in_languages(record.value, pile))
        except BadDocument as error:
            pile.skipped.append(Skipped(record.place, str(error)))
            continue
        if not made:
            pile.skipped.append(Skipped(record.place, f"article {words(record.value, 'id')} is empty"))
        for article in made:
            if article.id not in given or article.updated >= given[article.id].updated:
                given[article.id] = article
    yield from given.values()


def _in_languages(value: Json, pile: Pile) -> Iterator[Article]:
    """The article in its default language, and in each it was translated into; that one may be among them."""
    own = words(value, "default_locale", "locale").lower()
    contents: dict[str, Json] = {own: value}
    for locale, content in inner(value, "translated_content").items():
        if isinstance(content, dict) and locale != "type":
            contents[str(locale).lower()] = content
            if not own and content.get("title") == value.get("title") and content.get("body") == value.get("body"):
                contents.pop("", None)
    for locale, content in contents.items():
        title, text = words(content, "title"), html.fragment(words(content, "body"))
        if title or text:
            yield _article(value, content, locale, title, text, pile)


def _article(value: Json, content: Json, locale: str, title: str, text: str, pile: Pile) -> Article:
    id = words(value, "id")
    internal = "a draft" if words(content, "state") != "published" else ""
    if value.get("type") == "internal_article":
        internal = "an internal article"
    return Article(
        id=f"intercom:article:{id}:{locale or 'und'}",
        key=id,
        locale=locale,
        title=title,
        text=text,
        url=words(content, "url") or words(value, "url"),
        section=_section(value, pile),
        labels=tuple(name for tag in items(value.get("tags"), "tags") if (name := words(tag, "name"))),
        updated=day(content.get("updated_at") or value.get("updated_at")),
        internal=internal,
    )


def _section(value: Json, pile: Pile) -> str:
    path: list[str] = []
    id = words(value, "parent_id")
    while id and len(path) < 5:  # collections nest three deep
        collection = pile.named("collection", id)
        if name := words(collection, "name"):
            path.insert(0, name)
        id = words(collection, "parent_id")
    return " > ".join(path)


# -- conversations


def _conversations(pile: Pile) -> Iterator[Conversation]:
    seen: dict[str, tuple[float, Conversation]] = {}
    for record in pile["conversation"]:
        value, id = record.value, words(record.value, "id")
        if not isinstance(value.get("conversation_parts"), dict):
            reason = f"conversation {id} has no parts: the list leaves them out, retrieve each conversation by its id"
            pile.skipped.append(Skipped(record.place, reason))
            continue
        at = seconds(value.get("updated_at")) or 0.0
        if id not in seen or at >= seen[id][0]:
            seen[id] = (at, _conversation(id, value, pile))
    yield from (talk for _, talk in seen.values())


def _conversation(id: str, value: Json, pile: Pile) -> Conversation:
    source = inner(value, "source")
    parts = list(items(value["conversation_parts"], "conversation_parts"))
    steps = [_opening(value, source), *(_step(part) for part in parts)]
    people = [inner(each, "author") for each in (source, *parts)]
    team = words(value, "team_assignee_id")
    return Conversation(
        id=f"intercom:conversation:{id}",
        channel=_CHANNELS.get(words(source, "type"), "chat"),
        steps=ordered([each for each in steps if each[1].text or each[1].by == "escalated"]),
        inbox=words(pile.named("team", team), "name") or (f"team {team}" if team else words(source, "type")),
        tags=tuple(name for tag in items(value.get("tags"), "tags") if (name := words(tag, "name"))),
        names=texts([words(each, "name") for each in people if _by(each) != "bot"]),
    )


def _opening(value: Json, source: Json) -> tuple[float | None, Step]:
    at = seconds(value.get("created_at"))
    if source.get("redacted"):
        return at, Step("", at or 0.0, "customer")
    by = _by(inner(source, "author"))
    text, links = said(
        words(source, "body"),
        attachments=bool(source.get("attachments")),
        subject=_plain(words(source, "subject")) if by == "customer" else "",
    )
    return at, Step(f"source:{words(source, 'id')}", at or 0.0, by, text, links)


def _plain(subject: str) -> str:
    """A subject, which comes as markup too."""
    return said(subject)[0]


def _step(part: Json) -> tuple[float | None, Step]:
    at, id, kind = seconds(part.get("created_at")), words(part, "id"), words(part, "part_type")
    by = _by(inner(part, "author"))
    if kind in _HANDED and inner(part, "assigned_to").get("type") in ("admin", "team"):
        return at, Step(id, at or 0.0, "escalated")
    if part.get("redacted") or by not in _SAID.get(kind, ()):
        return at, Step(id, at or 0.0, by)
    text, links = said(words(part, "body"), attachments=bool(part.get("attachments")))
    return at, Step(id, at or 0.0, by, text, links)


def _by(author: Json) -> By:
    if author.get("from_ai_agent") or author.get("is_ai_answer"):
        return "bot"
    named = words(author, "type")
    return "customer" if named in _CUSTOMERS else "bot" if named == "bot" else "person"
