"""Calls, step by step: `POST /v1/webhooks/{inbox}` and below it, for every inbox of kind `twilio_voice`.

    (root)    the call begins: a greeting that says it is automated, and the first question
    /turn     what the caller said is written down and acknowledged at once; on to the wait
    /wait     what waits to be said is said; while there is nothing, this holds for four seconds and is asked again
    /dialled  how the attempt to connect a person ended
    /status   the call is over

Where a call stands travels in the addresses that Twilio is given, and its signature covers them: the same request again
gets the same answer, and no answer twice in the course of a call.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urlencode

import structlog
from fastapi import APIRouter, Request, Response

from agent.dispatch.signals import Signal
from agent.errors import FrontdeskError, MemoryFault
from agent.runtime import Runtime
from channels.adapters.ports import webhook_url
from channels.http.webhooks import arrival, base_of
from channels.inboxes.twilio import TwilioVoiceInbox
from channels.normalise import twilio_voice
from channels.normalise.payloads import Arrived, form_pairs
from channels.normalise.twilio_voice import Call
from channels.outlets import Outlet, Outlets
from channels.spoken import spoken
from channels.twiml import Twiml, Voice
from channels.voice_words import phrases
from memory import calls
from memory.calls import Line

_log = structlog.get_logger(__name__)

HOLD_S = 4.0  # Twilio gives an address 15 s
ADDED_S = 2.0  # what is added while a caller waits for a person is rarely answered
_LOOK_S = 0.5  # another process may have made it ready, and told nobody here
_PAUSE_S = 1
MOST_SILENCES = 3


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a call stands: the caller's `n`th turn comes next, everything up to `after` was said, `since` is the seq of
    what is being answered, `quiet` how often nothing was heard, `tries` how often the answer was asked for, `told` that
    a person rings back."""

    n: int = 1
    after: int = 0
    since: int = 0
    quiet: int = 0
    tries: int = 0
    told: int = 0

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Stand:
        """Twilio only comes back to addresses of ours, so anything else is the beginning."""
        known = {name: query.get(name, "") for name in cls.__slots__}
        return cls(**{name: int(v) for name, v in known.items() if v.isascii() and v.isdigit() and len(v) <= 9})

    @property
    def query(self) -> str:
        return urlencode({name: getattr(self, name) for name in self.__slots__ if getattr(self, name)})


def router(runtime: Runtime, outlets: Outlets, public_url: str | None, organisation: str) -> APIRouter:
    """Include it before the routes of all webhooks, whose addresses these are."""
    routes = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])
    for name, outlet in outlets.items():
        if isinstance(outlet.settings, TwilioVoiceInbox):
            _add(routes, Calls(runtime, outlet, outlet.settings, organisation), name, public_url)
    return routes


def _add(routes: APIRouter, served: Calls, name: str, public_url: str | None) -> None:
    steps: dict[str, Callable[[Step], Awaitable[Twiml]]] = {
        "": served.begin,
        "turn": served.turn,
        "wait": served.wait,
        "dialled": served.dialled,
        "status": served.ended,
    }
    for step, act in steps.items():
        path = f"/v1/webhooks/{name}" + (f"/{step}" if step else "")

        def handler(
            path: str = path, act: Callable[[Step], Awaitable[Twiml]] = act
        ) -> Callable[[Request], Awaitable[Response]]:
            async def handle(request: Request) -> Response:
                came = await arrival(request, served.outlet, public_url, path)
                served.outlet.adapter.verify(came, served.settings, datetime.now(UTC))
                known = Step(
                    came,
                    twilio_voice.call(form_pairs(came)),
                    Stand.of(request.query_params),
                    base_of(request, public_url),
                )
                return Response((await act(known)).document(), media_type="text/xml; charset=utf-8")

            return handle

        routes.add_api_route(
            path.removeprefix("/v1/webhooks"), handler(), methods=["POST"], name=f"voice_{step or 'call'}"
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One request of a call."""

    came: Arrived
    call: Call
    stand: Stand
    base: str


@dataclass(frozen=True, slots=True, eq=False)
class Calls:
    """Serves one inbox; each method answers one address."""

    runtime: Runtime
    outlet: Outlet
    settings: TwilioVoiceInbox
    organisation: str

    async def begin(self, step: Step) -> Twiml:
        """Nothing is written down before the caller says something."""
        words = self.settings.greeting or self._words["greeting"]
        return self._ask(step, Stand(), words.format(organisation=self.organisation))

    async def turn(self, step: Step) -> Twiml:
        """Written down, and only then acknowledged; the answer is waited for elsewhere."""
        stand = step.stand
        said = twilio_voice.said(step.call, stand.n, inbox=self.outlet.name, now=datetime.now(UTC))
        if said is None:
            return self._silent(step)
        try:
            receipt = await self.runtime.receive(said)
        except (FrontdeskError, MemoryFault) as error:
            _log.warning("call_not_written", inbox=self.outlet.name, error=error.code)
            return self._fault(step)
        heard = replace(stand, n=stand.n + 1, since=receipt.seq, quiet=0, tries=0)
        return self._twiml.go(self._to(step, "wait", heard))

    async def wait(self, step: Step) -> Twiml:
        """What is ready is said; with nothing ready, on to the next look, or to a person after too long."""
        try:
            line = await self._ready(step)
            if line is None:
                return self._twiml.say(self._words["ended"]).hang_up()
            if line.words or (line.owner != "bot" and not step.stand.told):
                return await self._say(step, line)
            return await self._nothing_yet(step, line)
        except (FrontdeskError, MemoryFault) as error:
            _log.warning("call_not_read", inbox=self.outlet.name, error=error.code)
            return self._again(step) if step.stand.tries < self._most_tries else self._fault_end()

    async def dialled(self, step: Step) -> Twiml:
        if step.call.dialled in ("completed", "answered"):
            return self._twiml.hang_up()
        return self._promise(step, step.stand, self._words["busy"])

    async def ended(self, step: Step) -> Twiml:
        """The number's status callback. A fault is told, so that Twilio shows it."""
        if step.call.status in twilio_voice.ENDED:
            now, name, call = datetime.now(UTC), self.outlet.name, step.call
            vault, reachable = self.runtime.vault, bool(call.caller)
            ended = await self.runtime.store.write(lambda c: calls.end(c, vault, name, call.sid, reachable, now))
            if ended:
                await self._tell(ended)
        return self._twiml

    # --- what is said ---

    async def _say(self, step: Step, line: Line) -> Twiml:
        now, most = datetime.now(UTC), self.settings.longest_answer
        if line.words:
            await self.runtime.store.write(
                lambda c: calls.note_said(c, self.runtime.vault, line.conversation, line.words, now)
            )
        said = " ".join(spoken(each.text, each.sources, self.settings.language, most) for each in line.words)
        stand = replace(step.stand, after=line.words[-1].seq if line.words else step.stand.after, tries=0)
        if line.owner != "bot":
            return self._to_people(step, stand, said)
        if line.answered < stand.since:  # this was the answer to something before
            return self._twiml.say(said).go(self._to(step, "wait", stand))
        return self._ask(step, replace(stand, told=0), said)

    def _to_people(self, step: Step, stand: Stand, said: str) -> Twiml:
        """The first time a caller waits for a person: connected in opening hours, else rung back."""
        if stand.told:
            return self._ask(step, stand, said)
        staffing = self.runtime.worker.deps.staffing
        if self.settings.dial and staffing.opens_at(self.outlet.name, datetime.now(UTC)) is None:
            twiml = self._twiml.say(said, self._words["connect"])
            address = self._to(step, "dialled", replace(stand, told=1))
            return twiml.dial(self.settings.dial, address, self.settings.dial_timeout_s)
        return self._promise(step, stand, said)

    def _promise(self, step: Step, stand: Stand, *said: str) -> Twiml:
        back = self._words["callback"] if step.call.caller else self._words["withheld"]
        return self._ask(step, replace(stand, told=1), *said, back, self._words["add"])

    async def _nothing_yet(self, step: Step, line: Line) -> Twiml:
        if line.owner == "queue":  # something was added after the caller was told that somebody rings
            return self._twiml.say(self._words["noted"]).hang_up()
        if (step.stand.tries + 1) * (HOLD_S + _PAUSE_S) < self.settings.patience_s:
            return self._again(step)
        if line.owner == "person":
            return self._twiml.say(self._words["noted"]).hang_up()
        now, vault = datetime.now(UTC), self.runtime.vault
        if await self.runtime.store.write(lambda c: calls.give_up(c, vault, line.conversation, now)):
            await self._tell(line.conversation)
        return self._to_people(step, step.stand, self._words["slow"])

    def _again(self, step: Step) -> Twiml:
        words = self._words["moment"] if step.stand.tries % 3 == 0 else ""
        return self._twiml.say(words).pause(_PAUSE_S).go(
            self._to(step, "wait", replace(step.stand, tries=step.stand.tries + 1))
        )  # fmt: skip

    def _silent(self, step: Step) -> Twiml:
        stand = replace(step.stand, quiet=step.stand.quiet + 1)
        if stand.told:
            return self._twiml.say(self._words["noted"]).hang_up()
        if stand.quiet >= MOST_SILENCES:
            return self._twiml.say(self._words["nobody"]).hang_up()
        return self._ask(step, stand, self._words["silence"])

    def _fault(self, step: Step) -> Twiml:
        """It was not written down, so the caller is asked to say it again."""
        stand = replace(step.stand, quiet=step.stand.quiet + 1)
        return self._fault_end() if stand.quiet >= MOST_SILENCES else self._ask(step, stand, self._words["fault"])

    def _fault_end(self) -> Twiml:
        return self._twiml.say(self._words["fault_end"]).hang_up()

    # --- how ---

    async def _ready(self, step: Step) -> Line | None:
        """The call's line as soon as there is something to say, else after four seconds."""
        line = await self._line(step)
        if line is None:
            return None
        until = time.monotonic() + (ADDED_S if line.owner == "queue" and step.stand.told else HOLD_S)
        async with self.runtime.watch(line.conversation) as watch:
            while line is not None and not line.words and (line.owner == "bot" or step.stand.told or line.coming):
                if (left := until - time.monotonic()) <= 0:
                    break
                signal = await watch.next(timeout_s=min(left, _LOOK_S))
                if signal is None or signal.type == "changed":
                    line = await self._line(step)
        return line

    async def _tell(self, conversation: str) -> None:
        await self.runtime.bus.publish(conversation, Signal("changed", conversation))

    async def _line(self, step: Step) -> Line | None:
        name, sid, after = self.outlet.name, step.call.sid, step.stand.after
        return await self.runtime.store.read(lambda c: calls.line(c, self.runtime.vault, name, sid, after))

    def _ask(self, step: Step, stand: Stand, *words: str) -> Twiml:
        return self._twiml.ask(self._to(step, "turn", stand), *words)

    def _to(self, step: Step, where: str, stand: Stand) -> str:
        return f"{webhook_url(step.base, self.outlet.name, where)}?{stand.query}"

    @property
    def _most_tries(self) -> int:
        return int(self.settings.patience_s / (HOLD_S + _PAUSE_S)) + 1

    @property
    def _words(self) -> Mapping[str, str]:
        return phrases(self.settings.language)

    @property
    def _twiml(self) -> Twiml:
        own = self.settings
        timeout = str(own.speech_timeout)
        return Twiml(Voice(own.language, own.voice, ",".join(own.hints), own.speech_model, timeout))
