"""What a push service is sent, and what each of its answers means."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from push_service import Browser, PushService, push_service

from channels.adapters.web_push import WEB_PUSH
from channels.inboxes.websocket import WebPush as Settings
from channels.inboxes.websocket import WebsocketInbox
from channels.providers.ports import FateUnknown, Gone, Postponed, Rejected, SendError, Unreachable
from channels.providers.web_push import WebPush, served
from channels.push_encryption import new_private_key
from memory.messages import Outbound

pytestmark = pytest.mark.server  # a local server that speaks as the real one does

BROWSER = Browser()


@pytest_asyncio.fixture
async def service() -> AsyncIterator[PushService]:
    async with push_service() as opened:
        yield opened


def settings(*services: str, **fields: Any) -> Settings:
    given = {"private_key": new_private_key(), "subject": "mailto:help@example.com", **fields}
    return Settings.model_validate({**given, "services": list(services)} if services else given)


def outbound(endpoint: str, text: str = "Your parcel leaves today.", words: str = "") -> Outbound:
    keys = BROWSER.subscription(endpoint)["keys"]
    thread = {"endpoint": endpoint, **keys, "words": words}
    return Outbound("push-1", "web", "push", "c-" + "0" * 32, "s-1", text, "reply", thread=thread)


async def send(to: Outbound, inbox: WebsocketInbox) -> str:
    assert inbox.push is not None
    provider = WebPush(inbox.push)
    try:
        return (await provider.send(to, WEB_PUSH.render(to, inbox))).provider_ref
    finally:
        await provider.aclose()


async def test_a_browser_is_told_that_there_is_an_answer_and_not_which(service: PushService) -> None:
    inbox = WebsocketInbox(title="Fernhill", push=settings(service.url))
    assert await send(outbound(f"{service.url}/w/1", words="Sie haben eine neue Antwort"), inbox) == "/m/1"
    (pushed,) = service.pushed
    assert pushed.path == "/w/1"
    assert (pushed.headers["ttl"], pushed.headers["content-encoding"]) == ("86400", "aes128gcm")
    assert len(pushed.headers["topic"]) == 32
    assert "0" * 32 not in str(pushed.headers)  # which conversation it is, the service need not know
    assert pushed.headers["authorization"].startswith("vapid t=")
    notice = service.notice(BROWSER)
    assert notice == {"title": "Fernhill", "body": "Sie haben eine neue Antwort", "tag": "frontdesk"}


async def test_the_words_themselves_are_shown_only_where_that_is_wanted(service: PushService) -> None:
    inbox = WebsocketInbox(push=settings(service.url, show_text=True))
    await send(outbound(f"{service.url}/w/1", text="x" * 9_000), inbox)
    body = service.notice(BROWSER)["body"]
    assert (len(body), body[-1]) == (300, "…")


@pytest.mark.parametrize(
    ("step", "fault", "retry_s"),
    [
        ((404, {}), Gone, None),
        ((410, {}), Gone, None),
        ((429, {"retry-after": "120"}), Postponed, 120.0),
        ((503, {}), Postponed, None),
        ((401, {}), Postponed, 60.0),
        ((413, {}), Rejected, None),
        ((301, {"location": "http://127.0.0.1:1/"}), Rejected, None),
        ("hang", FateUnknown, None),
    ],
)
async def test_each_answer_has_its_meaning(
    service: PushService, step: Any, fault: type[SendError], retry_s: float | None
) -> None:
    service.script = [step]
    inbox = WebsocketInbox(push=settings(service.url, timeout_s=0.3))
    with pytest.raises(fault) as caught:
        await send(outbound(f"{service.url}/w/1"), inbox)
    assert type(caught.value) is fault
    assert caught.value.retry_after_s == retry_s
    assert len(service.pushed) == 1


async def test_a_service_that_is_away_was_sent_nothing(closed_port: int) -> None:
    at = f"http://127.0.0.1:{closed_port}"
    with pytest.raises(Unreachable):
        await send(outbound(f"{at}/w"), WebsocketInbox(push=settings(at)))


async def test_an_address_inside_our_own_network_is_never_called(service: PushService) -> None:
    with pytest.raises(Gone, match="allowed"):
        await send(outbound(f"{service.url}/internal"), WebsocketInbox(push=settings()))
    assert service.pushed == []


@pytest.mark.parametrize(
    ("endpoint", "fine"),
    [
        ("https://fcm.googleapis.com/fcm/send/x", True),
        ("https://updates.push.services.mozilla.com/wpush/v2/x", True),
        ("https://wns2-par02p.notify.windows.com/w/?token=x", True),
        ("https://web.push.apple.com/x", True),
        ("https://FCM.googleapis.com/x", True),
        ("http://fcm.googleapis.com/x", False),
        ("https://fcm.googleapis.com:8443/x", False),
        ("https://fcm.googleapis.com@evil.example/x", False),
        ("https://evil.example/fcm.googleapis.com", False),
        ("https://notify.windows.com.evil.example/x", False),
        ("https://evilnotify.windows.com/x", False),
        ("https://169.254.169.254/latest", False),
        ("https://[::1]/x", False),
        ("https://[broken/x", False),
        ("https://fcm.googleapis.com:99999/x", False),
        ("", False),
    ],
)
def test_only_push_services_are_push_services(endpoint: str, fine: bool) -> None:
    assert served(endpoint, settings().services) is fine
