"""Who a visitor of the live chat is, by the word of the organisation's own system: a token it signed. Pure but for the
clock, which comes in.

A JSON Web Token (RFC 7519) under HS256 with the inbox's `identity_secret`: `sub` is the organisation's own id of the
user, `aud` the inbox's name, `exp` at most a day ahead; `email`, `phone` and `name` may be in it. Whatever is wrong
with one, the visitor is told so: nobody who came with an identity is taken for a stranger in silence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import jwt

from agent.errors import Misconfigured
from agent.settings import Secret
from channels.inboxes.websocket import WebsocketInbox
from channels.protocol import ProtocolError
from memory.identity.signing_in import Signed

CODE: Final = "identity_refused"
MAX_TOKEN: Final = 4_096
MAX_AHEAD_S: Final = 24 * 3600
LEEWAY_S: Final = 60
# RFC 7518, section 3.2: a key for HS256 has 256 bits or more.
MIN_SECRET: Final = 32
_LONGEST: Final[Mapping[str, int]] = {"sub": 255, "email": 320, "phone": 40, "name": 200}
_AGAIN = "Sign in again, then go on here."


class IdentityRefused(ProtocolError):
    """`why` is for the log and for whoever sets this up; it names no value of the token."""

    def __init__(self, why: str) -> None:
        super().__init__(CODE, f"{_AGAIN} ({why})")
        self.why = why


@dataclass(frozen=True, slots=True)
class SignedIdentity:
    """The identities one chat takes: none, where `secret` is empty."""

    inbox: str
    secret: str = field(default="", repr=False)

    @classmethod
    def of(cls, name: str, inbox: WebsocketInbox) -> SignedIdentity:
        """Raises ValueError naming the setting, when its secret cannot be read or is too short."""
        where = f"inboxes.{name}.identity_secret"
        return cls(name, _secret(inbox.identity_secret, where) if inbox.identity_secret else "")

    def verified(self, token: str, now_s: float) -> Signed:
        """Who it is. Raises IdentityRefused."""
        if not self.secret:
            raise IdentityRefused("this chat takes no identity: it has no identity_secret")
        if len(token) > MAX_TOKEN or not token.isascii():
            raise IdentityRefused("the identity is no token")
        try:
            claims = jwt.decode(
                token, self.secret, algorithms=["HS256"], audience=self.inbox,
                options={"require": ["sub", "aud", "exp"], "verify_exp": False, "verify_iat": False,
                         "verify_nbf": False, "verify_sub": False},
            )  # fmt: skip
        except jwt.MissingRequiredClaimError as error:
            raise IdentityRefused(f"the identity has no {error.claim}") from None
        except jwt.InvalidAudienceError:
            raise IdentityRefused(f"the identity is for another chat: its aud must be {self.inbox!r}") from None
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise IdentityRefused("the identity is not signed with this chat's secret") from None
        _check_times(claims, now_s)
        return Signed(**{name: _text(claims, claim) for name, claim in _FIELDS.items()})


def identities(inboxes: Mapping[str, object]) -> dict[str, SignedIdentity]:
    """What each chat takes. Raises Misconfigured for a secret that cannot be read or is too short."""
    chats = {name: inbox for name, inbox in inboxes.items() if isinstance(inbox, WebsocketInbox)}
    try:
        return {name: SignedIdentity.of(name, inbox) for name, inbox in chats.items()}
    except ValueError as error:
        raise Misconfigured(str(error)) from None


_FIELDS: Final = {"subject": "sub", "email": "email", "phone": "phone", "name": "name"}


def _secret(secret: Secret, where: str) -> str:
    try:
        value = secret.reveal()
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
    if len(value.encode()) < MIN_SECRET:
        raise ValueError(f"{where} must have {MIN_SECRET} characters or more: make one with `openssl rand -hex 32`")
    return value


def _check_times(claims: Mapping[str, Any], now_s: float) -> None:
    exp, earliest = claims["exp"], [claims.get(name, now_s) for name in ("nbf", "iat")]
    if not all(type(value) in (int, float) for value in (exp, *earliest)):
        raise IdentityRefused("the identity's times are not numbers")
    if not exp > now_s - LEEWAY_S:
        raise IdentityRefused("the identity has expired")
    if not exp <= now_s + MAX_AHEAD_S + LEEWAY_S:
        raise IdentityRefused("the identity's exp is more than 24 hours ahead")
    if not all(value <= now_s + LEEWAY_S for value in earliest):
        raise IdentityRefused("the identity is from the future")


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if value is None and name != "sub":
        return ""
    if name == "sub" and type(value) is int:
        value = str(value)
    if not isinstance(value, str) or len(value) > _LONGEST[name] or not value.isprintable():
        raise IdentityRefused(f"the identity's {name} is not a text of at most {_LONGEST[name]} characters")
    value = re.sub(r"\s+", " ", value).strip()
    if name == "sub" and not value:
        raise IdentityRefused("the identity's sub is empty")
    return value
