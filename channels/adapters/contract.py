"""The promises of an adapter as checks that anybody can run, whatever their test runner. See docs/add-a-channel.md.

Each `check_…` takes an Example and returns None, or raises AssertionError that says which promise is broken. `checks`
lists those that need no network; `contract_sending` has those of the way out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import orjson

from channels.adapters.ports import Adapter
from channels.inboxes.base import InboxBase
from channels.normalise.payloads import Arrived, BadPayload
from channels.providers.ports import Provider
from channels.signatures import SignatureError, Stale
from memory.messages import Inbound, Outbound

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ID_CHARACTERS = 240  # the log keeps 255 with what it puts before them


@dataclass(frozen=True)
class Example:
    """An inbox of a kind, and how its provider writes to it.

    `body(id, text)` is a message's body as the provider sends it. `signed(body, at, secret)` is the whole request,
    signed at a moment with the nth of `secrets` secrets that `inbox` has; any other number is a forger's. `stamped`
    says whether the signature covers a time, which may be `tolerance_s` away; `covers_body` whether it covers the
    body; `proof_in_body` that it stands in the body and not in headers or address. `longest` is what one part may have,
    measured by `length`. `secret_words` must appear in no error.

    `open(url)` is the way out to a server at `url`, with a timeout of a quarter of a second; `taken(method, path)` is
    how the provider says yes: (status, body). Both are None where the adapter has no way out over HTTP.
    """

    adapter: Adapter[Any]
    inbox: InboxBase
    body: Callable[[str, str], bytes]
    signed: Callable[[bytes, datetime, int], Arrived]
    secrets: int = 1
    stamped: bool = True
    tolerance_s: float = 300
    covers_body: bool = True
    proof_in_body: bool = False
    longest: int = 100_000
    length: Callable[[str], int] = len
    outbound: Outbound = field(
        default_factory=lambda: Outbound("o-1", "example", "example", "c-1", "someone", "Hello.", "reply", heard_at=NOW)
    )
    secret_words: Sequence[str] = ()
    open: Callable[[str], Provider] | None = None
    taken: Callable[[str, str], tuple[int, bytes]] | None = None

    @property
    def name(self) -> str:
        return self.adapter.kind

    def request(
        self, id: str = "m-1", text: str = "Where is my parcel?", at: datetime = NOW, secret: int = 0
    ) -> Arrived:
        """A genuine request."""
        return self.signed(self.body(id, text), at, secret)


def check_genuine(example: Example) -> None:
    """What the provider signs is accepted, with every secret that is valid now, and is read."""
    for secret in range(max(1, example.secrets)):
        _verify(example, example.request(secret=secret))
    (message,) = _messages(example, example.request())
    assert message.channel == example.adapter.channel, "the message names another channel than the adapter"
    assert message.inbox == example.name, "the message must name the inbox it is given"
    assert "parcel" in message.text, "the customer's words are not in the message"
    assert message.sender and message.provider_id, "a message needs a sender and the provider's own id"
    assert message.received_at == NOW, "the time comes in as an argument"


def check_forged(example: Example) -> None:
    """An altered body, signature or secret, and a request without proof, are refused with SignatureError."""
    genuine = example.request()
    bare = replace(genuine, url=genuine.url.partition("?")[0], headers=_without_proof(genuine.headers))
    requests = [example.request(secret=-1)] + ([] if example.proof_in_body else [bare])
    if example.covers_body:
        requests += [replace(genuine, body=genuine.body + b" "), replace(genuine, body=genuine.body[:-1])]
        requests += [replace(genuine, body=b"")]
    for request in requests:
        _refused(example, request, SignatureError)


def check_stale(example: Example) -> None:
    """A signature of too long ago, or ahead, is Stale, where the provider signs the time."""
    if not example.stamped:
        return
    edge = example.tolerance_s
    for seconds in (1 - edge, edge - 1):
        _verify(example, example.request(at=NOW + timedelta(seconds=seconds)))
    for seconds in (-edge - 1, edge + 1, -86_400, 86_400):
        _refused(example, example.request(at=NOW + timedelta(seconds=seconds)), Stale)


def check_duplicates(example: Example) -> None:
    """The same message delivered again, signed anew, has the same provider id; another message has another."""
    first = _messages(example, example.request("m-1"))
    again = _messages(
        example, example.request("m-1", at=NOW + timedelta(seconds=200), secret=max(0, example.secrets - 1))
    )
    other = _messages(example, example.request("m-2"))
    assert [one.provider_id for one in first] == [one.provider_id for one in again], "a repetition has another id"
    assert first[0].provider_id != other[0].provider_id, "two messages share an id"
    assert first[0].sender == other[0].sender, "the same customer has two names"
    assert all(len(one.provider_id) <= ID_CHARACTERS for one in first + other), "the id is longer than the log keeps"


HOSTILE = (
    b"",
    b"\x00",
    b"{",
    b"[]",
    b"null",
    b'"text"',
    b"{}",
    b"[" * 20_000 + b"]" * 20_000,
    b'{"a":' * 5000 + b"1" + b"}" * 5000,
    b"\xff\xfe\x00\xd8" * 100,
    b"a=1&" * 5000,
    b"=" * 1000,
    b"\r\n--b\r\n" * 500,
    b"A" * 300_000,
    b'{"x":"' + b"\\ud800" * 1000 + b'"}',
)
_TEXTS = (
    "\u202ereversed",
    "\x00\x07bell\x1b[31m",
    "e\u0301" * 500,
    "🙂" * 500,
    "a" * 50_000,
    "\u2028\u2029 line",
    "')--<script>",
)


def check_hostile(example: Example) -> None:
    """Whatever a signed body holds is read, or refused with BadPayload: nothing else is ever raised."""
    genuine = example.body("m-1", "Where is my parcel?")
    cut = [genuine[:at] for at in range(0, len(genuine), max(1, len(genuine) // 40))]
    swapped = [genuine.replace(b'"', one) for one in (b"'", b"", b"[")] + [genuine.replace(b":", b":-1,")]
    for body in (*HOSTILE, *cut, *swapped, *_mistyped(genuine)):
        _read_or_refuse(example, example.signed(body, NOW, 0))
    for text in _TEXTS:
        for message in _read_or_refuse(example, example.request(text=text)):
            shown = message.text + message.sender + (message.name or "")
            assert not any(c in shown for c in "\x00\x07\x1b"), "control characters come through"
            shown.encode()  # a lone surrogate would break every store
    many = _read_or_refuse(example, example.signed(genuine * 3, NOW, 0))
    assert len(many) <= 3


_ODD: tuple[Any, ...] = (None, True, -1, 1e300, "", "\u0000", [], [[]], {}, [None], "x" * 5000)


def _mistyped(body: bytes) -> list[bytes]:
    """The body as JSON with every value of another type, one at a time; nothing for a body that is no JSON."""
    try:
        whole = orjson.loads(body)
    except orjson.JSONDecodeError:
        return []
    found: list[bytes] = []

    def walk(at: Any, change: Callable[[Any], None]) -> None:
        for odd in _ODD:
            change(odd)
            found.append(orjson.dumps(whole))
        change(at)
        entries = list(at.items()) if isinstance(at, dict) else list(enumerate(at)) if isinstance(at, list) else []
        for key, value in entries:
            walk(value, partial(at.__setitem__, key))

    for key, value in list(whole.items()) if isinstance(whole, dict) else []:
        walk(value, partial(whole.__setitem__, key))
    return found


_LONG = (
    "One two three. " * 2000,
    "word" * 5000,
    "🙂👩‍👩‍👧" * 2000,
    "**bold** and [a link](https://help.example.com/page?a=1&b=2) " * 400,
    "& < > | * _ ~ ` @here <!channel> <@U1> " * 300,
    "Grüße, ç, 中文。" * 800,
    "line\n" * 3000,
)
SOURCES = (
    {"title": "Returns | <b>", "url": "https://help.example.com/returns?a=1&b=2"},
    {"title": "", "source": "https://help.example.com/x"},
    {"title": "A file", "source": "/srv/secret/returns.md"},
    {"title": "Odd", "url": "javascript:alert(1)"},
)


def check_rendering(example: Example) -> None:
    """Every part of every message fits, none is empty, no word of a plain text is lost, no path or script is shown."""
    for text in _LONG:
        outbound = replace(example.outbound, text=text, sources=SOURCES)
        rendered = example.adapter.render(outbound, example.inbox)
        assert rendered.parts, "there is nothing to send"
        for part in rendered.parts:
            assert part.strip(), "a part is empty"
            size = example.length(part)
            assert size <= example.longest, f"a part has {size}, and {example.longest} is the most"
        assert example.adapter.render(outbound, example.inbox) == rendered, "rendering twice gives two messages"
        outside = "".join(rendered.parts) + rendered.html
        if not rendered.sources:
            assert "/srv/secret" not in outside and "javascript:" not in outside, "an address that is none is shown"
    plain = " ".join(f"word{n}" for n in range(1500))
    parts = example.adapter.render(replace(example.outbound, text=plain), example.inbox).parts
    said = " ".join(parts)
    missing = [n for n in range(1500) if f"word{n}" not in said]
    assert not missing or example.longest < len(plain) // 8, (
        f"words are lost: word{missing[0]} and {len(missing) - 1} more"
    )


def check_secrets(example: Example) -> None:
    """No secret is in what settings and errors show."""
    shown = [repr(example.inbox), str(example.inbox)]
    for request in (example.request(secret=-1), replace(example.request(), headers={})):
        try:
            example.adapter.verify(request, example.inbox, NOW)
        except (SignatureError, BadPayload) as error:
            shown.append(f"{error} {error!r}")
    for word in example.secret_words:
        assert not any(word in one for one in shown), "a secret is shown"


checks: Sequence[Callable[[Example], None]] = (
    check_genuine,
    check_forged,
    check_stale,
    check_duplicates,
    check_hostile,
    check_rendering,
    check_secrets,
)


def _verify(example: Example, request: Arrived) -> None:
    example.adapter.verify(request, example.inbox, NOW)


def _refused(example: Example, request: Arrived, kind: type[SignatureError]) -> None:
    try:
        _verify(example, request)
    except SignatureError as error:
        assert isinstance(error, kind), f"refused with {type(error).__name__}, not {kind.__name__}"
        assert error.status == 401, "a 403 makes some providers stop for good"
        return
    raise AssertionError("a request that its provider did not sign is accepted")


def _messages(example: Example, request: Arrived) -> list[Inbound]:
    return example.adapter.normalise(request, example.name, example.inbox, NOW)


def _read_or_refuse(example: Example, request: Arrived) -> list[Inbound]:
    adapter = example.adapter
    if adapter.beside is not None:
        _allowing(lambda: adapter.beside and adapter.beside(request, example.name, example.inbox))
    if adapter.handshake is not None:
        _allowing(lambda: adapter.handshake and adapter.handshake(request, example.inbox))
    found = _allowing(lambda: _messages(example, request))
    return found if isinstance(found, list) else []


def _allowing(read: Callable[[], object]) -> object:
    try:
        return read()
    except (BadPayload, SignatureError):
        return None


def _without_proof(headers: Any) -> dict[str, str]:
    """The headers that every client sends."""
    return {name: value for name, value in headers.items() if name in ("content-type", "user-agent", "content-length")}
