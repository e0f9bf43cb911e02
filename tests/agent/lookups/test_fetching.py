"""What becomes of a look-up's request when the other side is not well."""

from __future__ import annotations

import asyncio
import gzip
import json
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from lookups_shop import Shop, shop

from agent.errors import Misconfigured
from agent.lookups.fetching import Answer, Busy, Fetcher, LookUpFailed, NotAllowed, Unreached, Unreadable
from agent.lookups.settings import LookUpSettings

ORDER = {"status": "shipped"}
SECRET = "sk-very-secret"


def settings(url: str = "http://127.0.0.1:1", **given: Any) -> LookUpSettings:
    fields: dict[str, Any] = {"slot": "order", "owner": {"field": "email"}, "fields": ["status"], "timeout_s": 2.0}
    return LookUpSettings(url=f"{url}/{{order}}", **{**fields, **given})


async def got(there: Shop, path: str = "/1", **given: Any) -> Answer | None:
    fetcher = Fetcher("order", settings(there.url, **given))
    try:
        return await fetcher.get(f"{there.url}{path}")
    finally:
        await fetcher.aclose()


async def test_an_answer_comes_back_and_the_request_is_a_get_with_the_headers_of_the_settings() -> None:
    async with shop(answers={"/1": ORDER}) as there:
        found = await got(there, headers={"Authorization": SECRET, "accept-encoding": "gzip"})
        assert found == Answer(ORDER)
        assert there.sent[0]["authorization"] == SECRET
        assert there.sent[0]["accept-encoding"] == "identity"
        assert there.sent[0]["accept"] == "application/json"


@pytest.mark.parametrize("status", [404, 410, 204])
async def test_what_is_not_there_is_no_failure(status: int) -> None:
    async with shop(status=status) as there:
        assert await got(there) is None


@pytest.mark.parametrize(
    ("status", "error", "retryable"),
    [
        (401, NotAllowed, False),
        (403, NotAllowed, False),
        (429, Busy, True),
        (500, Busy, True),
        (503, Busy, True),
        (400, Unreadable, False),
        (206, Unreadable, False),
        (301, Unreadable, False),
        (302, Unreadable, False),
        (307, Unreadable, False),
    ],
)
async def test_each_status_is_a_failure_of_its_own_kind(
    status: int, error: type[LookUpFailed], retryable: bool
) -> None:
    async with shop(answers={"/1": ORDER}) as elsewhere, shop(status=status) as there:
        there.headers = {"location": f"{elsewhere.url}/1"}
        with pytest.raises(error) as failed:
            await got(there, headers={"Authorization": SECRET})
        assert failed.value.retryable is retryable
        assert SECRET not in str(failed.value)
        assert elsewhere.asked == []


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "application/json"),
        (b"{", "application/json"),
        (b"<html>sign in</html>", "text/html"),
        (b'{"a": 1}', "image/png"),
        (b'{"a": NaN}', "application/json"),
        (b"\xff\xfe{}", "application/json"),
        (b"[" * 200_000, "application/json"),
        (b'{"a": ' + b"9" * 6000 + b"}", "application/json"),
        (b"x" * 300_000, "application/json"),
        (b'"' + b"x" * 300_000 + b'"', "application/json"),
    ],
)
async def test_what_is_no_json_or_too_long_cannot_be_read(body: bytes, kind: str) -> None:
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\nconnection: close\r\n\r\n".encode()
    async with shop(raw=head + body) as there:
        with pytest.raises(Unreadable):
            await got(there)


async def test_something_small_that_unpacks_to_something_big_is_not_unpacked() -> None:
    packed = gzip.compress(json.dumps({"status": "x" * 50_000_000}).encode())
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\n"
    async with shop(raw=head + packed) as there:
        with pytest.raises(Unreadable, match="packed"):
            await got(there)


@pytest.mark.parametrize(
    "raw", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{", b"SSH-2.0-x\r\n", b"\x00" * 4096]
)
async def test_a_connection_that_breaks_or_speaks_nonsense_is_a_failure(raw: bytes) -> None:
    async with shop(raw=raw) as there:
        with pytest.raises(LookUpFailed):
            await got(there)


async def test_nobody_there_is_a_failure_that_may_pass(unused_tcp_port: int) -> None:
    with pytest.raises(Unreached, match="no connection"):
        await got(Shop(url=f"http://127.0.0.1:{unused_tcp_port}"))


@pytest.mark.parametrize("slow", [{"delay_s": 5.0}, {"slowly_s": 0.2}])
async def test_the_deadline_holds_for_the_whole_answer_not_for_each_byte(slow: dict[str, float]) -> None:
    async with shop(None, answers={"/1": ORDER}, **slow) as there:
        began = asyncio.get_running_loop().time()
        with pytest.raises(Unreached, match=r"within 0\.3 s"):
            await got(there, timeout_s=0.3)
        assert asyncio.get_running_loop().time() - began < 3.0


async def test_no_session_of_one_customer_is_shown_for_the_next() -> None:
    async with shop(answers={"/1": ORDER}, headers={"set-cookie": "session=ada; Path=/"}) as there:
        fetcher = Fetcher("order", settings(there.url))
        await fetcher.get(f"{there.url}/1")
        await fetcher.get(f"{there.url}/1")
        await fetcher.aclose()
        assert all("cookie" not in sent for sent in there.sent)


async def test_after_failures_in_a_row_it_is_left_alone_and_then_tried_by_one() -> None:
    now = 0.0
    async with shop(status=500) as there:
        fetcher = Fetcher("order", settings(there.url), clock=lambda: now)
        for _ in range(8):
            with pytest.raises(Busy):
                await fetcher.get(f"{there.url}/1")
        assert len(there.asked) == 5
        now, there.status, there.answers = 6.0, 200, {"/1": ORDER}
        assert await fetcher.get(f"{there.url}/1") == Answer(ORDER)
        assert await fetcher.get(f"{there.url}/1") == Answer(ORDER)
        await fetcher.aclose()


@pytest.mark.parametrize("after", ["30", "Fri, 27 Nov 2099 10:00:00 GMT", "99999999999999999999"])
async def test_one_that_asks_for_a_rest_gets_it_for_a_minute_at_most(after: str) -> None:
    now = 0.0
    async with shop(status=429, headers={"retry-after": after}) as there:
        fetcher = Fetcher("order", settings(there.url), clock=lambda: now)
        for _ in range(3):
            with pytest.raises(Busy):
                await fetcher.get(f"{there.url}/1")
        assert len(there.asked) == 1
        now = 61.0
        with pytest.raises(Busy):
            await fetcher.get(f"{there.url}/1")
        assert len(there.asked) == 2
        await fetcher.aclose()


async def test_no_more_are_asked_at_a_time_than_the_settings_say() -> None:
    async with shop(answers={"/1": ORDER}, delay_s=0.3) as there:
        fetcher = Fetcher("order", settings(there.url, at_once=2, timeout_s=10.0))
        asking = [asyncio.create_task(fetcher.get(f"{there.url}/1")) for _ in range(6)]
        await asyncio.sleep(0.15)
        assert len(there.asked) == 2
        assert await asyncio.gather(*asking) == [Answer(ORDER)] * 6
        await fetcher.aclose()


async def test_one_who_leaves_while_it_is_tried_again_keeps_nobody_else_out() -> None:
    now = 0.0
    async with shop(status=500) as there:
        fetcher = Fetcher("order", settings(there.url), clock=lambda: now)
        for _ in range(5):
            with pytest.raises(Busy):
                await fetcher.get(f"{there.url}/1")
        now, there.status, there.answers, there.delay_s = 6.0, 200, {"/1": ORDER}, 1.0
        probe = asyncio.create_task(fetcher.get(f"{there.url}/1"))
        await asyncio.sleep(0.1)
        probe.cancel()
        await asyncio.wait([probe])
        there.delay_s = 0.0
        assert await fetcher.get(f"{there.url}/1") == Answer(ORDER)
        await fetcher.aclose()


@pytest.fixture
def certificate(tmp_path: Path) -> Callable[[], tuple[ssl.SSLContext, Path]]:
    """A server's context and the file with its certificate, which no authority signed."""

    def make() -> tuple[ssl.SSLContext, Path]:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(7)
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=2))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        file = tmp_path / "ca.pem"
        file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        secret = tmp_path / "key.pem"
        form = serialization.PrivateFormat.PKCS8
        secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file, secret)
        return context, file

    return make


async def test_a_certificate_that_nobody_vouches_for_is_refused_unless_the_settings_name_its_authority(
    certificate: Callable[[], tuple[ssl.SSLContext, Path]],
) -> None:
    context, file = certificate()
    async with shop(tls=context, answers={"/1": ORDER}) as there:
        with pytest.raises(Unreached, match="certificate"):
            await got(there)
        assert there.asked == []
        assert await got(there, ca=str(file)) == Answer(ORDER)


def test_headers_and_authorities_that_cannot_be_read_stop_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOP_TOKEN", raising=False)
    for given, why in (
        ({"headers": {"Authorization": "env:SHOP_TOKEN"}}, "SHOP_TOKEN"),
        ({"headers": {"X-Key": "secret\r\nHost: evil"}}, "characters"),
        ({"headers": {"X Key": "secret"}}, "no name"),
        ({"ca": "/nowhere/ca.pem"}, "cannot be read"),
    ):
        with pytest.raises(Misconfigured, match=why) as refused:
            Fetcher("order", settings(**given))
        assert "lookups.order" in str(refused.value)
        assert "secret" not in str(refused.value)
