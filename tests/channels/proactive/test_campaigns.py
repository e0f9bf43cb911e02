"""Campaigns: tried before they leave, sent in steps, stopped in time; each member gets one message or none."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from campaign_shop import ADA, NOON, Shop, number, recipients, shop, spec
from sqlalchemy import update

from agent.errors import Refused
from channels.errors import UnknownInbox
from channels.gating.rules import Rules
from channels.proactive.campaigns import Campaigns
from channels.proactive.making import By
from channels.proactive.runner import Runner
from channels.proactive.simulator import Habits
from channels.proactive.templates import TemplateError
from memory import audit, campaign_members
from memory.consent import record_consent, standing
from memory.errors import CampaignRefused, UnknownCampaign
from memory.schema import audit as audited
from memory.schema import campaign_members as members
from memory.schema import consents, outbox


@pytest.fixture
async def acme(store_url: str) -> AsyncIterator[Shop]:
    async with shop(store_url) as opened:
        yield opened


async def test_a_campaign_goes_to_everybody_once_in_steps(acme: Shop) -> None:
    id_ = await acme.started(spec(20))
    await acme.through(id_)
    shown = await acme.campaigns.show(id_)
    assert (shown.progress.sent, shown.progress.waiting, shown.campaign.step) == (2, 18, 1)
    await acme.campaigns.step(id_, ADA, NOON)
    await acme.through(id_)
    shown = await acme.campaigns.show(id_)
    assert (shown.campaign.status, shown.progress.sent) == ("done", 20)
    assert set(acme.sms.deliveries.values()) == {1}
    assert len(acme.sms.deliveries) == 21  # the seed too
    assert [share.exceeded for share in shown.health] == [False, False, False]


async def test_what_leaves_is_in_the_log_with_its_campaign_and_a_reply_finds_it(acme: Shop) -> None:
    id_ = await acme.started(spec(1, steps=[100]))
    await acme.through(id_)
    receipt = await acme.receive("Which shops take part?")
    events = await acme.events(receipt.conversation)
    assert [event.kind for event in events] == ["said", "received"]
    assert events[0].text == "The winter sale has begun. Reply STOP to opt out."
    assert events[0].meta == {"campaign": id_, "template": "sale", "variant": "default", "purpose": "marketing"}


async def test_seed_list_and_sandbox_come_before_the_start(acme: Shop) -> None:
    made = await acme.campaigns.create(spec(3), ADA, NOON)
    with pytest.raises(CampaignRefused, match="seeded and sandboxed"):
        await acme.campaigns.start(made.id, ADA, NOON)
    await acme.campaigns.seed(made.id, ADA, NOON)
    with pytest.raises(CampaignRefused, match="not sandboxed yet"):
        await acme.campaigns.start(made.id, ADA, NOON)
    await acme.campaigns.sandbox(made.id, ADA, NOON)
    assert (await acme.campaigns.start(made.id, ADA, NOON)).status == "running"


async def test_the_seeds_get_it_and_nobody_else(acme: Shop) -> None:
    made = await acme.campaigns.create(spec(3), ADA, NOON)
    assert len((await acme.campaigns.seed(made.id, ADA, NOON)).conversations) == 1
    assert (await acme.campaigns.seed(made.id, ADA, NOON)).members == 0
    await acme.send()
    assert len(acme.sms.deliveries) == 1
    assert (await acme.campaigns.show(made.id)).progress.seeds == {"sent": 1}


async def test_without_consent_marketing_is_refused_by_the_gate_and_the_sandbox_says_so(acme: Shop) -> None:
    wanted = spec(audience={"recipients": [*recipients(2), {"to": number(5)}]}, steps=[100])
    made = await acme.campaigns.create(wanted, ADA, NOON)
    report = await acme.campaigns.sandbox(made.id, ADA, NOON)
    assert (report["accepted"], report["refused"]) == (2, {"no_consent": 1})
    await acme.campaigns.seed(made.id, ADA, NOON)
    await acme.campaigns.start(made.id, ADA, NOON)
    await acme.through(made.id)
    progress = (await acme.campaigns.show(made.id)).progress
    assert (progress.sent, progress.refused, progress.refused_by) == (2, 1, {"no_consent": 1})


async def test_a_list_brings_nobody_back_who_opted_out(acme: Shop) -> None:
    receipt = await acme.receive("hello", sender=number(1))
    await acme.store.write(
        lambda c: record_consent(
            c, id="k-out", customer=receipt.customer, channel="sms", state="out", evidence={}, now=NOON
        )
    )
    id_ = await acme.started(spec(2, steps=[100]))
    await acme.through(id_)
    assert (await acme.campaigns.show(id_)).progress.refused_by == {"opted_out": 1}
    assert await acme.store.read(lambda c: standing(c, receipt.customer, "sms", "marketing")) == "out"


async def test_consent_of_a_list_is_in_the_ledger_with_its_evidence_and_who_brought_it(acme: Shop) -> None:
    await acme.campaigns.create(spec(1), ADA, NOON)
    kept = [row for row in await acme.rows(consents) if row["evidence"]["source"] != "seed list"]
    assert [(row["purpose"], row["state"], row["by"]) for row in kept] == [("marketing", "in", "ada")]
    assert kept[0]["evidence"]["source"] == "checkout 2026-05"


async def test_it_stops_by_itself_when_too_many_bounce_and_goes_on_when_a_person_says_so(store_url: str) -> None:
    habits = Habits(**{**dict.fromkeys(Habits.__slots__, 0.0), "bounced": 1.0})
    async with shop(store_url, habits) as acme:
        id_ = await acme.started(spec(20, steps=[25, 100]))
        await acme.through(id_)
        await acme.receipts()
        await acme.runner.round(NOON)
        stopped = (await acme.campaigns.show(id_)).campaign
        assert stopped.status == "stopped"
        assert "bounces 100.00 % (5 of 5), limit 5 %" in stopped.why
        with pytest.raises(CampaignRefused):
            await acme.campaigns.step(id_, ADA, NOON)
        await acme.campaigns.resume(id_, ADA, NOON)
        await acme.runner.round(NOON)
        assert (await acme.campaigns.campaign(id_)).status == "running"


async def test_opt_outs_stop_it(acme: Shop) -> None:
    id_ = await acme.started(spec(20, steps=[50, 100]))
    await acme.through(id_)
    for row in (await acme.sent())[:4]:
        await acme.store.write(
            lambda c, row=row: record_consent(
                c,
                id=f"k-{row['id'][-9:]}",
                customer=row["customer_id"],
                channel="sms",
                state="out",
                evidence={},
                now=NOON + timedelta(hours=1),
            )
        )
    await acme.runner.round(NOON)
    assert "opt_outs" in (await acme.campaigns.campaign(id_)).why


async def test_a_step_that_was_healthy_long_enough_is_followed_by_the_next(acme: Shop) -> None:
    id_ = await acme.started(spec(10, soak_minutes=30))
    await acme.through(id_)
    assert (await acme.campaigns.campaign(id_)).step == 1
    settled = max(row["sent_at"] for row in await acme.sent() if row["sent_at"])
    await acme.runner.round(settled + timedelta(minutes=29))
    assert (await acme.campaigns.campaign(id_)).step == 1
    await acme.runner.round(settled + timedelta(minutes=31))
    assert (await acme.campaigns.campaign(id_)).step == 2


async def test_a_pause_holds_what_is_queued_too_and_resuming_lets_it_go(acme: Shop) -> None:
    id_ = await acme.started(spec(10, steps=[100]))
    await acme.runner.round(NOON)
    await acme.campaigns.pause(id_, ADA, NOON)
    assert (await acme.campaigns.show(id_)).progress.on_its_way == 10
    await acme.send()
    assert acme.sms.deliveries == {}
    await acme.campaigns.resume(id_, ADA, NOON)
    await acme.through(id_)
    assert len(acme.sms.deliveries) == 11


async def test_cancelling_takes_back_what_has_not_left_and_forgets_the_values(acme: Shop) -> None:
    wanted = spec(
        template="shipped",
        audience={"recipients": recipients(30, consent=False, values={"order": "A"})},
        steps=[10, 100],
    )
    id_ = await acme.started(wanted)
    await acme.runner.round(NOON)
    await acme.campaigns.cancel(id_, ADA, NOON)
    await acme.through(id_)
    progress = (await acme.campaigns.show(id_)).progress
    assert (progress.sent, progress.dropped, progress.refused) == (0, 27, 3)
    assert acme.sms.deliveries == {}
    assert {row["values"] for row in await acme.rows(members)} == {None}
    with pytest.raises(CampaignRefused, match="cancelled"):
        await acme.campaigns.resume(id_, ADA, NOON)


async def test_two_runners_at_once_give_each_member_one_message(acme: Shop) -> None:
    id_ = await acme.started(spec(60, steps=[100]))
    await asyncio.gather(*(acme.runner.round(NOON) for _ in range(4)))
    await acme.through(id_)
    rows = [row for row in await acme.sent() if row["campaign_id"] == id_]
    assert len(rows) == len({row["customer_id"] for row in rows}) == 61
    assert set(acme.sms.deliveries.values()) == {1}


async def test_making_it_again_goes_on_and_another_spec_under_the_name_is_refused(acme: Shop) -> None:
    first = await acme.campaigns.create(spec(5), ADA, NOON)
    again = await acme.campaigns.create(spec(5), ADA, NOON)
    assert (first.id, again.id) == (again.id, first.id)
    assert len(await acme.rows(members)) == 6
    with pytest.raises(CampaignRefused, match="another campaign"):
        await acme.campaigns.create(spec(6), ADA, NOON)


async def test_no_more_than_a_window_of_a_campaign_waits_in_the_outbox(acme: Shop) -> None:
    id_ = await acme.started(spec(30, steps=[100]))
    small = acme.campaigns.maker.settings.model_copy(update={"window": 7, "batch": 5, "held": 4})
    runner = Runner(Campaigns(replace(acme.campaigns.maker, settings=small), acme.campaigns.ways), acme.runner.bus)
    await runner.round(NOON)
    assert (await acme.campaigns.show(id_)).progress.queued == 6  # and the seed
    later = update(outbox).values(next_at=NOON + timedelta(hours=9))
    await acme.store.write(lambda c: c.execute(later).rowcount)
    await runner.round(NOON)
    assert (await acme.campaigns.show(id_)).progress.queued == 6, "as many are held as may be"


async def test_marketing_mail_without_a_way_out_is_refused_at_once(acme: Shop) -> None:
    rules = Rules(no_marketing_mail="marketing mail carries a postal address: set organisation.postal_address")
    campaigns = Campaigns(replace(acme.campaigns.maker, rules=rules), acme.campaigns.ways)
    with pytest.raises(Refused, match="postal address"):
        campaigns.check(spec(inbox="mail"))


async def test_making_that_was_broken_off_goes_on_without_losing_or_doubling_anybody(acme: Shop) -> None:
    wanted = spec(160, steps=[5, 100])
    for pieces in (1, 2, 3):
        making = asyncio.create_task(acme.campaigns.create(wanted, ADA, NOON))
        while len(await acme.rows(members)) <= pieces * 40:  # noqa: ASYNC110  (the rows are the only sign)
            await asyncio.sleep(0)
        making.cancel()
        await asyncio.wait([making])
    made = await acme.campaigns.create(wanted, ADA, NOON)
    assert made.status == "draft"
    steps = Counter(row["step"] for row in await acme.rows(members))
    assert steps == {campaign_members.SEED: 1, 1: 8, 2: 152}


async def test_people_without_a_readable_address_or_value_are_counted_and_skipped(acme: Shop) -> None:
    some = [{"to": "0123", "values": {"order": "1"}}, {"to": number(1)}, {"to": number(2), "values": {"order": "2"}}]
    made = await acme.campaigns.create(spec(template="shipped", audience={"recipients": some}), ADA, NOON)
    shown = await acme.campaigns.show(made.id)
    assert shown.campaign.marks["unreadable"] == 1
    assert shown.progress.skipped_because == {"template shipped: there is no value for order": 1}
    assert (shown.progress.members, shown.progress.waiting) == (2, 1)


async def test_a_filter_finds_customers_by_what_is_known_of_them(acme: Shop) -> None:
    for n in range(1, 131):
        await acme.receive("hello", sender=number(n))
    made = await acme.campaigns.create(spec(audience={"heard_within_days": 30}, template="sale"), ADA, NOON)
    assert (await acme.campaigns.show(made.id)).progress.members == 130
    none = await acme.campaigns.create(
        spec(name="b", audience={"consented": True}, seeds=[{"to": number(9_001)}]), ADA, NOON
    )
    assert (await acme.campaigns.show(none.id)).progress.members == 1  # the seed of the first, who consented


async def test_every_act_is_in_the_audit_with_who_and_why(acme: Shop) -> None:
    id_ = await acme.started(spec(2))
    await acme.campaigns.pause(id_, By("ben", "admin", "the shop is down"), NOON)
    acts = [
        (row["act"], row["actor"], row["detail"]["why"]) for row in await acme.rows(audited) if row["subject"] == id_
    ]
    assert [act for act, _, _ in acts] == [
        "campaign.create",
        "campaign.ready",
        "campaign.seed",
        "campaign.sandbox",
        "campaign.start",
        "campaign.pause",
    ]
    assert acts[-1] == ("campaign.pause", "ben", "the shop is down")
    assert await acme.store.read(audit.verify) is None


async def test_what_cannot_be_is_refused_in_words(acme: Shop) -> None:
    with pytest.raises(UnknownInbox):
        acme.campaigns.check(spec(inbox="fax"))
    with pytest.raises(Refused, match="cannot write first"):
        acme.campaigns.check(spec(inbox="web"))
    with pytest.raises(TemplateError, match="no template 'gone'"):
        acme.campaigns.check(spec(template="gone"))
    with pytest.raises(TemplateError, match="no placeholder colour"):
        acme.campaigns.check(spec(values={"colour": "red"}))
    with pytest.raises(Refused, match="say why"):
        By("ada", "admin", " ")
    with pytest.raises(UnknownCampaign):
        await acme.campaigns.show("m-none")


async def test_the_sandbox_says_the_same_for_the_same_seed(store_url: str) -> None:
    habits = Habits()
    async with shop(store_url, habits) as acme:
        made = await acme.campaigns.create(spec(200), ADA, NOON)
        one = await acme.campaigns.sandbox(made.id, ADA, NOON, seed=7)
        two = await acme.campaigns.sandbox(made.id, ADA, NOON, seed=7)
        other = await acme.campaigns.sandbox(made.id, ADA, NOON, seed=8)
        assert one == two
        assert one["receipts"] != other["receipts"]
        assert (one["members"], one["accepted"], one["unit"]) == (200, 200, "SMS parts")
        assert await acme.sent() == []


def test_steps_are_a_fixed_random_order_cut_at_the_shares() -> None:
    ids = [f"p-{n}" for n in range(1000)]
    placed = campaign_members.spread(ids, [1, 10, 50, 100], "m-1")
    assert Counter(placed.values()) == {1: 10, 2: 90, 3: 400, 4: 500}
    assert placed == campaign_members.spread(list(reversed(ids)), [1, 10, 50, 100], "m-1")
    assert campaign_members.spread(["p-1"], [1, 10, 50, 100], "m-1") == {"p-1": 1}
