"""Fetches the pages of a sitemap, politely, into a folder. Pages that cannot be had now stay as they were."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx

from channels.crawling import pages
from channels.crawling.fetching import AGENT, Gone, NotFetched, Refused, fetch, host_of, plain
from channels.crawling.robots import Robots, read_robots
from channels.outgoing.addresses import GuardedTransport
from knowledge.errors import BadDocument
from knowledge.loaders import sitemap

AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Limits:
    """`whole_s` is for all pages together, `page_s` for one, redirects included."""

    pages: int = 5_000
    sitemaps: int = 100
    page_s: float = 20.0
    whole_s: float = 3_600.0


@dataclass(slots=True)
class Saved:
    """What is in the folder now. `kept` counts pages fetched, `not_kept` names the others and why."""

    folder: Path
    kept: int = 0
    removed: int = 0
    not_kept: list[tuple[str, str]] = field(default_factory=list)


def is_address(path: str) -> bool:
    return path.startswith(("http://", "https://"))


def folder_for(address: str, under: Path) -> Path:
    """The folder of an address, the same every time: `under`/help.example.org-sitemap.xml."""
    parts = urlsplit(address)
    name = re.sub(r"[^\w.-]+", "-", f"{parts.netloc}{parts.path}".lower(), flags=re.ASCII)
    return under / (name.strip("-.")[:150] or "site")


async def save_site(
    address: str,
    folder: Path,
    *,
    allow_private: bool = False,
    limits: Limits = Limits(),
    progress: Callable[[int, int], None] | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Saved:
    """The pages that the sitemap at `address` lists, into `folder`; any other address of a site stands for the
    sitemap that its robots.txt names, else /sitemap.xml. Only pages on the same host are fetched, two at a time, and
    only what robots.txt allows. Files of pages that the sitemap no longer lists, or that are gone, are removed.

    Private addresses and plain http need `allow_private`. Raises NotFetched when there is no sitemap to be had.
    """
    guarded = transport or GuardedTransport(allow_private=allow_private)
    headers = {"User-Agent": f"{AGENT}/1.0", "Accept": "text/html,application/xhtml+xml,*/*;q=0.5"}
    async with httpx.AsyncClient(transport=guarded, headers=headers, timeout=limits.page_s, trust_env=False) as client:
        return await _Visit(client, plain(address), folder, limits, progress).run()


@dataclass(slots=True)
class _Visit:
    client: httpx.AsyncClient
    address: str
    folder: Path
    limits: Limits
    progress: Callable[[int, int], None] | None
    wrote: dict[str, str] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    done: int = 0

    async def run(self) -> Saved:
        saved = Saved(self.folder)
        robots = await read_robots(self.client, self.address)
        listed = await self._listed(robots, saved)
        deadline = time.monotonic() + self.limits.whole_s
        queue = list(reversed(listed.items()))
        workers = 1 if robots.delay_s else AT_ONCE
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(workers):
                    group.create_task(self._work(queue, len(listed), robots, saved, deadline))
        except* OSError as faults:
            raise faults.exceptions[0] from None  # the disk's own words, for one line
        saved.removed = await asyncio.to_thread(self._settle, saved)
        return saved

    async def _listed(self, robots: Robots, saved: Saved) -> dict[str, str]:
        """The pages on this host, with the times of their last changes. Raises NotFetched."""
        found: dict[str, str] = {}
        waiting = self._first(robots)
        seen: set[str] = set()
        while waiting:
            at = waiting.pop(0)
            if at in seen or len(seen) >= self.limits.sitemaps:
                continue
            seen.add(at)
            try:
                answer = await fetch(self.client, at, max_bytes=sitemap.MAX_BYTES, timeout_s=3 * self.limits.page_s)
                read = await asyncio.to_thread(sitemap.parse, answer.data)
            except (NotFetched, BadDocument) as error:
                if len(seen) == 1 and not waiting:
                    raise NotFetched(f"{at}: {error}") from error
                saved.not_kept.append((at, str(error)))
                continue
            waiting += [other for other in read.others if host_of(other) == host_of(self.address)]
            self._take(read.pages, found, saved)
        return found

    def _first(self, robots: Robots) -> list[str]:
        if self.address.split("?")[0].lower().endswith((".xml", ".xml.gz")):
            return [self.address]
        named = [each for each in robots.sitemaps if host_of(each) == host_of(self.address)]
        return named or [urljoin(self.address, "/sitemap.xml")]

    def _take(self, listed: dict[str, str], found: dict[str, str], saved: Saved) -> None:
        for location, changed in listed.items():
            page = plain(location)
            if host_of(page) != host_of(self.address):
                saved.not_kept.append((page, "is on another host"))
            elif len(found) >= self.limits.pages and page not in found:
                saved.not_kept.append((page, f"is beyond the limit of {self.limits.pages} pages"))
                self.files.update(_places(page))
            else:
                found.setdefault(page, changed)

    async def _work(
        self, queue: list[tuple[str, str]], total: int, robots: Robots, saved: Saved, deadline: float
    ) -> None:
        while queue:
            page, changed = queue.pop()
            try:
                if time.monotonic() > deadline:
                    raise NotFetched(f"not reached within {self.limits.whole_s:g} s")
                await self._keep(page, changed, robots, saved)
            except Gone as error:
                saved.not_kept.append((page, str(error)))
            except NotFetched as error:
                saved.not_kept.append((page, str(error)))
                if error.retryable:
                    self._stays(page, changed)
            self.done += 1
            if self.progress is not None:
                self.progress(self.done, total)
            if robots.delay_s and queue and time.monotonic() < deadline:
                await asyncio.sleep(robots.delay_s)

    async def _keep(self, page: str, changed: str, robots: Robots, saved: Saved) -> None:
        answer = await fetch(self.client, page, allowed=robots.reason, timeout_s=self.limits.page_s)
        data = await asyncio.to_thread(pages.kept, answer)
        if answer.address in self.wrote:
            raise Refused(f"leads to {answer.address}, which is kept already")
        at = pages.place(page, answer.kind)
        self.files.add(at)
        self.wrote[answer.address] = changed
        await asyncio.to_thread(_write, self.folder / at, data)
        saved.kept += 1

    def _stays(self, page: str, changed: str) -> None:
        """What was fetched of the page at another time is still knowledge."""
        self.files.update(_places(page))
        self.wrote.setdefault(page, changed)

    def _settle(self, saved: Saved) -> int:
        """Removes what is not of this visit, and writes the sitemap of what is. Folders above are left alone."""
        removed = 0
        if saved.kept:
            for path in sorted(self.folder.rglob("*")):
                if path.is_file() and path.relative_to(self.folder).as_posix() not in self.files:
                    path.unlink()
                    removed += path.name != "sitemap.xml"
        _write(self.folder / "sitemap.xml", pages.sitemap_of(self.wrote))
        return removed


def _places(page: str) -> set[str]:
    return {pages.place(page, kind) for kind in pages.KINDS}


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(data)
    os.replace(part, path)
