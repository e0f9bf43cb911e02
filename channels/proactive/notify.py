"""One notification to one customer, from a template: an order shipped, an appointment moved."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection

from agent.dispatch.signals import Signal
from agent.errors import FrontdeskError, Refused
from agent.ports import Bus
from channels import gate
from channels.proactive.making import Maker
from channels.proactive.recipients import BadRecipient, canonical
from channels.proactive.templates import Segment, Template, TemplateError
from channels.proactive.ways import Way, Ways
from memory import outreach
from memory.customers import find_or_make
from memory.errors import UnknownCustomer
from memory.log import Head
from memory.messages import Outbound
from memory.outreach import Words
from memory.receive import claim, claimed, settle


class HeldByGate(FrontdeskError):
    """A channel that shows the log at once cannot wait: the caller asks again at `until`."""

    code = "held"
    status = 409
    retryable = True


@dataclass(frozen=True, slots=True)
class Notice:
    """What is to be said to whom: `to` is an address on the inbox's channel, `customer` an id; one of them is given.
    `key` is the caller's: the same one again is the same notification."""

    inbox: str
    template: str
    key: str
    to: str = ""
    customer: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    language: str = ""


@dataclass(frozen=True, slots=True)
class Notified:
    """Where it stands in the log. `outbox` is empty where the channel shows it from there."""

    conversation: str
    seq: int
    customer: str
    outbox: str
    variant: str
    duplicate: bool


@dataclass(frozen=True, slots=True)
class Notifier:
    """Writes notifications; the sender and its gate do the rest."""

    maker: Maker
    ways: Ways
    bus: Bus

    async def notify(self, notice: Notice, now: datetime) -> Notified:
        """Queues it once. Raises TemplateError, BadRecipient, UnknownCustomer, UnknownInbox, Refused, HeldByGate."""
        way = self.ways[notice.inbox]
        to = canonical(way.channel, notice.to) if notice.to else ""
        if not to and not notice.customer:
            raise BadRecipient("give `to`, an address, or `customer`, an id")
        work = _Work(self.maker, way, self._template(notice), notice, to, f"p-{uuid.uuid4().hex}", now)
        done = await self.maker.store.write(work)
        if not done.duplicate:
            await self.bus.publish(done.conversation, Signal("changed", done.conversation))
        return done

    def _template(self, notice: Notice) -> Template:
        settings = self.maker.settings.templates.get(notice.template)
        if settings is None:
            raise TemplateError(f"there is no template {notice.template!r} under [proactive.templates]")
        if settings.purpose != "notification":
            raise Refused(f"the template {notice.template} is marketing: that goes out as a campaign")
        template = settings.template(notice.template)
        template.checked(notice.values)
        return template


@dataclass(frozen=True, slots=True)
class _Work:
    """The transaction."""

    maker: Maker
    way: Way
    template: Template
    notice: Notice
    to: str
    new_id: str
    now: datetime

    def __call__(self, connection: Connection) -> Notified:
        claim_id = self.notice.key[:255]
        inbox = f"{self.way.inbox}/said"
        if not claim(connection, inbox, claim_id, self.now):
            conversation, seq = claimed(connection, inbox, claim_id) or ("", 0)
            return self._again(connection, conversation, seq)
        customer = self._customer(connection)
        words = self._words(connection, customer)
        head = self._head(connection, customer)
        key = f"said-{sha256(f'{inbox}:{claim_id}'.encode()).hexdigest()[:40]}"
        if not self.way.sends:
            self._ask_gate(connection, head, customer, key, words)
        seq = outreach.say_first(head, key, words, self.now, push=self.way.sends)
        settle(connection, inbox, claim_id, head.id, seq)
        variant = str(words.meta["variant"])
        return Notified(head.id, seq, customer, key if self.way.sends else "", variant, duplicate=False)

    def _again(self, connection: Connection, conversation: str, seq: int) -> Notified:
        head = Head.lock(connection, self.maker.vault, conversation)
        return Notified(conversation, seq, head.row["customer_id"], "", "", duplicate=True)

    def _customer(self, connection: Connection) -> str:
        if self.notice.customer:
            if outreach.known(connection, self.notice.customer) is None:
                raise UnknownCustomer(f"there is no customer {self.notice.customer[:40]}")
            return self.notice.customer
        if self.way.channel == "chat":
            raise BadRecipient("a visitor of the chat has no address: give their `customer` id")
        return find_or_make(connection, self.maker.vault, self.way.channel, self.to, self.new_id, self.now)

    def _words(self, connection: Connection, customer: str) -> Words:
        known = outreach.known(connection, customer)
        assert known is not None  # noqa: S101  (it was found or made above)
        language = self.notice.language or known.language or self.maker.language
        variant = self.template.choose(Segment(self.way.channel, language, known.region, known.tier))
        filled = self.template.fill(
            variant,
            self.notice.values,
            organisation=self.maker.organisation,
            channel=self.way.channel,
            max_sms_parts=self.maker.settings.max_sms_parts,
        )
        meta = {"template": self.template.name, "variant": variant.name}
        return Words(filled.text, filled.subject, "notification", meta)

    def _head(self, connection: Connection, customer: str) -> Head:
        new_id = f"c-{self.new_id[2:]}"
        whom = {"customer": customer, "inbox": self.way.inbox, "channel": self.way.channel}
        if self.way.sends:
            head = outreach.reach(connection, self.maker.vault, **whom, new_id=new_id, now=self.now)
        else:
            found = outreach.talking(connection, customer, self.way.inbox)
            head = Head.lock(connection, self.maker.vault, found) if found else None
        if head is None:
            raise Refused(f"the customer cannot be reached in {self.way.inbox}")
        return head

    def _ask_gate(self, connection: Connection, head: Head, customer: str, key: str, words: Words) -> None:
        """Where no outbox row leaves later, the gate is asked before anything is written."""
        outbound = Outbound(key, self.way.inbox, self.way.channel, head.id, "", words.text, words.purpose)
        verdict = gate.judge(connection, outbound, customer, self.now, self.maker.rules)
        if verdict.decision == "hold":
            until = f" until {verdict.until:%Y-%m-%d %H:%M} UTC" if verdict.until else ""
            raise HeldByGate(f"the gate holds it{until}: {verdict.why}")
        if verdict.decision != "send":
            raise Refused(f"the gate refuses it: {verdict.why}")
