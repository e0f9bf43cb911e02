"""WhatsApp out, in the Graph API's form (developers.facebook.com/docs/whatsapp/cloud-api, checked 2026-11)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from channels.inboxes.whatsapp import Template, WhatsappInbox
from channels.providers.http_failures import ACCOUNT_RETRY_S, by_status, json_of, open_client, request
from channels.providers.parts import send_parts
from channels.providers.ports import NeedsPerson, OptedOutOfMarketing, Postponed, Rejected, SendError, Sent
from channels.providers.twilio_sms import retry_after
from channels.render import Rendered
from memory.messages import Outbound

WINDOW = timedelta(hours=24)
# Meta's error codes (…/cloud-api/support/error-codes) that say more than the HTTP status does.
OUTSIDE_WINDOW = 131047
NO_MARKETING = 131050
# The account's fault: tried again, so that a corrected setting loses nothing. 200 to 299 are permissions.
_ACCOUNT = frozenset({0, 3, 10, 190, 368, 131005, 131031, 131042, 131045, 133010, 133015, *range(200, 300)})
# Limits and failures that pass: of the app, the account, the number, the pair; of Meta itself.
_LATER = frozenset({1, 2, 4, 80007, 130429, 131000, 131016, 131048, 131056, 131057, 133004, 133016})
_PARAMETER_CHARACTERS = 1024


class Whatsapp:
    """Sends through one business number. Meta does not dedupe: a message sent twice is delivered twice."""

    def __init__(self, inbox: WhatsappInbox, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._inbox = inbox
        self._clock = clock
        self._path = f"/{inbox.version}/{inbox.phone_number_id}/messages"
        authorization = {"Authorization": f"Bearer {inbox.token.reveal()}"}
        self._client = open_client(inbox.base_url, inbox.timeout_s, authorization)

    async def send(self, outbound: Outbound, rendered: Rendered) -> Sent:
        """Sends text within 24 hours of the customer's last message, a template after them.

        Raises SendError: NeedsPerson where the window is closed and no template is set for it.
        """
        if open_until(outbound.heard_at, self._clock()):

            async def text(part: str, _number: int) -> str:
                return await self._post(outbound, {"type": "text", "text": {"body": part, "preview_url": False}})

            return await send_parts(rendered, text)
        template = self._template(outbound)
        if template is None:
            raise NeedsPerson(
                "the customer's last message is more than 24 hours old and no template is set for this",
                provider_code=str(OUTSIDE_WINDOW),
            )
        ref = await self._post(outbound, _in_template(template, rendered.text))
        if not template.with_text:
            raise NeedsPerson(
                f"the template {template.name} asked the customer to write; the message waits until they did",
                provider_code=str(OUTSIDE_WINDOW),
            )
        return Sent(ref)

    async def aclose(self) -> None:
        await self._client.aclose()

    def _template(self, outbound: Outbound) -> Template | None:
        templates = self._inbox.templates
        if outbound.purpose == "marketing":
            return templates.marketing
        return templates.notification if outbound.purpose == "notification" else templates.reply

    async def _post(self, outbound: Outbound, content: dict[str, Any]) -> str:
        body = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": outbound.recipient.removeprefix("+"),
            "biz_opaque_callback_data": outbound.id,  # comes back with every status
            **content,
        }
        response = await request(self._client, "WhatsApp", self._inbox.timeout_s, "POST", self._path, json=body)
        said = json_of(response)
        if response.is_success:
            taken = said.get("messages")
            first = taken[0] if isinstance(taken, list) and taken and isinstance(taken[0], dict) else {}
            return str(first.get("id") or "")
        raise _failure(response, said, self._clock())


def open_until(heard_at: datetime | None, now: datetime) -> datetime | None:
    """Until when free text may be sent, None when it may not."""
    return heard_at + WINDOW if heard_at is not None and now < heard_at + WINDOW else None


def _in_template(template: Template, text: str) -> dict[str, Any]:
    """A template with the text as its variable: one line, as WhatsApp allows there neither breaks nor four spaces."""
    words = " ".join(text.split())
    if template.with_text and len(words) > _PARAMETER_CHARACTERS:
        raise NeedsPerson(
            f"the text has {len(words)} characters; a template takes {_PARAMETER_CHARACTERS}",
            provider_code=str(OUTSIDE_WINDOW),
        )
    parameters = [{"type": "body", "parameters": [{"type": "text", "text": words}]}] if template.with_text else []
    named = {"name": template.name, "language": {"code": template.language}, "components": parameters}
    return {"type": "template", "template": named}


def _failure(response: httpx.Response, said: dict[str, Any], now: datetime) -> SendError:
    fault = said.get("error")
    given = fault.get("code") if isinstance(fault, dict) else None
    code = given if isinstance(given, int) and not isinstance(given, bool) else -1
    named = str(code if code >= 0 else response.status_code)
    reason = f"WhatsApp answered {response.status_code}" + (f", error {code}" if code >= 0 else "")
    if code == OUTSIDE_WINDOW:
        return NeedsPerson("the customer's last message is more than 24 hours old", provider_code=named)
    if code == NO_MARKETING:
        return OptedOutOfMarketing("the recipient wants no marketing on WhatsApp", provider_code=named)
    if code in _LATER:
        wait_s = retry_after(response.headers.get("retry-after"), now)
        return Postponed(reason, retry_after_s=wait_s, provider_code=named)
    if code in _ACCOUNT:
        reason = f"{reason}: check the account and its token"
        return Postponed(reason, retry_after_s=ACCOUNT_RETRY_S, provider_code=named)
    if code >= 0 and response.status_code < 500 and response.status_code != 429:
        return Rejected(reason, provider_code=named)
    return by_status("WhatsApp", response, now, named if code >= 0 else "")
