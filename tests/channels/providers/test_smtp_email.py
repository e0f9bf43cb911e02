"""Email out, against a real SMTP server."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import trustme
from provider_servers import StartMail

from agent.settings import Secret
from channels.adapters.sendgrid_email import SENDGRID_EMAIL
from channels.inboxes.email import SendgridEmailInbox, Smtp
from channels.providers.ports import FateUnknown, Postponed, Rejected, SendError, Unreachable
from channels.providers.smtp_email import SmtpEmail
from channels.render import Rendered
from memory.messages import Outbound

pytestmark = pytest.mark.server  # a local server that speaks as the real one does

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
THREAD = {"message_id": "<q.1@example.org>", "references": "<q.0@example.org>", "subject": "Grüße: Boots"}


def inbox(port: int, **smtp: Any) -> SendgridEmailInbox:
    return SendgridEmailInbox(
        address="help@shop.example",
        from_name="Shöp, Help",
        smtp=Smtp(**{"host": "localhost", "port": port, "tls": "none", "timeout_s": 5, **smtp}),
        webhook_user="sg",
        webhook_passwords=[Secret("x")],
    )


def outbound(recipient: str = "ann@example.org", text: str = "Yes – within 30 days.\n.\nNora", **more: Any) -> Outbound:
    return Outbound("01JABC", "mail", "email", "c", recipient, text, "reply", thread=THREAD, **more)


async def send(to: SendgridEmailInbox, message: Outbound, rendered: Rendered | None = None) -> str:
    provider = SmtpEmail(to, clock=lambda: NOW)
    try:
        return (await provider.send(message, rendered or SENDGRID_EMAIL.render(message, to))).provider_ref
    finally:
        await provider.aclose()


async def test_a_reply_arrives_in_its_thread_in_text_and_html(start_mail: StartMail) -> None:
    server = start_mail()
    ref = await send(inbox(server.port), outbound(sources=({"title": "Returns", "url": "https://help.example/r"},)))
    ((envelope, mail),) = server.mails
    assert (envelope.mail_from, envelope.rcpt_tos) == ("help@shop.example", ["ann@example.org"])
    assert mail["From"] == '"Shöp, Help" <help@shop.example>'
    assert mail["To"] == "ann@example.org"
    assert mail["Subject"] == "Re: Grüße: Boots"
    assert mail["Date"].datetime == NOW
    assert mail["Message-ID"] == ref == "<01JABC@shop.example>"
    assert mail["In-Reply-To"] == "<q.1@example.org>"
    assert mail["References"] == "<q.0@example.org> <q.1@example.org>"
    assert mail["Auto-Submitted"] == "auto-replied"
    text, html = (part.get_content() for part in mail.iter_parts())
    assert text.replace("\r\n", "\n").startswith("Yes – within 30 days.\n.\nNora\n\nSources:\n- Returns: https://")
    assert '<a href="https://help.example/r">Returns</a>' in html
    assert envelope.content.isascii()


async def test_the_same_row_sent_twice_has_one_message_id(start_mail: StartMail) -> None:
    server = start_mail()
    for _ in range(2):
        await send(inbox(server.port), outbound())
    assert len({mail["Message-ID"] for _, mail in server.mails}) == 1
    assert len(server.mails) == 2


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_tls_and_login(start_mail: StartMail, authority: tuple[trustme.CA, str], tls: str) -> None:
    server = start_mail(tls, login=("user", "pass"))
    settings = {"tls": tls, "ca_file": authority[1], "user": "user", "password": Secret("pass")}
    assert await send(inbox(server.port, **settings), outbound())
    assert len(server.mails) == 1


async def test_a_certificate_nobody_vouches_for_is_not_trusted(start_mail: StartMail) -> None:
    server = start_mail("implicit")
    with pytest.raises(Unreachable):
        await send(inbox(server.port, tls="implicit"), outbound())
    assert not server.mails


async def test_a_server_without_starttls_is_not_spoken_to_in_the_open(start_mail: StartMail) -> None:
    server = start_mail()
    with pytest.raises(Unreachable):
        await send(inbox(server.port, tls="starttls"), outbound())
    assert not server.mails


async def test_a_refused_login_waits_for_a_corrected_setting(
    start_mail: StartMail, authority: tuple[trustme.CA, str]
) -> None:
    server = start_mail("starttls", login=("user", "pass"))
    settings = {"tls": "starttls", "ca_file": authority[1], "user": "user", "password": Secret("wrong")}
    with pytest.raises(Postponed) as raised:
        await send(inbox(server.port, **settings), outbound())
    assert raised.value.provider_code == "535"
    assert raised.value.retry_after_s == 60
    assert "wrong" not in str(raised.value)


@pytest.mark.parametrize("at", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(
    ("reply", "error"),
    [("550 no such user", Rejected), ("552 too big", Rejected), ("450 busy", Postponed), ("421 closing", Postponed)],
)
async def test_the_reply_code_decides(start_mail: StartMail, at: str, reply: str, error: type[SendError]) -> None:
    server = start_mail()
    server.replies[at] = reply
    with pytest.raises(SendError) as raised:
        await send(inbox(server.port), outbound())
    assert type(raised.value) is error
    assert raised.value.provider_code == reply[:3]
    assert raised.value.retryable == (error is Postponed)
    assert not server.mails


async def test_a_refusal_says_what_is_wrong_with_the_address(start_mail: StartMail) -> None:
    server = start_mail()
    said = {"550 5.1.1 no such user": "hard", "554 5.7.1 blocked by policy": "blocked", "552 5.2.2 full": "soft"}
    for reply, expected in said.items():
        server.replies["RCPT"] = reply
        with pytest.raises(Rejected) as raised:
            await send(inbox(server.port), outbound())
        assert raised.value.bounce == expected


async def test_a_login_that_is_missing_is_no_fault_of_the_mail(start_mail: StartMail) -> None:
    server = start_mail()
    server.replies["MAIL"] = "530 5.7.0 Authentication required"
    with pytest.raises(Postponed) as raised:
        await send(inbox(server.port), outbound())
    assert raised.value.provider_code == "530"


async def test_no_server_means_nothing_was_sent(closed_port: int) -> None:
    with pytest.raises(Unreachable):
        await send(inbox(closed_port), outbound())


@pytest.mark.parametrize("fault", ["hang_after_data", "drop_after_data"])
async def test_a_mail_without_an_answer_has_an_unknown_fate(start_mail: StartMail, fault: str) -> None:
    server = start_mail()
    setattr(server, fault, True)
    with pytest.raises(FateUnknown) as raised:
        await send(inbox(server.port, timeout_s=0.5), outbound())
    assert raised.value.unknown


@pytest.mark.parametrize(
    "recipient",
    [
        "",
        "ann",
        "ann@example.org\r\nBcc: x@y.example",
        "ann@example.org, bo@example.org",
        "<ann@example.org>",
        "a b@x.example",
    ],
)
async def test_an_address_that_could_add_a_header_is_refused(start_mail: StartMail, recipient: str) -> None:
    server = start_mail()
    with pytest.raises(Rejected):
        await send(inbox(server.port), outbound(recipient))
    assert not server.mails


@pytest.mark.parametrize(
    "headers",
    [{"In-Reply-To": "<a@b>\r\nBcc: x@y.example"}, {"X\r\nBcc": "x@y.example"}, {"References": "a\nb"}, {"": "x"}],
)
async def test_a_header_with_a_line_break_is_refused(start_mail: StartMail, headers: dict[str, str]) -> None:
    server = start_mail()
    for rendered in (
        Rendered("x", ("x",), subject="x", headers=headers),
        Rendered("x", ("x",), subject="x\r\nBcc: x@y.example"),
    ):
        with pytest.raises(Rejected):
            await send(inbox(server.port), outbound(), rendered)
    assert not server.mails


async def test_an_address_beyond_ascii_needs_a_server_that_takes_it(start_mail: StartMail) -> None:
    server = start_mail(utf8=False)
    with pytest.raises(Rejected):
        await send(inbox(server.port), outbound("jürgen@example.org"))
    assert not server.mails


async def test_an_address_beyond_ascii_is_written_to_where_it_is_taken(start_mail: StartMail) -> None:
    server = start_mail()
    await send(inbox(server.port), outbound("jürgen@müller.example"))
    assert server.mails[0][0].rcpt_tos == ["jürgen@müller.example"]
