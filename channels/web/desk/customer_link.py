"""The way from a conversation to the page of whose it is."""

from __future__ import annotations

from urllib.parse import quote

from channels.web.desk.elements import Text
from channels.web.desk.pages import offered


def customer_link(customer: str) -> None:
    """A link drawn where it is called, where this process has such a page."""
    if offered("customers"):
        Text("Consent, memory and data of this customer", "a", "link", href=f"customers/{quote(customer, safe='')}")
