"""Slack, both ways: direct messages, mentions, and threads that began with one."""

from __future__ import annotations

from datetime import datetime

from channels.adapters.ports import Adapter, Answer
from channels.inboxes.slack import SlackInbox
from channels.marked import slack as render
from channels.normalise import slack
from channels.normalise.beside import PersonAct
from channels.normalise.payloads import Arrived
from channels.providers.slack import Slack
from channels.signatures import verify_slack
from memory.messages import Inbound, Report


def _verify(request: Arrived, inbox: SlackInbox, now: datetime) -> None:
    verify_slack(
        body=request.body,
        timestamp=request.headers.get("x-slack-request-timestamp"),
        signature=request.headers.get("x-slack-signature"),
        secrets=[secret.reveal() for secret in inbox.signing_secrets],
        now=now,
        tolerance_s=inbox.signature_tolerance_s,
    )


def _normalise(request: Arrived, name: str, _inbox: SlackInbox, now: datetime) -> list[Inbound]:
    return slack.messages(request, inbox=name, now=now)


def _beside(request: Arrived, _name: str, _inbox: SlackInbox) -> list[Report | PersonAct]:
    return [*slack.acts(request)]


def _handshake(request: Arrived, _inbox: SlackInbox) -> Answer | None:
    challenge = slack.challenge(request) if request.body else None
    return None if challenge is None else Answer(body=challenge.encode())


SLACK: Adapter[SlackInbox] = Adapter(
    kind="slack",
    channel="slack",
    settings=SlackInbox,
    verify=_verify,
    normalise=_normalise,
    render=lambda outbound, inbox: render(outbound.text, outbound.sources),
    provider=lambda name, inbox, public_url: Slack(inbox),
    beside=_beside,
    handshake=_handshake,
    answer_within_s=3.0,
    retries="three times: at once, after a minute, after five",
)
