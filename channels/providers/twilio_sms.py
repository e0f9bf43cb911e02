"""SMS out, in Twilio's REST form (twilio.com/docs/messaging/api/message-resource, checked 2026-11)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

import httpx

from channels.inboxes.twilio import TwilioSmsInbox
from channels.providers.ports import (
    FateUnknown,
    OptedOut,
    PartlySent,
    Postponed,
    Rejected,
    SendError,
    Sent,
    Unreachable,
)
from channels.render import Rendered
from memory.messages import Outbound

# Twilio's error codes (twilio.com/docs/api/errors) that say more than the HTTP status does.
OPTED_OUT = 21610
TOO_LONG = 21617
_NO_MOBILE = frozenset({21211, 21614})  # no valid number; not a mobile one
# The account's fault and not the message's: tried again, so that a corrected setting loses nothing.
_ACCOUNT = frozenset({20003, 20005, 20008, 20429, 21611, 30001, 30002, 63038})
_ACCOUNT_RETRY_S = 60.0
_MAX_RETRY_S = 86_400.0


class TwilioSms:
    """Sends through one Twilio account. Twilio does not dedupe: a message sent twice is delivered twice."""

    def __init__(
        self,
        inbox: TwilioSmsInbox,
        *,
        status_callback: str | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        sender = {"From": inbox.number} if inbox.number else {"MessagingServiceSid": inbox.messaging_service_sid or ""}
        self._fixed, self._callback = sender, status_callback
        self._path = f"/2010-04-01/Accounts/{inbox.account_sid}/Messages.json"
        self._timeout_s = inbox.timeout_s
        self._clock = clock
        self._client = httpx.AsyncClient(
            base_url=inbox.base_url.rstrip("/"),
            auth=httpx.BasicAuth(inbox.account_sid, inbox.auth_tokens[0].reveal()),
            timeout=httpx.Timeout(inbox.timeout_s, connect=min(5.0, inbox.timeout_s)),
            follow_redirects=False,
            trust_env=False,
        )

    async def send(self, outbound: Outbound, rendered: Rendered) -> Sent:
        """Sends every part in order. Raises SendError; PartlySent once the first part is gone."""
        refs: list[str] = []
        for number, part in enumerate(rendered.parts, 1):
            try:
                back = self._back(outbound.id, number, of=len(rendered.parts))
                refs.append(await self._send_part(outbound.recipient, part, back))
            except SendError as error:
                if not refs or error.opted_out:
                    raise
                reason = f"{len(refs)} of {len(rendered.parts)} parts were sent, then: {error}"
                raise PartlySent(reason, sent=tuple(refs), provider_code=error.provider_code) from error
        if not refs:
            raise Rejected("there is nothing to send")
        return Sent(refs[-1])

    async def aclose(self) -> None:
        await self._client.aclose()

    def _back(self, id: str, number: int, of: int) -> dict[str, str]:
        """Where Twilio reports to. It names the message, so that a report is understood that overtakes Twilio's answer;
        and the part, where another one follows."""
        if self._callback is None:
            return {}
        named = {"outbox": id} | ({"part": str(number)} if number < of else {})
        return {"StatusCallback": f"{self._callback}?{urlencode(named)}"}

    async def _send_part(self, recipient: str, body: str, back: dict[str, str]) -> str:
        form = {**self._fixed, **back, "To": recipient, "Body": body}
        try:
            async with asyncio.timeout(self._timeout_s):  # httpx bounds each read, not the whole answer
                response = await self._client.post(self._path, data=form)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Unreachable(f"no connection to Twilio ({type(error).__name__})") from error
        except (httpx.TransportError, TimeoutError) as error:
            raise FateUnknown(
                f"Twilio did not answer ({type(error).__name__}); it may have sent the message"
            ) from error
        if response.is_success:
            return str(_json(response).get("sid") or "")
        raise _failure(response, self._clock())


def _json(response: httpx.Response) -> dict[str, Any]:
    """The object in the answer; what Twilio says is not ours to trust."""
    try:
        value = response.json()
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _failure(response: httpx.Response, now: datetime) -> SendError:
    said = _json(response).get("code")
    code = said if isinstance(said, int) else 0
    named = str(code or response.status_code)
    reason = f"Twilio answered {response.status_code}" + (f", error {code}" if code else "")
    if code == OPTED_OUT:
        return OptedOut("the recipient has opted out", provider_code=named)
    if code == TOO_LONG:
        return Rejected("the text is longer than Twilio takes", provider_code=named)
    if response.status_code == 429 or response.status_code >= 500:
        wait_s = retry_after(response.headers.get("retry-after"), now)
        return Postponed(reason, retry_after_s=wait_s, provider_code=named)
    if code in _ACCOUNT or response.status_code in (401, 403, 408):
        reason = f"{reason}: check the account and its token"
        return Postponed(reason, retry_after_s=_ACCOUNT_RETRY_S, provider_code=named)
    return Rejected(reason, provider_code=named, bounce="hard" if code in _NO_MOBILE else None)


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds to wait by a Retry-After header, in either of its forms, at most a day; None without a readable one."""
    if not value:
        return None
    if value.strip().isascii() and value.strip().isdigit():
        return min(float(value.strip()[:9]), _MAX_RETRY_S)
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max((at - now).total_seconds(), 0.0), _MAX_RETRY_S)
