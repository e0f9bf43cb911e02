"""Pages that a browser saved into one file (.mht, .mhtml): RFC 2557, an email with the page and its pictures."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default

from knowledge.errors import BadDocument
from knowledge.loaders import html
from knowledge.loaders.plain import MAX_BYTES, File
from knowledge.passages import Document


def load(file: File) -> Iterator[Document | BadDocument]:
    """What the page in it is; `source` is where it was saved from, unless it says itself. Raises BadDocument."""
    if file.path.stat().st_size > 4 * MAX_BYTES:
        raise BadDocument(f"larger than {4 * MAX_BYTES // 1_000_000} MB")
    try:
        message = message_from_bytes(file.path.read_bytes(), policy=default)
        parts = [part for part in message.walk() if part.get_content_type() in ("text/html", "application/xhtml+xml")]
        address = _address(message) or (_address(parts[0]) if parts else "")
        markup = _markup(parts[0]) if parts else b""
    except (ValueError, LookupError, TypeError, AttributeError, IndexError, AssertionError) as error:
        raise BadDocument(f"is no saved page: {error}") from error  # the email package is no careful reader
    if not parts:
        raise BadDocument("is no saved page: there is no HTML in it")
    if len(markup) > MAX_BYTES:
        raise BadDocument(f"larger than {MAX_BYTES // 1_000_000} MB")
    yield from html.page(file, html.decoded_page(markup), address)


def _address(part: Message | EmailMessage) -> str:
    found = str(part.get("Snapshot-Content-Location") or part.get("Content-Location") or "").strip()
    return found.partition("#")[0] if found.startswith(("http://", "https://")) else ""


def _markup(part: Message | EmailMessage) -> bytes:
    data = part.get_payload(decode=True)
    charset = part.get_content_charset()
    if isinstance(data, bytes) and charset and charset.lower() not in ("utf-8", "us-ascii"):
        return data.decode(charset, "replace").encode("utf-8", "replace")
    return data if isinstance(data, bytes) else b""
