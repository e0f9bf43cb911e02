"""How large a request's body may be, before anything reads it."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from channels.http.problems import problem

# The largest that any built-in channel takes: an email with its attachments, from SendGrid.
MAX_BODY = 40 * 2**20


class BodyLimit:
    """Answers 413 to a body beyond the limit: by its declared length at once, else as soon as it grows beyond."""

    def __init__(self, app: ASGIApp, limit: int = MAX_BODY) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > self._limit:
            await self._refuse(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._limit:
                raise _TooLarge
            return message

        try:
            await self._app(scope, counted, send)
        except _TooLarge:
            await self._refuse(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = problem(413, "too_large", f"A body may have {self._limit:,} bytes at most.")
        await answer(scope, receive, send)


class _TooLarge(Exception):
    """Ends a request whose body grew beyond the limit."""
