"""A reply in the light markup of messengers: `*bold*`, `_italic_`, links in words. Pure.

What customers and knowledge wrote is Markdown at most; a messenger shows its own signs instead, and some would let a
text name people or channels.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from channels.normalise.payloads import clean
from channels.render import Rendered, linked, split

_LINK = re.compile(r"\[([^\]\n]{1,200})\]\((https?://[^)\s]{1,500})\)")
_STRONG = re.compile(r"(?<!\w)(\*\*|__)(?=\S)([^\n*_]{1,500}?)(?<=\S)\1(?!\w)")
_HEADING = re.compile(r"^#{1,6} +(.{1,200})$", re.MULTILINE)


def marked(text: str, link: Callable[[str, str], str], escape: Callable[[str], str] = lambda text: text) -> str:
    """Markdown's links, emphasis and headings in a messenger's signs; everything else escaped."""
    done, out = 0, []
    for found in _LINK.finditer(text):
        out += [_emphasis(escape(text[done : found.start()])), link(found[1], found[2])]
        done = found.end()
    out.append(_emphasis(escape(text[done:])))
    return "".join(out)


def _emphasis(text: str) -> str:
    return _HEADING.sub(lambda found: f"*{found[1].strip().strip('*')}*", _STRONG.sub(r"*\2*", text))


# WhatsApp: developers.facebook.com/docs/whatsapp/cloud-api/messages/text-messages (4,096 characters, checked 2026-11).
WHATSAPP_CHARACTERS = 4096
# Slack advises 4,000 and cuts at 40,000: docs.slack.dev/reference/methods/chat.postMessage (checked 2026-11). What is
# cut into pieces is the text before it is escaped, so that no break goes through a link or an entity.
SLACK_CHARACTERS = 3000
SLACK_MOST = 40_000


def whatsapp(text: str, sources: Sequence[Mapping[str, Any]]) -> Rendered:
    """Text messages of at most 4,096 characters, sources as addresses below."""
    body = marked(clean(text), lambda title, address: f"{title}: {address}")
    links = [address for _, address in linked(sources, 3) if address not in body]
    whole = "\n\n".join(part for part in (body, "\n".join(links)) if part)
    return Rendered(whole, tuple(split(whole, WHATSAPP_CHARACTERS)))


def slack(text: str, sources: Sequence[Mapping[str, Any]]) -> Rendered:
    """mrkdwn in messages of about 4,000 characters; nothing in the text can name a person or a channel."""
    parts = [marked(part, _slack_link, slack_escaped) for part in split(clean(text), SLACK_CHARACTERS)]
    links = "\n".join(_slack_link(title or address, address) for title, address in linked(sources, 3))
    if links and parts and len(parts[-1]) + len(links) < SLACK_MOST:
        parts[-1] = f"{parts[-1]}\n\n{links}"
    elif links:
        parts.append(links)
    return Rendered("\n\n".join(parts), tuple(parts))


def slack_escaped(text: str) -> str:
    """The three characters that mean something to Slack, as docs.slack.dev/messaging/formatting-message-text says."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _slack_link(title: str, address: str) -> str:
    safe = address.replace("|", "%7C").replace(">", "%3E").replace("<", "%3C").replace("&", "&amp;")
    return f"<{safe}|{slack_escaped(title).replace('|', '/')}>"


# chatwoot/chatwoot app/models/message.rb: content has at most 150,000 characters (checked 2026-11); a channel behind it
# may take far less, and cuts by itself.
CHATWOOT_CHARACTERS = 20_000


def chatwoot(text: str, sources: Sequence[Mapping[str, Any]]) -> Rendered:
    """Markdown as Chatwoot shows it, in one message; sources as links below."""
    body = clean(text)
    links = [f"- [{title or address}]({address})" for title, address in linked(sources, 3)]
    whole = "\n\n".join(part for part in (body, "\n".join(links)) if part)
    return Rendered(whole, tuple(split(whole, CHATWOOT_CHARACTERS)))
