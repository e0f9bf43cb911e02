"""Web push: how a live chat reaches a customer who left. It only sends; what comes in is the websocket's."""

from __future__ import annotations

from datetime import datetime

import orjson

from channels.adapters.ports import Adapter
from channels.errors import UnknownInbox
from channels.inboxes.websocket import WebsocketInbox
from channels.normalise.payloads import Arrived
from channels.providers.ports import Provider
from channels.providers.web_push import WebPush
from channels.render import Rendered
from memory.messages import Inbound, Outbound
from memory.subscriptions import CHANNEL

# A notification shows about two lines; what a push service takes in all is 3,993 bytes.
_LONGEST = 300
_WORDS = "You have a new answer"


def _verify(_request: Arrived, _inbox: WebsocketInbox, _now: datetime) -> None:
    raise UnknownInbox("live chat")


def _normalise(_request: Arrived, _name: str, _inbox: WebsocketInbox, _now: datetime) -> list[Inbound]:
    return []


def _render(outbound: Outbound, inbox: WebsocketInbox) -> Rendered:
    """The notification as `/push.js` reads it. A screen that is locked shows it to anybody, and it passes through the
    maker of the browser, sealed: so it holds no word of the conversation unless that is wanted."""
    words = outbound.thread.get("words") or _WORDS
    shown = outbound.text if inbox.push is not None and inbox.push.show_text and outbound.text else words
    body = shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1].rstrip()}…"
    text = orjson.dumps({"title": inbox.title, "body": body, "tag": "frontdesk"}).decode()
    return Rendered(text, (text,))


def _provider(_name: str, inbox: WebsocketInbox, _public_url: str | None) -> Provider:
    if inbox.push is None:
        raise ValueError("push is not configured")
    return WebPush(inbox.push)


WEB_PUSH: Adapter[WebsocketInbox] = Adapter(
    kind="websocket",
    channel=CHANNEL,
    settings=WebsocketInbox,
    verify=_verify,
    normalise=_normalise,
    render=_render,
    provider=_provider,
    retries="nothing comes in by it",
)
