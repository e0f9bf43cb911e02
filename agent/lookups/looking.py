"""The adapter of `agent.ports.LookUps`: from a turn to what the organisation's systems say on it.

Real values leave the vault here and nowhere else: they go into the address of one request, and what comes back gets
its pseudonyms before it goes on. Where that cannot be done, nothing goes on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import numpy as np
import structlog
from babel.dates import format_time
from numpy.typing import NDArray
from sqlalchemy import Connection

from agent import metrics
from agent.dates import plainly
from agent.guardrails.injection import judge_passage
from agent.guardrails.pii import PiiUnavailable
from agent.lookups.addresses import Unfit, filled, is_fit, places
from agent.lookups.asking import about_of, message_of
from agent.lookups.fetching import Answer, Fetcher, LookUpFailed
from agent.lookups.keeping import Kept
from agent.lookups.looked_up import LookedUp
from agent.lookups.matching import MOST, Need, bare, may_need, needs
from agent.lookups.person import PROVEN, Person, person
from agent.lookups.reading import Place, owners, records, statements
from agent.lookups.settings import PERSONAL, LookUpSettings
from agent.lookups.spec import LookUp, compiled
from agent.redaction import Detector
from agent.settings import Configured
from agent.state import Turn
from knowledge.passages import Passage
from memory.cards import truncate_cards
from memory.identity.naming import region_of
from memory.pseudonyms import PseudonymBook, pseudonymise
from memory.store import Store
from memory.vault import Vault

_log = structlog.get_logger(__name__)


def open_look_ups(
    stack: AsyncExitStack, settings: Configured, store: Store, vault: Vault, detector: Detector, embedder: _Embeds
) -> ConfiguredLookUps:
    """The look-ups of these settings. Raises Misconfigured naming the one that cannot work."""
    there = Place(settings.organisation.locale, ZoneInfo(settings.organisation.timezone))
    made = ConfiguredLookUps(
        settings.lookups, store=store, vault=vault, detector=detector, embedder=embedder, place=there
    )
    stack.push_async_callback(made.aclose)
    return made


class _Embeds(Protocol):
    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]: ...


@dataclass(frozen=True, slots=True)
class _Tool:
    look_up: LookUp
    fetcher: Fetcher


class ConfiguredLookUps:
    """Runs the look-ups of the settings. Close it."""

    def __init__(
        self,
        given: Mapping[str, LookUpSettings],
        *,
        store: Store,
        vault: Vault,
        detector: Detector,
        embedder: _Embeds,
        place: Place,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises Misconfigured."""
        self._tools = {name: _Tool(compiled(name, each), Fetcher(name, each)) for name, each in given.items()}
        self._all = tuple(tool.look_up for tool in self._tools.values())
        self._store, self._vault, self._detector, self._embedder = store, vault, detector, embedder
        self._place, self._clock = place, clock
        self._kept = Kept(monotonic)
        self._examples: dict[str, NDArray[np.float32]] = {}

    async def look_up(self, turn: Turn) -> tuple[LookedUp, ...]:
        """What bears on the turn's message; empty where nothing does. Raises nothing."""
        if turn.redaction_failed or not turn.said:
            return ()
        try:
            return await self._looked(turn)
        except Exception as error:  # noqa: BLE001  (a turn outlives every fault of a look-up)
            _log.error("look_ups_failed", error=type(error).__name__, exc_info=True)
            return (LookedUp("look-ups", "", fault="something went wrong on our side", state="failed"),)

    async def aclose(self) -> None:
        await asyncio.gather(*(tool.fetcher.aclose() for tool in self._tools.values()))

    async def _looked(self, turn: Turn) -> tuple[LookedUp, ...]:
        region = region_of(self._place.locale)
        who = await self._store.read(lambda c: person(c, self._vault, turn.customer, region))
        needed = await self._needed(turn, who)
        if not needed:
            return ()
        if turn.proof not in PROVEN:
            return (_unproven(needed[0]),)
        about = about_of(turn, self._all)
        asked = [self._answered(turn, who, need, value, about) for need in needed for value in need.values or ("",)]
        return tuple(await asyncio.gather(*asked[: 2 * MOST]))

    async def _needed(self, turn: Turn, who: Person) -> tuple[Need, ...]:
        message = message_of(turn, who, self._all)
        possible = may_need(message, self._all)
        if not possible:
            return ()
        asked = bare(message.text, possible)
        (one, *others) = await self._embedder.embed([asked, *([message.before] if message.before else [])])
        near = {each.name: max([await self._near(each, vector) for vector in (one, *others)]) for each in possible}
        return needs(message, near, possible)

    async def _near(self, look_up: LookUp, vector: NDArray[np.float32]) -> float:
        if not look_up.when:
            return 0.0
        if look_up.name not in self._examples:
            self._examples[look_up.name] = await self._embedder.embed(look_up.when)
        return float(np.max(self._examples[look_up.name] @ vector))

    async def _answered(self, turn: Turn, who: Person, need: Need, value: str, about: str) -> LookedUp:
        """One look-up for one value, from before where it was just made."""
        look_up = need.look_up
        if look_up.slot and not value:
            return _without(need, "unnamed", look_up.asks)
        given = {kind: proved for kind in PERSONAL if (proved := who.proved(kind)) is not None}
        if any(name in PERSONAL and name not in given for name in places(look_up.url)):
            return _unproven(need)
        if look_up.owner is not None and who.proved(look_up.owner.identity) is None:
            return _unproven(need)
        key = (turn.customer, turn.conversation, look_up.name, self._vault.hash("look_up", value), who.marks())
        if (kept := self._kept.get(key)) is not None:
            return replace(kept, kept=True, firm=need.firm, about=about)
        subject = await self._hidden_subject(who, value)
        started, at = time.perf_counter(), self._clock()
        made = await self._asked(who, need, value, {**given, look_up.slot: value})
        ms = round((time.perf_counter() - started) * 1000, 1)
        _log.info("looked_up", name=look_up.name, state=made.state, ms=ms)
        metrics.LOOK_UPS.labels(look_up.name, made.state).inc()
        metrics.LOOK_UP_SECONDS.labels(look_up.name).observe(ms / 1000)
        title = f"{look_up.title} (looked up {self._clock_time(at)})"
        made = replace(made, subject=subject, ms=ms, at=at, title=title, firm=need.firm, about=about)
        if made.text:
            self._kept.put(key, made, look_up.cache_s)
        return made

    async def _asked(self, who: Person, need: Need, value: str, given: Mapping[str, str]) -> LookedUp:
        look_up = need.look_up
        if value and not is_fit(value):
            return _without(need, "not_found", look_up.misses)
        try:
            answer = await self._tools[look_up.name].fetcher.get(filled(look_up.url, given))
            return await self._read(who, need, value, answer)
        except LookUpFailed as error:
            return LookedUp(look_up.name, "", fault=str(error), state="failed")
        except PiiUnavailable:
            return LookedUp(look_up.name, "", fault="personal data in it could not be hidden", state="failed")
        except Unfit as error:
            return LookedUp(look_up.name, "", fault=str(error), state="failed")

    async def _read(self, who: Person, need: Need, value: str, answer: Answer | None) -> LookedUp:
        """The customer's own records as statements with pseudonyms. Somebody else's are as if they were not there."""
        look_up, body = need.look_up, None if answer is None else answer.body
        found = [] if body is None else records(look_up, body)
        own = [each for each in found if _is_theirs(look_up, who, each, body)]
        if not own:
            missed = _without(need, "not_found", look_up.misses)
            return replace(missed, note="it is there and not this customer's") if found else missed
        said = [line for each in own for line in statements(look_up, each, body, value, self._place)]
        if not said:
            raise _nothing_said()
        clean = [line for line in said if _speaks_to_people(look_up, line)]
        if not clean:
            return LookedUp(look_up.name, "", fault="what it says speaks to assistants", state="failed")
        left_out = len(said) - len(clean)
        note = f"left out, for it speaks to assistants: {left_out} of {len(said)} fields" if left_out else ""
        return LookedUp(look_up.name, "", "\n".join(await self._hidden(who, clean)), note=note)

    async def _hidden(self, who: Person, lines: Sequence[str]) -> list[str]:
        """The lines with the customer's pseudonyms; new ones are stored before anything sees them. Raises
        PiiUnavailable."""
        texts = [truncate_cards(line) for line in lines]
        spans = await self._detector.find(texts)

        def written(book: PseudonymBook) -> list[str]:
            return [" ".join(pseudonymise(text, found, book).split()) for text, found in zip(texts, spans, strict=True)]

        def keep(connection: Connection) -> list[str]:
            book = self._vault.book(connection, who.customer, to_write=True)
            made = written(book)
            self._vault.keep(connection, who.customer, book)
            return made

        book = PseudonymBook(who.book.entries())
        made = written(book)
        return await self._store.write(keep) if book.new_entries() else made

    async def _hidden_subject(self, who: Person, value: str) -> str:
        return pseudonymise(value, (), PseudonymBook(who.book.entries()))

    def _clock_time(self, at: datetime) -> str:
        return plainly(format_time(at.astimezone(self._place.zone), "short", locale=self._place.form))


def _is_theirs(look_up: LookUp, who: Person, record: Any, body: Any) -> bool:
    return look_up.owner is None or who.owns(look_up.owner.identity, owners(look_up, record, body))


def _speaks_to_people(look_up: LookUp, line: str) -> bool:
    passage = Passage(look_up.name, look_up.name, look_up.title, line, look_up.name)
    return judge_passage(passage).decision == "pass"


def _nothing_said() -> LookUpFailed:
    return LookUpFailed("its answer has none of the fields that the settings name")


def _without(need: Need, state: Any, template: str) -> LookedUp:
    return LookedUp(need.look_up.name, "", state=state, template=template, firm=need.firm)


def _unproven(need: Need) -> LookedUp:
    return _without(need, "unproven", "prove_identity")
