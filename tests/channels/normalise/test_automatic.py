"""Whom not to answer (RFC 3834)."""

from __future__ import annotations

import pytest

from channels.normalise.automatic import automatic


def reason(headers: dict[str, str] | None = None, sender: str = "ann@example.org", path: str | None = None) -> str:
    return automatic(headers or {}, sender=sender, return_path=path, own="help@shop.example")


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"auto-submitted": "auto-replied"}, "auto-submitted"),
        ({"auto-submitted": "Auto-Generated; owner-email=x"}, "auto-submitted"),
        ({"return-path": "<>"}, "bounce"),
        ({"content-type": "Multipart/Report; report-type=delivery-status"}, "report"),
        ({"list-id": "<news.example.org>"}, "list"),
        ({"list-unsubscribe": "<https://example.org/u>"}, "list"),
        ({"precedence": " Bulk "}, "precedence"),
        ({"precedence": "list"}, "precedence"),
        ({"precedence": "junk"}, "precedence"),
        ({"x-autoreply": "yes"}, "auto-reply"),
        ({"subject": "Automatic reply: your order"}, "auto-reply"),
        ({"subject": "Abwesenheitsnotiz: Ihre Bestellung"}, "auto-reply"),
        ({"subject": "Réponse automatique : commande"}, "auto-reply"),
        ({"subject": "自動返信: ご注文"}, "auto-reply"),
    ],
)
def test_marks_of_a_machine(headers: dict[str, str], why: str) -> None:
    assert reason(headers) == why


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"auto-submitted": "no"},
        {"auto-submitted": " NO ; comment"},
        {"precedence": "first-class"},
        {"return-path": "<ann@example.org>"},
        {"x-auto-response-suppress": "All"},
        {"content-type": "multipart/alternative"},
        {"subject": "Re: Automatic reply: your order"},
        {"subject": "Out of office chairs again?"},
        {"subject": "Automatic reply is broken"},
    ],
)
def test_a_persons_mail_is_answered(headers: dict[str, str]) -> None:
    assert reason(headers) == ""


@pytest.mark.parametrize("path", ["", "<>", " "])
def test_an_empty_envelope_sender_is_a_bounce(path: str) -> None:
    assert reason(path=path) == "bounce"


def test_an_envelope_sender_outranks_the_header() -> None:
    assert reason({"return-path": "<>"}, path="ann@example.org") == ""


@pytest.mark.parametrize(
    "sender",
    [
        "no-reply@x.example",
        "NoReply@x.example",
        "do-not-reply@x.example",
        "MAILER-DAEMON@x.example",
        "no-reply+7@x.example",
    ],
)
def test_senders_nobody_reads_are_not_answered(sender: str) -> None:
    assert reason(sender=sender) == "machine"


@pytest.mark.parametrize("sender", ["norman@x.example", "noreplyplease.ann@x.example", "daemonic@x.example"])
def test_people_with_unlucky_names_are(sender: str) -> None:
    assert reason(sender=sender) == ""


def test_our_own_mail_come_back_is_a_loop() -> None:
    assert reason(sender="Help@shop.example") == "loop"
