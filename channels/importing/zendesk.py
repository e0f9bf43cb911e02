"""Zendesk: Help Center articles, and tickets with their comments. Pure.

Read as the Help Center API and the ticket export give them: `articles` with `sections`, `categories` and
`translations`; tickets, one a line (the account's JSON export, which holds their comments) or in a list (the
incremental export, with `comments` of their own), and `users`, `brands`, `groups` where they are there.
https://developer.zendesk.com/api-reference/help_center/help-center-api/articles/
https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from channels.importing.shapes import (
    Article,
    Export,
    Json,
    Record,
    Skipped,
    day,
    items,
    texts,
    words,
)
from channels.importing.sorting import Pile, sort
from channels.importing.zendesk_tickets import conversations
from knowledge.errors import BadDocument
from knowledge.loaders import html

_LISTS = {
    "articles": "article",
    "article": "article",
    "translations": "translation",
    "translation": "translation",
    "sections": "section",
    "categories": "category",
    "tickets": "ticket",
    "ticket": "ticket",
    "comments": "comment",
    "users": "user",
    "brands": "brand",
    "groups": "group",
}
_LINK = re.compile(r"/hc/(?:[a-zA-Z-]{2,10}/)?articles/(\d{1,20})")


def read(records: Iterable[Record | Skipped]) -> Export:
    """Everything usable, and what was passed over by name."""
    pile = sort(records, _LISTS, _kind)
    articles = list(_articles(pile))
    return Export(articles, list(conversations(pile)), pile.skipped)


def article_key(link: str) -> str:
    """The id of the article that a link leads to; "" for any other link."""
    found = _LINK.search(link)
    return found.group(1) if found else ""


def _kind(value: Json) -> str:
    """What a bare object is: those of a line or of a list without a name."""
    if "id" not in value:
        return ""
    if "requester_id" in value or "requester" in value or "comments" in value:
        return "ticket"
    if "author_id" in value and "public" in value:
        return "comment"
    if "body" in value and "title" in value:
        return "translation" if "source_id" in value else "article"
    if "role" in value and "email" in value:
        return "user"
    return "section" if "category_id" in value else "category" if "name" in value and "locale" in value else ""


def _articles(pile: Pile) -> Iterator[Article]:
    given: dict[tuple[str, str], Article] = {}
    originals = {words(each.value, "id"): each.value for each in pile["article"]}
    for record in pile["article"]:
        id = words(record.value, "id")
        inside = [Record(record.place, {"source_id": id, **each}) for each in items(record.value, "translations")]
        pile["translation"].extend(inside)
    for record in [*pile["article"], *pile["translation"]]:
        value = record.value
        translated = "source_id" in value
        id = words(value, "source_id" if translated else "id")
        if translated and value.get("source_type", "Article") != "Article":
            continue
        try:
            made = _article(id, value, originals.get(id, value), pile)
        except BadDocument as error:
            pile.skipped.append(Skipped(record.place, str(error)))
            continue
        if made.title or made.text:
            _newest(given, made)
        else:
            pile.skipped.append(Skipped(record.place, f"article {id} is empty"))
    yield from given.values()


def _newest(given: dict[tuple[str, str], Article], made: Article) -> None:
    """Of the same article in the same language the one changed last: exports overlap."""
    key = (made.key, made.locale)
    if key not in given or made.updated >= given[key].updated:
        given[key] = made


def _article(id: str, value: Json, original: Json, pile: Pile) -> Article:
    locale = words(value, "locale").lower()
    own = "source_id" not in value
    url = words(value, "html_url") or words(original, "html_url")
    section = pile.named("section", words(original, "section_id"))
    path = [words(pile.named("category", words(section, "category_id")), "name"), words(section, "name")]
    return Article(
        id=f"zendesk:article:{id}:{locale or 'und'}",
        key=id,
        locale=locale,
        title=words(value, "title", "name"),
        text=html.fragment(words(value, "body")),
        url=url if own else _in_locale(url, locale),
        section=" > ".join(part for part in path if part),
        labels=texts(original.get("label_names")),
        updated=day(value.get("edited_at") or value.get("updated_at")),
        internal=_internal(value, original),
    )


def _internal(value: Json, original: Json) -> str:
    if value.get("draft") or (value.get("draft") is None and original.get("draft")):
        return "a draft"
    if value.get("hidden"):
        return "hidden"
    segment = original.get("user_segment_id")
    return f"for user segment {segment} alone" if segment or original.get("user_segment_ids") else ""


def _in_locale(url: str, locale: str) -> str:
    return re.sub(r"/hc/[a-zA-Z-]{2,10}/", f"/hc/{locale}/", url, count=1) if locale else url
