"""Chatwoot: help-center articles, and conversations with their messages. Pure.

Read as the application API gives them: `payload` lists of articles, categories, inboxes and messages, `data.payload` of
conversations, each conversation with `messages` of its own, alone or a line each.
https://developers.chatwoot.com/api-reference/messages/get-messages
https://developers.chatwoot.com/api-reference/help-center/add-a-new-article
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
    addresses,
    day,
    inner,
    items,
    ordered,
    seconds,
    texts,
    words,
)
from channels.importing.sorting import Pile, sort
from knowledge.loaders import html

_LISTS = {"payload": "", "messages": "message", "articles": "article", "conversations": "conversation"}
_INCOMING, _OUTGOING = (0, "0", "incoming"), (1, "1", "outgoing")
_STATUS = {0: "draft", 1: "published", 2: "archived"}
_BOTS = frozenset({"agent_bot", "agentbot", "captain_assistant", "captain::assistant"})
_ASKED = frozenset({"input_csat"})
"""Content types that are a form, not words."""
_LINK = re.compile(r"/hc/[^/?#]+/(?:[a-zA-Z_-]{2,10}/)?articles/([^/?#]+)")
_MARKUP = re.compile(r"<(?:p|div|ul|ol|table|h[1-6]|br|a)\b", re.I)


def read(records: Iterable[Record | Skipped]) -> Export:
    """Everything usable, and what was passed over by name."""
    pile = sort(records, _LISTS, _kind)
    articles = list(_articles(pile))
    return Export(articles, list(_conversations(pile)), pile.skipped)


def article_key(link: str) -> str:
    """The slug of the article that a link leads to; "" for any other link."""
    found = _LINK.search(link)
    return found.group(1) if found else ""


def _kind(value: Json) -> str:
    if "id" not in value:
        return ""
    if "message_type" in value:
        return "message"
    if "messages" in value or ("inbox_id" in value and "meta" in value):
        return "conversation"
    if "title" in value and "content" in value:
        return "article"
    return "inbox" if "channel_type" in value else "category" if "name" in value and "slug" in value else ""


# -- articles


def _articles(pile: Pile) -> Iterator[Article]:
    given: dict[str, Article] = {}
    for record in pile["article"]:
        made = _article(record.value, pile)
        if not made.title and not made.text:
            pile.skipped.append(Skipped(record.place, f"article {words(record.value, 'id')} is empty"))
        elif made.id not in given or made.updated >= given[made.id].updated:
            given[made.id] = made
    yield from given.values()


def _article(value: Json, pile: Pile) -> Article:
    id, slug = words(value, "id"), words(value, "slug")
    category = inner(value, "category") or pile.named("category", words(value, "category_id"))
    portal = inner(value, "portal")
    locale = words(value, "locale") or words(category, "locale") or words(inner(portal, "config"), "default_locale")
    content = words(value, "content")
    status = value.get("status")
    status = _STATUS.get(status, "") if isinstance(status, int) else status
    return Article(
        id=f"chatwoot:article:{id}:{locale.lower().replace('_', '-') or 'und'}",
        key=slug or id,
        locale=locale.lower().replace("_", "-"),
        title=words(value, "title"),
        text=html.fragment(content) if _MARKUP.search(content) else content,
        url=_url(portal, slug),
        section=words(category, "name"),
        labels=texts(inner(value, "meta").get("tags")),
        updated=day(value.get("updated_at")),
        internal="" if status == "published" else f"{status or 'of no status'}",
    )


def _url(portal: Json, slug: str) -> str:
    """Where the public help center shows it; without a domain of its own, the path alone."""
    if not slug or not words(portal, "slug"):
        return slug
    domain = words(portal, "custom_domain").rstrip("/")
    host = f"https://{domain}" if domain and "://" not in domain else domain
    return f"{host}/hc/{words(portal, 'slug')}/articles/{slug}"


# -- conversations


def _conversations(pile: Pile) -> Iterator[Conversation]:
    said_in: dict[str, list[Json]] = {}
    for record in pile["message"]:
        said_in.setdefault(words(record.value, "conversation_id"), []).append(record.value)
    talks: dict[str, Json] = {}
    for record in pile["conversation"]:
        id = words(record.value, "id")
        talks[id] = {**talks.get(id, {}), **record.value}
        said_in.setdefault(id, []).extend(items(record.value, "messages"))
    for id in sorted(said_in, key=lambda each: (len(each), each)):
        if id and said_in[id]:
            yield _conversation(id, talks.get(id, {}), said_in[id], pile)
        else:
            pile.skipped.append(Skipped(f"conversation {id or '?'}", "has no messages in this export"))


def _conversation(id: str, talk: Json, messages: list[Json], pile: Pile) -> Conversation:
    messages = sorted(messages, key=lambda each: (len(words(each, "id")), words(each, "id")))
    steps = [(seconds(each.get("created_at")), _step(each)) for each in messages if _public(each)]
    inbox = words(talk, "inbox_id") or next((words(each, "inbox_id") for each in messages), "")
    kept = pile.named("inbox", inbox)
    people = [inner(talk, "meta", "sender"), inner(talk, "meta", "assignee"), *(inner(m, "sender") for m in messages)]
    channel = words(inner(talk, "meta"), "channel") or words(kept, "channel_type")
    return Conversation(
        id=f"chatwoot:conversation:{id}",
        channel=_channel(channel),
        steps=ordered([(at, step) for at, step in steps if step.text]),
        inbox=words(kept, "name") or (f"inbox {inbox}" if inbox else ""),
        tags=texts(talk.get("labels")),
        names=texts([name for each in people for name in _names(each)]),
    )


def _names(person: Json) -> tuple[str, ...]:
    is_bot = words(person, "type").lower() in _BOTS
    return () if is_bot else (words(person, "name"), words(person, "available_name"))


def _channel(named: str) -> str:
    kind = named.rpartition("::")[2].lower()
    known = {"email": "email", "whatsapp": "whatsapp", "sms": "sms", "twiliosms": "sms", "webwidget": "web"}
    return known.get(kind, "chat")


def _public(message: Json) -> bool:
    """Words between the two sides: no notes, activities, templates (greetings, ratings), nothing that was deleted."""
    deleted = inner(message, "content_attributes").get("deleted")
    types = (*_INCOMING, *_OUTGOING)
    shown = message.get("private") in (False, None) and not deleted and message.get("content_type") not in _ASKED
    return shown and message.get("message_type") in types and not isinstance(message.get("message_type"), bool)


def _step(message: Json) -> Step:
    mail = inner(message, "content_attributes", "email")
    reply = words(inner(mail, "text_content"), "reply") or words(inner(mail, "html_content"), "reply")
    by = _by(message)
    text, links = said(
        "",
        reply if by == "customer" and reply else words(message, "content"),
        attachments=bool(message.get("attachments")),
        subject=words(mail, "subject") if by == "customer" and not mail.get("in_reply_to") else "",
    )
    cards = [words(each, "link") for each in items(message.get("content_attributes"), "items")]
    linked = tuple(dict.fromkeys([*links, *addresses(*cards)]))
    return Step(words(message, "id"), seconds(message.get("created_at")) or 0.0, by, text, linked)


def _by(message: Json) -> By:
    if message.get("message_type") in _INCOMING:
        return "customer"
    sender = words(inner(message, "sender"), "type") or words(message, "sender_type")
    automatic = bool(inner(message, "content_attributes").get("automation_rule_id"))
    return "bot" if automatic or not sender or sender.lower() in _BOTS else "person"
