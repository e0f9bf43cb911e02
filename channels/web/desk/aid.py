"""The right column: what helps the person who answers, as tabs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

from channels.web.desk import words
from channels.web.desk.correct import Correct, answer_tools, passage_tools
from channels.web.desk.customer_link import customer_link
from channels.web.desk.elements import Box, Button, Text, set_attributes
from channels.web.desk.marking import draw_marked
from channels.web.desk.record import draw_record, mapping, table
from channels.web.desk.thread import draw_address
from memory.views import Assist, ConversationView

Use = Callable[[str], None]
NAMES = ("Suggestion", "Passages", "Customer", "Record")
CHOOSE = "Choose a conversation. A suggested answer, the passages it rests on and each reply's record show here."


class Aid:
    """Four panels of which one shows. `use` takes a suggested text into the composer, `correct` what is said of it."""

    def __init__(self, use: Use, correct: Correct) -> None:
        self._use = use
        self._correct = correct
        self._tabs: dict[str, Button] = {}
        self._panels: dict[str, Box] = {}
        with Box("aside", "aid pane", aria_label="What helps"):
            with Box(classes="tabs", role="tablist", aria_label="What helps"):
                for name in NAMES:
                    self._tabs[name] = Button(name, self._opener(name), "tab", role="tab")
            for name in NAMES:
                panel = self._panels[name] = Box(classes="panel", role="tabpanel", tabindex="0")
                tab = self._tabs[name]
                set_attributes(tab, {"id": tab.html_id, "aria_controls": panel.html_id})
                set_attributes(panel, {"id": panel.html_id, "aria_labelledby": tab.html_id})
        self.open("Suggestion")
        self.empty()

    def _opener(self, name: str) -> Callable[[], Awaitable[None]]:
        async def opener() -> None:
            self.open(name)

        return opener

    def open(self, name: str) -> None:
        for each, tab in self._tabs.items():
            chosen = each == name
            set_attributes(tab, {"aria_selected": "true" if chosen else "false", "tabindex": "0" if chosen else "-1"})
            self._panels[each].set_visibility(chosen)

    def empty(self) -> None:
        """No conversation is chosen."""
        for name in NAMES:
            self._say(name, CHOOSE)

    def loading(self) -> None:
        for name in ("Suggestion", "Passages"):
            self._panels[name].clear()
            with self._panels[name], Box(classes="shape", aria_hidden="true"):
                for _ in range(3):
                    Box()
        self._say("Record", "A reply's record shows here: choose “How it was made” below a reply.")

    def _say(self, name: str, text: str) -> None:
        self._panels[name].clear()
        with self._panels[name]:
            Text(text, "p", "muted")

    def failed(self, text: str) -> None:
        for name in ("Suggestion", "Passages"):
            self._say(name, text)

    def show(self, assist: Assist, may_answer: bool) -> None:
        self._panels["Suggestion"].clear()
        with self._panels["Suggestion"]:
            if assist.reason:
                _part("Why it came", assist.reason)
            if assist.summary:
                _part("So far", assist.summary)
            if assist.suggestion:
                _part("Could be answered", assist.suggestion)
                if may_answer:
                    Button("Put it in the answer", self._user(assist.suggestion), "plain")
            else:
                _part("Could be answered", "There is no suggestion for the last message.")
        self._panels["Passages"].clear()
        with self._panels["Passages"]:
            # What was found for a suggestion belongs to no turn, and what is said of it would be of none.
            told = may_answer and bool(assist.turn)
            _passages(assist.passages, partial(passage_tools, self._correct, assist.turn) if told else None)

    def _user(self, text: str) -> Callable[[], Awaitable[None]]:
        async def user() -> None:
            self._use(text)

        return user

    def show_customer(self, view: ConversationView, opened: str, may_answer: bool = False) -> None:
        self._panels["Customer"].clear()
        with self._panels["Customer"]:
            table(
                (
                    ("Name", words.who(view)),
                    ("Reached at", view.sender if view.sender not in (view.id, words.who(view)) else ""),
                    ("Channel", words.channel(view.channel)),
                    ("Inbox", view.inbox),
                    ("Opened", opened),
                    ("Conversation", view.id),
                )
            )
            if may_answer:
                customer_link(view.customer)

    def show_record(self, record: Mapping[str, Any], may_answer: bool) -> None:
        self._panels["Record"].clear()
        with self._panels["Record"]:
            draw_record(record)
            turn = str(record.get("id") or "")
            if may_answer:
                answer_tools(self._correct, turn, said(record))
            if passages := rested_on(record):
                Text("It rests on", "h3")
                tools = partial(passage_tools, self._correct, turn) if may_answer else None
                _passages(passages, tools, cited_spans(record))

    def record_failed(self, text: str) -> None:
        self._say("Record", text)


def _part(title: str, text: str) -> None:
    Text(title, "h3")
    Text(text, "p", dir="auto")


def _passages(
    passages: Sequence[Mapping[str, Any]],
    tools: Callable[[Mapping[str, Any]], None] | None = None,
    cited: Mapping[str, Sequence[tuple[int, int]]] | None = None,
) -> None:
    if not passages:
        Text("No passages were found for the last message.", "p", "muted")
    for passage in passages:
        with Box("article", "passage"):
            title = " › ".join(str(passage[key]) for key in ("title", "section") if passage.get(key))
            Text(title, "h3")
            text = str(passage.get("quote") or passage.get("text") or "")
            draw_marked(text, (cited or {}).get(str(passage.get("passage")), ()), "p", "passage-text")
            with Box("div", "muted"):
                if isinstance(score := passage.get("score"), int | float):
                    Text(f"Score {score:.2f} ")
                draw_address(str(passage.get("url") or passage.get("source") or ""))
            if tools and passage.get("passage"):
                tools(passage)


def said(record: Mapping[str, Any]) -> str:
    """The sentences with evidence that a turn wrote, sent or withheld."""
    kept = mapping(record.get("record")) or record
    draft = mapping(kept.get("draft")) or mapping(kept.get("withheld"))
    return " ".join(str(each["text"]) for each in draft.get("sentences", ()) if each.get("citations"))


def cited_spans(record: Mapping[str, Any]) -> dict[str, list[tuple[int, int]]]:
    """By passage, the spans of its text that a turn's answer cites."""
    found: dict[str, list[tuple[int, int]]] = {}
    for cite in _citations(record):
        start, end = cite.get("start"), cite.get("end")
        if isinstance(start, int) and isinstance(end, int):
            found.setdefault(str(cite.get("passage")), []).append((start, end))
    return found


def _citations(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Those of the draft that was sent, or withheld."""
    kept = mapping(record.get("record")) or record
    draft = mapping(kept.get("draft")) or mapping(kept.get("withheld"))
    return [mapping(cite) for each in draft.get("sentences", ()) for cite in each.get("citations") or ()]


def rested_on(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The passages that a turn's answer cites, the nearest first; the nearest found where it cites none."""
    kept = mapping(record.get("record")) or record
    cited = {cite.get("passage") for cite in _citations(record)}
    found = [each for each in map(mapping, kept.get("found") or ()) if each.get("passage")]
    return [each for each in found if each["passage"] in cited] or found[:1]
