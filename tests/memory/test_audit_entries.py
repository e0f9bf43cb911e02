"""The audit as people read it: what they asked for, newest first, and a table no spreadsheet can be fooled by."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

from kept import NOW, Kept

from memory import audit, audit_entries
from memory.audit_entries import Entry, Wanted


async def written(kept: Kept) -> None:
    acts = [("ada", "login", "desk"), ("ada", "control_set", "stop"), ("ben", "control_set", "stop/inbox/a_b")]
    for number, (actor, act, subject) in enumerate(acts):
        at = NOW + timedelta(hours=number)
        await kept.write(
            lambda c, a=actor, t=act, s=subject, at=at: audit.note(  # type: ignore[misc]  # defaults bind the loop's values
                c, actor=a, role="admin", act=t, subject=s, detail={"why": "x"}, now=at
            )
        )


async def test_filters_find_beginnings_and_periods(kept: Kept) -> None:
    await written(kept)
    asked = {
        "all": (Wanted(), [3, 2, 1]),
        "who": (Wanted(actor="ada"), [2, 1]),
        "act": (Wanted(act="control"), [3, 2]),
        "subject": (Wanted(subject="stop/inbox/a_"), [3]),
        "no wildcard": (Wanted(subject="stop%"), []),
        "since": (Wanted(since=NOW + timedelta(hours=1)), [3, 2]),
        "until": (Wanted(until=NOW + timedelta(hours=1)), [1]),
    }
    for name, (wanted, seqs) in asked.items():
        found = await kept.read(lambda c, wanted=wanted: audit_entries.entries(c, wanted))  # type: ignore[misc]  # as above
        assert [entry.seq for entry in found] == seqs, name
        assert await kept.read(lambda c, wanted=wanted: audit_entries.counted(c, wanted)) == len(seqs), name  # type: ignore[misc]
    assert list(await kept.read(audit_entries.actors)) == ["ada", "ben"]


async def test_pages_follow_each_other(kept: Kept) -> None:
    await written(kept)
    first = await kept.read(lambda c: audit_entries.entries(c, limit=2))
    rest = await kept.read(lambda c: audit_entries.entries(c, before=first[-1].seq, limit=2))
    assert [entry.seq for entry in (*first, *rest)] == [3, 2, 1]


def test_a_formula_in_a_table_is_text() -> None:
    entry = Entry(1, NOW, '=cmd|"/C calc"!A0', "admin", "+1", "@x", {"why": 'a,b\n"c"'})
    head, row = list(csv.reader(io.StringIO(audit_entries.as_csv([entry]))))
    assert head == list(audit_entries.COLUMNS)
    assert row[2:6] == ['\'=cmd|"/C calc"!A0', "admin", "'+1", "'@x"]
    assert row[6] == '{"why":"a,b\\n\\"c\\""}'
