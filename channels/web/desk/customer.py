"""One customer's page: who they are, what they consented to, what is held of them, and giving it out or removing it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from urllib.parse import quote

from fastapi import Request
from nicegui import ui

from agent.oversight import Oversight, Said
from channels.web.desk import customer_words as words
from channels.web.desk.elements import Box, Button, Text
from channels.web.desk.fields import Asking, Choice, table
from channels.web.desk.memories import Memories
from channels.web.desk.merging import OnePerson, proof
from channels.web.desk.pages import Draw, Frame
from channels.web.desk.scene import Scene
from channels.web.desk.words import channel
from memory.consent import ConsentPurpose
from memory.customer_views import CustomerView, FileView, IdentityView
from memory.erasure.certificate import Certificate
from memory.errors import UnknownCustomer
from memory.tasks import Task

GONE = "There is no such customer here, or they were erased. The audit says by whom and when."


def draw(oversight: Oversight, scene: Scene) -> Draw:
    """The page."""

    def page(frame: Frame, request: Request) -> Callable[[], Awaitable[None]]:
        return CustomerPage(oversight, scene, frame, request.path_params["customer"]).start

    return page


class CustomerPage:
    """A customer in one browser tab."""

    def __init__(self, oversight: Oversight, scene: Scene, frame: Frame, customer: str) -> None:
        self._oversight = oversight
        self._scene = scene
        self._frame = frame
        self._id = customer
        self._title = Text("Customer", "h2", "title")
        self._body = Box(classes="sections")
        with self._body:
            for _ in range(4):
                Box(classes="shape")

    async def start(self) -> None:
        """Reads it, and again after each act."""

        async def read() -> None:
            try:
                self._show(await self._oversight.customer(self._id), await self._oversight.tasks(self._id))
                await self._known.draw()
                await self._one.draw()
            except UnknownCustomer:
                self._body.clear()
                with self._body:
                    Text(GONE, "p", "empty")

        await self._frame.attempt(read)

    def _show(self, view: CustomerView, tasks: list[Task]) -> None:
        self._title.set_text(words.title(view))
        self._body.clear()
        with self._body:
            self._identities(view)
            self._one = OnePerson(self._oversight, self._frame, self._id, self.start)
            self._conversations(view)
            self._known = Memories(self._oversight, self._frame, self._id)
            self._consent(view)
            self._memory(view)
            self._files(view.files)
            self._tasks(tasks)
            self._rights(view)

    # --- who they are ---

    def _identities(self, view: CustomerView) -> None:
        with self._section("Known as"):
            for each in view.identities:
                self._identity(each)
            if not view.identities:
                Text("A visitor of the live chat: no telephone and no address is known.", "p", "muted")
            self._facts(words.facts(view, self._frame.at))

    def _identity(self, identity: IdentityView) -> None:
        with Box(classes="control-row"):
            Text(words.kind(identity.kind), "span", "control-name")
            with Box(classes="grow inline"):
                shown = Text(identity.masked, "span", "identity")
                Text(proof(identity.proof), "span", "muted")

                async def reveal() -> None:
                    async def act() -> None:
                        now = datetime.now(UTC)
                        shown.set_text(await self._oversight.reveal(self._id, identity.number, self._frame.actor, now))
                        button.set_visibility(False)

                    await self._frame.attempt(act)

                button = Button("Show", reveal, "link", aria_label=f"Show the whole {words.kind(identity.kind)}")

    def _conversations(self, view: CustomerView) -> None:
        with self._section("Conversations"):
            rows: list[list[object]] = [
                [
                    partial(Text, words.first(each), "a", "link", href=f"{self._frame.up}?c={quote(each.id, safe='')}"),
                    channel(each.channel),
                    words.state(each),
                    self._frame.at(each.last_at),
                ]
                for each in view.conversations
            ]
            table("Conversations", ["First words", "On", "State", "Last"], rows, empty="There are none yet.")

    # --- consent ---

    def _consent(self, view: CustomerView) -> None:
        with self._section("Consent"):
            rows = [[channel(s.channel), words.purpose(s.purpose), words.standing(s.state)] for s in view.standing]
            table("What holds now", ["Channel", "Messages", "Now"], rows, empty=words.NO_CONSENT)
            asking = Asking(self._frame.attempt)
            asking.offer(lambda: self._consent_buttons(asking, view))
            if view.ledger:
                with Box("details"):
                    Text(f"The ledger ({len(view.ledger)})", "summary")
                    entries: list[list[object]] = [
                        [self._frame.at(e.at), channel(e.channel), words.purpose(e.purpose), words.said(e.state),
                         e.by or "The customer", words.evidence(e.evidence)]
                        for e in view.ledger
                    ]  # fmt: skip
                    table("The ledger", ["When", "Channel", "Messages", "Said", "By", "Evidence"], entries)

    def _consent_buttons(self, asking: Asking, view: CustomerView) -> None:
        with Box(classes="buttons start"):
            for state, label, does in words.CONSENT_FORMS:
                Button(label, self._consent_form(asking, view, state, label, does), "plain")

    def _consent_form(
        self, asking: Asking, view: CustomerView, state: str, label: str, does: str
    ) -> Callable[[], Awaitable[None]]:
        names = sorted({*self._scene.channels, *(entry.channel for entry in view.ledger)}) or ["email"]
        chosen: dict[str, Choice] = {}

        def form() -> None:
            options = {name: channel(name) for name in names}
            chosen["channel"] = Choice("Channel", options, names[0])
            chosen["purpose"] = Choice("Messages", dict(words.PURPOSES), "marketing")

        async def put(evidence: str) -> None:
            said = Said(
                chosen["channel"].value,
                _purpose(chosen["purpose"].value),
                "in" if state == "in" else "out",
                evidence,
            )
            await self._oversight.record_consent(self._id, said, self._frame.actor, datetime.now(UTC))
            await self.start()
            self._frame.announce("Recorded in the ledger.")

        return asking.opener(does, label, put, form=form, reason="How, when and where it was said")

    # --- what is held ---

    def _memory(self, view: CustomerView) -> None:
        with self._section("Memory"):
            Text(words.remembered(view.remembered), "p")
            for summary in view.summaries:
                Text(summary, "p", "quoted")
            self._facts(words.held(view.rows))

    def _files(self, files: tuple[FileView, ...]) -> None:
        if files:
            with self._section("Files"):
                rows: list[list[object]] = [
                    [each.name or "Unreadable", each.type, words.size(each.size), each.verdict,
                     self._frame.at(each.at)]
                    for each in files
                ]  # fmt: skip
                table("Files", ["Name", "Type", "Size", "Checked", "Came"], rows)

    def _tasks(self, tasks: list[Task]) -> None:
        if tasks:
            with self._section("Requests"):
                rows: list[list[object]] = [
                    [partial(Text, words.task(each), "a", "link", href=f"{self._frame.up}tasks"), each.status,
                     self._frame.at(each.due_at)]
                    for each in tasks
                ]  # fmt: skip
                table("Requests", ["What", "State", "Due"], rows)

    # --- their rights ---

    def _rights(self, view: CustomerView) -> None:
        with self._section("Their data"):
            if view.hold is not None:
                at = self._frame.at(view.hold["at"])
                Text(f"Legal hold since {at} by {view.hold['by']}: {view.hold['why']}", "p", "bad")
            if not self._frame.admin:
                Text("An admin gives the data out, or removes it.", "p", "muted")
                return
            asking = Asking(self._frame.attempt)
            asking.offer(lambda: self._rights_buttons(asking, view))

    def _rights_buttons(self, asking: Asking, view: CustomerView) -> None:
        here = f"{quote(self._id, safe='')}/export"
        with Box(classes="buttons start"):
            Text("Export to read", "a", "plain button", href=f"{here}?form=html", download="")
            Text("Export as JSON", "a", "plain button", href=f"{here}?form=json", download="")
            on = view.hold is None
            does = words.HOLDS if on else "It can be erased again."
            label = "Put a legal hold" if on else "Lift the legal hold"
            Button(label, asking.opener(does, label, lambda why: self._hold(on, why)), "plain")
            if on:
                opener = asking.opener(
                    words.erases(view), "Erase for good", self._erase, typed=words.ERASE, danger=True
                )
                Button("Erase", opener, "plain danger")

    async def _hold(self, on: bool, why: str) -> None:
        await self._oversight.hold(self._id, on, self._frame.actor, why, datetime.now(UTC))
        await self.start()

    async def _erase(self, why: str) -> None:
        done = await self._oversight.erase(self._id, self._frame.actor, why, datetime.now(UTC))
        self._certificate(done)

    def _certificate(self, done: Certificate) -> None:
        self._title.set_text("Erased")
        self._body.clear()
        with self._body, self._section("Certificate"):
            for line in words.certificate(done):
                Text(line, "p")
            self._facts(words.held(done.removed))
            ui.run_javascript("document.querySelector('.sections h3')?.focus()")
        self._frame.announce("The customer is erased.")

    def _section(self, title: str) -> Box:
        section = Box("section", "card", aria_label=title)
        with section:
            Text(title, "h3", tabindex="-1")
        return section

    @staticmethod
    def _facts(facts: Mapping[str, str]) -> None:
        if facts:
            with Box("dl", "facts"):
                for name, value in facts.items():
                    Text(name, "dt")
                    Text(value, "dd")


def _purpose(name: str) -> ConsentPurpose:
    return "all" if name == "all" else "notification" if name == "notification" else "marketing"
