"""A mail as one value, from raw MIME. Pure, and lenient: what mail programs send is rarely what the RFCs say."""

from __future__ import annotations

import codecs
import mimetypes
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses

from channels.normalise.html_text import text_of
from channels.normalise.payloads import MAX_BODY, Oversized, clean, clean_line
from memory.messages import Attachment

MAX_PARTS = 500
MAX_HEADERS = 500
MAX_ATTACHMENTS = 50
# Python's own transformations, which decode no customer's language and cost without bound.
_NO_CHARSETS = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "oem", "mbcs"})
_ADDRESS = re.compile(r"^[^\s@<>\"(),;:\\]{1,64}@[^\s@<>\"(),;:\\]{1,255}$")


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as read. `headers` are decoded, lower-case names, the first of each; `text` has quotes still in it."""

    headers: Mapping[str, str]
    text: str
    attachments: tuple[Attachment, ...] = field(default=())


def parse_mail(raw: bytes) -> Mail:
    """The mail in `raw` MIME. Raises BadPayload for more bytes, parts or levels than any mail program writes."""
    if len(raw) > MAX_BODY:
        raise Oversized("email", f"more than {MAX_BODY} bytes")
    try:
        message = message_from_bytes(raw)
        parts = list(_leaves(message))
    except RecursionError:
        raise Oversized("email", "parts nested too deeply") from None
    plain, html, attachments = _sorted(parts)
    text = "\n\n".join(plain).strip() or "\n\n".join(text_of(one) for one in html).strip()
    return Mail(read_headers(message), text, tuple(attachments[:MAX_ATTACHMENTS]))


def read_headers(message: Message) -> dict[str, str]:
    """The first header of each name, lower-case names, decoded to one line each."""
    found: dict[str, str] = {}
    for name, value in message.raw_items() if hasattr(message, "raw_items") else message.items():
        if len(found) < MAX_HEADERS:
            found.setdefault(clean_line(name, 100).lower(), decoded(str(value)))
    return found


def header_block(text: str) -> dict[str, str]:
    """`read_headers` of a header block alone, as SendGrid sends it beside a parsed mail."""
    return read_headers(message_from_bytes(text.encode("utf-8", "surrogateescape") + b"\n\n"))


def decoded(value: str) -> str:
    """A header's value with its RFC 2047 words decoded, on one line; as it stands where they are malformed."""
    if len(value) > 20_000:
        value = value[:20_000]
    try:
        chunks = decode_header(value)
    except (ValueError, LookupError):  # binascii.Error and HeaderParseError are ValueErrors
        return clean_line(_repaired(value), 10_000)
    text = "".join(_repaired(one) if isinstance(one, str) else decode(one, charset or "") for one, charset in chunks)
    return clean_line(text, 10_000)


def _repaired(text: str) -> str:
    """Raw 8-bit headers, which the parser keeps as surrogates."""
    return decode(text.encode("utf-8", "surrogateescape"), "")


def decode(raw: bytes, charset: str) -> str:
    """Bytes as text: in the charset named, else UTF-8, else Windows-1252 as mail without a charset mostly is."""
    for name in (charset.strip().strip("\"'"), "utf-8", "cp1252"):
        try:
            if name and _is_charset(name):
                return raw.decode(name)
        except (LookupError, ValueError):
            continue
    return raw.decode("latin-1")


def _is_charset(name: str) -> bool:
    found = codecs.lookup(name[:40])
    return found.name.replace("-", "_") not in _NO_CHARSETS


def address_in(value: str) -> tuple[str, str]:
    """The first usable (address, name) of an address header, the address in lower case; ("", "") without one."""
    try:
        pairs = getaddresses([value[:2000]], strict=False)
    except TypeError:  # before Python 3.11.10 there is no `strict`
        pairs = getaddresses([value[:2000]])
    for name, address in pairs:
        if _ADDRESS.match(address):
            return address.lower(), clean_line(name, 200)
    found = re.search(r"[^\s@<>\"(),;:\\\[\]]{1,64}@[^\s@<>\"(),;:\\\[\]]{1,255}", value[:2000])
    return (found[0].lower(), "") if found else ("", "")


def _leaves(message: Message) -> Iterator[Message]:
    """The parts that have content, in order; of a mail attached whole, only itself."""
    stack = [message]
    count = 0
    while stack:
        part = stack.pop()
        count += 1
        if count > MAX_PARTS:
            raise Oversized("email", f"more than {MAX_PARTS} parts")
        payload = part.get_payload()
        if isinstance(payload, list) and part.get_content_maintype() != "message":
            stack.extend(reversed([one for one in payload if isinstance(one, Message)]))
        else:
            yield part


def _sorted(parts: list[Message]) -> tuple[list[str], list[str], list[Attachment]]:
    """The plain texts, the HTML texts, and what is attached."""
    plain: list[str] = []
    html: list[str] = []
    attachments: list[Attachment] = []
    for part in parts:
        kind = part.get_content_type()
        name = _name(part)
        if name or part.get_content_disposition() == "attachment" or not kind.startswith("text/"):
            if part.get_content_maintype() != "multipart":
                attachments.append(Attachment(name or _unnamed(kind), kind, _content(part)))
            continue
        text = clean(decode(_content(part), _parameter(part, "charset")))
        if text:
            (html if kind == "text/html" else plain).append(text)
    return plain, html, attachments


def _unnamed(kind: str) -> str:
    return {"message/rfc822": "mail.eml", "message/delivery-status": "delivery-status.txt"}.get(
        kind, f"attachment{mimetypes.guess_extension(kind) or ''}"
    )


def _name(part: Message) -> str:
    try:
        return decoded(part.get_filename() or "")
    except (ValueError, LookupError, TypeError, AttributeError):  # malformed RFC 2231 parameters
        return ""


def _parameter(part: Message, name: str) -> str:
    try:
        value = part.get_param(name)
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""
    return value if isinstance(value, str) else ""


def _content(part: Message) -> bytes:
    payload = part.get_payload()
    if isinstance(payload, list):  # a mail attached whole
        return b"\n\n".join(_whole(one) for one in payload if isinstance(one, Message))
    try:
        content = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError, AttributeError):
        content = None
    if isinstance(content, bytes):
        return content
    return str(payload or "").encode("utf-8", "surrogateescape")


def _whole(message: Message) -> bytes:
    """A mail as it was attached; its text alone where it cannot be written again."""
    try:
        return message.as_bytes()
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        payload = message.get_payload()
        return payload.encode("utf-8", "surrogateescape") if isinstance(payload, str) else b""
