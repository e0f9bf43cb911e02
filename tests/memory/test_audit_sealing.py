"""What the audit says of one customer goes with their key, and the chain stays whole."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from kept import LATER, NOW, Kept
from sqlalchemy import insert, update

from memory import audit, controls, schema
from memory.audit_entries import Wanted, entries
from memory.erasure.holds import hold_name
from memory.erasure.rows import erase

WORDS = "Xanthippe said so on the telephone"


async def noted(kept: Kept, subject: str, detail: dict[str, Any] | None = None) -> dict[str, Any]:
    await kept.write(
        lambda c: audit.note(
            c, actor="ada", role="admin", act="looked", subject=subject, detail=detail or {"why": WORDS}, now=NOW,
            vault=kept.vault,
        )
    )  # fmt: skip
    return dict((await kept.rows(schema.audit))[-1])


async def newest(kept: Kept, with_vault: bool = True) -> Any:
    return (await kept.read(lambda c: entries(c, Wanted(), vault=kept.vault if with_vault else None)))[0].detail


@pytest.mark.parametrize("subject", ["customer:{customer}", "{conversation}", "conversation:{conversation}"])
async def test_a_detail_about_a_customer_is_sealed_and_opens(kept: Kept, subject: str) -> None:
    receipt = await kept.receive(kept.sms())
    row = await noted(kept, subject.format(customer=receipt.customer, conversation=receipt.conversation))
    assert "Xanthippe" not in str(row)
    assert await newest(kept) == {"why": WORDS}
    assert await newest(kept, with_vault=False) == {"sealed": True}
    assert await kept.read(audit.verify) is None


async def test_after_an_erasure_it_says_so_and_the_chain_verifies(kept: Kept) -> None:
    receipt = await kept.receive(kept.sms())
    await noted(kept, f"customer:{receipt.customer}")
    name = hold_name(receipt.customer)
    for on in (True, False):
        given = {"name": name, "value": {"on": on}, "by": "b", "why": WORDS, "now": NOW, "vault": kept.vault}
        await kept.write(partial(controls.put, **given))  # type: ignore[arg-type]
    await kept.write(lambda c: erase(c, kept.vault, receipt.customer, by="ada", role="admin", why="asked", now=LATER))
    found = await kept.read(lambda c: entries(c, Wanted(), vault=kept.vault))
    assert [each.act for each in found] == ["customer.erased", "control_set", "control_set", "looked"]
    assert [dict(each.detail) for each in found[1:]] == [{"erased": True}] * 3
    assert found[0].detail["removed"]["customers"] == 1
    assert await kept.read(audit.verify) is None


async def test_what_is_about_nobody_stays_as_it_is(kept: Kept) -> None:
    row = await noted(kept, "desk", {"why": "a login"})
    assert row["detail"] == {"why": "a login"}
    assert (await noted(kept, "customer:p-nobody"))["detail"] == {"why": WORDS}
    assert await newest(kept) == {"why": WORDS}


async def test_entries_of_before_still_verify_and_are_read(kept: Kept) -> None:
    receipt = await kept.receive(kept.sms())
    subject = f"customer:{receipt.customer}"
    await kept.write(
        lambda c: audit.note(c, actor="a", role="", act="x", subject=subject, detail={"why": "plain"}, now=NOW)
    )
    await noted(kept, subject)
    assert await kept.read(audit.verify) is None
    assert [each.detail for each in await kept.read(lambda c: entries(c, vault=kept.vault))][1] == {"why": "plain"}


async def test_a_sealed_detail_that_was_changed_or_moved_shows(kept: Kept) -> None:
    receipt = await kept.receive(kept.sms())
    first = await noted(kept, f"customer:{receipt.customer}")
    second = await noted(kept, f"customer:{receipt.customer}", {"why": "other words"})
    await kept.write(
        lambda c: (
            c.execute(
                update(schema.audit).where(schema.audit.c.seq == second["seq"]).values(detail=first["detail"])
            ).rowcount
        )
    )
    assert await newest(kept) == {"sealed": True}, "an entry opens at its own place alone"
    assert await kept.read(audit.verify) == second["seq"]


@pytest.mark.parametrize(
    "spoilt", [{"of": "p", "sealed": "%%%"}, {"of": 1, "sealed": ""}, {"of": "p", "sealed": 3}, {}]
)
async def test_hostile_details_break_no_reader(kept: Kept, spoilt: dict[str, Any]) -> None:
    row = {"seq": 1, "at": NOW, "actor": "a", "role": "", "act": "x", "subject": "s", "previous": "", "hash": "h"}
    await kept.write(lambda c: c.execute(insert(schema.audit).values(**row, detail=spoilt)).rowcount)
    assert await newest(kept) in ({"sealed": True}, {"erased": True}, spoilt)
