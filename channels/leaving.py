"""The way out of marketing mail: the headers and the footer that lead there, and the token that says whose it is. Pure.

RFC 8058: both headers, an https address with an opaque token, a POST that needs no login and is not redirected. The
mail server must cover both in DKIM's `h=`. CAN-SPAM (15 U.S.C. 7704(a)(5)): the sender's postal address in every mail;
the way out works at least 30 days after it was sent, CASL 60: this one as long as the master key does.
"""

from __future__ import annotations

import hmac
import html
import re
from dataclasses import dataclass, replace

from channels.render import Rendered
from memory.vault import Vault

_CUSTOMER = re.compile(r"[A-Za-z0-9-]{1,40}")
_KIND = "unsubscribe"


@dataclass(frozen=True, slots=True, eq=False)
class WayOut:
    """What marketing mail of this installation carries. `public_url` is https, sub-path included."""

    vault: Vault
    public_url: str
    postal_address: str
    organisation: str

    def url(self, customer: str) -> str:
        """Where this customer leaves, in one click."""
        return f"{self.public_url.rstrip('/')}/v1/unsubscribe/{token(self.vault, customer)}"

    def added(self, rendered: Rendered, customer: str) -> Rendered:
        """The mail with its way out: both headers, and the same in words below text and HTML."""
        url = self.url(customer)
        sender = f"{self.organisation}, {' '.join(self.postal_address.split())}"
        words = f"{rendered.text}\n\n--\n{sender}\nUnsubscribe: {url}"
        foot = f'<hr><p>{html.escape(sender)}<br><a href="{html.escape(url)}">Unsubscribe</a></p>'
        return replace(
            rendered,
            text=words,
            parts=(words,),
            html=rendered.html.replace("</body>", f"{foot}</body>"),
            headers={
                **rendered.headers,
                "List-Unsubscribe": f"<{url}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            },
        )


def token(vault: Vault, customer: str) -> str:
    """Says whose way out it is, and that we made it."""
    return f"{customer}.{vault.hash(_KIND, customer)}"


def customer_of(vault: Vault, given: str) -> str | None:
    """Whose token it is, or None for one we did not make. Compared in constant time."""
    customer, _, proof = given.partition(".")
    if not _CUSTOMER.fullmatch(customer) or not proof.isascii():
        return None
    return customer if hmac.compare_digest(proof, vault.hash(_KIND, customer)) else None


def missing(public_url: str | None, postal_address: str) -> str:
    """Why marketing mail cannot be sent with these settings, or ""."""
    if not postal_address.strip():
        return "marketing mail carries a postal address: set organisation.postal_address"
    if not (public_url or "").startswith("https://"):
        return "marketing mail can be left in one click over https: set server.public_url"
    return ""
