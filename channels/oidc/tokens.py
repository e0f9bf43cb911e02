"""What an ID token proves, and who that is at the desk. Pure: keys and the time come in.

OpenID Connect Core 1.0, section 3.1.3.7.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

import jwt

from channels.oidc.errors import LoginRefused
from channels.oidc.settings import DeskRole, Oidc
from channels.web.ports import Identity

# Signatures by the provider's own key only: never "none", and no HMAC, whose key would be the client secret.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
LEEWAY_S = 60
LONGEST_NAME = 64  # what the log's columns for a person hold
BY_POWER: tuple[DeskRole, ...] = ("admin", "agent", "viewer")

_INVALID = "The login service's answer is not valid. Start again from the login page."
_REQUIRED = ["iss", "sub", "aud", "exp", "iat"]


def key_id(token: str) -> tuple[str | None, str]:
    """(key id, algorithm) of the token's header, not proved yet. Raises LoginRefused."""
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        raise LoginRefused(_INVALID, "the ID token is not one") from None
    return header.get("kid"), str(header.get("alg"))


def verified(token: str, key: jwt.PyJWK, settings: Oidc, nonce: str, now_s: float) -> Mapping[str, Any]:
    """The token's claims, proved to be the provider's, for us, for this very login, and fresh. Raises LoginRefused."""
    own_clock = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "require": _REQUIRED}
    try:
        claims = jwt.decode(
            token, key, algorithms=list(ALGORITHMS), audience=settings.client_id, issuer=settings.issuer,
            options=own_clock,  # type: ignore[arg-type]  # a plain dict of PyJWT's option names
        )  # fmt: skip
    except jwt.PyJWTError as error:
        raise LoginRefused(_INVALID, f"the ID token is not valid: {type(error).__name__}") from None
    if why := _fault(claims, settings, nonce, now_s):
        raise LoginRefused(_INVALID, why)
    return claims


def _fault(claims: Mapping[str, Any], settings: Oidc, nonce: str, now_s: float) -> str:
    parties = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if len(parties) > 1 and claims.get("azp") != settings.client_id:
        return "the ID token was given to another program"
    if claims.get("azp", settings.client_id) != settings.client_id:
        return "the ID token was given to another program"
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        return "the ID token belongs to another login"
    times = {name: claims.get(name, now_s) for name in ("exp", "iat", "nbf")}
    if not all(isinstance(value, int | float) for value in times.values()):
        return "the ID token's times are not numbers"
    if times["exp"] <= now_s - LEEWAY_S:
        return "the ID token has expired"
    if max(times["iat"], times["nbf"]) > now_s + LEEWAY_S:
        return "the ID token is from the future"
    return ""


def person(claims: Mapping[str, Any], settings: Oidc) -> Identity:
    """Who logged in and what they may do. Raises LoginRefused for somebody without a name or a role here."""
    name = claim(claims, settings.name_claim)
    if not isinstance(name, str) or not (name := name.strip()):
        raise LoginRefused(
            f"The login service gave no “{settings.name_claim}” for you. Ask whoever runs the server to look at "
            "oidc.name_claim.",
            f"no claim {settings.name_claim}",
        )
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise LoginRefused(f"Your name has more than {LONGEST_NAME} characters, or some that cannot be shown.", "name")
    if settings.name_claim == "email" and claims.get("email_verified") is False:
        raise LoginRefused("Your email address is not verified at the login service.", "email not verified", name)
    role = role_of(claims, settings)
    if role is None:
        raise LoginRefused(
            f"You are logged in as {name}, but none of your groups has a role at this desk. "
            "Ask whoever runs the server for one.",
            "no role",
            name,
        )
    return Identity(name, role)


def role_of(claims: Mapping[str, Any], settings: Oidc) -> DeskRole | None:
    """The most powerful role that a value of the roles claim gives, else the default, else None."""
    given = claim(claims, settings.roles_claim)
    listed = [given, *given.split()] if isinstance(given, str) else given if isinstance(given, list) else []
    values = {value for value in listed if isinstance(value, str)}
    for role in BY_POWER:
        if values & set(settings.roles.get(role, ())):
            return role
    return settings.default_role


def claim(claims: Mapping[str, Any], name: str) -> Any:
    """A claim by its name, or by a path where dots lead into it: `realm_access.roles`."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found
