"""A circuit breaker: an endpoint that keeps failing is left alone for a while, then tried by one call.

closed ──threshold failures in a row──► open ──rest over──► half open ──first token──► closed, on probation
   ▲                                      ▲                     │failure                    │
   └──────── a finished reply ────────────┼──────── longer rest ┘                           │
                                          └───────────── one more failure ──────────────────┘

Pure but for the clock it is given. One process, one event loop: no method awaits, so none needs a lock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

State = Literal["closed", "open", "half_open"]


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to make one call. What becomes of it is told with `first_token`, then one of the other verbs."""

    era: int
    probe: bool


class Breaker:
    """Says whether an endpoint may be called now.

    After `threshold` failures in a row it rests `rest_s`, twice as long each time the probe fails too, up to
    `max_rest_s`. Five failures and five seconds keep a dead provider at about one call in five seconds while
    a restart of a model server (tens of seconds) is noticed soon after it ends.
    """

    def __init__(
        self, *, clock: Callable[[], float], threshold: int = 5, rest_s: float = 5.0, max_rest_s: float = 60.0
    ) -> None:
        self._clock = clock
        self._threshold = threshold
        self._rest_s = rest_s
        self._max_rest_s = max_rest_s
        self._failures = 0
        self._opened = 0
        self._until: float | None = None
        self._limited_until = 0.0
        self._probing = False
        self._era = 0

    @property
    def state(self) -> State:
        if self._until is None:
            return "closed"
        return "open" if self._clock() < self._until else "half_open"

    def rests_s(self) -> float:
        """Seconds until `admit` may say yes; 0 when it may now."""
        until = max(self._limited_until, self._until or 0.0)
        return max(0.0, until - self._clock())

    def admit(self) -> Permit | None:
        """A permit, or None while the endpoint rests or a probe is already under way."""
        if self.rests_s() > 0:
            return None
        if self._until is None:
            return Permit(self._era, probe=False)
        if self._probing:
            return None
        self._probing = True
        return Permit(self._era, probe=True)

    def first_token(self, permit: Permit) -> None:
        """A probe that speaks lets the others in at once; one more failure shuts the door again."""
        if permit.probe and permit.era == self._era and self._until is not None:
            self._until, self._probing, self._failures = None, False, self._threshold - 1

    def succeeded(self, permit: Permit) -> None:
        """The reply is whole. A call from before the last opening proves nothing about now."""
        if permit.era == self._era:
            self._until, self._probing, self._failures, self._opened = None, False, 0, 0

    def failed(self, permit: Permit) -> None:
        if permit.era != self._era:
            return
        self._failures += 1
        if permit.probe or self._failures >= self._threshold:
            self._open()

    def limited(self, permit: Permit, rest_s: float) -> None:
        """The endpoint is well but asked for a rest (Retry-After): nobody calls it until then."""
        self._limited_until = max(self._limited_until, self._clock() + rest_s)
        self.released(permit)

    def released(self, permit: Permit) -> None:
        """The call ended without telling anything: the customer left, or the request itself was at fault."""
        if permit.probe and permit.era == self._era:
            self._probing = False

    def _open(self) -> None:
        rest = min(self._rest_s * 2**self._opened, self._max_rest_s)
        self._until = self._clock() + rest
        self._opened += 1
        self._failures = 0
        self._probing = False
        self._era += 1
