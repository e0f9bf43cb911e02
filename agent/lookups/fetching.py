"""Asks one system of the organisation's: a GET, JSON back, within a deadline. Nothing of the customer's is logged.

    LookUpFailed          code "look_up_failed": no answer to go by
    ├── Unreached         no connection, or none in time (retryable)
    ├── Busy              it said so (429, 5xx), or rests after failures (retryable)
    ├── NotAllowed        401 or 403: the credentials in the settings
    └── Unreadable        a redirect, another status, too long, no JSON

What is not there (404) is no failure: `get` returns None.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib.metadata import version
from json import JSONDecodeError, loads
from pathlib import Path
from typing import Any, ClassVar, Final, NoReturn
from urllib.parse import urlsplit

import httpx

from agent.errors import FrontdeskError, Misconfigured
from agent.gateway.breaker import Breaker, Permit
from agent.lookups.settings import LookUpSettings
from agent.settings import Secret

_LONGEST_REST_S: Final = 60.0
_TRIES: Final = 2
"""One more where no connection came about at all: the other side has seen nothing of the first."""
_JSON: Final = ("application/json", "text/json", "text/plain", "")


class LookUpFailed(FrontdeskError):
    """No answer to go by; the message is for people and has nothing of the customer's in it. `rest_s` is how long the
    other side asked to be left alone."""

    code: ClassVar[str] = "look_up_failed"

    def __init__(self, why: str, rest_s: float = 0.0) -> None:
        super().__init__(why)
        self.rest_s = rest_s


class Unreached(LookUpFailed):
    code = "look_up_unreached"
    retryable = True


class Busy(LookUpFailed):
    code = "look_up_busy"
    retryable = True


class NotAllowed(LookUpFailed):
    code = "look_up_not_allowed"


class Unreadable(LookUpFailed):
    code = "look_up_unreadable"


@dataclass(frozen=True, slots=True)
class Answer:
    """The whole answer, decoded from JSON."""

    body: Any


class Fetcher:
    """One look-up's connections, its limit of calls at a time and its circuit breaker. Close it."""

    def __init__(self, name: str, given: LookUpSettings, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Raises Misconfigured for headers or a certificate that cannot be read."""
        self._name = name
        self._timeout_s = given.timeout_s
        self._most = given.most_kb * 1024
        self._missing = frozenset(given.not_found_status)
        self._at_once = asyncio.Semaphore(given.at_once)
        self._breaker = Breaker(clock=clock)
        self._trusted = _trusted(name, given.ca)
        self._client = httpx.AsyncClient(
            headers=_headers(name, given.headers),
            timeout=given.timeout_s,
            verify=self._trusted,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),  # one customer's session is not the next one's
            follow_redirects=False,
            trust_env=False,
            limits=httpx.Limits(max_connections=given.at_once, max_keepalive_connections=given.at_once),
        )

    async def get(self, url: str) -> Answer | None:
        """The answer, None for what is not there. Raises LookUpFailed."""
        permit: Permit | None = None
        try:
            async with asyncio.timeout(self._timeout_s), self._at_once:
                permit = self._admitted()
                answer = await self._tried(url)
        except TimeoutError:
            self._tell(permit, Unreached.code)
            raise Unreached(f"no answer within {self._timeout_s:g} s") from None
        except LookUpFailed as error:
            self._tell(permit, error.code, error.rest_s)
            raise
        except BaseException:  # whoever asked has left: a probe must not stay under way for ever
            self._tell(permit, "")
            raise
        self._breaker.succeeded(permit)
        return answer

    def _admitted(self) -> Permit:
        permit = self._breaker.admit()
        if permit is None:
            raise Busy(f"it failed again and again, and is left alone for {max(1.0, self._breaker.rests_s()):.0f} s")
        return permit

    def _tell(self, permit: Permit | None, code: str, rest_s: float = 0.0) -> None:
        """What became of a call, to the breaker. An answer that cannot be read says nothing of the next one."""
        if permit is None:
            return
        if rest_s:
            self._breaker.limited(permit, rest_s)
        elif code in (Unreached.code, Busy.code, NotAllowed.code):
            self._breaker.failed(permit)
        else:
            self._breaker.released(permit)

    async def reached(self, url: str) -> str:
        """The host of a template, once a connection to it came about with a certificate that is trusted; nothing is
        asked. Raises LookUpFailed."""
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        host, context = parts.hostname or "", self._trusted if parts.scheme == "https" else None
        try:
            async with asyncio.timeout(self._timeout_s):
                _, writer = await asyncio.open_connection(host, port, ssl=context)
        except (OSError, TimeoutError) as error:
            raise Unreached(f"{host}: {_why(error)}") from None
        writer.close()
        return host

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _tried(self, url: str) -> Answer | None:
        for left in reversed(range(_TRIES)):
            try:
                return await self._asked(url)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                if not left or _certificate(error):
                    raise Unreached(_why(error)) from None
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise Unreached(_why(error)) from None
        raise AssertionError("unreachable")

    async def _asked(self, url: str) -> Answer | None:
        async with self._client.stream("GET", url) as response:
            if response.status_code in self._missing or response.status_code == 204:
                return None
            if response.status_code != 200:
                self._refuse(response)
            return Answer(_decoded(response, await self._body(response)))

    def _refuse(self, response: httpx.Response) -> NoReturn:
        status = response.status_code
        if status in (401, 403):
            raise NotAllowed(f"it refused our credentials ({status}); check the headers of [lookups.{self._name}]")
        if status == 429 or status >= 500:
            raise Busy(f"it answered {status}", _rest_s(response))
        kind = "sent us elsewhere" if 300 <= status < 400 else "answered"
        raise Unreadable(f"it {kind} ({status})")

    async def _body(self, response: httpx.Response) -> bytes:
        """The body as it came over the wire: nothing is unpacked, so that nothing small becomes big."""
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise Unreadable("its answer is packed, though we asked for a plain one")
        found = bytearray()
        async for chunk in response.aiter_raw():
            found += chunk
            if len(found) > self._most:
                raise Unreadable(f"its answer is longer than {self._most // 1024} KB")
        return bytes(found)


def _headers(name: str, given: Mapping[str, Secret]) -> dict[str, str]:
    made = {"accept": "application/json", "user-agent": f"frontdesk/{version('frontdesk')}"}
    for header, secret in given.items():
        try:
            made[header.lower()] = _header(header, secret.reveal())
        except ValueError as error:
            raise Misconfigured(f"lookups.{name}.headers.{header}: {error}") from None
    return made | {"accept-encoding": "identity"}


def _header(name: str, value: str) -> str:
    """The value as it was given. Raises ValueError, which does not repeat it."""
    if not (name.isascii() and name.replace("-", "").replace("_", "").isalnum()):
        raise ValueError("is no name of a header")
    if not (value.isascii() and value.isprintable()):
        raise ValueError("its value has characters that no header may have")
    return value


def _trusted(name: str, ca: str) -> ssl.SSLContext:
    try:
        context = httpx.create_ssl_context(trust_env=False)
        if ca:
            context.load_verify_locations(cafile=str(Path(ca)))
        return context
    except (OSError, ssl.SSLError) as error:
        raise Misconfigured(f"lookups.{name}.ca: {ca} cannot be read as certificates ({error})") from None


def _decoded(response: httpx.Response, raw: bytes) -> Any:
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _JSON and not kind.endswith("+json"):
        raise Unreadable(f"it answered with {kind[:60]}, not with JSON")
    try:
        return loads(raw, parse_constant=_no_number)
    except (JSONDecodeError, UnicodeDecodeError, ValueError, RecursionError):
        raise Unreadable("its answer is no JSON") from None


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _rest_s(response: httpx.Response) -> float:
    """Seconds that Retry-After asks for, at most a minute; 0 where it asks for none that can be read."""
    given = response.headers.get("retry-after", "").strip()
    if given.isascii() and given.isdigit():
        return min(float(given[:9]), _LONGEST_REST_S)
    try:
        wait = parsedate_to_datetime(given).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError):
        return 0.0
    return max(0.0, min(wait, _LONGEST_REST_S))


def _certificate(error: BaseException) -> bool:
    return "CERTIFICATE" in str(error).upper() or "SSL" in str(error).upper()


def _why(error: Exception) -> str:
    """The vendor's exception in words, without the address it was for."""
    if _certificate(error):
        return "its certificate is not trusted; `ca` names a file with your own authority"
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return "no answer in time"
    if isinstance(error, httpx.ConnectError | OSError):
        return "no connection"
    return f"the connection broke ({type(error).__name__})"
