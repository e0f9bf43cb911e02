"""Photos of a live chat: `POST /v1/chat/{inbox}/attachments`, and each again for whoever has the conversation's secret.

The browser on another site asks first (CORS): anybody may, as the secret in the headers is what opens a conversation,
and no cookie is ever looked at.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import unquote

from fastapi import APIRouter, Header, Request, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent.runtime import Runtime
from channels.chat_offers import MAX_PHOTO, PHOTO_TYPES, ChatOffers
from channels.errors import NotAPhoto, NotIdentified, TooLarge, UnknownInbox
from channels.signed_identity import MAX_TOKEN, IdentityRefused, SignedIdentity
from memory import attachments
from memory.errors import UnknownAttachment
from memory.messages import Attachment, Inbound

_CORS = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, POST"),
    (
        b"access-control-allow-headers",
        b"Content-Type, Idempotency-Key, X-Frontdesk-Conversation, X-Frontdesk-Identity, "
        b"X-Frontdesk-Name, X-Frontdesk-Token",
    ),
    (b"access-control-max-age", b"86400"),
)
_OURS = re.compile(r"/v1/chat/[^/]+/attachments(/[^/]+)?$")
_TOO_LARGE = f"A photo may have {MAX_PHOTO // 2**20} MB at most."
# What a picture begins with, whatever it calls itself.
_MAGIC = {"image/jpeg": (b"\xff\xd8\xff",), "image/png": (b"\x89PNG\r\n\x1a\n",), "image/gif": (b"GIF87a", b"GIF89a")}

Conversation = Annotated[str, Header(alias="X-Frontdesk-Conversation", max_length=64)]
Token = Annotated[str, Header(alias="X-Frontdesk-Token", max_length=128)]
Identity = Annotated[str | None, Header(alias="X-Frontdesk-Identity", max_length=MAX_TOKEN)]
Key = Annotated[str, Header(alias="Idempotency-Key", min_length=1, max_length=128)]
Name = Annotated[str, Header(alias="X-Frontdesk-Name", max_length=1000)]


class AnySite:
    """Lets a page of any site read the answers of these routes, refusals too: the widget lives on other sites."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _OURS.search(scope["path"]):
            await self._app(scope, receive, send)
            return

        async def open_to_all(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *_CORS]}
            await send(message)

        if scope["method"] == "OPTIONS":
            await Response(status_code=204)(scope, receive, open_to_all)
        else:
            await self._app(scope, receive, open_to_all)


def router(
    runtime: Runtime, chats: Mapping[str, ChatOffers], identities: Mapping[str, SignedIdentity] | None = None
) -> APIRouter:
    """Routes for every chat that takes photos, with the signed identities each takes."""
    routes = APIRouter(prefix="/v1/chat/{inbox}/attachments", tags=["chat"])

    async def admit(inbox: str, conversation: str, token: str, identity: str | None) -> None:
        if inbox not in chats or not chats[inbox].photos:
            raise UnknownInbox(inbox)
        signed = None
        if identity is not None:
            takes = (identities or {}).get(inbox) or SignedIdentity(inbox)
            try:
                signed = takes.verified(identity, datetime.now(UTC).timestamp())
            except IdentityRefused as error:
                raise NotIdentified(str(error)) from None
        await runtime.admitted(inbox, conversation, token, signed)

    @routes.post("", status_code=201)
    async def send(
        inbox: str,
        request: Request,
        conversation: Conversation,
        token: Token,
        key: Key,
        name: Name = "",
        identity: Identity = None,
    ) -> dict[str, int]:
        """One picture as the body. The same Idempotency-Key again is the same message."""
        await admit(inbox, conversation, token, identity)
        body = await _body(request)
        photo = Attachment(file_name(name), _type(request, body), body)
        receipt = await runtime.receive(_inbound(inbox, conversation, key, photo))
        return {"seq": receipt.seq}

    @routes.get("/{attachment}")
    async def show(
        inbox: str, attachment: str, conversation: Conversation, token: Token, identity: Identity = None
    ) -> Response:
        """A picture of this conversation, as it was sent."""
        await admit(inbox, conversation, token, identity)
        kept = await runtime.store.read(lambda c: attachments.read(c, runtime.vault, conversation, attachment))
        if kept.body is None or kept.type not in PHOTO_TYPES:
            raise UnknownAttachment("this attachment is not shown in the chat")
        headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store"}
        return Response(kept.body, media_type=kept.type, headers=headers)

    return routes


async def _body(request: Request) -> bytes:
    declared = request.headers.get("content-length", "0")
    if int(declared) > MAX_PHOTO:  # BodyLimit let only digits through
        raise TooLarge(_TOO_LARGE)
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_PHOTO:
            raise TooLarge(_TOO_LARGE)
        parts.append(part)
    return b"".join(parts)


def _type(request: Request, body: bytes) -> str:
    """The declared type, where the bytes bear it out. Raises NotAPhoto."""
    declared = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if declared not in PHOTO_TYPES:
        raise NotAPhoto("That is no photo: JPEG, PNG, WebP and GIF are taken.")
    webp = declared == "image/webp" and body[:4] == b"RIFF" and body[8:12] == b"WEBP"
    if not (webp or body.startswith(_MAGIC.get(declared, (b"\x00never",)))):
        raise NotAPhoto(f"That file is not the {declared} it says it is.")
    return declared


def file_name(given: str) -> str:
    """A name to show: the last part of a path, percent-decoded, without what steers a terminal or a file system."""
    last = re.split(r"[\\/]", unquote(given, errors="replace"))[-1]
    shown = "".join(c for c in unicodedata.normalize("NFC", last) if unicodedata.category(c)[0] != "C")
    return shown.strip(" .")[:120] or "photo"


def _inbound(inbox: str, conversation: str, key: str, photo: Attachment) -> Inbound:
    return Inbound(
        inbox=inbox,
        channel="chat",
        provider_id=f"{conversation}:{key}",
        sender=conversation,
        text=f"[{photo.name}]",
        received_at=datetime.now(UTC),
        conversation=conversation,
        attachments=(photo,),
    )
