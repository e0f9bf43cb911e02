"""The audit's page: who did what, filtered, and whether the chain is whole."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode

from fastapi import Request

from agent.oversight import Oversight
from channels.web.desk.elements import Box, Button, Text
from channels.web.desk.fields import Choice, Field, table
from channels.web.desk.pages import Draw, Frame
from memory.audit_entries import Entry, Wanted

PAGE = 100
EMPTY = (
    "Nothing is written down for this. Logins, switches, corrections, exports and erasures appear here "
    "as they happen, with who did them."
)
ANY = {"": "Everybody"}
LONGEST_DETAIL = 400


def draw(oversight: Oversight) -> Draw:
    """The page."""

    def page(frame: Frame, _request: Request) -> Callable[[], Awaitable[None]]:
        return AuditPage(oversight, frame).start

    return page


class AuditPage:
    """The audit in one browser tab."""

    def __init__(self, oversight: Oversight, frame: Frame) -> None:
        self._oversight = oversight
        self._frame = frame
        self._shown: list[Entry] = []
        Text("Audit", "h2", "title")
        self._chain = Text("Checking that nothing was changed …", "p", "muted", role="status")
        self._filters = Box("form", "filters", onsubmit="return false")
        with Box(classes="buttons start"):
            self._file = Text("Download as CSV", "a", "link", href="audit.csv", download="audit.csv")
        self._list = Box(classes="entries-box")
        with self._list:
            for _ in range(3):
                Box(classes="shape")
        self._more = Button("Show older", self._older)
        self._more.set_visibility(False)

    async def start(self) -> None:
        """Reads for the first time."""
        await self._frame.attempt(self._draw_filters)
        await self._read()
        await self._frame.attempt(self._verify)

    async def _draw_filters(self) -> None:
        people = {**ANY, **{name: name for name in await self._oversight.actors()}}
        with self._filters:
            self._who = Choice("Who", people, "", changed=self._read)
            self._act = Field("What", changed=self._read, placeholder="login", maxlength="64", autocomplete="off")
            self._subject = Field("On what", changed=self._read, placeholder="customer:", maxlength="160")
            self._since = Field("From", changed=self._read, type="date")
            self._until = Field("To", changed=self._read, type="date")

    async def _verify(self) -> None:
        broken = await self._oversight.verify()
        if broken is None:
            self._chain.set_text("The chain is whole: no entry was changed or taken out since it was written.")
            return
        self._chain.classes(add="bad", remove="muted")
        self._chain.set_text(
            f"Entry {broken} does not fit the chain: it was changed, or one before it was taken out. "
            "Keep a copy of the database, and compare it with a backup."
        )

    @property
    def _wanted(self) -> Wanted:
        until = _day(self._until.value, self._frame)
        return Wanted(
            actor=self._who.value,
            act=self._act.value.strip(),
            subject=self._subject.value.strip(),
            since=_day(self._since.value, self._frame),
            until=until + timedelta(days=1) if until else None,
        )

    async def _read(self) -> None:
        async def read() -> None:
            self._shown = await self._oversight.audit(self._wanted, limit=PAGE + 1)
            self._show()
            self._frame.announce(await self._counted())

        await self._frame.attempt(read)

    async def _counted(self) -> str:
        count = await self._oversight.audited(self._wanted)
        return f"{count:,} {'entry' if count == 1 else 'entries'}"

    async def _older(self) -> None:
        async def read() -> None:
            last = self._shown[PAGE - 1 : PAGE] or self._shown[-1:]
            self._shown = await self._oversight.audit(self._wanted, before=last[0].seq, limit=PAGE + 1)
            self._show()

        await self._frame.attempt(read)

    def _show(self) -> None:
        self._list.clear()
        with self._list:
            table(
                "What was done",
                ["No.", "When", "Who", "What", "On what", "More"],
                [self._row(entry) for entry in self._shown[:PAGE]],
                empty=EMPTY,
            )
        self._more.set_visibility(len(self._shown) > PAGE)
        self._file.props["href"] = f"audit.csv?{urlencode(_asked(self._wanted))}"
        self._file.update()

    def _row(self, entry: Entry) -> list[object]:
        who = f"{entry.actor}, {entry.role}" if entry.role else entry.actor
        return [str(entry.seq), self._frame.at(entry.at), who, entry.act, entry.subject, detail(entry)]


def detail(entry: Entry) -> str:
    """What else an entry says, in words."""
    said = "; ".join(f"{name}: {_said(value)}" for name, value in entry.detail.items() if value not in (None, "", {}))
    return said if len(said) <= LONGEST_DETAIL else said[:LONGEST_DETAIL] + "…"


def _said(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_said(each)}" for name, each in value.items() if each not in (0, None, ""))
    if isinstance(value, list):
        return ", ".join(_said(each) for each in value)
    return {True: "yes", False: "no"}.get(value, "") if isinstance(value, bool) else str(value)


def _asked(wanted: Wanted) -> dict[str, str]:
    given = {"actor": wanted.actor, "act": wanted.act, "subject": wanted.subject}
    times = {"since": wanted.since, "until": wanted.until}
    return {k: v for k, v in given.items() if v} | {k: v.isoformat() for k, v in times.items() if v}


def _day(text: str, frame: Frame) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(text), time(), frame.zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
