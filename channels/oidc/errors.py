"""What can go wrong with a login by OpenID Connect. The text is for the person who logs in, and holds no token.

OidcError
├── ProviderDown     the provider cannot be reached, or answers nonsense (retryable)
└── LoginRefused     this login is not valid, or gives no role here; `why` is the short form for the audit
"""

from __future__ import annotations

from agent.errors import FrontdeskError


class OidcError(FrontdeskError):
    code = "oidc"


class ProviderDown(OidcError):
    code = "login_service_down"
    retryable = True


class LoginRefused(OidcError):
    """`person` is who it was, where that is certain."""

    code = "login_refused"

    def __init__(self, words: str, why: str, person: str = "") -> None:
        super().__init__(words)
        self.why = why
        self.person = person
