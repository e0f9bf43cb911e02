"""WhatsApp, Slack, Chatwoot and webhooks out, against a local server that speaks their forms."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest_asyncio

from channels.adapters.contract_sending import Misbehaving
from channels.inboxes.chatwoot import ChatwootInbox
from channels.inboxes.slack import SlackInbox
from channels.inboxes.webhook import WebhookInbox
from channels.inboxes.whatsapp import WhatsappInbox
from channels.marked import chatwoot as render_chatwoot
from channels.marked import slack as render_slack
from channels.marked import whatsapp as render_whatsapp
from channels.providers.chatwoot import Chatwoot
from channels.providers.ports import (
    NeedsPerson,
    OptedOut,
    OptedOutOfMarketing,
    PartlySent,
    Postponed,
    Rejected,
    SendError,
    Sent,
    TakenElsewhere,
)
from channels.providers.slack import Slack
from channels.providers.webhook import Webhook
from channels.providers.whatsapp import Whatsapp, open_until
from channels.render import render
from channels.signatures import verify_standard_webhooks
from memory.messages import Outbound

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass
class Answers:
    """What a provider says, next first; the last one over and over."""

    script: list[tuple[int, Any]] = field(default_factory=list)

    def __call__(self, _method: str, _path: str) -> tuple[int, bytes]:
        status, answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        return status, json.dumps(answer).encode()


@dataclass
class Provider:
    server: Misbehaving
    answers: Answers

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(body) if body else None for _, _, _, body in self.server.seen]


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[Provider]:
    answers = Answers()
    async with Misbehaving(answers) as server:
        yield Provider(server, answers)


def outbound(text: str = "Your parcel is here.", **changes: Any) -> Outbound:
    given: dict[str, Any] = {
        "inbox": "x",
        "channel": "x",
        "recipient": "+442071838750",
        "purpose": "reply",
        "heard_at": NOW,
    } | changes
    return Outbound(id="turn-1", conversation="c-1", text=text, **given)


async def outcome(sender: Any, message: Outbound, renderer: Callable[..., Any]) -> Sent | SendError:
    try:
        sent: Sent = await sender.send(message, renderer(message.text, ()))
        return sent
    except SendError as error:
        return error
    finally:
        await sender.aclose()


# --- WhatsApp ---


async def whatsapp(provider: Provider, message: Outbound, now: datetime = NOW, **settings: Any) -> Sent | SendError:
    given = {"phone_number_id": "10654", "token": "tok", "app_secrets": ["s"], "verify_token": "v", **settings}
    inbox = WhatsappInbox.model_validate(given | {"base_url": provider.server.url})
    return await outcome(Whatsapp(inbox, clock=lambda: now), message, render_whatsapp)


OK = (200, {"messages": [{"id": "wamid.9"}]})


async def test_whatsapp_text_is_posted_in_metas_form(provider: Provider) -> None:
    provider.answers.script = [OK]
    assert await whatsapp(provider, outbound("**Hi** & [here](https://a.example)")) == Sent("wamid.9")
    ((method, path, headers, _),) = provider.server.seen
    assert (method, path, headers["authorization"]) == ("POST", "/v23.0/10654/messages", "Bearer tok")
    assert provider.bodies == [
        {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": "442071838750",
            "biz_opaque_callback_data": "turn-1",
            "type": "text",
            "text": {"body": "*Hi* & here: https://a.example", "preview_url": False},
        }
    ]


async def test_the_window_is_open_for_24_hours_after_the_customers_last_message(provider: Provider) -> None:
    provider.answers.script = [OK]
    day = timedelta(hours=24)
    assert open_until(NOW, NOW + day - timedelta(seconds=1)) == NOW + day
    assert open_until(NOW, NOW + day) is None
    assert open_until(None, NOW) is None
    assert isinstance(await whatsapp(provider, outbound(), NOW + day - timedelta(seconds=1)), Sent)
    closed = await whatsapp(provider, outbound(), NOW + day)
    assert isinstance(closed, NeedsPerson)
    assert closed.provider_code == "131047"
    assert len(provider.server.seen) == 1  # nothing was posted that would be refused


async def test_after_the_window_a_template_carries_the_words(provider: Provider) -> None:
    provider.answers.script = [OK]
    templates = {"reply": {"name": "answer_ready", "language": "en_GB"}}
    late = NOW + timedelta(days=2)
    assert isinstance(await whatsapp(provider, outbound("One\n\ntwo."), late, templates=templates), Sent)
    template = provider.bodies[0]["template"]
    assert (template["name"], template["language"]) == ("answer_ready", {"code": "en_GB"})
    assert template["components"][0]["parameters"] == [{"type": "text", "text": "One two."}]
    assert isinstance(await whatsapp(provider, outbound("a" * 1025), late, templates=templates), NeedsPerson)
    marketing = outbound(purpose="marketing")
    assert isinstance(await whatsapp(provider, marketing, late, templates=templates), NeedsPerson)


async def test_a_template_without_room_asks_the_customer_to_write_and_the_message_waits(provider: Provider) -> None:
    provider.answers.script = [OK]
    templates = {"reply": {"name": "please_write", "with_text": False}}
    found = await whatsapp(provider, outbound(), NOW + timedelta(days=2), templates=templates)
    assert isinstance(found, NeedsPerson)
    assert provider.bodies[0]["template"]["components"] == []


async def test_metas_errors_say_what_to_do(provider: Provider) -> None:
    for status, code, kind in (
        (400, 131047, NeedsPerson),
        (400, 131050, OptedOutOfMarketing),
        (400, 131026, Rejected),
        (400, 100, Rejected),
        (400, 132001, Rejected),
        (400, 130429, Postponed),
        (400, 131056, Postponed),
        (401, 190, Postponed),
        (403, 200, Postponed),
        (500, 131000, Postponed),
    ):
        provider.answers.script = [(status, {"error": {"code": code, "message": "secret text"}})]
        found = await whatsapp(provider, outbound())
        assert type(found) is kind, (code, found)
        assert found.provider_code == str(code)
        assert "secret text" not in str(found)
    assert issubclass(OptedOutOfMarketing, OptedOut)
    assert OptedOutOfMarketing("").purpose == "marketing"


async def test_a_long_whatsapp_message_leaves_in_parts_and_tells_when_only_some_left(provider: Provider) -> None:
    text = " ".join(f"Sentence {n}." for n in range(1000))
    provider.answers.script = [OK, OK, (400, {"error": {"code": 131026}})]
    found = await whatsapp(provider, outbound(text))
    assert isinstance(found, PartlySent)
    assert found.sent == ("wamid.9", "wamid.9")


# --- Slack ---


async def slack(provider: Provider, message: Outbound) -> Sent | SendError:
    inbox = SlackInbox.model_validate({"signing_secrets": ["s"], "token": "xoxb-1", "base_url": provider.server.url})
    return await outcome(Slack(inbox, clock=lambda: NOW), message, render_slack)


async def test_slack_is_answered_in_the_thread_and_nobody_can_be_named(provider: Provider) -> None:
    provider.answers.script = [(200, {"ok": True, "channel": "C1", "ts": "2.0"})]
    thread = {"channel": "C1", "thread_ts": "1.0"}
    assert await slack(provider, outbound("<!channel> **hi** & [x|y](https://a.example)", thread=thread)) == Sent(
        "C1:2.0"
    )
    ((_, path, headers, _),) = provider.server.seen
    assert (path, headers["authorization"]) == ("/chat.postMessage", "Bearer xoxb-1")
    assert provider.bodies == [
        {
            "channel": "C1",
            "text": "&lt;!channel&gt; *hi* &amp; <https://a.example|x/y>",
            "unfurl_links": False,
            "unfurl_media": False,
            "thread_ts": "1.0",
        }
    ]


async def test_somebody_new_is_written_to_directly(provider: Provider) -> None:
    provider.answers.script = [(200, {"ok": True, "channel": "D1", "ts": "2.0"})]
    await slack(provider, outbound(recipient="T1:U1", thread={}))
    assert provider.bodies[0]["channel"] == "U1"
    assert "thread_ts" not in provider.bodies[0]


async def test_slacks_errors_stand_in_a_200(provider: Provider) -> None:
    for error, kind in (
        ("channel_not_found", Rejected),
        ("is_archived", Rejected),
        ("msg_too_long", Rejected),
        ("invalid_auth", Postponed),
        ("not_in_channel", Postponed),
        ("internal_error", Postponed),
    ):
        provider.answers.script = [(200, {"ok": False, "error": error})]
        found = await slack(provider, outbound(thread={"channel": "C1"}))
        assert type(found) is kind, error
        assert found.provider_code == error
    provider.answers.script = [(429, {"ok": False, "error": "ratelimited"})]
    provider.server.headers = {"Retry-After": "30"}
    found = await slack(provider, outbound(thread={"channel": "C1"}))
    assert isinstance(found, Postponed)
    assert found.retry_after_s == 30


# --- Chatwoot ---


async def chatwoot(provider: Provider, message: Outbound) -> Sent | SendError:
    given = {"base_url": provider.server.url, "account_id": 3, "token": "bot", "secrets": ["s"]}
    return await outcome(Chatwoot(ChatwootInbox.model_validate(given), clock=lambda: NOW), message, render_chatwoot)


async def test_chatwoot_is_asked_for_the_status_right_before_posting(provider: Provider) -> None:
    provider.answers.script = [(200, {"status": "pending"}), (200, {"id": 901})]
    assert await chatwoot(provider, outbound(thread={"conversation": "130"})) == Sent("message:901")
    assert [(method, path) for method, path, *_ in provider.server.seen] == [
        ("GET", "/api/v1/accounts/3/conversations/130"),
        ("POST", "/api/v1/accounts/3/conversations/130/messages"),
    ]
    posted = provider.bodies[1]
    assert (posted["content"], posted["private"]) == ("Your parcel is here.", False)
    assert posted["content_attributes"] == {"frontdesk": "turn-1:0"}
    assert provider.server.seen[1][2]["api_access_token"] == "bot"


async def test_nothing_is_posted_once_a_person_has_it_there(provider: Provider) -> None:
    for status in ("open", "snoozed", "resolved"):
        provider.answers.script = [(200, {"status": status})]
        found = await chatwoot(provider, outbound(thread={"conversation": "130"}))
        assert isinstance(found, TakenElsewhere)
        assert not found.retryable
    assert {method for method, *_ in provider.server.seen} == {"GET"}


async def test_a_person_of_our_desk_may_write_there_all_the_same(provider: Provider) -> None:
    provider.answers.script = [(200, {"id": 902})]
    found = await chatwoot(provider, outbound(thread={"conversation": "130"}, purpose="agent"))
    assert found == Sent("message:902")
    assert [method for method, *_ in provider.server.seen] == ["POST"]


async def test_a_conversation_without_a_number_there_is_rejected(provider: Provider) -> None:
    assert isinstance(await chatwoot(provider, outbound(thread={})), Rejected)
    assert isinstance(await chatwoot(provider, outbound(thread={"conversation": "../1"})), Rejected)
    assert provider.server.seen == []


# --- webhooks ---


async def hook(provider: Provider, message: Outbound, **settings: Any) -> Sent | SendError:
    given = {"secrets": [SECRET], "url": f"{provider.server.url}/in", "allow_private": True, **settings}
    return await outcome(Webhook(WebhookInbox.model_validate(given), clock=lambda: NOW), message, render)


async def test_a_reply_is_posted_signed_and_under_its_own_id(provider: Provider) -> None:
    provider.answers.script = [(200, {})]
    thread = {"ticket": "7", "conversation": "t-7"}
    assert await hook(provider, outbound(thread=thread)) == Sent("turn-1")
    ((_, _, headers, body),) = provider.server.seen
    verify_standard_webhooks(
        body=body,
        id=headers["webhook-id"],
        timestamp=headers["webhook-timestamp"],
        signature=headers["webhook-signature"],
        secrets=[SECRET],
        now=NOW,
    )
    assert headers["webhook-id"] == "turn-1"
    said = json.loads(body)
    assert (said["type"], said["data"]["text"], said["data"]["thread"]) == (
        "message.sent",
        "Your parcel is here.",
        {"ticket": "7"},
    )
    assert said["data"]["your_conversation"] == "t-7"


async def test_every_failure_of_a_receiver_is_tried_again_but_410(provider: Provider) -> None:
    for status, kind in ((302, Postponed), (400, Postponed), (404, Postponed), (500, Postponed), (410, NeedsPerson)):
        provider.answers.script = [(status, {})]
        assert type(await hook(provider, outbound())) is kind, status


async def test_an_internal_address_is_never_called(provider: Provider) -> None:
    provider.answers.script = [(200, {})]
    inbox = WebhookInbox.model_validate({"secrets": [SECRET], "url": "https://crm.example.com/in"})
    moved = inbox.model_copy(update={"url": provider.server.url.replace("http:", "https:")})
    assert isinstance(await outcome(Webhook(moved, clock=lambda: NOW), outbound(), render), Rejected)
    assert provider.server.seen == []
