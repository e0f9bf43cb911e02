"""The members of one campaign on their way into the store: seeds, a list with its evidence of consent, or a filter."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import TypeVar

from sqlalchemy import Connection

from channels.proactive.composing import filled, seed_values
from channels.proactive.recipients import BadRecipient, canonical
from channels.proactive.spec import Audience, Evidence, Recipient
from channels.proactive.templates import Segment, Template, TemplateError
from channels.proactive.ways import Way
from memory import audience, campaign_members, campaigns, outreach
from memory.audience import Filter
from memory.campaign_members import NewMember
from memory.campaigns import Campaign
from memory.consent import record_consent, standing
from memory.customers import find_or_make
from memory.store import Store
from memory.vault import Vault

T = TypeVar("T")
_PIECE = 50


@dataclass(frozen=True, slots=True)
class Writing:
    """The members of one campaign on their way into the store."""

    store: Store
    vault: Vault
    organisation: str
    language: str
    campaign: Campaign
    template: Template
    way: Way
    by: str
    now: datetime

    async def seed(self, seed: Recipient, number: int) -> None:
        """Seeds get the variants in turn, so that a few colleagues see all of them."""
        usable = [v for v in self.template.variants if v.channel in ("", self.way.channel)]
        variant = usable[number % len(usable)].name
        values = seed_values(self.template, self.campaign.spec["values"], seed.values)
        evidence = seed.consent or Evidence(at=self.now, source="seed list")

        def work(connection: Connection) -> None:
            whom = self._customer(connection, seed)
            self._consent(connection, whom, evidence)
            member = NewMember(whom, variant, values, seed=True)
            campaign_members.admit(connection, self.vault, self.campaign.id, self.way.inbox, [member], self.now)

        await self.store.write(work)

    async def members(self, wanted: Audience) -> None:
        if wanted.recipients:
            bad = 0
            for some in pieces(wanted.recipients, _PIECE):
                bad += await self.store.write(partial(self._listed, some=some))
            await self.store.write(lambda c: campaigns.mark(c, self.campaign.id, unreadable=bad))
            return
        sieve, after = self._filter(wanted), "-"
        while after:
            after = await self.store.write(partial(self._found, wanted=sieve, after=after.strip("-")))

    def _listed(self, connection: Connection, some: Sequence[Recipient]) -> int:
        """Admits a piece of the list; how many of it are nobody."""
        members, bad = [], 0
        for one in some:
            try:
                whom = self._customer(connection, one)
            except BadRecipient:
                bad += 1
                continue
            audience.describe(connection, whom, region=one.region, tier=one.tier, timezone=one.timezone)
            if one.consent:
                self._consent(connection, whom, one.consent)
            known = outreach.known(connection, whom)
            language = one.language or (known.language if known else "")
            members.append(
                self._member(whom, language, known.region if known else "", known.tier if known else "", one.values)
            )
        campaign_members.admit(connection, self.vault, self.campaign.id, self.way.inbox, members, self.now)
        return bad

    def _found(self, connection: Connection, wanted: Filter, after: str) -> str:
        """Admits a page of the filter; where to go on."""
        found, last = audience.matching(connection, wanted, after, _PIECE)
        members = [self._member(one.customer, one.language, one.region, one.tier, {}) for one in found]
        campaign_members.admit(connection, self.vault, self.campaign.id, self.way.inbox, members, self.now)
        return last

    def _member(self, customer: str, language: str, region: str, tier: str, values: dict[str, str]) -> NewMember:
        segment = Segment(self.way.channel, language or self.language, region, tier)
        variant = self.template.choose(segment).name
        try:
            filled(self.campaign.spec, self.template, variant, values, self.organisation)
        except TemplateError as error:
            return NewMember(customer, variant, skipped=str(error))
        return NewMember(customer, variant, values)

    def _customer(self, connection: Connection, one: Recipient) -> str:
        """Raises BadRecipient."""
        if one.customer:
            if outreach.known(connection, one.customer) is None:
                raise BadRecipient("no such customer")
            return one.customer
        to = canonical(self.way.channel, one.to)
        new_id = f"p-{_digest(self.campaign.id, self.vault.hash(self.way.channel, to))}"
        return find_or_make(connection, self.vault, self.way.channel, to, new_id, self.now)

    def _consent(self, connection: Connection, customer: str, evidence: Evidence) -> None:
        """Into the ledger, unless the customer has a word of their own there: nobody is brought back by a list."""
        purpose = self.template.purpose
        if standing(connection, customer, self.way.channel, purpose) != "unknown":
            return
        record_consent(
            connection,
            id=f"k-{_digest(self.campaign.id, customer)}",
            customer=customer,
            channel=self.way.channel,
            purpose=purpose,
            state="in",
            evidence={
                "by": "list",
                "campaign": self.campaign.id,
                "at": evidence.at.isoformat(),
                "source": evidence.source,
            },
            by=self.by,
            now=self.now,
        )

    def _filter(self, wanted: Audience) -> Filter:
        return Filter(
            channel=self.way.channel,
            regions=wanted.regions,
            tiers=wanted.tiers,
            languages=wanted.languages,
            heard_since=self._days_ago(wanted.heard_within_days),
            silent_since=self._days_ago(wanted.silent_for_days),
            consented=wanted.consented,
            purpose=self.template.purpose,
        )

    def _days_ago(self, days: int | None) -> datetime | None:
        return None if days is None else self.now - timedelta(days=days)


def pieces(things: Iterable[T], size: int) -> Iterator[list[T]]:
    """The things in order, in lists of `size`."""
    rest = iter(things)
    while some := list(islice(rest, size)):
        yield some


def _digest(*parts: str) -> str:
    """An id that is the same when the piece is written again."""
    return hashlib.sha256(":".join(parts).encode()).hexdigest()[:32]
