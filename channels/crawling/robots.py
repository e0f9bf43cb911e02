"""What a site's robots.txt (RFC 9309) lets us fetch, and how fast."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from urllib.parse import urljoin
from urllib.robotparser import RobotFileParser

import httpx

from channels.crawling.fetching import AGENT, AddressForbidden, Gone, NotFetched, Refused, fetch

MAX_BYTES = 512_000
"""What RFC 9309 asks a crawler to read at least."""
LONGEST_DELAY_S = 10.0


@dataclass(frozen=True, slots=True)
class Robots:
    """`reason` is "" for what may be fetched; `delay_s` stands between two fetches, None where nobody asks for one."""

    _rules: RobotFileParser
    sitemaps: tuple[str, ...]
    delay_s: float | None

    def reason(self, address: str) -> str:
        return "" if self._rules.can_fetch(AGENT, address) else "robots.txt does not allow it"


async def read_robots(client: httpx.AsyncClient, site: str) -> Robots:
    """The rules of the site that `site` is an address of. None are no rules; a server that fails means "not now"
    (RFC 9309, 2.3.1): raises NotFetched."""
    text = ""
    at = urljoin(site, "/robots.txt")
    try:
        answer = await fetch(client, at, max_bytes=MAX_BYTES)
        text = answer.data.decode("utf-8", "replace").removeprefix("\ufeff")
    except AddressForbidden:
        raise
    except (Gone, Refused):
        pass
    except NotFetched as error:
        raise NotFetched(f"{at}: {error}") from error
    return parse(text)


def parse(text: str) -> Robots:
    rules = RobotFileParser()
    rules.parse(text.splitlines())
    delay: float | str | None = None
    with contextlib.suppress(ValueError, AttributeError):
        delay = rules.crawl_delay(AGENT)
    wait = min(float(delay), LONGEST_DELAY_S) if delay is not None else None
    return Robots(rules, tuple(rules.site_maps() or ()), wait)
