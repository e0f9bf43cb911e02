"""The other desks, opened: each posts a matter and says where it stands there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from agent.errors import Misconfigured
from channels.handoff.words import Matter, for_chatwoot, for_slack, for_webhook
from channels.inboxes.base import InboxBase
from channels.inboxes.chatwoot import ChatwootInbox
from channels.inboxes.slack import SlackInbox
from channels.inboxes.webhook import WebhookInbox
from channels.outgoing.settings import OutgoingWebhook
from channels.providers.chatwoot import Chatwoot
from channels.providers.ports import Rejected
from channels.providers.slack import Slack
from channels.providers.webhook import SignedPost


class OtherDesk(Protocol):
    """People's desk elsewhere. `name` is the inbox by which their answers come in; with `after_replies` it is told only
    once what was said to the customer has been sent."""

    name: str
    after_replies: bool

    async def tell(self, matter: Matter, id: str, root: str, own: str) -> str:
        """Posts a matter, or `own` words, below `root` where there is one; gives where it stands. Raises SendError."""
        ...

    async def aclose(self) -> None: ...


@dataclass(slots=True, eq=False)
class SlackDesk:
    """A channel: a message for a handover, everything after it in its thread."""

    name: str
    app: Slack
    channel: str
    after_replies: bool = False

    async def tell(self, matter: Matter, id: str, root: str, own: str) -> str:
        channel, _, thread = root.partition(":")
        if not root and matter.event != "handed_over":
            raise Rejected("the handover itself is not in the channel")
        if matter.event == "said" and matter.by.startswith("slack:"):
            return ""  # it was written in this thread
        first = ""
        under = "" if matter.event == "handed_over" else thread
        for part in [own] if own else for_slack(matter):
            post = await self.app.post(channel if under else self.channel, part, under or first.partition(":")[2])
            first = first or post
        return first

    async def aclose(self) -> None:
        await self.app.aclose()


@dataclass(slots=True, eq=False)
class WebhookDesk:
    """An address that is told everything; it acts by `/v1/conversations/{id}/…` with a key of its own."""

    name: str
    out: SignedPost
    after_replies: bool = False

    async def tell(self, matter: Matter, id: str, root: str, own: str) -> str:
        if not own:
            await self.out.post(id, dict(for_webhook(matter, id)))
        return ""

    async def aclose(self) -> None:
        await self.out.aclose()


@dataclass(slots=True, eq=False)
class ChatwootDesk:
    """Chatwoot's own people, in the conversation it already has: opened for them, and given back with a release."""

    name: str
    bot: Chatwoot
    after_replies: bool = True

    async def tell(self, matter: Matter, id: str, root: str, own: str) -> str:
        number = matter.number
        if matter.event == "handed_over":
            await self.bot.note(number, for_chatwoot(matter))
            await self.bot.hand_over(number)
        elif matter.event == "released" and matter.by != f"{self.name} desk":
            await self.bot.take_back(number)
        return ""

    async def aclose(self) -> None:
        await self.bot.aclose()


class OtherDesks(Mapping[str, OtherDesk]):
    """Other desks by the inbox that hands over to them."""

    def __init__(self, desks: Mapping[str, OtherDesk]) -> None:
        self._desks = dict(desks)

    def __getitem__(self, name: str) -> OtherDesk:
        return self._desks[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._desks)

    def __len__(self) -> int:
        return len(self._desks)

    async def aclose(self) -> None:
        await asyncio.gather(*(desk.aclose() for desk in self._desks.values()))


def open_desks(
    inboxes: Mapping[str, InboxBase], webhooks: Mapping[str, OutgoingWebhook] = MappingProxyType({})
) -> OtherDesks:
    """Raises Misconfigured for a desk that is not there, or that an inbox of this kind cannot hand over to."""
    found = {name: _open(name, inbox, inboxes, webhooks) for name, inbox in inboxes.items()}
    return OtherDesks({name: desk for name, desk in found.items() if desk is not None})


def _open(
    name: str, inbox: InboxBase, inboxes: Mapping[str, InboxBase], webhooks: Mapping[str, OutgoingWebhook]
) -> OtherDesk | None:
    to = inbox.handoff.to or ("chatwoot" if isinstance(inbox, ChatwootInbox) else "desk")
    where, _, what = to.partition(":")
    try:
        if where == "slack":
            app, slack = _slack(name, inbox.handoff.by, inboxes)
            return SlackDesk(app, Slack(slack), what)
        if where == "webhook":
            return WebhookDesk(what, _posts(name, what, inboxes, webhooks))
        if where == "chatwoot":
            if not isinstance(inbox, ChatwootInbox):
                raise Misconfigured(f'inboxes.{name}.handoff.to: only an inbox of kind "chatwoot" hands over to it')
            return ChatwootDesk(name, Chatwoot(inbox))
    except ValueError as error:
        raise Misconfigured(f"inboxes.{name}.handoff: {error}") from None
    return None


def _slack(name: str, by: str | None, inboxes: Mapping[str, InboxBase]) -> tuple[str, SlackInbox]:
    apps = {app: inbox for app, inbox in inboxes.items() if isinstance(inbox, SlackInbox)}
    if by is not None and by not in apps:
        raise Misconfigured(f'inboxes.{name}.handoff.by: {by!r} is no inbox of kind "slack"')
    if by is None and len(apps) != 1:
        raise Misconfigured(
            f'inboxes.{name}.handoff: there are {len(apps)} inboxes of kind "slack"; name the app with by = "NAME"'
        )
    chosen = by or next(iter(apps))
    return chosen, apps[chosen]


def _posts(
    name: str, what: str, inboxes: Mapping[str, InboxBase], webhooks: Mapping[str, OutgoingWebhook]
) -> SignedPost:
    """To an endpoint of [webhooks], or to the address of an inbox of kind "webhook"."""
    if (hook := webhooks.get(what)) is not None:
        return SignedPost(hook.url, hook.sign_with(), timeout_s=hook.timeout_s, allow_private=hook.allow_private)
    inbox = inboxes.get(what)
    if not isinstance(inbox, WebhookInbox) or inbox.url is None:
        raise Misconfigured(
            f'inboxes.{name}.handoff.to: {what!r} is neither in [webhooks] nor an inbox of kind "webhook" with a url'
        )
    return SignedPost(inbox.url, inbox.sign_with(), timeout_s=inbox.timeout_s, allow_private=inbox.allow_private)
