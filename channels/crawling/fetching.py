"""One address over HTTP, within limits: what came back, or why it cannot be had.

NotFetched            code "not_fetched", retryable (a ChannelError): no answer, or not in time, or a 5xx
├── Gone              404 or 410: it is no longer there
└── Refused           what the site or we do not allow: robots.txt, another host, too large, no such kind of file
    └── AddressForbidden   an internal machine, or a form of address that is not fetched
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import httpx

from channels.errors import ChannelError
from channels.outgoing.addresses import AddressRefused

AGENT = "FrontdeskIngest"
MAX_HOPS = 5
MAX_BYTES = 10_000_000
"""Of one page, unpacked; sitemaps may have the 50 MB of their protocol."""


class NotFetched(ChannelError):
    code = "not_fetched"
    retryable = True


class Gone(NotFetched):
    code = "gone"
    retryable = False


class Refused(NotFetched):
    code = "fetch_refused"
    retryable = False


class AddressForbidden(Refused):
    code = "address_refused"


@dataclass(frozen=True, slots=True)
class Fetched:
    """`address` is the last of its redirects."""

    address: str
    data: bytes
    kind: str
    charset: str
    robots: str


def plain(address: str) -> str:
    """Without its fragment."""
    return address.partition("#")[0]


def host_of(address: str) -> str:
    """The host and port, without www."""
    try:
        return (urlsplit(address).netloc or "").lower().removeprefix("www.")
    except ValueError:
        return ""


async def fetch(
    client: httpx.AsyncClient,
    address: str,
    *,
    allowed: Callable[[str], str] = lambda _: "",
    max_bytes: int = MAX_BYTES,
    timeout_s: float = 20.0,
) -> Fetched:
    """Follows redirects while `allowed` says "" (else why not) and they stay on the host. Raises NotFetched."""
    host, seen = host_of(address), set[str]()
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                if reason := allowed(address):
                    raise Refused(reason)
                if address in seen or len(seen) > MAX_HOPS:
                    raise Refused("redirects in a circle" if address in seen else f"redirects more than {MAX_HOPS}×")
                seen.add(address)
                answer = await _once(client, address, max_bytes)
                if isinstance(answer, Fetched):
                    return answer
                address = plain(urljoin(address, answer))
                if host_of(address) != host:
                    raise Refused(f"leads to another host ({host_of(address)[:80]})")
    except TimeoutError:
        raise NotFetched(f"no whole answer within {timeout_s:g} s") from None
    except AddressRefused as error:
        raise (NotFetched if error.retryable else AddressForbidden)(str(error)) from error
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, UnicodeError) as error:
        raise NotFetched(f"no answer: {type(error).__name__}") from error


async def _once(client: httpx.AsyncClient, address: str, max_bytes: int) -> Fetched | str:
    """The answer, or where it sends on to."""
    async with client.stream("GET", address, follow_redirects=False) as answer:
        status = answer.status_code
        if answer.has_redirect_location:
            return answer.headers["location"]
        if status in (404, 410):
            raise Gone(f"is no longer there (HTTP {status})")
        if status != 200:
            raise (NotFetched if status >= 500 or status in (408, 429) else Refused)(f"HTTP {status}")
        data = bytearray()
        async for piece in answer.aiter_bytes():
            data += piece
            if len(data) > max_bytes:
                raise Refused(f"larger than {max_bytes // 1_000_000} MB")
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        robots = ",".join(answer.headers.get_list("x-robots-tag")).lower()
        return Fetched(address, bytes(data), kind, answer.charset_encoding or "", robots)
