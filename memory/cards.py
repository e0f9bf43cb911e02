"""Card data taken out before anything is written: what reaches a disk is the last four digits at most.

    >>> truncate_cards("Charge 4111 1111 1111 1111, CVV 123")
    'Charge [card ending 1111], CVV [security code removed]'

`memory.card_numbers` states what a card number is and what is spared, `memory.card_codes` what a security code is.
Everything here is pure, linear in its input and safe to run again on its own output.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from typing import TypeVar, cast
from urllib.parse import parse_qsl, urlencode

import orjson

from memory.card_codes import find_codes, names_code
from memory.card_numbers import LONGEST, SHORTEST, find_card_numbers, of_scheme

CODE_REMOVED = "[security code removed]"
_DEEPEST = 100  # levels; no provider nests deeper, and the interpreter's own stack ends at a thousand
_TOO_DEEP = "[removed: nested too deeply]"

T = TypeVar("T")
_Edit = tuple[int, int, str]
_FORM = re.compile(rb"[^\s={}<>\"]+=[^\s{}<>\"]*\s*")
_HEADER = re.compile(rb"(?:From [^\r\n]*\r?\n)?[A-Za-z][A-Za-z0-9-]{1,60}:[ \t]?[^\r\n]*\r?\n")
_BOUNDARY = re.compile(rb"--([^\r\n]{1,200})\r?\n")
_MAIL_FIELDS = frozenset({"email", "body-mime", "raw", "message", "headers", "message-headers"})
_MACHINE_HEADER = re.compile(
    r"(?:message-id|in-reply-to|references|received|date|return-path|mime-version|content-.*|dkim-.*|arc-.*|list-.*"
    r"|authentication-results|feedback-id|x-.*)\Z",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"<[^<>]{0,2000}>|&(?:nbsp|ensp|emsp|thinsp|shy|#160|#xa0|#8203);", re.IGNORECASE)
_MACHINE_NAME = re.compile(
    r"(?:^|[_\-.])(?:id|sid|ids|ts|timestamp|time|date)$|(?:Id|Sid|Ts|Timestamp)$", re.IGNORECASE
)
_MACHINE_VALUE = re.compile(r"[0-9][0-9.\-]*")


def truncate_cards(text: str) -> str:
    """`text` with card numbers as `[card ending 1111]` and security codes as `[security code removed]`."""
    return _apply(text, _edits(text))


def truncate_cards_in(value: T) -> T:
    """`value` with `truncate_cards` done to every text in it, keys too.

    Takes what a webhook or an email may be: mappings, lists, tuples, texts, numbers (a card given as a number
    becomes a text) and raw bytes, which are read as JSON, as a form, as multipart or MIME (quoted-printable,
    base64 and HTML parts too), else as UTF-8; bytes without card data come back as they were. A name helps: what
    stands under "cvv" goes, and an all-digit value under a name like "id", "ts" or "timestamp" stays unless it
    has a card scheme's prefix and length. Below a hundred levels everything is removed. Attachments that are not
    text (images, PDF) are not looked into.
    """
    return cast(T, _cleaned(value, "", 0))


def _edits(text: str) -> list[_Edit]:
    cards = find_card_numbers(text)
    edits = [(card.start, card.end, f"[card ending {card.last4}]") for card in cards]
    return sorted(edits + [(start, end, CODE_REMOVED) for start, end in find_codes(text, cards)])


def _apply(text: str, edits: list[_Edit]) -> str:
    pieces: list[str] = []
    at = 0
    for start, end, instead in edits:
        pieces += (text[at:start], instead)
        at = end
    return "".join([*pieces, text[at:]]) if edits else text


def _cleaned(value: object, name: str, depth: int) -> object:
    if depth > _DEEPEST:
        return _TOO_DEEP
    if isinstance(value, Mapping):
        return {_cleaned(key, "", depth + 1): _cleaned(inner, str(key), depth + 1) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        inner = [_cleaned(item, name, depth + 1) for item in value]
        return inner if isinstance(value, list) else tuple(inner)
    if isinstance(value, str):
        return _field(value, name)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        text = str(value)
        cleaned = _field(text, name)
        return value if cleaned == text else cleaned
    if isinstance(value, (bytes, bytearray)):
        return _body(bytes(value), depth)
    return value


def _field(text: str, name: str) -> str:
    if name and names_code(name) and re.fullmatch(r"\s*\d{3,4}\s*", text):
        return CODE_REMOVED
    if _MACHINE_NAME.search(name) and _MACHINE_VALUE.fullmatch(text):
        digits = re.sub(r"\D", "", text)
        if not (SHORTEST <= len(digits) <= LONGEST and of_scheme(digits)):
            return text
    return truncate_cards(text)


def _body(body: bytes, depth: int) -> bytes:
    """A raw request or message body; unchanged, byte for byte, when no card data is in it."""
    start = body[:200].lstrip()[:1]
    if start in (b"{", b"["):
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError:
            return _plain_body(body)
        cleaned = _cleaned(value, "", depth + 1)
        return body if cleaned == value else orjson.dumps(cleaned)
    boundary = _BOUNDARY.match(body)
    if boundary:
        head = b'Content-Type: multipart/form-data; boundary="' + boundary.group(1).rstrip() + b'"\r\n\r\n'
        cleaned_body = _mime(head + body, depth)
        return body if cleaned_body is None else re.split(rb"\r?\n\r?\n", cleaned_body, maxsplit=1)[-1]
    if _HEADER.match(body):
        return _mime(body, depth) or body
    return _form(body) if _FORM.fullmatch(body) else _plain_body(body)


def _plain_body(body: bytes) -> bytes:
    text = body.decode("utf-8", "surrogateescape")
    return truncate_cards(text).encode("utf-8", "surrogateescape")


def _form(body: bytes) -> bytes:
    pairs = parse_qsl(body.decode("utf-8", "surrogateescape"), keep_blank_values=True, errors="surrogateescape")
    cleaned = [(truncate_cards(name), _field(value, name)) for name, value in pairs]
    return body if cleaned == pairs else urlencode(cleaned, errors="surrogateescape").encode("ascii")


def _mime(raw: bytes, depth: int) -> bytes | None:
    """The message rebuilt without its card data, or None when there was none."""
    try:
        message = message_from_bytes(raw)
        message.as_bytes()
    except RecursionError:
        return _TOO_DEEP.encode("ascii")
    parts = [part for part in message.walk() if not part.is_multipart()]
    # Every part is cleaned, so no short circuit.
    changed = sum([_clean_part(part, depth) for part in parts] + [_clean_headers(part) for part in message.walk()])
    line_end = "\r\n" if b"\r\n" in raw else "\n"
    return message.as_bytes(policy=message.policy.clone(linesep=line_end)) if changed else None


def _clean_part(part: Message, depth: int) -> bool:
    if part.get_content_maintype() != "text" and part.get_content_type() != "application/json":
        return False
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes) or not payload:
        return False
    charset = part.get_content_charset() or "utf-8"
    try:
        text = payload.decode(charset, "surrogateescape")
    except (LookupError, UnicodeError):
        charset, text = "latin-1", payload.decode("latin-1")
    cleaned = _part_text(text, part, depth)
    if cleaned == text:
        return False
    del part["Content-Transfer-Encoding"]
    part["Content-Transfer-Encoding"] = "8bit"
    part.set_payload(cleaned.encode(charset, "surrogateescape").decode("ascii", "surrogateescape"))
    return True


def _part_text(text: str, part: Message, depth: int) -> str:
    if part.get_content_type() == "text/html":
        return _truncate_markup(text)
    name = part.get_param("name", "", "Content-Disposition")
    nested = text.encode("utf-8", "surrogateescape")
    if depth < _DEEPEST and (nested[:1] in (b"{", b"[") or (name in _MAIL_FIELDS and _HEADER.match(nested))):
        return _body(nested, depth + 1).decode("utf-8", "surrogateescape")
    return _field(text, name if isinstance(name, str) else "")


def _clean_headers(part: Message) -> bool:
    changed = False
    for name, raw in part.items():
        if _MACHINE_HEADER.match(name):
            continue
        text = _header_text(str(raw))
        cleaned = truncate_cards(text)
        if cleaned != text:
            part.replace_header(name, cleaned)
            changed = True
    return changed


def _header_text(raw: str) -> str:
    try:
        text = str(make_header(decode_header(raw)))
    except (HeaderParseError, LookupError, ValueError):
        text = raw
    return re.sub(r"[\r\n]+[ \t]*", " ", text.encode("utf-8", "replace").decode("utf-8"))


def _truncate_markup(html: str) -> str:
    """`truncate_cards` that looks through tags and blank entities ("4111&nbsp;1111 <b>1111</b> 1111")."""
    pieces: list[str] = []
    origin: list[int] = []
    at = 0
    for match in [*_MARKUP.finditer(html), None]:
        start = match.start() if match else len(html)
        pieces.append(html[at:start])
        origin.extend(range(at, start))
        if match:
            pieces.append(" ")
            origin.append(match.start())
            at = match.end()
    edits = [(origin[start], origin[end - 1] + 1, instead) for start, end, instead in _edits("".join(pieces))]
    return truncate_cards(_apply(html, edits))  # once more for what stands inside tags
