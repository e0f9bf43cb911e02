"""Other desks: which are opened, and what each is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from agent.errors import Misconfigured
from channels.handoff.desks import ChatwootDesk, OtherDesks, SlackDesk, WebhookDesk, open_desks
from channels.handoff.words import Matter, for_chatwoot, for_slack, for_webhook
from channels.inboxes.union import Inboxes

SLACK = {"kind": "slack", "signing_secrets": ["s"], "token": "t"}
HOOK = {"kind": "webhook", "secrets": ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], "url": "https://crm.example.com/in"}
WOOT = {"kind": "chatwoot", "base_url": "https://w.example", "account_id": 3, "token": "t", "secrets": ["s"]}
WEB = {"kind": "websocket"}


def desks(**inboxes: dict[str, Any]) -> OtherDesks:
    return open_desks(Inboxes.model_validate({"inboxes": inboxes}).inboxes)


async def test_each_inbox_has_the_desk_it_names_and_chatwoot_its_own() -> None:
    found = desks(
        web=WEB | {"handoff": {"to": "slack:C0123"}},
        sms=WEB | {"handoff": {"to": "webhook:crm"}},
        other=WEB,
        plain=WEB | {"handoff": {"to": "desk"}},
        slack=SLACK,
        crm=HOOK,
        woot=WOOT,
        quiet=WOOT | {"handoff": {"to": "desk"}},
    )
    kinds = {name: type(desk) for name, desk in found.items()}
    assert kinds == {"web": SlackDesk, "sms": WebhookDesk, "woot": ChatwootDesk}
    await found.aclose()


@pytest.mark.parametrize(
    ("inboxes", "words"),
    [
        ({"web": WEB | {"handoff": {"to": "slack:C1X"}}}, "0 inboxes of kind"),
        ({"web": WEB | {"handoff": {"to": "slack:C1X"}}, "a": SLACK, "b": SLACK}, "2 inboxes of kind"),
        ({"web": WEB | {"handoff": {"to": "slack:C1X", "by": "c"}}, "a": SLACK}, "'c' is no inbox"),
        ({"web": WEB | {"handoff": {"to": "webhook:none"}}}, "'none' is neither"),
        ({"web": WEB | {"handoff": {"to": "chatwoot"}}}, "only an inbox of kind"),
    ],
)
def test_a_desk_that_is_not_there_is_named_at_start(inboxes: dict[str, Any], words: str) -> None:
    with pytest.raises(Misconfigured, match=words):
        desks(**inboxes)


def test_a_desk_of_no_known_form_is_refused() -> None:
    with pytest.raises(ValueError, match="should match pattern"):
        desks(web=WEB | {"handoff": {"to": "teams:1"}})


MATTER = Matter(
    event="handed_over",
    conversation="c-1",
    inbox="web",
    channel="chat",
    priority="high",
    at=datetime(2026, 3, 1, tzinfo=UTC),
    reason="asked for a person",
    summary="Ann asks for <b> & order 7.",
    last_words="<!channel> where\nis it?",
    customer="ann@example.org",
    text="",
    by="",
    link="https://h.example/desk/?c=c-1",
)


def test_slack_is_told_who_waits_why_and_what_to_do_and_nobody_is_named() -> None:
    (message,) = for_slack(MATTER)
    assert "*Why:* asked for a person" in message
    assert "> &lt;!channel&gt; where\n> is it?" in message
    assert "*So far:* Ann asks for &lt;b&gt; &amp; order 7." in message
    assert "<https://h.example/desk/?c=c-1|Open it at the desk>" in message
    assert "`release` gives it back" in message


def test_without_text_another_desk_learns_that_there_is_something_and_not_what() -> None:
    quiet = replace(MATTER, shows_text=False, text="secret", last_words="secret", summary="secret", customer="secret")
    for event in ("handed_over", "received", "said", "taken", "released", "closed"):
        matter = replace(quiet, event=event, by="ann")
        assert "secret" not in "".join(for_slack(matter)) + str(for_webhook(matter, "e1")) + for_chatwoot(matter)


def test_every_event_has_words_of_its_own() -> None:
    told = {event: for_slack(replace(MATTER, event=event, by="bo", text="Hi & bye"))[0] for event in (
        "received", "said", "taken", "released", "closed")}  # fmt: skip
    assert told == {
        "received": "*Customer:*\n> Hi &amp; bye",
        "said": "*bo:*\n> Hi &amp; bye",
        "taken": "_bo took it over._",
        "released": "_bo gave it back to the assistant._",
        "closed": "_bo closed it._",
    }
    assert len(for_slack(replace(MATTER, event="received", text="word " * 3000))) > 1


def test_a_webhook_is_told_as_data() -> None:
    kinds = {event: for_webhook(replace(MATTER, event=event), "e1")["type"] for event in (
        "handed_over", "received", "said", "taken", "released", "closed")}  # fmt: skip
    assert kinds == {
        "handed_over": "handoff.started",
        "received": "handoff.message",
        "said": "handoff.message",
        "taken": "handoff.changed",
        "released": "handoff.ended",
        "closed": "handoff.ended",
    }
    data = for_webhook(MATTER, "e1")["data"]
    assert (data["conversation"], data["customer"], data["summary"]) == ("c-1", "ann@example.org", MATTER.summary)
