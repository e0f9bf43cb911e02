"""The live chat's socket: reads frames, sends the log. What it sends is read from the log, never from memory."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import structlog
from fastapi import FastAPI
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from agent import metrics
from agent.dispatch.signals import Signal, Watch
from agent.errors import Draining, MemoryFault, StoreUnavailable, WrongToken
from agent.runtime import Opened, Runtime
from agent.waits import Wait
from channels import protocol
from channels.chat_offers import NOTHING, ChatOffers
from channels.protocol import ASKED_FOR_PERSON, Feedback, Hello, Message, Person, ProtocolError, Push, Seen, Typing
from channels.signed_identity import SignedIdentity
from memory.identity.signing_in import Signed
from memory.messages import Event, Inbound

_log = structlog.get_logger(__name__)

# Close codes: 1008 policy, 1012 service restart, 1013 try again later (RFC 6455 and its IANA registry).
_POLICY, _RESTART, _LATER = 1008, 1012, 1013
_HELLO_S = 15.0
# A reader slower than this for one frame is dropped; its messages wait in the log.
_SEND_S = 20.0
# How long a socket trusts the bus before it looks at the log by itself.
_LOOK_S = 10.0
# Events read at once: what a reader who takes nothing holds in memory, up to 20,000 characters each.
_PAGE = 40
# Frames that cannot be understood, in a row, before the socket closes.
_PATIENCE = 20
# Somebody's typing is passed on this often at most, however often a browser says it.
_TYPING_S = 2.0


@dataclass(slots=True, eq=False)
class ChatSocket:
    """One customer's socket, from its accept to its close."""

    socket: WebSocket
    runtime: Runtime
    inbox: str
    offers: ChatOffers = NOTHING
    identities: SignedIdentity | None = None
    send_s: float = _SEND_S
    _sending: asyncio.Lock = field(default_factory=asyncio.Lock)
    _sent: int = 0
    _showing: str = ""
    _reminded: bool = False
    _typed: float = 0.0

    async def run(self) -> None:
        """Serves until either side closes. Raises nothing."""
        await self.socket.accept()
        with metrics.SOCKETS.track_inprogress(), contextlib.suppress(WebSocketDisconnect, RuntimeError):
            opened = await self._open()
            if opened is None:
                return
            async with self.runtime.watch(opened.conversation) as watch:
                await self._both(opened, watch)

    async def close(self, code: int = _RESTART, reason: str = "restarting") -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            if self.socket.application_state is WebSocketState.CONNECTED:
                await self.socket.close(code, reason)

    async def _open(self) -> Opened | None:
        try:
            async with asyncio.timeout(_HELLO_S):
                hello = protocol.parse(await self._receive())
            if not isinstance(hello, Hello):
                raise ProtocolError("hello_first", "The first frame must be a hello.")
            signed = self._signed(hello)
            opened = await self.runtime.open_chat(self.inbox, hello.conversation, hello.token, signed)
        except (ProtocolError, WrongToken) as error:
            await self._refuse(error.code, str(error))
            return None
        except TimeoutError:
            await self._refuse("hello_first", "No hello came in time.")
            return None
        except StoreUnavailable as error:
            await self._refuse(error.code, "We cannot keep messages just now. Try again soon.", _LATER)
            return None
        self._sent = hello.after if hello.after <= opened.seq else 0
        begins = await self._begins(opened, hello)
        self._sent = max(self._sent, begins)
        await self._send(await self._welcome(opened, known=hello.conversation is not None, begins=begins))
        return opened

    def _signed(self, hello: Hello) -> Signed | None:
        """Who the organisation's system says this is, None where the visitor brings no identity. Raises
        IdentityRefused: never is one who brings one taken for a stranger."""
        if hello.identity is None:
            return None
        identities = self.identities or SignedIdentity(self.inbox)
        return identities.verified(hello.identity, datetime.now(UTC).timestamp())

    async def _begins(self, opened: Opened, hello: Hello) -> int:
        """Where a browser begins that asks for the newest events alone; 0 for one that wants all, or has the rest."""
        if hello.most is None or hello.after or not opened.seq:
            return 0
        with contextlib.suppress(MemoryFault):
            return await self.runtime.newest(opened.conversation, hello.most)
        return 0

    async def _welcome(self, opened: Opened, *, known: bool, begins: int = 0) -> dict[str, Any]:
        wait = await self._wait()
        self._reminded = known and bool(self.offers.push_key) and await self._subscribed(opened)
        offers = {**self.offers.frame(), "wait": wait.frame() if wait else None, "pushing": self._reminded or None}
        offers["from"] = begins or None  # what came before is there for the asking
        return protocol.welcome(opened.conversation, opened.token, opened.seq, **offers)

    async def _wait(self) -> Wait | None:
        """What can be said of the wait for a person. A figure is no reason to keep anybody out."""
        with contextlib.suppress(MemoryFault):
            return await self.runtime.visits.wait(self.inbox)
        return None

    async def _subscribed(self, opened: Opened) -> bool:
        with contextlib.suppress(MemoryFault):
            return await self.runtime.visits.subscribed(opened.conversation)
        return False

    async def _refuse(self, code: str, words: str, close: int = _POLICY) -> None:
        await self._send(protocol.error(code, words))
        await self.close(close, code)

    async def _both(self, opened: Opened, watch: Watch) -> None:
        """Reads and writes at once; when either ends, so does the other."""
        tasks = [asyncio.create_task(self._read(opened)), asyncio.create_task(self._write(opened, watch))]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except TimeoutError:
            await self.close(_LATER, "too slow")
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _receive(self) -> str | bytes:
        message = await self.socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005))
        text: str | bytes = message.get("text") or message.get("bytes") or ""
        return text

    async def _read(self, opened: Opened) -> None:
        bad = 0
        while bad < _PATIENCE:
            frame: protocol.ClientFrame | None = None
            try:
                frame = protocol.parse(await self._receive())
                await self._take(opened, frame)
                bad = 0
            except ProtocolError as error:
                bad += 1
                await self._send(protocol.error(error.code, str(error), error.id))
            except (MemoryFault, Draining) as error:
                words = "That was not kept. Send it again in a moment." if error.retryable else str(error)
                about = frame.id if isinstance(frame, Message | Feedback) else None
                await self._send(protocol.error(error.code, words, about))
        await self.close(_POLICY, "too many frames that cannot be understood")

    async def _take(self, opened: Opened, frame: protocol.ClientFrame) -> None:
        match frame:
            case Message():
                receipt = await self.runtime.receive(self._inbound(opened, frame.id, frame.text, "message"))
                await self._send(protocol.ack(frame.id, receipt.seq))
            case Person():
                await self._fetch_person(opened)
            case Feedback():
                visits = self.runtime.visits
                seq = await visits.rate(opened.conversation, frame.turn, frame.score, frame.text, frame.id)
                if frame.id is not None:
                    await self._send(protocol.ack(frame.id, seq))
            case Push():
                await self._push(opened, frame)
            case Seen():
                if self._reminded:
                    await self.runtime.visits.seen(opened.conversation, frame.seq)
            case Typing():
                await self._typing(opened)
            case Hello():
                raise ProtocolError("hello_twice", "This socket is already open; hello comes once.")

    async def _fetch_person(self, opened: Opened) -> None:
        """Once: a second press while a person is on the way changes nothing."""
        if (await self.runtime.owner(opened.conversation)) == "bot":
            inbound = self._inbound(opened, f"person-{uuid.uuid4().hex}", ASKED_FOR_PERSON, "person")
            await self.runtime.receive(inbound)

    async def _push(self, opened: Opened, frame: Push) -> None:
        if not self.offers.push_key:
            raise ProtocolError("no_push", "This chat cannot send notifications.")
        wanted = frame.subscription
        given = None
        if wanted is not None:
            given = {"endpoint": wanted.endpoint, "p256dh": wanted.keys.p256dh, "auth": wanted.keys.auth}
            given |= {"words": frame.words}
        await self.runtime.visits.subscribe(opened.conversation, given)
        self._reminded = given is not None
        await self._send(protocol.push(self._reminded))

    async def _typing(self, opened: Opened) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._typed >= _TYPING_S:
            self._typed = now
            await self.runtime.visits.typing(opened.conversation, "customer")

    def _inbound(self, opened: Opened, client_id: str, text: str, kind: Any) -> Inbound:
        return Inbound(
            inbox=self.inbox,
            channel="chat",
            provider_id=f"{opened.conversation}:{client_id}",
            sender=opened.conversation,
            text=text,
            received_at=datetime.now(UTC),
            conversation=opened.conversation,
            kind=kind,
        )

    async def _write(self, opened: Opened, watch: Watch) -> None:
        while True:
            await self._catch_up(opened.conversation)
            signal = await watch.next(_LOOK_S)
            while signal is not None and signal.type != "changed" and not watch.missed:
                await self._show(signal)
                signal = await watch.next(_LOOK_S)
            watch.missed = False

    async def _catch_up(self, conversation: str) -> None:
        """Sends what the log has and the customer has not, in order, each once."""
        while events := await self.runtime.visible(conversation, self._sent, _PAGE):
            for event in events:
                await self._send(await self._frame(event))
                self._sent = event.seq
                if event.turn == self._showing:
                    self._showing = ""

    async def _frame(self, event: Event) -> dict[str, Any]:
        """An event as it is sent; one by which a person is waited for says how long that takes."""
        frame = protocol.event(event)
        if event.kind == "handed_over" and (wait := await self._wait()) is not None:
            return {**frame, "wait": wait.frame()}
        return frame

    async def _show(self, signal: Signal) -> None:
        if signal.type == "typing":
            if signal.role == "agent":
                await self._send(protocol.typing(signal.text))
        elif signal.type == "delta":
            shown = await self.runtime.show(signal)
            if shown.text is not None:
                self._showing = signal.turn
                await self._send(protocol.delta(signal.turn, shown.text))
        elif self._showing and signal.turn in ("", self._showing):
            turn, self._showing = self._showing, ""
            await self._send(protocol.restart(turn))

    async def _send(self, frame: Mapping[str, Any]) -> None:
        async with self._sending, asyncio.timeout(self.send_s):
            await self.socket.send_text(protocol.dumps(frame))


def chat_route(
    app: FastAPI,
    runtime: Runtime,
    inboxes: Mapping[str, ChatOffers],
    identities: Mapping[str, SignedIdentity] | None = None,
) -> None:
    """`WS /v1/chat/{inbox}` of these inboxes, with the signed identities each takes."""

    @app.websocket("/v1/chat/{inbox}")
    async def chat(socket: WebSocket, inbox: str) -> None:
        if inbox not in inboxes:
            await socket.accept()
            words = f"There is no chat named {inbox[:64]!r} here."
            await socket.send_text(protocol.dumps(protocol.error("unknown_inbox", words)))
            await socket.close(1008, "unknown_inbox")
            return
        chat = ChatSocket(socket, runtime, inbox, inboxes[inbox], (identities or {}).get(inbox))
        app.state.sockets.open.add(chat)
        try:
            await chat.run()
        finally:
            app.state.sockets.open.discard(chat)
