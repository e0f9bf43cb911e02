"""The page a person reads of what is held about them: everything, as text, without a script."""

from __future__ import annotations

import re
from typing import Any

from channels.web.export_page import page

HOSTILE = "<script>alert(1)</script>\" onclick='x' &amp;"


def export(**held: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "format": "frontdesk.customer", "version": 1, "customer": "p-1",
        "exported_at": "2026-11-24T12:00:00+00:00", "held": held, "unreadable": [],
    }  # fmt: skip


def test_what_was_said_reads_in_order_with_who_said_it() -> None:
    shown = page(
        export(
            events=[
                {"kind": "received", "at": "2026-11-24T11:00:00+00:00", "body": "Is it back?", "meta": {}},
                {"kind": "said", "at": "2026-11-24T11:05:00+00:00", "body": "Yes.", "meta": {"person": "Maya"}},
                {"kind": "handed_over", "at": "2026-11-24T11:01:00+00:00", "body": "", "meta": {"code": "asked"}},
            ]
        ),
        "Shop",
    )
    assert "You wrote, 2026-11-24 11:00 UTC" in shown
    assert "A person wrote (Maya), 2026-11-24 11:05 UTC" in shown
    assert "Handed over" in shown


def test_hostile_values_are_text_everywhere() -> None:
    rows = {
        "events": [{"kind": HOSTILE, "at": HOSTILE, "body": HOSTILE, "meta": {"person": HOSTILE}}],
        "identities": [{"kind": "email", "value": HOSTILE}],
        "turns": [{"record": {HOSTILE: [HOSTILE]}}],
        "attachments": [{"name": HOSTILE, "body": "aGk=", "sha256": "x"}],
        HOSTILE: [{HOSTILE: HOSTILE}],
    }
    shown = page({**export(**rows), "customer": HOSTILE, "unreadable": [HOSTILE]}, HOSTILE)
    assert "<script" not in shown
    assert re.search(r"<[^>]*onclick='x'", shown) is None


def test_a_file_can_be_saved_and_opens_as_nothing() -> None:
    shown = page(export(attachments=[{"name": "evil.html", "body": "aGk=", "sha256": "x", "type": "text/html"}]), "S")
    assert 'download="evil.html" href="data:application/octet-stream;base64,aGk="' in shown


def test_what_did_not_open_is_said() -> None:
    assert "could not be opened" in page({**export(), "unreadable": ["attachments.body"]}, "Shop")


def test_what_is_remembered_reads_as_sentences() -> None:
    body = {"text": "prefers to be called in the morning", "value": "morning"}
    memory = {"id": "m-1", "kind": "preference", "body": body, "said_at": "2026-11-24T11:00:00+00:00"}
    ended = {**memory, "body": {"text": HOSTILE}, "kind": HOSTILE, "valid_until": "2026-11-25T11:00:00+00:00"}
    summary = {"number": 1, "from_seq": 1, "to_seq": 8, "at": "2026-11-24T11:00:00+00:00", "body": {"text": "Asked."}}
    shown = page(export(memories=[memory, ended, {"body": None}], segments=[summary, {"body": None}]), "Shop")
    assert "How you like things, said 2026-11-24 11:00 UTC</time>prefers to be called in the morning" in shown
    assert "It held until 2026-11-25 11:00 UTC." in shown
    assert "Of messages 1 to 8, 2026-11-24 11:00 UTC</time>Asked." in shown
    assert "<script>" not in shown


def test_all_customers_who_are_the_person_are_named() -> None:
    assert "Customer p-1, p-2, as of" in page({**export(), "customers": ["p-1", "p-2"]}, "Shop")
