"""Conversations as labelled rows: what the customer had said, and what then happened. Pure.

A row is one thing a customer said (all messages up to the answer) with everything before it. Its route is read from
what happened, and only some of that is sure:

- the conversation went from a machine to people: `handoff`
- the answer links to an article that is in the export: `answer`, with that article as `passages`
- anything else that was answered: `answer`, or `other` where a bot asked back; this is a guess, the row says
  `"weak": true`. Nobody can tell from words alone whether knowledge would have done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from channels.importing.bodies import ATTACHED
from channels.importing.shapes import Article, Conversation, Step

MAX_ROWS = 8
"""Rows of one conversation, its first: a long one must not outweigh a hundred short ones."""
MAX_HISTORY = 40
MAX_REPLY = 4_000
"""Characters of what people said that a row keeps."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Label:
    route: str
    passages: tuple[str, ...] = ()
    weak: bool = False
    why: str = ""


class Links:
    """Which article an address is of."""

    def __init__(self, articles: Iterable[Article], key_of: Callable[[str], str]) -> None:
        self._key_of = key_of
        self._by_key: dict[str, list[Article]] = {}
        for article in articles:
            self._by_key.setdefault(article.key, []).append(article)

    def passages(self, links: Iterable[str]) -> tuple[str, ...]:
        """Ids of the articles that the links lead to, each in the language of the link, else in its first."""
        found: dict[str, None] = {}
        for link in links:
            known = self._by_key.get(self._key_of(link), [])
            named = [each for each in known if each.locale and f"/{each.locale}/" in link.lower()]
            found.update(dict.fromkeys(each.id for each in (named or known[:1])))
        return tuple(found)


def rows(conversation: Conversation, links: Links) -> list[Row]:
    """The labelled rows of a conversation; none where nobody answered."""
    made: list[Row] = []
    for before, after in _exchanges(conversation.steps):
        asked = [step for step in _last_block(before) if step.text != ATTACHED]
        label = _label(before, after, links)
        if label is not None and asked and len(made) < MAX_ROWS:
            made.append(_row(conversation, len(made) + 1, before, after, label))
    return made


def _exchanges(steps: Sequence[Step]) -> Iterator[tuple[Sequence[Step], Sequence[Step]]]:
    """(everything up to a customer's words, everything from there to their next)."""
    at = 0
    while at < len(steps):
        while at < len(steps) and steps[at].by != "customer":
            at += 1
        while at < len(steps) and steps[at].by == "customer":
            at += 1
        end = at
        while end < len(steps) and steps[end].by != "customer":
            end += 1
        if at and steps[at - 1].by == "customer":
            yield steps[:at], steps[at:end]
        at = end


def _last_block(before: Sequence[Step]) -> Sequence[Step]:
    first = len(before)
    while first and before[first - 1].by == "customer":
        first -= 1
    return before[first:]


def _label(before: Sequence[Step], after: Sequence[Step], links: Links) -> Label | None:
    spoken = [step for step in after if step.by in ("person", "bot")]
    by_people = [step for step in spoken if step.by == "person"]
    passages = links.passages(link for step in spoken for link in step.links)
    if _handed_over(before, after):
        theirs = links.passages(link for step in by_people for link in step.links)
        if theirs:
            return Label("answer", theirs, weak=True, why="a person took over from a bot and linked an article")
        return Label("handoff", why="a bot gave the conversation to people")
    if not spoken:
        return None
    who = "a person" if by_people else "a bot"
    if passages:
        return Label("answer", passages, why=f"{who} linked an article")
    if not by_people and spoken[-1].text.rstrip().endswith("?"):
        return Label("other", weak=True, why="a bot asked back")
    return Label("answer", weak=True, why=f"{who} answered without an article")


def _handed_over(before: Sequence[Step], after: Sequence[Step]) -> bool:
    """Whether people took over in this exchange what a bot had had until then."""
    owners = [step.by for step in before if step.by != "customer"]
    bot_had_it = bool(owners) and "person" not in owners and "escalated" not in owners
    spoken = [step.by for step in after]
    bot_spoke_first = bool(spoken) and spoken[0] == "bot" and "person" not in owners
    return (bot_had_it or bot_spoke_first) and any(by in ("escalated", "person") for by in spoken)


def _row(talk: Conversation, number: int, before: Sequence[Step], after: Sequence[Step], label: Label) -> Row:
    turns = [
        {"role": "customer" if step.by == "customer" else "agent", "text": step.text}
        for step in before[-MAX_HISTORY:]
        if step.by != "escalated"
    ]
    answered = [step for step in after if step.by == "person"] or [step for step in after if step.by == "bot"]
    reply = "\n\n".join(step.text for step in answered)[:MAX_REPLY]
    expect: dict[str, Any] = {"route": label.route, "passages": list(label.passages)}
    facts: Mapping[str, Any] = {
        "reply_by": answered[0].by if answered else "",
        "inbox": talk.inbox,
        "tags": list(talk.tags),
        "why": label.why,
    }
    return {
        "id": f"{talk.id}#{number}",
        "conversation": talk.id,
        "channel": talk.channel,
        "turns": turns,
        "expect": {**expect, "reply": reply} if reply else expect,
        **{name: value for name, value in facts.items() if value},
        **({"weak": True} if label.weak else {}),
    }
