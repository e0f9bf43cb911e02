"""What goes wrong between us and a provider that is spoken with over HTTP, as SendError."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import httpx

from channels.outgoing.addresses import AddressRefused, Unresolved
from channels.providers.ports import FateUnknown, Postponed, Rejected, SendError, Unreachable
from channels.providers.twilio_sms import retry_after

ACCOUNT_RETRY_S = 60.0
_MOST = 2**20


def open_client(base_url: str, timeout_s: float, headers: Mapping[str, str]) -> httpx.AsyncClient:
    """A client that follows nobody's redirects and asks nobody's proxy."""
    return httpx.AsyncClient(
        base_url=base_url.rstrip("/"),
        headers=dict(headers),
        timeout=httpx.Timeout(timeout_s, connect=min(5.0, timeout_s)),
        follow_redirects=False,
        trust_env=False,
    )


@contextmanager
def translated(whom: str) -> Iterator[None]:
    """Turns what httpx raises into SendError: nothing was sent, or it may have been."""
    try:
        yield
    except Unresolved as error:
        raise Unreachable(f"no connection to {whom}: {error}") from error
    except AddressRefused as error:
        raise Rejected(f"{whom}: {error}", provider_code=error.code) from error
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise Unreachable(f"no connection to {whom} ({type(error).__name__})") from error
    except (httpx.TransportError, httpx.InvalidURL, httpx.DecodingError, TimeoutError) as error:
        raise FateUnknown(f"{whom} did not answer ({type(error).__name__}); it may have taken the message") from error


async def request(
    client: httpx.AsyncClient, whom: str, timeout_s: float, method: str, url: str, **given: Any
) -> httpx.Response:
    """The answer, whatever its status. Raises SendError. The whole answer has `timeout_s`, not each read of it."""
    with translated(whom):
        async with asyncio.timeout(timeout_s), client.stream(method, url, **given) as response:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > _MOST:
                    break  # nothing that we ask for is as long
            headers = [(name, value) for name, value in response.headers.items() if name != "content-encoding"]
            return httpx.Response(response.status_code, headers=headers, content=bytes(body))


def json_of(response: httpx.Response) -> dict[str, Any]:
    """The object in an answer, an empty one where there is none; what a provider says is not ours to trust."""
    try:
        value = response.json()
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def by_status(whom: str, response: httpx.Response, now: datetime, code: str = "") -> SendError:
    """What an HTTP status alone says: later, our account, or never."""
    status = response.status_code
    named, reason = code or str(status), f"{whom} answered {status}" + (f", error {code}" if code else "")
    if status == 429 or status >= 500 or status == 408:
        wait_s = retry_after(response.headers.get("retry-after"), now)
        return Postponed(reason, retry_after_s=wait_s, provider_code=named)
    if status in (401, 403):
        reason = f"{reason}: check the token and what it may do"
        return Postponed(reason, retry_after_s=ACCOUNT_RETRY_S, provider_code=named)
    return Rejected(reason, provider_code=named)
