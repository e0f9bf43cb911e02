"""The words of a message as its writer meant them: no markup, no quoted mail, no signature. Pure."""

from __future__ import annotations

import re

from channels.importing.shapes import addresses
from channels.normalise.html_text import text_of
from channels.normalise.payloads import clean
from channels.normalise.quoting import strip_quoted

MAX_TEXT = 20_000
"""Characters of a message; a longer one is a pasted log, and is cut."""
ATTACHED = "[attachment]"
_MARKUP = re.compile(r"<(?:p|br|div|span|a|ul|ol|li|table|blockquote|html|body|b|i|strong|em|h[1-6]|img)\b[^>]*>", re.I)
_REDACTED = re.compile("[\u2587\u2588]+")
_REPLY = re.compile(r"^\s*(?:re|aw|sv|antw|odp|vs|fwd?|wg|tr|rv|enc)\s*(?:\[\d+\])?\s*:", re.I)


def said(markup: str, plain: str = "", *, attachments: bool = False, subject: str = "") -> tuple[str, tuple[str, ...]]:
    """(text, links). The markup where there is one, else the plain text. "" for a message of nothing: what was
    redacted by the provider, a signature alone.

    `subject` is that of a mail that opens a conversation: often the question itself, it comes first where the text
    does not have it.
    """
    source = markup or plain
    text = text_of(markup) if markup and _MARKUP.search(markup[:50_000]) else source
    text = strip_quoted(clean(_REDACTED.sub(" ", text)[:MAX_TEXT]))
    subject = " ".join(clean(subject[:300]).split())
    if subject and not _REPLY.match(subject) and subject.lower() not in text.lower():
        text = f"{subject}\n\n{text}".strip()
    return text or (ATTACHED if attachments else ""), addresses(source)
