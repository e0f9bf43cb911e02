"""Web push out: one POST to the push service of the customer's browser (RFC 8030)."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric import ec

from channels.inboxes.websocket import WebPush as Settings
from channels.providers.ports import FateUnknown, Gone, Postponed, Rejected, SendError, Sent, Unreachable
from channels.providers.twilio_sms import retry_after
from channels.push_encryption import encode, encrypt, private_key, vapid
from channels.render import Rendered
from memory.messages import Outbound

_ACCOUNT_RETRY_S = 60.0


class WebPush:
    """Sends to whichever push service a browser named. `clock` tells the time that goes into the signature.

    Raises ValueError when the private key is none.
    """

    def __init__(self, settings: Settings, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._key = private_key(settings.private_key.reveal())
        self._settings = settings
        self._clock = clock
        # Nobody's proxy, cookies or redirects: the address came from a browser.
        timeout = httpx.Timeout(settings.timeout_s, connect=min(5.0, settings.timeout_s))
        self._client = httpx.AsyncClient(timeout=timeout, follow_redirects=False, trust_env=False)

    async def send(self, outbound: Outbound, rendered: Rendered) -> Sent:
        """Raises SendError; Gone when the browser has unsubscribed."""
        to = outbound.thread
        endpoint = to.get("endpoint", "")
        if not served(endpoint, self._settings.services):
            raise Gone("no push service that is allowed here serves that address", provider_code="not_allowed")
        try:
            keys = {"p256dh": to.get("p256dh", ""), "auth": to.get("auth", "")}
            once = ec.generate_private_key(ec.SECP256R1())
            body = encrypt(rendered.text.encode(), **keys, sender=once, salt=os.urandom(16))
        except ValueError as error:
            raise Gone(f"the browser's keys cannot be used: {error}", provider_code="bad_keys") from error
        answer = await self._post(endpoint, body, outbound.conversation)
        if answer.is_success:
            return Sent(answer.headers.get("location", "")[-255:])
        raise _failure(answer, self._clock())

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _post(self, endpoint: str, body: bytes, conversation: str) -> httpx.Response:
        headers = {
            "Authorization": vapid(endpoint, self._key, self._settings.subject, self._clock()),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(self._settings.ttl_s),
            "Urgency": "high",  # the customer waits for it
            # One conversation's newer notification takes the place of one that was not delivered yet: 32 characters.
            "Topic": encode(sha256(conversation.encode()).digest())[:32],
        }
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                return await self._client.post(endpoint, content=body, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Unreachable(f"no connection to the push service ({type(error).__name__})") from error
        except (httpx.TransportError, httpx.InvalidURL, TimeoutError) as error:
            raise FateUnknown(f"the push service did not answer ({type(error).__name__})") from error


def served(endpoint: str, services: Sequence[str]) -> bool:
    """Whether one of these services serves the address; `https://*.host` is every host below it."""
    try:
        url = urlsplit(endpoint)
        host, port = (url.hostname or "").lower(), url.port
    except ValueError:
        return False
    if "@" in url.netloc or not host:
        return False
    origin = f"{url.scheme}://{host}" + (f":{port}" if port else "")
    return any(_serves(service, origin) for service in services)


def _serves(service: str, origin: str) -> bool:
    scheme, _, host = service.partition("://")
    if not host.startswith("*."):
        return origin == service
    return origin.startswith(f"{scheme}://") and origin.endswith(host[1:]) and origin != f"{scheme}://{host[1:]}"


def _failure(answer: httpx.Response, now: datetime) -> SendError:
    """RFC 8030, sections 5 and 7.3: 404 and 410 end a subscription; 413 is ours; 429 and 5xx pass."""
    status = answer.status_code
    reason = f"the push service answered {status}"
    if status in (404, 410):
        return Gone("the browser has unsubscribed", provider_code=str(status))
    if status == 429 or status >= 500:
        wait_s = retry_after(answer.headers.get("retry-after"), now)
        return Postponed(reason, retry_after_s=wait_s, provider_code=str(status))
    if status in (401, 403):
        reason = f"{reason}: check the push key and its subject"
        return Postponed(reason, retry_after_s=_ACCOUNT_RETRY_S, provider_code=str(status))
    return Rejected(reason, provider_code=str(status))
