"""One person's desk in one browser tab: three columns kept up with the log, and what the person does with them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from nicegui import Client, background_tasks, ui

from agent.correcting import Wish
from agent.people import Colleagues
from channels.web.desk import words
from channels.web.desk.aid import Aid
from channels.web.desk.composer import Composer
from channels.web.desk.drafts import Decision, Draft
from channels.web.desk.elements import Box, Button, Text, set_attributes
from channels.web.desk.feed import Feed
from channels.web.desk.keys import draw_keys, shortcut
from channels.web.desk.pages import navigation
from channels.web.desk.passing import Passing
from channels.web.desk.presence import Presence, Signs
from channels.web.desk.queue import Queue
from channels.web.desk.thread import Thread
from channels.web.ports import Desk, Identity
from memory.messages import Event
from memory.presence import State
from memory.views import ApprovalView, ConversationView

log = logging.getLogger(__name__)

LOOK_S = 0.25  # how often the screen looks whether something changed: well within a second
SHOWN_EVENTS = 400  # the newest that are drawn; older ones are in the log
CHOOSE = "Choose a conversation from the queue. Who waits for a person stands on top."


class Screen:
    """Built inside a page; `start` reads for the first time, then it follows the log until the tab closes."""

    def __init__(self, desk: Desk, me: Identity, allowed: Callable[[], bool], organisation: str) -> None:
        self._desk = desk
        self._me = me
        self._allowed = allowed
        self._organisation = organisation
        self._client = ui.context.client
        self._chosen: str | None = None
        self._view: ConversationView | None = None
        self._seq = 0
        self._assisted = 0
        self._views: list[ConversationView] = []
        self._drafts: list[ApprovalView] = []
        self._feed = Feed(desk)
        self._reading = asyncio.Lock()
        self._waiting = 0
        self._faults = {"reading": "", "acting": ""}
        self._signs = Signs(lambda conversation: desk.writes(conversation, me.name))
        self._draw()

    # --- drawing ---

    def _draw(self) -> None:
        self.root = Box(classes="desk", data_view="queue")
        with self.root:
            with Box("header", "top"):
                Text(self._organisation, "h1")
                with Box("nav", "views", aria_label="Columns"):
                    self._buttons = {
                        view: Button(label, self._viewer(view), "tab")
                        for view, label in (("queue", "Queue"), ("thread", "Conversation"), ("aid", "Help"))
                    }
                navigation(self._me.role, "")
                draw_keys()
                self._presence = Presence(self._seen, self._attempt) if self._me.may_answer else None
                Text(f"{self._me.name}, {self._me.role}", classes="muted me")
                with Box("form", method="post", action="logout"):
                    Text("Log out", "button", "link quiet", type="submit")
            self._bar = Text("", "p", "bar", role="alert")
            self._bar.set_visibility(False)
            self._news = Text("", "p", "vh", role="status")
            with Box("div", "columns"):
                self._queue = Queue(self._me.name, self.choose)
                with Box("section", "thread pane", aria_label="Conversation"):
                    self._empty = Text(CHOOSE, "p", "empty")
                    self._open = Box(classes="open")
                    with self._open:
                        self._draw_open()
                    self._open.set_visibility(False)
                self._aid = Aid(self._use, self._correct)
        self._look("queue")

    def _draw_open(self) -> None:
        with Box("header", "about"):
            with Box(classes="grow"):
                self._who = Text("", "h2")
                self._standing = Text("", "p", "muted")
            self._close = Button("Close", self._act(self._desk.close), "plain")
            self._pass = Button("Pass on", self._toggle_passing, "plain", **shortcut("P"))
            self._release = Button("Give back", self._act(self._desk.release), "plain", **shortcut("G"))
            self._take = Button("Take over", self._act(self._desk.take_over), "primary", **shortcut("T"))
        self._passing = Passing(self._me.name, self._colleagues, self._pass_on)
        self._thread = Thread(self._show_turn)
        self._draft = Draft(self._me.may_answer, self._decide)
        self._composer = Composer(self._me.name, self._me.may_answer, self._send, self._note, self._type)

    async def _type(self, conversation: str) -> None:
        await self._desk.typing(conversation, self._me.name)
        await self._signs.sign(conversation)

    async def _seen(self, state: State | None) -> None:
        await self._desk.seen(self._me.name, state)

    async def _toggle_passing(self) -> None:
        await self._passing.toggle()

    async def _colleagues(self) -> Colleagues | None:
        found: list[Colleagues] = []

        async def read() -> None:
            found.append(await self._desk.colleagues())

        return found[0] if await self._attempt(read) else None

    async def _pass_on(self, person: str | None, team: str | None) -> bool:
        conversation, me = self._chosen, self._me
        if conversation is None:
            return False
        done = await self._attempt(lambda: self._desk.transfer(conversation, me.name, me.role, person, team))
        await self._refresh()
        return done

    def _viewer(self, view: str) -> Callable[[], Awaitable[None]]:
        async def viewer() -> None:
            self._look(view)

        return viewer

    def _look(self, view: str) -> None:
        set_attributes(self.root, {"data_view": view})
        for name, button in self._buttons.items():
            set_attributes(button, {"aria_current": "true" if name == view else "false"})

    def _use(self, text: str) -> None:
        self._look("thread")
        self._composer.fill(text)

    # --- following the log ---

    async def start(self, conversation: str | None) -> None:
        """Reads for the first time and follows from then on. Call it when the browser is connected."""
        follower = background_tasks.create(self._feed.follow(), name="desk follows the log")
        self._client.on_delete(lambda _: follower.cancel())
        with contextlib.suppress(TimeoutError, ZoneInfoNotFoundError, ValueError):
            zone = await ui.run_javascript("Intl.DateTimeFormat().resolvedOptions().timeZone", timeout=2)
            self._thread.zone = ZoneInfo(str(zone))
        await self._refresh()
        if conversation:
            await self.choose(conversation)
        ui.timer(LOOK_S, self._tick)
        if self._presence is not None:
            await self._presence.start()

    async def _tick(self) -> None:
        if self._feed.due and not self._reading.locked():
            await self._refresh()

    async def _refresh(self) -> None:
        async with self._reading:
            changed = self._feed.take()
            if await self._attempt(self._read, reading=True):
                self._queue.show(self._views, self._drafts, self._chosen)
                self._announce()
                if self._chosen is not None and (self._chosen in changed or not changed):
                    await self._attempt(self._read_chosen, reading=True)

    async def _read(self) -> None:
        self._views = await self._desk.conversations(limit=200)
        self._drafts = await self._desk.approvals()

    def _announce(self) -> None:
        waiting = sum(words.waits(view) for view in self._views)
        if waiting != self._waiting:
            self._news.set_text(f"{waiting} {'customer waits' if waiting == 1 else 'customers wait'} for a person")
            self._waiting = waiting
        ui.page_title(f"({waiting}) Desk" if waiting else "Desk")

    # --- one conversation ---

    async def choose(self, conversation: str) -> None:
        """Opens a conversation in the middle column."""
        self._look("thread")
        if conversation == self._chosen:
            return
        self._chosen, self._view, self._seq, self._assisted = conversation, None, 0, 0
        self._empty.set_visibility(False)
        self._open.set_visibility(True)
        self._thread.loading()
        self._aid.loading()
        ui.run_javascript(f"window.deskChose({json.dumps(conversation)})")
        async with self._reading:
            self._queue.show(self._views, self._drafts, conversation)
            if not await self._attempt(self._read_chosen) and self._view is None:
                self._shut()
        await self._composer.recall()

    def _shut(self) -> None:
        self._chosen = None
        self._open.set_visibility(False)
        self._empty.set_visibility(True)
        self._aid.empty()

    async def _read_chosen(self) -> None:
        chosen = self._chosen
        if chosen is None:
            return
        view = await self._desk.conversation(chosen)
        begin = max(self._seq, view.seq - SHOWN_EVENTS)
        events: list[Event] = []
        more = True
        while more:
            page = await self._desk.events(chosen, after=events[-1].seq if events else begin)
            events += page.events
            more = page.more and bool(page.events)
        if chosen != self._chosen:
            return
        first = self._view is None
        self._view = view
        if first:
            self._thread.clear()
        self._thread.append(events, words.who(view), shortened=first and begin > 0)
        self._seq = events[-1].seq if events else begin
        self._show(view, first)
        heard = max((event.seq for event in events if event.kind == "received"), default=0)
        if first or heard > self._assisted:
            self._assisted = heard
            turn = next((event.turn for event in reversed(events) if event.turn), None)
            background_tasks.create(self._help(chosen, turn), name="desk reads what helps")

    def _show(self, view: ConversationView, first: bool) -> None:
        may, mine = self._me.may_answer and view.status != "closed", view.person == self._me.name
        self._who.set_text(words.who(view))
        owed = words.due(view, datetime.now(UTC))
        standing = words.standing(view, self._me.name)
        self._standing.set_text(f"{standing} Reply {owed}." if owed else standing)
        self._take.set_visibility(may and view.owner != "person")
        passable = words.waits(view) or (view.owner == "person" and (mine or self._me.role == "admin"))
        self._pass.set_visibility(may and passable)
        if first or not (may and passable):
            self._passing.shut()
        self._release.set_visibility(may and view.owner == "person" and mine)
        self._close.set_visibility(may and (view.owner != "person" or mine))
        self._composer.show(view)
        draft = next((draft for draft in self._drafts if draft.conversation == view.id), None)
        if edited := self._draft.show(view.id, draft):
            self._composer.fill(edited)
            self._tell(False, "The draft is out of date. Your edit is in the field below.")
        if draft is not None:
            self._standing.set_text("The assistant wrote a draft. It waits for a person.")
        # One accent a view: a draft's approval is the thing to do, else taking over.
        self._take.classes(add="plain" if draft else "primary", remove="primary" if draft else "plain")
        if first:
            opened = view.opened_at.astimezone(self._thread.zone)
            self._aid.show_customer(view, opened.strftime("%Y-%m-%d %H:%M"), self._me.may_answer)

    async def _help(self, chosen: str, turn: str | None) -> None:
        with self._client:
            try:
                assist = await self._desk.assist(chosen)
            except Exception as error:  # the edge of a session: help that fails must not hide the conversation
                log.warning("no help for a conversation", exc_info=error)
                if chosen == self._chosen:
                    self._aid.failed(words.fault(error))
                return
            if chosen == self._chosen:
                self._aid.show(assist, self._me.may_answer)
                if turn is not None:
                    await self._record(turn)

    # --- what a person does ---

    def _act(self, act: Callable[[str, str], Awaitable[ConversationView]]) -> Callable[[], Awaitable[None]]:
        async def acting() -> None:
            conversation = self._chosen
            if conversation is not None:
                await self._attempt(lambda: act(conversation, self._me.name))
                await self._refresh()

        return acting

    async def _send(self, text: str, key: str) -> bool:
        return await self._write(lambda conversation: self._desk.say(conversation, self._me.name, text, key))

    async def _note(self, text: str, key: str) -> bool:
        return await self._write(lambda conversation: self._desk.note(conversation, self._me.name, text))

    async def _write(self, write: Callable[[str], Awaitable[int]]) -> bool:
        conversation = self._chosen
        if conversation is None:
            return False
        done = await self._attempt(lambda: write(conversation), kept="What you wrote is kept. ")
        await self._refresh()
        return done

    async def _decide(self, turn: str, decision: Decision, text: str | None) -> bool:
        done = await self._attempt(lambda: self._desk.decide(turn, decision, text, self._me.name))
        self._feed.mark()
        return done

    async def _correct(self, turn: str, wish: Wish) -> bool:
        return await self._attempt(lambda: self._desk.correct(turn, wish, self._me.name, self._me.role))

    async def _show_turn(self, turn: str) -> None:
        self._look("aid")
        self._aid.open("Record")
        await self._record(turn)

    async def _record(self, turn: str) -> None:
        try:
            self._aid.show_record(await self._desk.turn(turn), self._me.may_answer)
        except Exception as error:  # the edge of a session: said where the record would be
            log.warning("no record of a turn", exc_info=error)
            self._aid.record_failed(words.fault(error))

    async def _attempt(self, act: Callable[[], Awaitable[object]], *, kept: str = "", reading: bool = False) -> bool:
        """Whether it worked; what went wrong is said in the bar. The one place where a failure becomes words."""
        if not self._allowed():
            ui.navigate.to("login")
            return False
        try:
            await act()
        except Exception as error:  # the edge of a session
            if not isinstance(getattr(error, "code", None), str):
                log.exception("a desk action failed")
            again = "What customers write is kept. This list is read again by itself. " if reading else kept
            self._tell(reading, f"{again}{words.fault(error)}")
            return False
        self._tell(reading, "")
        return True

    def _tell(self, reading: bool, fault: str) -> None:
        """What an act ran into stays until the next act; what reading ran into, until it can be read again."""
        self._faults["reading" if reading else "acting"] = fault
        told = " ".join(filter(None, self._faults.values()))
        self._bar.set_text(told)
        self._bar.set_visibility(bool(told))


def open_screen(
    desk: Desk, me: Identity, allowed: Callable[[], bool], organisation: str
) -> Callable[[Client, str | None], Awaitable[None]]:
    """Draws the screen into the current page and gives what fills it once the browser is connected."""
    screen = Screen(desk, me, allowed, organisation)

    async def fill(client: Client, conversation: str | None) -> None:
        await client.connected()
        await screen.start(conversation)

    return fill
