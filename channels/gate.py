"""The one gate. Every message that leaves is judged here, once, right before it is sent.

What may hold or forbid it, in this order: kill switches; words on which carriers act; consent; quiet hours where the
customer is; throttles. The last two are for proactive messages alone: an answer to a customer's own message never waits
for them. Nothing is dropped silently: what is held leaves later, what is parked waits for a person, and what is refused
stays in the outbox with its reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import Connection

from channels.gating.hours import is_allowed, next_allowed
from channels.gating.places import whereabouts
from channels.gating.requests import asked_keyword
from channels.gating.rules import Rules
from channels.gsm7 import fold
from channels.render import plain
from memory import consent, controls, customers, deliveries, outbox, throttles
from memory.consent import Standing
from memory.limits import Limit, parsed
from memory.messages import PROACTIVE, Outbound
from memory.subscriptions import CHANNEL as REMINDERS
from memory.throttles import Scope

CONFIRM_WITHIN: Final = timedelta(minutes=5)
"""47 CFR 64.1200(a)(12): one confirmation of an opt-out, within five minutes."""
_SWITCHED: Final = timedelta(seconds=60)  # turning a switch back wakes what it held; this is the net below
_UNREADABLE: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """`send` it, `hold` it until `until`, `park` it for a person, or `refuse` it for good (never an answer).

    `rule` is a short word for machines; `why` is for people. Both are stored with the row.
    """

    decision: Literal["send", "hold", "park", "refuse"]
    rule: str
    why: str
    until: datetime | None = None


DEFAULT = Rules()


def judge(
    connection: Connection, outbound: Outbound, customer: str, now: datetime, rules: Rules = DEFAULT
) -> GateVerdict:
    """What may become of a message now, by switches, ledger and outbox as they stand. Changes nothing."""
    said = controls.values(connection, _names(outbound))
    switches = controls.switches(inbox=outbound.inbox, channel=outbound.channel, campaign=outbound.campaign)
    if switch := next((name for name in switches if said.get(name, {}).get("on")), ""):
        return GateVerdict("hold", controls.KILL_SWITCH, f"stopped by {switch}", now + _SWITCHED)
    if outbound.purpose == "confirmation":
        return _confirmation(connection, outbound, customer, now)
    if outbound.purpose not in PROACTIVE:
        return _answer(connection, outbound, customer)
    verdict = _wording(outbound) or _mail(outbound, rules) or _consent(connection, outbound, customer, rules)
    verdict = verdict or _bounced(connection, outbound, customer)
    if verdict is not None:
        return verdict
    quiet = _quiet(connection, outbound, customer, now, rules)
    if quiet.decision != "send":
        return quiet
    return _throttled(connection, outbound, customer, now, said, rules) or quiet


def admit(
    connection: Connection, outbound: Outbound, customer: str, now: datetime, rules: Rules = DEFAULT
) -> GateVerdict:
    """The verdict on a message about to be sent; one that may go takes its slots in this transaction."""
    if outbound.purpose in PROACTIVE:
        throttles.serialise(connection)
    verdict = judge(connection, outbound, customer, now, rules)
    if verdict.decision == "send":
        throttles.take_slot(connection, outbound.id, verdict.rule, verdict.why, now)
    return verdict


def _answer(connection: Connection, outbound: Outbound, customer: str) -> GateVerdict:
    """A reply or a person's words: only an opt-out stands against them, and then a person sees them."""
    if consent.opted_out(connection, customer, outbound.channel):
        if outbound.channel == REMINDERS:
            return GateVerdict("refuse", "opted_out", "the customer wants no reminders; the answer is in the chat")
        return GateVerdict("park", "opted_out", f"the customer opted out of {outbound.channel}")
    return GateVerdict("send", "ok", "it answers the customer: neither hours nor throttles hold it")


def _confirmation(connection: Connection, outbound: Outbound, customer: str, now: datetime) -> GateVerdict:
    since = consent.opted_out_at(connection, customer, outbound.channel)
    if since is None:
        return GateVerdict("refuse", "no_opt_out", "there is no opt-out to confirm")
    if now - since > CONFIRM_WITHIN:
        return GateVerdict("refuse", "too_late", "more than five minutes after the opt-out")
    if outbox.confirmed(connection, customer, outbound.channel, since, but=outbound.id):
        return GateVerdict("refuse", "confirmed", "this opt-out was confirmed already")
    return GateVerdict("send", "confirmation", "the one confirmation of an opt-out")


def _wording(outbound: Outbound) -> GateVerdict | None:
    if outbound.channel == "voice":
        return GateVerdict("refuse", "replies_only", "calls are answered, never made")
    if outbound.channel == "sms" and (asked := asked_keyword(fold(plain(outbound.text)))):
        why = f"it asks for an answer on which carriers act ({asked[:60]}): word it otherwise"
        return GateVerdict("refuse", "keyword_asked", why)
    return None


def _mail(outbound: Outbound, rules: Rules) -> GateVerdict | None:
    if outbound.purpose == "marketing" and outbound.channel == "email" and rules.no_marketing_mail:
        return GateVerdict("refuse", "no_way_out", rules.no_marketing_mail)
    return None


def _consent(connection: Connection, outbound: Outbound, customer: str, rules: Rules) -> GateVerdict | None:
    standing: Standing = consent.standing(connection, customer, outbound.channel, outbound.purpose)
    if standing == "out":
        why = f"the customer opted out of {outbound.purpose} on {outbound.channel}"
        return GateVerdict("refuse", "opted_out", why)
    needed = outbound.purpose == "marketing" or rules.notifications_need_consent
    if standing == "unknown" and needed:
        why = f"the customer never consented to {outbound.purpose} on {outbound.channel}"
        return GateVerdict("refuse", "no_consent", why)
    return None


def _bounced(connection: Connection, outbound: Outbound, customer: str) -> GateVerdict | None:
    since = deliveries.bounced_hard(connection, customer, outbound.channel)
    if since is None:
        return None
    why = f"the address on {outbound.channel} bounced for good on {since:%Y-%m-%d}; nothing since says better"
    return GateVerdict("refuse", "bounced", why)


def _quiet(connection: Connection, outbound: Outbound, customer: str, now: datetime, rules: Rules) -> GateVerdict:
    if outbound.channel in rules.no_quiet_hours:
        return GateVerdict("send", "ok", f"{outbound.channel} wakes nobody, as configured")
    timezone, region = customers.place(connection, customer)
    where = whereabouts(
        rules.regions,
        channel=outbound.channel,
        timezone=timezone,
        region=region,
        address=outbound.recipient,
        home=rules.home,
    )
    if is_allowed(now, where.places):
        return GateVerdict("send", "ok", f"allowed now: {where.said}")
    until = next_allowed(now, where.places)
    if until is None:
        why = f"no hour is allowed everywhere the customer may be ({where.said}): set the customer's time zone"
        return GateVerdict("park", "no_hour", why)
    return GateVerdict("hold", "quiet_hours", f"quiet hours: {where.said}", until)


def _throttled(
    connection: Connection,
    outbound: Outbound,
    customer: str,
    now: datetime,
    said: Mapping[str, Mapping[str, Any]],
    rules: Rules,
) -> GateVerdict | None:
    held: GateVerdict | None = None
    for scope, value, names in _scopes(outbound, customer):
        try:
            name, limits = _limits(names, said, rules)
        except ValueError as error:
            return GateVerdict("hold", throttles.THROTTLED, f"a control cannot be read: {error}", now + _UNREADABLE)
        for limit in limits:
            free = throttles.free_at(connection, scope, value, limit, outbound.id, now)
            if free is not None and (held is None or held.until is None or free > held.until):
                held = GateVerdict("hold", throttles.THROTTLED, f"{name} allows {limit}", free)
    return held


def _limits(
    names: tuple[str, ...], said: Mapping[str, Mapping[str, Any]], rules: Rules
) -> tuple[str, tuple[Limit, ...]]:
    """The control that people set, else the setting; the most particular first. Raises ValueError."""
    for name in names:
        if name in said:
            return name, parsed(tuple(said[name].get("limits", ())))
    return next(((name, rules.limits[name]) for name in names if name in rules.limits), (names[0], ()))


def _scopes(outbound: Outbound, customer: str) -> Iterator[tuple[Scope, str, tuple[str, ...]]]:
    """What counts this message, with the names of the limits, the most particular first."""
    yield "channel", outbound.channel, (f"throttle/channel/{outbound.channel}",)
    yield "inbox", outbound.inbox, (f"throttle/inbox/{outbound.inbox}",)
    if outbound.campaign:
        yield "campaign", outbound.campaign, (f"throttle/campaign/{outbound.campaign}", "throttle/campaign")
    yield "customer", customer, ("throttle/customer",)


def _names(outbound: Outbound) -> set[str]:
    """Every control that may say something of this message."""
    names = set(controls.switches(inbox=outbound.inbox, channel=outbound.channel, campaign=outbound.campaign))
    return names.union(*(each for _, _, each in _scopes(outbound, "")))
