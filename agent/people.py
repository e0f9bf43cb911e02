"""The people at the desk: who is there, and a conversation passed from one to another or to a team."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from agent.errors import Refused
from agent.routing import Need, Staffing
from memory import audit, log, presence, transfers
from memory.presence import Presence, State
from memory.routing import Placing, load
from memory.store import Store
from memory.vault import Vault


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody a conversation may be passed to: whether they are there, what they have open, their teams."""

    name: str
    state: str
    open: int
    teams: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Colleagues:
    """Whom a conversation may be passed to."""

    people: tuple[Colleague, ...] = ()
    teams: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Those of this installation."""

    store: Store
    vault: Vault
    staffing: Staffing

    async def seen(self, person: str, state: State | None) -> None:
        """A sign of life; `state` is what they say of themselves, None leaves what they said."""
        now = datetime.now(UTC)
        if state is None:
            await self.store.write(lambda c: presence.still(c, person, now))
        else:
            await self.store.write(lambda c: presence.seen(c, person, state, now))

    async def present(self) -> list[Presence]:
        """Everybody who was ever at the desk."""
        now = datetime.now(UTC)
        return await self.store.read(lambda c: presence.listed(c, now))

    async def colleagues(self) -> Colleagues:
        """Everybody in a team or ever at the desk, those who are there first; and the teams."""
        now = datetime.now(UTC)

        def read(connection: Connection) -> tuple[list[Presence], Any]:
            seen = presence.listed(connection, now)
            return seen, load(connection, sorted({each.person for each in seen} | self.staffing.members()))

        seen, loads = await self.store.read(read)
        states = {each.person: each.state for each in seen}
        people = [
            Colleague(name, states.get(name, "gone"), loads.get(name, 0), self._teams(name))
            for name in sorted(states.keys() | self.staffing.members())
        ]
        people.sort(key=lambda each: ("here", "away", "gone").index(each.state))
        return Colleagues(tuple(people), tuple(team.name for team in self.staffing.teams))

    def _teams(self, person: str) -> tuple[str, ...]:
        return tuple(team.name for team in self.staffing.teams if person in team.members)

    async def transfer(
        self, conversation: str, by: str, role: str, *, person: str | None, team: str | None, now: datetime
    ) -> None:
        """Passes it on to one of them. An admin may pass on what another has.

        Raises UnknownConversation, NotYours, Refused (nobody or no team of that name, or not one of the two).
        """
        if bool(person) == bool(team):
            raise Refused("name a person or a team to pass it to")
        anyones = role == "admin"
        placing = await self._placing(conversation, team, now) if team else None
        if person and person not in {each.name for each in (await self.colleagues()).people}:
            raise Refused(f"there is nobody called {person[:64]} here")

        def work(connection: Connection) -> None:
            if placing is not None:
                transfers.to_team(connection, self.vault, conversation, placing, by, now, anyones=anyones)
            else:
                transfers.to_person(connection, self.vault, conversation, str(person), by, now, anyones=anyones)
            detail = {"person": person, "team": team}
            act = "conversation.transfer"
            audit.note(
                connection,
                actor=by,
                role=role,
                act=act,
                subject=conversation,
                detail=detail,
                now=now,
                vault=self.vault,
            )

        await self.store.write(work)

    async def _placing(self, conversation: str, team: str, now: datetime) -> Placing:
        found = self.staffing.team(team)
        if found is None:
            raise Refused(f"there is no team called {team[:64]}")
        row = await self.store.read(lambda c: log.read_head(c, conversation))
        placing = self.staffing.places(Need(row["inbox"], row["priority"], row["language"]), now)
        return replace(placing, teams=((found.name, found.members, found.capacity),))
