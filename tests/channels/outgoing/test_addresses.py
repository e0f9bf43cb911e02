"""No address that somebody typed in leads to a machine of our own."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from ipaddress import ip_address

import httpx
import pytest
import trustme

from channels.outgoing.addresses import (
    AddressRefused,
    GuardedTransport,
    Unresolved,
    check_url,
    internal,
    internal_name,
    resolve,
)

INTERNAL = """
0.0.0.0 10.0.0.7 100.64.0.1 127.0.0.1 127.8.9.1 169.254.169.254 172.16.0.1 172.31.255.255 192.168.1.1 192.0.0.1
192.0.2.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 240.0.0.1 255.255.255.255 192.88.99.1
::1 :: fe80::1 fc00::1 fd12:3456::1 ff02::1 2001:db8::1 fec0::1 2001::1 2002:7f00:1::1
::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::127.0.0.1 ::8.8.8.8 64:ff9b::7f00:1 64:ff9b::a00:1
64:ff9b:1::a9fe:a9fe fd00:ec2::254 fe80::1%eth0
"""
NAMES = """
localhost LOCALHOST. app.localhost db printer.local metadata.google.internal x.internal 127.1 2130706433 0x7f000001
0177.0.0.1 10.1 [::1] 169.254.169.254 1.2.3.0x4
"""


@pytest.mark.parametrize("address", INTERNAL.split())
def test_an_internal_address_is_known_in_every_form(address: str) -> None:
    assert internal(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700::1111", "64:ff9b::808:808"])
def test_a_public_address_is_no_internal_one(address: str) -> None:
    assert not internal(ip_address(address))


@pytest.mark.parametrize("host", NAMES.split())
def test_a_name_of_ones_own_network_is_internal(host: str) -> None:
    assert internal_name(host)


def test_a_public_name_is_not() -> None:
    assert not any(internal_name(host) for host in ("example.com", "hooks.example.co.uk", "8.8.8.8", "a1.example"))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://",
        "https://user:pw@example.com/",
        "https://example.com/#part",
        "https://exa mple.com/",
        "https://example.com\\@127.0.0.1/",
        "https://127.0.0.1/",
        "https://[::1]:8443/",
        "https://[::ffff:10.0.0.1]/",
        "https://localhost/",
        "https://example.com:99999/",
        "https://exämple.com/",
        "https://example.com/\r\nX: 1",
        "//example.com",
    ],
)
def test_an_address_of_the_wrong_form_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        check_url(url)


def test_what_is_allowed_is_given_back() -> None:
    assert check_url("https://crm.example.com:8443/in?a=1") == "https://crm.example.com:8443/in?a=1"
    assert check_url("http://10.0.0.7:9000/in", allow_private=True)
    assert check_url("http://example.com/in", allow_http=True)
    with pytest.raises(AddressRefused):
        check_url("http://10.0.0.7/in", allow_http=True)


class Names:
    """A resolver that says what it is told, once each."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers, self.asked = list(answers), 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        return self.answers.pop(0)


async def test_a_name_is_refused_when_any_of_its_addresses_is_internal() -> None:
    assert await resolve("a.example", 443, by=Names(["93.184.216.34", "2606:4700::1111"])) == "93.184.216.34"
    with pytest.raises(AddressRefused):
        await resolve("a.example", 443, by=Names(["93.184.216.34", "::ffff:10.0.0.1"]))
    assert await resolve("a.example", 443, by=Names(["10.0.0.1"]), allow_private=True) == "10.0.0.1"
    with pytest.raises(Unresolved):
        await resolve("a.example", 443, by=Names([]))

    async def unknown(host: str, port: int) -> Sequence[str]:
        raise OSError("no such name")

    with pytest.raises(Unresolved):
        await resolve("a.example", 443, by=unknown)


async def test_the_address_that_was_looked_at_is_the_one_that_is_called() -> None:
    seen: list[tuple[str, str, object]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.url.host, request.headers["host"], request.extensions.get("sni_hostname")))
        return httpx.Response(200)

    rebinding = Names(["93.184.216.34"], ["127.0.0.1"])
    transport = GuardedTransport(by=rebinding, inner=httpx.MockTransport(answer))
    async with httpx.AsyncClient(transport=transport) as client:
        await client.post("https://hook.example.com/in")
        with pytest.raises(AddressRefused):
            await client.post("https://hook.example.com/in")
    assert seen == [("93.184.216.34", "hook.example.com", "hook.example.com")]
    assert rebinding.asked == 2


async def test_the_certificate_must_be_that_of_the_name_and_not_of_the_address() -> None:
    authority = trustme.CA()
    served, trusts = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("hook.example.com").configure_cert(served)
    authority.configure_trust(trusts)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=served)
    port = server.sockets[0].getsockname()[1]
    here = Names(["127.0.0.1"], ["127.0.0.1"])
    transport = GuardedTransport(allow_private=True, by=here, inner=httpx.AsyncHTTPTransport(verify=trusts))
    async with httpx.AsyncClient(transport=transport) as client:
        assert (await client.get(f"https://hook.example.com:{port}/")).status_code == 200
        with pytest.raises(httpx.ConnectError):
            await client.get(f"https://other.example.com:{port}/")
    server.close()
    await server.wait_closed()
