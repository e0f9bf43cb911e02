"""Slack out, by chat.postMessage (docs.slack.dev/reference/methods/chat.postMessage, checked 2026-11)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx

from channels.inboxes.slack import SlackInbox
from channels.providers.http_failures import ACCOUNT_RETRY_S, by_status, json_of, open_client, request
from channels.providers.parts import send_parts
from channels.providers.ports import Postponed, Rejected, SendError, Sent
from channels.providers.twilio_sms import retry_after
from channels.render import Rendered
from memory.messages import Outbound

_ACCOUNT = frozenset(
    {
        "invalid_auth",
        "not_authed",
        "account_inactive",
        "token_revoked",
        "token_expired",
        "missing_scope",
        "org_login_required",
    }
    | {"access_denied", "no_permission", "ekm_access_denied", "not_in_channel", "team_access_not_granted"}
)
_LATER = frozenset(
    {
        "ratelimited",
        "rate_limited",
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
    }
)


class Slack:
    """Posts as one app. Slack does not dedupe: a message posted twice stands there twice."""

    def __init__(self, inbox: SlackInbox, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._timeout_s = inbox.timeout_s
        self._clock = clock
        self._client = open_client(inbox.base_url, inbox.timeout_s, {"Authorization": f"Bearer {inbox.token.reveal()}"})

    async def send(self, outbound: Outbound, rendered: Rendered) -> Sent:
        """Posts where the customer wrote; to the person directly where nothing is known of that. Raises SendError."""
        channel = outbound.thread.get("channel") or outbound.recipient.rpartition(":")[2]
        thread = outbound.thread.get("thread_ts", "")

        async def part(text: str, _number: int) -> str:
            return await self.post(channel, text, thread)

        return await send_parts(rendered, part)

    async def post(self, channel: str, text: str, thread: str = "") -> str:
        """Posts mrkdwn; gives "channel:time stamp", as Slack names it. Raises SendError."""
        body: dict[str, Any] = {"channel": channel, "text": text, "unfurl_links": False, "unfurl_media": False}
        if thread:
            body["thread_ts"] = thread
        response = await request(self._client, "Slack", self._timeout_s, "POST", "/chat.postMessage", json=body)
        said = json_of(response)
        if response.is_success and said.get("ok") is True:
            return f"{said.get('channel') or channel}:{said.get('ts') or ''}"
        raise _failure(response, said, self._clock())

    async def aclose(self) -> None:
        await self._client.aclose()


def _failure(response: httpx.Response, said: dict[str, Any], now: datetime) -> SendError:
    """Slack says most of what is wrong in the body of a 200."""
    given = said.get("error")
    code = given[:64] if isinstance(given, str) and given.isascii() and given.isprintable() else ""
    if not response.is_success or not code:
        if response.is_success:
            return Rejected("Slack's answer cannot be read", provider_code="unreadable")
        return by_status("Slack", response, now, code)
    reason = f"Slack answered {code}"
    if code in _LATER:
        return Postponed(
            reason, retry_after_s=retry_after(response.headers.get("retry-after"), now), provider_code=code
        )
    if code in _ACCOUNT:
        reason = f"{reason}: check the app's token, its scopes and that it was invited to the channel"
        return Postponed(reason, retry_after_s=ACCOUNT_RETRY_S, provider_code=code)
    return Rejected(reason, provider_code=code)
