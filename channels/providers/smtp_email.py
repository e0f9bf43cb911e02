"""Email out, by SMTP (RFC 5321)."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from typing import cast

import aiosmtplib

from channels.inboxes.email import EmailInbox, Smtp
from channels.normalise.reports import bounce_class
from channels.providers.ports import FateUnknown, Postponed, Rejected, SendError, Sent, Unreachable
from channels.render import Rendered
from memory.messages import Outbound

_ADDRESS = re.compile(r"^[^\s@<>\"(),;:\\]{1,64}@[^\s@<>\"(),;:\\]{1,255}$")
_HEADER = re.compile(r"^[A-Za-z][A-Za-z0-9-]{0,60}$")
_SETUP_RETRY_S = 60.0
_QUIT_S = 2.0  # the mail is taken: its sender does not wait longer for a farewell
_LOGIN = frozenset({530, 534, 535, 538})  # RFC 4954 section 6
# Everything beyond ASCII is encoded, so that any server passes it on.
_POLICY = SMTP.clone(cte_type="7bit")
_UTF8_POLICY = SMTPUTF8.clone(cte_type="7bit")


class SmtpEmail:
    """Sends from one address through one mail server, a connection for each mail.

    The Message-ID comes with `rendered` and is the same for every attempt, so a mail sent twice shows once.
    """

    def __init__(self, inbox: EmailInbox, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._smtp = inbox.smtp
        self._from = _address(inbox.address, inbox.from_name)
        self._sender = inbox.address
        self._clock = clock

    async def send(self, outbound: Outbound, rendered: Rendered) -> Sent:
        """Raises SendError: by the reply's first digit Postponed (4) or Rejected (5), FateUnknown once the mail is
        handed over and no reply comes."""
        message = self._message(outbound.recipient, rendered)
        client = _client(self._smtp)
        handed_over = taken = False
        try:
            async with asyncio.timeout(self._smtp.timeout_s):
                await _open(client, self._smtp)
                await _envelope(client, self._sender, outbound.recipient)
                handed_over = True
                await client.data(message.as_bytes())
                taken = True
        except aiosmtplib.SMTPResponseException as error:
            raise _rejection(error) from None  # its own words name the recipient
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as error:
            if handed_over:
                raise FateUnknown(f"the mail server did not answer ({type(error).__name__})") from error
            raise Unreachable(f"the mail server could not be used: {_short(error)}") from error
        finally:
            await _hang_up(client, polite=taken)
        return Sent(rendered.headers.get("Message-ID", ""))

    async def aclose(self) -> None:
        """Nothing stays open between mails."""

    def _message(self, recipient: str, rendered: Rendered) -> EmailMessage:
        """The mail. Raises Rejected for an address or header that would add headers of its own."""
        if not _ADDRESS.match(recipient):
            raise Rejected("the recipient's address is malformed")
        headers = {"Subject": rendered.subject, **rendered.headers}
        if any(not _HEADER.match(name) or not value.isprintable() for name, value in headers.items()):
            raise Rejected("a header holds a line break or control character")
        message = EmailMessage(policy=_POLICY if (self._sender + recipient).isascii() else _UTF8_POLICY)
        try:
            message["From"] = self._from
            message["To"] = _address(recipient)
            message["Date"] = format_datetime(self._clock())
            for name, value in headers.items():
                message[name] = value
            message.set_content(rendered.text)
            if rendered.html:
                message.add_alternative(rendered.html, subtype="html")
        except (ValueError, MessageError, IndexError) as error:
            raise Rejected(f"the mail cannot be written ({type(error).__name__})") from error
        return message


def _address(address: str, name: str = "") -> Address:
    local, _, domain = address.rpartition("@")
    return Address(name, local, domain)


def _client(smtp: Smtp) -> aiosmtplib.SMTP:
    return aiosmtplib.SMTP(
        hostname=smtp.host,
        port=smtp.port,
        timeout=smtp.timeout_s,
        use_tls=smtp.tls == "implicit",
        start_tls=smtp.tls == "starttls",
        cert_bundle=smtp.ca_file,
    )


async def _hang_up(client: aiosmtplib.SMTP, *, polite: bool) -> None:
    """Says QUIT where a mail was taken, as RFC 5321 wants, and then lets go at once: a TLS connection that is
    only closed waits half a minute for the other side."""
    transport = cast("asyncio.WriteTransport | None", client.transport)
    if polite:
        with contextlib.suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
            await client.quit(timeout=_QUIT_S)
    client.close()
    if transport is not None:
        transport.abort()
        await asyncio.sleep(0)  # the loop's next round closes the socket


async def _open(client: aiosmtplib.SMTP, smtp: Smtp) -> None:
    """Connects and logs in. What is refused here is no mail's fault but a setting's or the server's: Postponed."""
    try:
        await client.connect()
        if smtp.user is not None and smtp.password is not None:
            await client.login(smtp.user, smtp.password.reveal())
    except aiosmtplib.SMTPResponseException as error:
        raise Postponed(
            f"the mail server refused the connection or the login ({error.code})",
            provider_code=str(error.code),
            retry_after_s=_SETUP_RETRY_S,
        ) from error


async def _envelope(client: aiosmtplib.SMTP, sender: str, recipient: str) -> None:
    """MAIL and RCPT. An address beyond ASCII needs a server that knows SMTPUTF8 (RFC 6531)."""
    plain = (sender + recipient).isascii()
    if not plain:
        await client.ehlo()
        if not client.supports_extension("smtputf8"):
            raise Rejected("the mail server takes no addresses beyond ASCII")
    encoding = "ascii" if plain else "utf-8"
    await client.mail(sender, options=[] if plain else ["SMTPUTF8"], encoding=encoding)
    await client.rcpt(recipient, encoding=encoding)


def _rejection(error: aiosmtplib.SMTPResponseException) -> SendError:
    """By the reply's first digit (RFC 5321 section 4.2.1), but that the login is a setting's fault, not the mail's."""
    code = str(error.code)
    reason = f"the mail server answered {code}"
    if error.code in _LOGIN:
        return Postponed(reason, provider_code=code, retry_after_s=_SETUP_RETRY_S)
    if 500 <= error.code < 600:
        return Rejected(reason, provider_code=code, bounce=bounce_class(code, str(error.message)))
    return Postponed(reason, provider_code=code)


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200] if str(error) else type(error).__name__
