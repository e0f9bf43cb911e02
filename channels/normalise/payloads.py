"""A provider's request as it arrived, and its form fields as bytes. Pure.

BadPayload                code, field, retryable=False, status=400 (a ChannelError)
├── FieldMissing          a field that the provider always sends is not there
├── Malformed             the body or a field cannot be read
├── Oversized             more bytes, fields or levels than the provider itself allows
├── Empty                 nothing was said: no text, no subject, no attachment
└── Unsupported           a kind of sender or message that this adapter does not take
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from channels.errors import ChannelError

MAX_BODY = 40 * 2**20  # SendGrid passes on mails of 30 MB, which base64 makes a third larger
MAX_FIELDS = 1000


class BadPayload(ChannelError):
    """The request is authentic but cannot be read. `field` names what is wrong with it, never its value."""

    code = "bad_payload"
    status = 400

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field


class FieldMissing(BadPayload):
    code = "missing_field"


class Malformed(BadPayload):
    code = "malformed"


class Oversized(BadPayload):
    code = "oversized"


class Empty(BadPayload):
    code = "empty"


class Unsupported(BadPayload):
    code = "unsupported"


@dataclass(frozen=True, slots=True)
class Arrived:
    """A webhook request: `url` is the exact public address with its query, header names are lower case. `client` is
    the address it came from, "" where that is not known."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    client: str = ""

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "")

    @property
    def is_form(self) -> bool:
        kind = self.content_type.partition(";")[0].strip().lower()
        return kind in ("application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True, slots=True)
class Part:
    """One field of a form, undecoded; `filename` is None for a plain field."""

    name: str
    value: bytes
    filename: str | None = None
    content_type: str = ""


def form_pairs(arrived: Arrived) -> list[tuple[str, str]]:
    """The (name, value) pairs of a form in UTF-8, in order, repeated names kept. Raises BadPayload."""
    return [(part.name, part.value.decode("utf-8", "replace")) for part in form_parts(arrived) if part.filename is None]


def form_parts(arrived: Arrived) -> list[Part]:
    """The fields of a urlencoded or multipart form, in order. Raises BadPayload for any other body."""
    if len(arrived.body) > MAX_BODY:
        raise Oversized("body", f"more than {MAX_BODY} bytes")
    kind, options = parse_options_header(arrived.content_type)
    if kind == b"application/x-www-form-urlencoded":
        return _urlencoded(arrived.body)
    if kind == b"multipart/form-data" and options.get(b"boundary"):
        return _multipart(arrived.body, options[b"boundary"])
    raise Malformed("content-type", "not a form")


def _urlencoded(body: bytes) -> list[Part]:
    try:
        pairs = parse_qsl(body.decode("latin-1"), keep_blank_values=True, encoding="latin-1", max_num_fields=MAX_FIELDS)
    except ValueError:
        raise Oversized("body", f"more than {MAX_FIELDS} fields") from None
    return [Part(_utf8(name), value.encode("latin-1")) for name, value in pairs]


def _utf8(name: str) -> str:
    return name.encode("latin-1").decode("utf-8", "replace")


@dataclass(slots=True)
class _Open:
    """The multipart part being read."""

    headers: dict[str, bytes] = field(default_factory=dict)
    name: bytes = b""
    header: bytes = b""
    data: bytearray = field(default_factory=bytearray)


def _multipart(body: bytes, boundary: bytes) -> list[Part]:
    parts: list[Part] = []
    part = _Open()
    complete = False

    def begin() -> None:
        nonlocal part
        part = _Open()
        if len(parts) >= MAX_FIELDS:
            raise Oversized("body", f"more than {MAX_FIELDS} fields")

    def header_name(data: bytes, start: int, end: int) -> None:
        part.name += data[start:end]

    def header_value(data: bytes, start: int, end: int) -> None:
        part.header += data[start:end]

    def header_end() -> None:
        part.headers[part.name.decode("latin-1").lower()] = part.header
        part.name = part.header = b""

    def content(data: bytes, start: int, end: int) -> None:
        part.data += data[start:end]

    def end() -> None:
        nonlocal complete
        complete = True

    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": begin,
                "on_header_field": header_name,
                "on_header_value": header_value,
                "on_header_end": header_end,
                "on_part_data": content,
                "on_part_end": lambda: parts.append(_closed(part)),
                "on_end": end,
            },
        )
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise Malformed("body", f"not a readable multipart form ({error})") from None
    if not complete:
        raise Malformed("body", "the multipart form is cut off")
    return parts


def _closed(part: _Open) -> Part:
    _, options = parse_options_header(part.headers.get("content-disposition", b"").decode("latin-1"))
    filename = options.get(b"filename")
    return Part(
        options.get(b"name", b"").decode("utf-8", "replace"),
        bytes(part.data),
        None if filename is None else clean_line(filename.decode("utf-8", "replace")),
        clean_line(part.headers.get("content-type", b"").decode("latin-1")),
    )


_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


def clean(text: str) -> str:
    """Text with line ends as \\n, no control characters and no lone surrogates, in NFC, stripped at both ends."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n")
    return unicodedata.normalize("NFC", _CONTROL.sub("", text)).strip()


def clean_line(text: str, limit: int = 998) -> str:
    """`clean`, on one line, of at most `limit` characters (998 is RFC 5322's longest line)."""
    return " ".join(clean(text[: limit * 4]).split())[:limit]
