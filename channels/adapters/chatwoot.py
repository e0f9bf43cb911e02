"""An inbox of Chatwoot, worked by an agent bot of ours."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from channels.adapters.ports import Adapter
from channels.inboxes.chatwoot import ChatwootInbox
from channels.marked import chatwoot as render
from channels.normalise import chatwoot
from channels.normalise.beside import PersonAct
from channels.normalise.payloads import Arrived
from channels.providers.chatwoot import Chatwoot
from channels.signatures import verify_chatwoot, verify_shared
from memory.messages import Inbound, Report


def _verify(request: Arrived, inbox: ChatwootInbox, now: datetime) -> None:
    """Each proof that is configured is required."""
    if inbox.path_secrets:
        verify_shared(
            given=parse_qs(urlsplit(request.url).query, max_num_fields=20).get("secret", [""])[0],
            secrets=[secret.reveal() for secret in inbox.path_secrets],
            what="?secret=… of the webhook's address",
        )
    if inbox.secrets:
        verify_chatwoot(
            body=request.body,
            timestamp=request.headers.get("x-chatwoot-timestamp"),
            signature=request.headers.get("x-chatwoot-signature"),
            secrets=[secret.reveal() for secret in inbox.secrets],
            now=now,
            tolerance_s=inbox.signature_tolerance_s,
        )


def _normalise(request: Arrived, name: str, inbox: ChatwootInbox, now: datetime) -> list[Inbound]:
    return chatwoot.messages(request, inbox=name, account=inbox.account_id, inbox_id=inbox.inbox_id, now=now)


def _beside(request: Arrived, name: str, inbox: ChatwootInbox) -> list[Report | PersonAct]:
    return [*chatwoot.acts(request, inbox=name, account=inbox.account_id, inbox_id=inbox.inbox_id)]


CHATWOOT: Adapter[ChatwootInbox] = Adapter(
    kind="chatwoot",
    channel="chatwoot",
    settings=ChatwootInbox,
    verify=_verify,
    normalise=_normalise,
    render=lambda outbound, inbox: render(outbound.text, outbound.sources),
    provider=lambda name, inbox, public_url: Chatwoot(inbox),
    beside=_beside,
    answer_within_s=5.0,
    retries="never: a webhook that fails opens the conversation for people",
    max_body=2 * 2**20,
)
