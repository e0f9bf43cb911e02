"""The left column: who waits, on top; then drafts to approve, then everything quiet."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from channels.web.desk import words
from channels.web.desk.elements import Box, Text, set_attributes
from memory.views import ApprovalView, ConversationView

Choose = Callable[[str], Awaitable[None]]
EMPTY = "Nobody is here yet. When a customer writes on any channel, the conversation appears in this list."
CALM = "Nobody waits for a person."


class Row:
    """One conversation: who, first words, how long, why it came."""

    def __init__(self, conversation: str, choose: Choose) -> None:
        self.item = Box("li")
        with self.item:
            self.button = Box("button", "entry", type="button")
            self.button.on("click", lambda: choose(conversation), [])
            with self.button:
                with Box("span", "entry-head"):
                    self.who = Text(classes="entry-who")
                    self.time = Text(classes="entry-time")
                self.first = Text(classes="entry-words")
                with Box("span", "entry-foot"):
                    self.urgent = Text("Urgent", classes="tag urgent")
                    self.due = Text(classes="tag due")
                    self.why = Text(classes="entry-why")

    def show(self, view: ConversationView, draft: bool, chosen: bool, person: str, now: datetime) -> None:
        waits = words.waits(view)
        since = view.waiting_since if waits and view.waiting_since else view.last_at
        waited = words.duration(now - since)
        self.who.set_text(words.who(view))
        self.time.set_text(f"waits {waited}" if waits else waited)
        self.first.set_text(view.first_words or view.last_words)
        self.urgent.set_visibility(waits and view.priority == "high")
        due = words.due(view, now)
        self.due.set_text(due)
        self.due.set_visibility(bool(due))
        self.due.classes(add="late" if due.startswith("late") else "", remove="" if due.startswith("late") else "late")
        self.why.set_text(" · ".join(filter(None, (words.channel(view.channel), _why(view, draft, person)))))
        set_attributes(self.button, {"aria_current": "true" if chosen else "false"})


def _why(view: ConversationView, draft: bool, person: str) -> str:
    if draft:
        return "Draft to approve"
    if view.owner == "person":
        return "You" if view.person == person else str(view.person)
    if not words.waits(view):
        return ""
    return " · ".join(filter(None, (words.meant_for(view), view.reason.rstrip("."))))


class Queue:
    """The list, updated in place so that neither the scroll position nor the keyboard's focus moves."""

    def __init__(self, person: str, choose: Choose) -> None:
        self._person = person
        self._choose = choose
        self._rows: dict[str, Row] = {}
        self._lists: dict[words.Section, Box] = {}
        self._heads: dict[words.Section, Text] = {}
        with Box("nav", "queue pane", aria_label="Queue"):
            self._shape = Box(classes="shape", aria_hidden="true")
            with self._shape:
                for _ in range(5):
                    Box()
            self._empty = Text(EMPTY, "p", "empty")
            self._empty.set_visibility(False)
            for name, title in words.SECTIONS.items():
                head = self._heads[name] = Text(title, "h2", "section")
                set_attributes(head, {"id": head.html_id})
                head.set_visibility(False)
                if name == "waiting":
                    self._calm = Text(CALM, "p", "calm")
                self._lists[name] = Box("ul", "entries", aria_labelledby=head.html_id)
            self._calm.set_visibility(False)

    def show(self, views: Sequence[ConversationView], drafts: Sequence[ApprovalView], chosen: str | None) -> None:
        """Draws the queue as it is now."""
        now = datetime.now(UTC)
        drafted = {draft.conversation for draft in drafts}
        grouped: dict[words.Section, list[ConversationView]] = {name: [] for name in words.SECTIONS}
        for view in views:
            grouped[words.section(view, view.id in drafted)].append(view)
        self._shape.set_visibility(False)
        self._empty.set_visibility(not views)
        self._calm.set_visibility(bool(views) and not grouped["waiting"])
        for gone in self._rows.keys() - {view.id for view in views}:
            self._rows.pop(gone).item.delete()
        for name, group in grouped.items():
            title = words.SECTIONS[name]
            self._heads[name].set_text(f"{title} ({len(group)})" if group else title)
            self._heads[name].set_visibility(bool(group) or (name == "waiting" and bool(views)))
            group.sort(key=lambda view: words.rank(view, self._person))
            for place, view in enumerate(group):
                row = self._place(view.id, self._lists[name], place)
                row.show(view, name == "drafts", view.id == chosen, self._person, now)

    def _place(self, conversation: str, target: Box, place: int) -> Row:
        row = self._rows.get(conversation)
        if row is None:
            with target:
                row = self._rows[conversation] = Row(conversation, self._choose)
        children = target.default_slot.children
        if place >= len(children) or children[place] is not row.item:
            row.item.move(target, place)
        return row
