"""May this server post there? An address that somebody typed in must not reach a machine of our own network.

    AddressRefused            code "address_refused", retryable=False (a ChannelError)
    └── Unresolved            the name is not known just now; retryable

`check_url` is pure and belongs where settings are read. What a name resolves to can change between the look and the
call (DNS rebinding), so `GuardedTransport` resolves once, refuses when *any* answer is internal, and connects to the
address it looked at; the certificate is still that of the name.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

import httpx

from channels.errors import ChannelError

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

# Not global in every table of ours, and yet nobody's public server: shared address space (RFC 6598), NAT64 (RFC 6052,
# 8215), 6to4 (RFC 3056), Teredo (RFC 4380), benchmarking (RFC 2544) and what used to be site-local (RFC 3879).
_WITHHELD = tuple(
    ip_network(one)
    for one in ("100.64.0.0/10", "198.18.0.0/15", "192.88.99.0/24", "fec0::/10", "2001::/23", "2002::/16")
)
_NAT64 = ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48")
# Names that mean this machine or its cloud whatever the resolver says.
_NAMES = frozenset({"localhost", "metadata.google.internal", "metadata", "instance-data"})
_ENDINGS = (".localhost", ".local", ".internal", ".lan", ".intranet", ".home.arpa", ".corp")


class AddressRefused(ChannelError):
    """The address is internal, or of a form that is not allowed."""

    code = "address_refused"


class Unresolved(AddressRefused):
    """Nobody knows the name at the moment."""

    code = "address_unresolved"
    retryable = True


def check_url(url: str, *, allow_private: bool = False, allow_http: bool = False) -> str:
    """The address as it was given, when its form is allowed. Raises AddressRefused; looks nothing up.

    `allow_private` lets internal addresses and http through, for a receiver in one's own network.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise AddressRefused("the address cannot be read") from None
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise AddressRefused("write the address in plain ASCII, without spaces")
    if parts.scheme != "https" and not (parts.scheme == "http" and (allow_http or allow_private)):
        raise AddressRefused("the address must begin with https://")
    if parts.username is not None or parts.password is not None:
        raise AddressRefused("the address must not hold a user or a password")
    if parts.fragment:
        raise AddressRefused("the address must not have a fragment (#…)")
    if not host:
        raise AddressRefused("the address names no host")
    if not allow_private and internal_name(host):
        raise AddressRefused("the address is of an internal machine; allow_private lets it through")
    return url


def internal_name(host: str) -> bool:
    """Whether a host, by its name or as a literal address, is a machine of one's own network."""
    name = host.rstrip(".").lower()
    literal = _literal(name)
    if literal is not None:
        return internal(literal)
    # "127.1", "0x7f000001" and "2130706433" are addresses to some resolvers; no public name ends in a number.
    last = name.rpartition(".")[2]
    numeric = last.isdigit() or (last.startswith("0x") and all(c in "0123456789abcdef" for c in last[2:]))
    return numeric or "." not in name or name in _NAMES or name.endswith(_ENDINGS)


def internal(address: Address) -> bool:
    """Whether an address is private, loopback, link-local (cloud metadata is), multicast or reserved, in any form an
    IPv6 address may wrap an IPv4 one."""
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return True
        if (inner := address.ipv4_mapped) is not None:
            return internal(inner)
        if any(address in network for network in _NAT64) or int(address) >> 32 == 0:
            return internal(IPv4Address(int(address) & 0xFFFFFFFF)) or int(address) >> 32 == 0
    withheld = any(address in network for network in _WITHHELD if network.version == address.version)
    return withheld or not address.is_global or address.is_multicast or address.is_reserved


def _literal(name: str) -> Address | None:
    try:
        return ip_address(name.strip("[]"))
    except ValueError:
        return None


async def look_up(host: str, port: int) -> list[str]:
    """The addresses of a name, in the resolver's order. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


async def resolve(host: str, port: int, *, allow_private: bool = False, by: Resolve = look_up) -> str:
    """The address to connect to. Raises AddressRefused when any address of the name is internal, Unresolved."""
    name = host.rstrip(".").lower()
    if not allow_private and internal_name(name):
        raise AddressRefused(f"{name} is an internal machine")
    try:
        found = [str(literal)] if (literal := _literal(name)) else list(await by(name, port))
    except (OSError, UnicodeError) as error:
        raise Unresolved(f"nobody knows the name {name} at the moment") from error
    if not found:
        raise Unresolved(f"the name {name} has no address")
    if not allow_private and any(internal(ip_address(one)) for one in found):
        raise AddressRefused(f"{name} leads to an internal address")
    return found[0]


class GuardedTransport(httpx.AsyncBaseTransport):
    """An httpx transport that connects only where `resolve` allows. Errors are AddressRefused, or httpx's own."""

    def __init__(
        self,
        *,
        allow_private: bool = False,
        by: Resolve = look_up,
        inner: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._allow_private = allow_private
        self._by = by
        self._inner = inner or httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        check_url(str(url), allow_private=self._allow_private)
        port = url.port or (443 if url.scheme == "https" else 80)
        address = await resolve(url.host, port, allow_private=self._allow_private, by=self._by)
        request.url = url.copy_with(host=address)
        request.extensions = {**request.extensions, "sni_hostname": url.host}
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()
