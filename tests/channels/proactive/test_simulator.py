"""The simulated provider: each channel's limits, the habits of real ones, and the same dice for the same seed."""

from __future__ import annotations

from collections import Counter

import pytest

from channels.proactive.simulator import Habits, Simulator
from channels.providers.ports import FateUnknown, OptedOut, Postponed, Rejected, SendError
from channels.render import Rendered
from memory.messages import Outbound

NONE = dict.fromkeys(Habits.__slots__, 0.0)


def outbound(key: str = "k-1", to: str = "+441632960001", attempts: int = 1) -> Outbound:
    return Outbound(key, "sms", "sms", "c-1", to, "Hello", "marketing", attempts=attempts)


def rendered(*parts: str, subject: str = "") -> Rendered:
    return Rendered("".join(parts), parts, subject=subject)


async def outcomes(seed: int, count: int = 2000) -> tuple[Counter[str], Simulator]:
    simulator, found = Simulator("sms", seed), Counter[str]()
    for n in range(count):
        try:
            await simulator.send(outbound(f"k-{n}"), rendered("Hello"))
        except SendError as error:
            found[error.code] += 1
        else:
            found["sent"] += 1
    return found, simulator


async def test_the_same_seed_throws_the_same_dice_and_another_seed_others() -> None:
    (one, first), (two, again), (other, _) = [await outcomes(seed) for seed in (1, 1, 2)]
    assert one == two
    assert first.receipts == again.receipts
    assert one != other


async def test_its_habits_have_about_the_shares_they_are_given() -> None:
    found, simulator = await outcomes(7, 4000)
    kinds = Counter(receipt.kind for receipt in simulator.receipts)
    assert 20 <= found["postponed"] <= 65  # 1 % of 4,000
    assert 8 <= found["rejected"] <= 36  # 0.5 %
    assert 2 <= found["opted_out"] <= 18  # 0.2 %
    assert 20 <= kinds["bounced"] <= 65  # 1 %
    late = [receipt for receipt in simulator.receipts if receipt.after_s >= 300]
    twice = [
        key for key, count in Counter(r.key for r in simulator.receipts if r.kind != "complained").items() if count > 1
    ]
    assert 130 <= len(late) <= 290  # 5 %, their duplicates too
    assert 45 <= len(twice) <= 125  # 2 %


@pytest.mark.parametrize(
    ("channel", "to", "parts", "subject", "code"),
    [
        ("sms", "12", ("Hello",), "", "21211"),
        ("sms", "+441632960001", ("",), "", "21602"),
        ("sms", "+441632960001", ("x" * 1601,), "", "21617"),
        ("whatsapp", "+441632960001", ("x" * 4097,), "", "21617"),
        ("email", "not an address", ("Hello",), "Subject", "21211"),
        ("email", "jo@shop.example", ("Hello",), "", "550"),
    ],
)
async def test_it_refuses_what_the_channel_would(
    channel: str, to: str, parts: tuple[str, ...], subject: str, code: str
) -> None:
    simulator = Simulator(channel, habits=Habits(**NONE))
    with pytest.raises(Rejected) as caught:
        await simulator.send(outbound(to=to), rendered(*parts, subject=subject))
    assert caught.value.provider_code == code
    assert simulator.deliveries == {}


@pytest.mark.parametrize(("channel", "times"), [("sms", 2), ("email", 1)])
async def test_a_message_sent_twice_arrives_twice_where_the_provider_does_not_dedupe(channel: str, times: int) -> None:
    simulator = Simulator(channel, habits=Habits(**NONE))
    to = "jo@shop.example" if channel == "email" else "+441632960001"
    for _ in range(2):
        await simulator.send(outbound(to=to), rendered("Hello", subject="S"))
    assert simulator.deliveries == {"k-1": times}
    assert len(simulator.receipts) == 1


async def test_a_provider_that_is_busy_takes_it_the_next_time() -> None:
    simulator = Simulator("sms", habits=Habits(**{**NONE, "busy": 1.0}))
    with pytest.raises(Postponed):
        await simulator.send(outbound(), rendered("Hello"))
    await simulator.send(outbound(attempts=2), rendered("Hello"))
    assert simulator.deliveries == {"k-1": 1}


async def test_no_answer_leaves_the_fate_unknown_and_the_message_delivered() -> None:
    simulator = Simulator("sms", habits=Habits(**{**NONE, "silent": 1.0}))
    with pytest.raises(FateUnknown):
        await simulator.send(outbound(), rendered("Hello"))
    assert simulator.deliveries == {"k-1": 1}


async def test_an_opt_out_at_the_provider_is_its_own_error() -> None:
    simulator = Simulator("sms", habits=Habits(**{**NONE, "opted_out": 1.0}))
    with pytest.raises(OptedOut):
        await simulator.send(outbound(), rendered("Hello"))
