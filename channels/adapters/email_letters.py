"""What every kind of email sends: one letter, HTML and text, in the customer's thread."""

from __future__ import annotations

from channels.inboxes.email import EmailInbox
from channels.render import Letter, Rendered, render
from memory.messages import Outbound


def render_email(outbound: Outbound, inbox: EmailInbox) -> Rendered:
    """The mail of an outbox row."""
    letter = Letter(
        id=outbound.id,
        domain=inbox.address.partition("@")[2],
        subject=outbound.subject or (f"A message from {inbox.from_name}" if inbox.from_name else "Your message"),
        purpose=outbound.purpose,
        thread=outbound.thread,
    )
    return render(outbound.text, outbound.sources, "email", letter=letter)
