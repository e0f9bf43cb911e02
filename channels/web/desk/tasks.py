"""Requests of customers for their rights: who asked for what, by when, and what a person does about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Literal, Protocol
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import Response
from nicegui import Client, ui

from channels.web.desk import words
from channels.web.desk.door import Door
from channels.web.desk.elements import Box, Button, Text
from channels.web.desk.fields import Asking, table
from channels.web.desk.pages import Draw, Frame, Place, head, later, offer, show
from channels.web.ports import Desk, Rights
from memory.tasks import Task

READ_AGAIN_S = 15.0
EMPTY = (
    "Nothing to do. When a customer asks to see, correct or erase their data, or objects, it appears here by itself."
)
WHY = (
    "A request is answered within a month. First make sure who asks, in a way you already know them by. Nothing is "
    "given out, corrected or erased before that."
)
_DOES: dict[str, str] = {
    "access": "Give the customer what is held about them: the customer's page exports it.",
    "erasure": "Erase the customer on the customer's page.",
    "rectification": "Correct what is wrong where it is kept, and tell the customer.",
    "objection": (
        "No marketing is sent any more; that took effect when it was written. Look at other uses they object to, and "
        "tell them."
    ),
}


TASKS = Place("tasks", "Requests")


class Mounted(Protocol):
    """What is mounted in this process."""

    @property
    def door(self) -> Door: ...
    @property
    def desk(self) -> Desk: ...
    @property
    def organisation(self) -> str: ...


def add_page(style: str, mounted: Callable[[], Mounted]) -> None:
    """Registers the page and offers it in the navigation; what it shows is asked of `mounted` each time."""
    offer(TASKS)

    @ui.page("/tasks", title="Requests · Desk", language="en-US")
    async def page(request: Request, client: Client) -> Response | None:
        now = mounted()
        given = now.door.pass_of(request)
        me = now.door.admitted(given)
        if me is None:  # the guard let somebody in whose key was withdrawn that moment
            return Response(status_code=303, headers={"Location": "./login"})
        head(style)
        frame = Frame(me, lambda: now.door.admitted(given) is not None, now.organisation, TASKS)
        await show(frame, request, client, draw(now.desk.rights))
        return None


def draw(rights: Rights) -> Draw:
    """The page over these requests."""

    def drawn(frame: Frame, request: Request) -> Callable[[], Awaitable[None]]:
        return Page(rights, frame).start

    return drawn


class Page:
    """The list, read again by the clock unless somebody is filling in a form."""

    def __init__(self, rights: Rights, frame: Frame) -> None:
        self._rights = rights
        self._frame = frame
        self._forms: list[Asking] = []
        self._shown: tuple[list[Task], list[Task]] | None = None
        Text("Requests of customers", "h2")
        Text(WHY, "p", "muted")
        self._list = Box(classes="cards")
        with self._list, Box(classes="shape", aria_hidden="true"):
            for _ in range(3):
                Box()

    async def start(self) -> None:
        await self._read()
        ui.timer(READ_AGAIN_S, self._tick)

    async def _tick(self) -> None:
        if not any(form.open for form in self._forms):
            later(self._load, self._frame, "tasks")

    async def _read(self) -> None:
        await self._frame.attempt(self._load)

    async def _load(self) -> None:
        found = await self._rights.tasks(), await self._rights.tasks(live=False, limit=50)
        if found == self._shown and not found[0]:
            return  # with something to do, the words of when it is due move on
        self._shown = found
        self._forms.clear()
        self._list.clear()
        with self._list:
            live, ended = found
            if not live:
                Text(EMPTY, "p", "empty")
            for task in live:
                self._card(task)
            if ended:
                self._ended(ended)

    def _card(self, task: Task) -> None:
        now = datetime.now(UTC)
        with Box("article", "card task"):
            with Box(classes="task-head"):
                Text(words.request(task.kind), "h3", "grow")
                left = words.left(task.due_at, now)
                Text(left, classes="tag due late" if task.due_at < now else "tag due")
            self._facts(task)
            if task.words:
                Text(f"“{task.words}”", "blockquote", dir="auto")
            Text(_DOES.get(task.kind, ""), "p", "muted")
            if self._frame.me.may_answer:
                self._acts(task)

    def _facts(self, task: Task) -> None:
        rows = [
            ("From", task.sender if task.sender not in ("", task.conversation) else f"Visitor {task.customer[-4:]}"),
            ("On", words.channel(task.channel)),
            ("Asked", self._frame.at(task.opened_at)),
            ("Due", f"{self._frame.at(task.due_at)}{', extended' if task.extended else ''}"),
            ("Identity", self._identity(task)),
            ("Notes", task.note),
        ]
        with Box("dl", "facts"):
            for name, value in rows:
                if value:
                    Text(name, "dt")
                    Text(value, "dd")
        with Box(classes="task-links"):
            Text("The conversation", "a", "link", href=f"{self._frame.up}?c={quote(task.conversation)}")
            Text("The customer", "a", "link", href=f"{self._frame.up}customers/{quote(task.customer)}")

    def _identity(self, task: Task) -> str:
        if task.identity is None:
            return "not needed" if task.kind == "objection" else "not checked yet"
        return f"checked by {task.identity.get('by')}: {task.identity.get('how')}"

    def _acts(self, task: Task) -> None:
        form = Asking(self._frame.attempt)
        self._forms.append(form)
        me = self._frame.me

        def ends(outcome: Literal["done", "refused"]) -> Callable[[str], Awaitable[object]]:
            return self._then(lambda note: self._rights.finish(task.id, outcome, note, me.name, me.role))

        def buttons() -> None:
            with Box(classes="buttons"):
                if task.status == "open":
                    verify = self._then(lambda how: self._rights.verify(task.id, how, me.name, me.role))
                    does = "Say how you made sure that it is this customer who asks. Do not write what they showed you."
                    Button(
                        "Identity checked",
                        form.opener(does, "Identity checked", verify, reason="How"),
                        "plain" if task.kind == "objection" else "primary",
                    )
                if not task.extended and task.due_at > datetime.now(UTC):
                    extend = self._then(lambda why: self._rights.extend(task.id, why, me.name, me.role))
                    does = "It is due three months after it came. Tell the customer, and why, within the first month."
                    Button("Extend", form.opener(does, "Extend by two months", extend), "plain")
                does = "The request ends here. Tell the customer why, and that they may complain to the authority."
                Button("Refuse", form.opener(does, "Refuse it", ends("refused")), "plain")
                if task.status == "verified" or task.kind == "objection":
                    does = "The request ends here. Do this when the customer has what they asked for."
                    Button("Done", form.opener(does, "It is done", ends("done"), reason="Note"), "primary")

        form.offer(buttons)

    def _then(self, act: Callable[[str], Awaitable[object]]) -> Callable[[str], Awaitable[object]]:
        """The act, and the list read again."""

        async def acting(text: str) -> None:
            await act(text)
            await self._load()

        return acting

    def _ended(self, tasks: list[Task]) -> None:
        Text("Ended", "h2")
        rows = [
            [
                words.request(task.kind),
                task.status,
                str(task.ended_by or ""),
                self._frame.at(task.ended_at),
                task.note,
            ]
            for task in tasks
        ]
        table("Ended requests", ["Request", "Ended as", "By", "At", "Notes"], rows)
