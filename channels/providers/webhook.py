"""The generic webhook's way out: one signed POST for a message, under Standard Webhooks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson

from channels.inboxes.webhook import WebhookInbox
from channels.outgoing.addresses import GuardedTransport
from channels.outgoing.signing import headers
from channels.providers.http_failures import by_status, request
from channels.providers.ports import NeedsPerson, Postponed, Sent
from channels.render import Rendered
from memory.messages import Outbound


class SignedPost:
    """Posts signed JSON to one address. Every attempt has the same id, so a receiver knows a repetition.

    Raises ValueError for a secret that cannot sign.
    """

    def __init__(
        self,
        url: str,
        secrets: Sequence[str],
        *,
        timeout_s: float,
        allow_private: bool = False,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._url, self._secrets, self._timeout_s, self._clock = url, list(secrets), timeout_s, clock
        headers(self._secrets, "probe", clock(), b"")
        self._client = httpx.AsyncClient(
            transport=GuardedTransport(allow_private=allow_private),
            timeout=httpx.Timeout(timeout_s, connect=min(5.0, timeout_s)),
            follow_redirects=False,
            trust_env=False,
        )

    async def post(self, id: str, body: dict[str, Any]) -> None:
        """Raises SendError: whatever is not 2xx is a failure, a redirect too; 410 says that nothing more is wanted."""
        raw, now = orjson.dumps(body), self._clock()
        signed = headers(self._secrets, id, now, raw)
        whom = "the webhook's receiver"
        response = await request(self._client, whom, self._timeout_s, "POST", self._url, content=raw, headers=signed)
        if response.is_success:
            return
        if response.status_code == 410:
            raise NeedsPerson(f"{whom} answered 410: it wants nothing any more", provider_code="410")
        if 300 <= response.status_code < 500 and response.status_code not in (401, 403, 408, 429):
            # Standard Webhooks calls every other status a failure to be tried again: a receiver is repaired in time.
            raise Postponed(f"{whom} answered {response.status_code}", provider_code=str(response.status_code))
        raise by_status(whom, response, now)

    async def aclose(self) -> None:
        await self._client.aclose()


class Webhook:
    """Sends an inbox's messages to its `url`."""

    def __init__(self, inbox: WebhookInbox, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        if inbox.url is None:
            raise ValueError("url is not configured")
        self._post = SignedPost(
            inbox.url,
            inbox.sign_with(),
            timeout_s=inbox.timeout_s,
            allow_private=inbox.allow_private,
            clock=clock,
        )
        self._clock = clock

    async def send(self, outbound: Outbound, rendered: Rendered) -> Sent:
        """Raises SendError. What the receiver did not answer is tried again: it knows the id."""
        await self._post.post(outbound.id, message(outbound, rendered, self._clock()))
        return Sent(outbound.id)

    async def aclose(self) -> None:
        await self._post.aclose()


def message(outbound: Outbound, rendered: Rendered, now: datetime) -> dict[str, Any]:
    """The body of a message, as docs/webhooks.md describes it. Pure."""
    thread = {name: value for name, value in outbound.thread.items() if name not in ("conversation", "attachments")}
    data = {
        "id": outbound.id,
        "conversation": outbound.conversation,
        "your_conversation": outbound.thread.get("conversation") or None,
        "recipient": outbound.recipient,
        "text": rendered.text,
        "purpose": outbound.purpose,
        "sources": [
            {"title": str(one.get("title") or ""), "url": str(one.get("url") or one.get("source") or "")}
            for one in rendered.sources
        ],
        "thread": thread,
    }
    return {"type": "message.sent", "timestamp": now.isoformat(), "data": data}
