"""`[oidc]`: whose login opens the desk, and which role each of its groups gives."""

from __future__ import annotations

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from agent.settings import Secret, Section

DeskRole = Literal["viewer", "agent", "admin"]
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Oidc(Section):
    """The provider. `name_claim` names the person at the desk and, once they answer, to the customer; take one that
    your provider keeps unique. `roles` lists, for each role, the values of `roles_claim` that give it."""

    issuer: str
    client_id: str = Field(min_length=1)
    client_secret: Secret | None = None
    scopes: list[str] = Field(default=["openid", "profile", "email"])
    name_claim: str = "email"
    roles_claim: str = "groups"
    roles: dict[DeskRole, list[str]] = Field(default_factory=dict)
    default_role: Literal["viewer", "agent"] | None = None
    session_hours: float = Field(default=8.0, gt=0, le=24)
    label: str = "Log in with your organisation"

    @field_validator("issuer")
    @classmethod
    def _is_safe(cls, issuer: str) -> str:
        parts = urlsplit(issuer)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
            raise ValueError("it must begin with https://, or the login could be read on its way")
        return issuer

    @model_validator(mode="after")
    def _admits_somebody(self) -> Self:
        if not self.default_role and not any(self.roles.values()):
            raise ValueError("nobody could log in: give [oidc.roles] groups for a role, or a default_role")
        if "openid" not in self.scopes:
            raise ValueError("scopes must hold openid")
        return self
