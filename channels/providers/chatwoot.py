"""Chatwoot out, as an agent bot (developers.chatwoot.com/api-reference, checked 2026-11)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from channels.inboxes.chatwoot import ChatwootInbox
from channels.normalise.chatwoot import MARK, PENDING
from channels.providers.http_failures import by_status, json_of, open_client, request
from channels.providers.parts import send_parts
from channels.providers.ports import FateUnknown, Rejected, Sent, TakenElsewhere, Unreachable
from channels.render import Rendered
from memory.messages import Outbound


class Chatwoot:
    """Posts into conversations of one account. Chatwoot does not dedupe: a message posted twice stands there twice."""

    def __init__(self, inbox: ChatwootInbox, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._timeout_s = inbox.timeout_s
        self._clock = clock
        self._path = f"/api/v1/accounts/{inbox.account_id}/conversations"
        token = inbox.token.reveal()
        self._reads = {"api_access_token": inbox.read_token.reveal() if inbox.read_token else token}
        self._client = open_client(inbox.base_url, inbox.timeout_s, {"api_access_token": token})

    async def send(self, outbound: Outbound, rendered: Rendered) -> Sent:
        """Posts every part, the bot's own only while the conversation is pending; that is looked up right before.

        Raises SendError: TakenElsewhere when a person has it there.
        """
        number = _number(outbound)

        async def part(text: str, at: int) -> str:
            if outbound.purpose != "agent" and (status := await self.status(number)) != PENDING:
                raise TakenElsewhere(f"the conversation there is {status}: a person has it", provider_code=status)
            return await self._post(number, text, f"{outbound.id}:{at}")

        return await send_parts(rendered, part)

    async def status(self, number: str) -> str:
        """The status of a conversation as it stands now. Raises SendError."""
        response = await self._ask("GET", f"{self._path}/{number}", headers=self._reads)
        found = json_of(response).get("status")
        if not isinstance(found, str):
            raise Rejected("Chatwoot's answer names no status", provider_code="unreadable")
        return found[:16]

    async def hand_over(self, number: str) -> None:
        """Opens the conversation for people; one that is open stays so. Raises SendError."""
        if await self.status(number) == PENDING:
            await self._ask("POST", f"{self._path}/{number}/toggle_status", json={"status": "open"})

    async def take_back(self, number: str) -> None:
        """Gives a conversation to the bot again. Raises SendError."""
        await self._ask("POST", f"{self._path}/{number}/toggle_status", json={"status": PENDING})

    async def note(self, number: str, text: str) -> str:
        """A private note. Raises SendError."""
        return await self._post(number, text, "note", private=True)

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _post(self, number: str, text: str, mark: str, private: bool = False) -> str:
        body = {
            "content": text,
            "message_type": "outgoing",
            "private": private,
            "content_attributes": {MARK: mark},  # comes back with the webhook: our own echo
        }
        response = await self._ask("POST", f"{self._path}/{number}/messages", json=body)
        found = json_of(response).get("id")
        return f"message:{found}" if isinstance(found, (int, str)) else ""

    async def _ask(self, method: str, path: str, **given: Any) -> Any:
        try:
            response = await request(self._client, "Chatwoot", self._timeout_s, method, path, **given)
        except FateUnknown as error:
            if method == "GET":  # asking changes nothing
                raise Unreachable(str(error)) from error
            raise
        if response.is_success:
            return response
        raise by_status("Chatwoot", response, self._clock())


def _number(outbound: Outbound) -> str:
    number = outbound.thread.get("conversation", "")
    if not (number.isascii() and number.isdigit()):
        raise Rejected("the conversation has no number in Chatwoot", provider_code="no_conversation")
    return number
