"""Who calls: an API key, its name and its role."""

from __future__ import annotations

import hmac
import ipaddress
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import Header, HTTPException

from agent.errors import Misconfigured
from channels.settings import Settings
from channels.web.ports import Identity, Role

# What each role may do besides its own; a service key is for programs and reads nothing of customers.
_INCLUDES: Mapping[Role, frozenset[Role]] = {
    "viewer": frozenset({"viewer"}),
    "agent": frozenset({"viewer", "agent"}),
    "service": frozenset({"service"}),
    "admin": frozenset({"viewer", "agent", "service", "admin"}),
}


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of this installation."""

    known: tuple[tuple[str, Identity], ...]

    def check(self, key: str) -> Identity | None:
        """Whose key it is, or None. Every key is compared in constant time."""
        found = None
        for secret, identity in self.known:
            if hmac.compare_digest(secret.encode(), key.encode("utf-8", "replace")):
                found = identity
        return found

    def require(self, role: str) -> Callable[..., Any]:
        """A dependency that gives the caller's Identity: 401 without a key, 403 with too small a role."""

        async def identity(authorization: Annotated[str | None, Header()] = None) -> Identity:
            scheme, _, key = (authorization or "").partition(" ")
            caller = self.check(key.strip()) if scheme.lower() == "bearer" and key.strip() else None
            if caller is None:
                raise HTTPException(
                    401, "An API key is needed: Authorization: Bearer KEY", {"WWW-Authenticate": "Bearer"}
                )
            if role not in _INCLUDES[caller.role]:
                raise HTTPException(403, f"The key {caller.name!r} has the role {caller.role}; {role} is needed")
            return caller

        return identity


def open_keys(settings: Settings, data: Path) -> tuple[Keys, str | None]:
    """The configured keys. With none, on loopback, an admin key is made once, kept in `data/admin.key` and returned
    to be printed. Raises Misconfigured with none on an address others reach, or when a secret cannot be read."""
    if settings.keys:
        try:
            named = {name: (key.key.reveal(), key.role) for name, key in settings.keys.items()}
        except ValueError as error:
            raise Misconfigured(f"keys: {error}") from None
        return Keys(tuple((secret, Identity(name, role)) for name, (secret, role) in named.items())), None
    if not is_loopback(settings.server.host):
        if settings.oidc is not None:  # people log in by their organisation, and no program has a key
            return Keys(()), None
        raise Misconfigured(
            f"server.host {settings.server.host} is reachable by others and there are no keys: "
            "add [keys.NAME] with key and role, or [oidc]"
        )
    key = admin_key(data)
    return Keys(((key, Identity("admin", "admin")),)), key


def admin_key(data: Path) -> str:
    """The key in `admin.key`, made with mode 0600 when it is not there."""
    path = data / "admin.key"
    data.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="utf-8").strip()
    key = f"fd_{secrets.token_urlsafe(24)}"
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(key + "\n")
    return key


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
