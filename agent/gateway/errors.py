"""What can go wrong on the way to a model.

FrontdeskError
├── ModelsUnavailable     every endpoint of a route failed or rests (retryable); `causes` says which and how
├── EndpointFault         one try at one endpoint failed; the gateway goes on to the next
└── Misconfigured         an endpoint that can never work as written (agent.errors)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Literal

from langchain_core.exceptions import (
    ContextOverflowError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelInvalidRequestError,
    ModelNotFoundError,
    ModelPermissionDeniedError,
    ModelRateLimitError,
    ModelTimeoutError,
)

from agent.errors import FrontdeskError

FaultCode = Literal[
    "limited",  # 429, or 503 with Retry-After: rests that long
    "server",  # 5xx, or an error inside the stream
    "connection",  # refused, reset, no such host
    "no_first_token",  # no visible text within first_token_s
    "stalled",  # visible text, then silence for first_token_s
    "timed_out",  # the attempt's time is over
    "no_time",  # the call's time is over, most of it spent on endpoints before this one
    "cut",  # the stream ended without saying that it had finished
    "malformed",  # not the form it should have
    "empty",  # finished without a word of visible text
    "configuration",  # 401, 403, 404: a key, an address or a model name is wrong
    "refused",  # 400, 413, 422: this request, not the endpoint
    "overflow",  # the request is longer than the model's context
    "resting",  # not called: its breaker is open, or it asked for a rest
    "failed",  # anything else
]

# These say nothing about the endpoint's health: another customer's message may well be answered.
REQUEST_FAULTS: frozenset[FaultCode] = frozenset({"refused", "overflow", "empty", "no_time"})

# Worth a second try in the same call, when no other endpoint answered: a pooled connection that the server
# closed meanwhile is the commonest fault of a healthy server, and a rest may end in time.
MOMENTARY: frozenset[FaultCode] = frozenset({"connection", "limited", "resting"})

DEFAULT_REST_S = 2.0
MAX_REST_S = 3600.0


class EndpointFault(FrontdeskError):
    """How one try at an endpoint ended.

    `detail` is the provider's own words, which may quote the request: for `frontdesk doctor`, never for a log.
    """

    code = "endpoint_fault"
    retryable = True

    def __init__(
        self, kind: FaultCode, *, status: int | None = None, rest_s: float | None = None, detail: str = ""
    ) -> None:
        super().__init__(kind if status is None else f"{kind} (HTTP {status})")
        self.kind: FaultCode = kind
        self.status = status
        self.rest_s = rest_s
        self.detail = detail[:300]


class ModelsUnavailable(FrontdeskError):
    """No endpoint of the route answered in time. `causes` maps each endpoint's name to its last fault."""

    code = "models_unavailable"
    retryable = True

    def __init__(self, route: str, causes: Mapping[str, EndpointFault]) -> None:
        listed = ", ".join(f"{name}: {fault}" for name, fault in causes.items())
        super().__init__(f"no model of the route {route!r} answered ({listed or 'no time was left'})")
        self.route = route
        self.causes = dict(causes)

    @property
    def retry_after_s(self) -> float | None:
        """When the first resting endpoint may be asked again; None when none of them rests."""
        rests = [fault.rest_s for fault in self.causes.values() if fault.rest_s is not None]
        return min(rests, default=None)


def fault_of(error: Exception) -> EndpointFault:
    """The fault that a provider's exception means, whichever library raised it.

    LangChain's own classes first, then the HTTP status most client libraries put on their exceptions, then
    the built-in kinds; so no provider package has to be imported to be understood.
    """
    if isinstance(error, EndpointFault):
        return error
    detail = f"{type(error).__name__}: {error}"
    status = _status(error)
    if isinstance(error, ContextOverflowError):
        return EndpointFault("overflow", status=status, detail=detail)
    headers = getattr(getattr(error, "response", None), "headers", None)
    rest_s = retry_after_s(headers) if isinstance(headers, Mapping) else None
    if status == 429 or isinstance(error, ModelRateLimitError) or (status == 503 and rest_s is not None):
        return EndpointFault(
            "limited", status=status, rest_s=DEFAULT_REST_S if rest_s is None else rest_s, detail=detail
        )
    return EndpointFault(_kind(error, status), status=status, detail=detail)


def _kind(error: Exception, status: int | None) -> FaultCode:
    names = {kind.__name__ for kind in type(error).__mro__}
    if isinstance(error, ModelTimeoutError | TimeoutError) or names & {"APITimeoutError", "TimeoutException"}:
        return "timed_out"
    if isinstance(error, ModelConnectionError | OSError) or names & {"APIConnectionError", "TransportError"}:
        return "connection"
    if status in (401, 403, 404) or isinstance(
        error, ModelAuthenticationError | ModelPermissionDeniedError | ModelNotFoundError
    ):
        return "configuration"
    if status is not None and status >= 500:
        return "server"
    if (status is not None and 400 <= status < 500) or isinstance(error, ModelInvalidRequestError):
        return "refused"
    if isinstance(error, ValueError | KeyError | TypeError | IndexError):
        return "malformed"
    # OpenAI's clients raise their bare APIError for an `error` event inside a stream.
    return "server" if "APIError" in names else "failed"


def _status(error: Exception) -> int | None:
    for holder in (error, getattr(error, "response", None)):
        status = getattr(holder, "status_code", None)
        if isinstance(status, int):
            return status
    return None


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds a server asks us to wait: `retry-after-ms`, or `Retry-After` in either form of RFC 9110, 10.2.3.

    A date is taken relative to the response's own Date, so neither clock has to be right. None when absent or
    unreadable; never negative, never above an hour.
    """
    millis = _number(headers.get("retry-after-ms"))
    seconds = millis / 1000 if millis is not None else _number(headers.get("retry-after"))
    if seconds is None:
        try:
            at = parsedate_to_datetime(headers["retry-after"])
            seconds = (at - parsedate_to_datetime(headers["date"])).total_seconds()
        except (KeyError, ValueError, TypeError, OverflowError):
            return None
    return min(max(seconds, 0.0), MAX_REST_S)


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
