"""Promises of fetching a site by its sitemap, against a real server on this machine."""

from __future__ import annotations

import asyncio
import gzip
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from channels.crawling.fetching import AddressForbidden, NotFetched
from channels.crawling.site import Limits, Saved, folder_for, save_site
from knowledge.loaders.reading import Read, read

PAGE = "<html lang='en'><title>{0}</title><main><h1>{0}</h1><p>Words about {0}.</p></main></html>"
Answer = tuple[int, dict[str, str], bytes]


class Site:
    """Answers from a table, counts what it is asked, and how much at a time."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        self.slow: dict[str, float] = {}
        self.most_at_once = self._at_once = 0
        self._lock = threading.Lock()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with site._lock:
                    site.asked.append(self.path)
                    site._at_once += 1
                    site.most_at_once = max(site.most_at_once, site._at_once)
                time.sleep(site.slow.get(self.path, 0))
                status, headers, body = site.answers.get(self.path, (404, {}, b""))
                try:
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except (BrokenPipeError, ConnectionResetError):
                    pass
                with site._lock:
                    site._at_once -= 1

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.root = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def page(self, path: str, body: str = "", *, headers: dict[str, str] | None = None, status: int = 200) -> None:
        sent = {"Content-Type": "text/html; charset=utf-8", **(headers or {})}
        self.answers[path] = (status, sent, (body or PAGE.format(path.strip("/"))).encode())

    def sitemap(self, *paths: str, at: str = "/sitemap.xml", index: bool = False) -> None:
        kind, each = ("sitemapindex", "sitemap") if index else ("urlset", "url")
        rows = "".join(
            f"<{each}><loc>{p if '://' in p else self.root + p}</loc><lastmod>2026-03-04T10:00:00Z</lastmod></{each}>"
            for p in paths
        )
        body = f'<{kind} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</{kind}>'.encode()
        self.answers[at] = (200, {"Content-Type": "text/xml"}, gzip.compress(body) if at.endswith(".gz") else body)

    async def save(self, folder: Path, path: str = "/sitemap.xml", limits: Limits | None = None) -> Saved:
        return await save_site(self.root + path, folder, allow_private=True, limits=limits or Limits(page_s=20))


@pytest.fixture
def site() -> Iterator[Site]:
    found = Site()
    yield found
    found.server.shutdown()
    found.server.server_close()


def documents(folder: Path) -> dict[str, Read]:
    return {found.document.title: found for found in read(folder) if isinstance(found, Read)}


def reasons(saved: Saved) -> dict[str, str]:
    return {address.split("/", 3)[-1]: reason for address, reason in saved.not_kept}


async def test_the_pages_of_a_sitemap_become_documents_with_their_address_and_time(site: Site, tmp_path: Path) -> None:
    site.page("/help/returns")
    site.page("/help/returns?lang=de", PAGE.format("Rückgabe"))
    site.sitemap("/help/returns", "/help/returns?lang=de")
    saved = await site.save(tmp_path)
    found = documents(tmp_path)
    assert (saved.kept, saved.not_kept) == (2, [])
    assert found["help/returns"].document.source == f"{site.root}/help/returns"
    assert found["Rückgabe"].document.source == f"{site.root}/help/returns?lang=de"
    assert found["help/returns"].document.text == "Words about help/returns."
    assert found["help/returns"].document.metadata == {"language": "en", "updated": "2026-03-04"}


async def test_an_index_and_a_zipped_sitemap_are_followed_once(site: Site, tmp_path: Path) -> None:
    site.page("/a")
    site.page("/b")
    site.sitemap("/one.xml", "/two.xml.gz", "/sitemap.xml", at="/sitemap.xml", index=True)
    site.sitemap("/a", at="/one.xml")
    site.sitemap("/a", "/b", at="/two.xml.gz")
    assert (await site.save(tmp_path)).kept == 2
    assert site.asked.count("/sitemap.xml") == 1


async def test_a_sites_front_page_stands_for_the_sitemap_its_robots_txt_names(site: Site, tmp_path: Path) -> None:
    site.page("/a")
    site.sitemap("/a", at="/map.xml")
    site.answers["/robots.txt"] = (200, {}, f"Sitemap: {site.root}/map.xml\n".encode())
    assert (await site.save(tmp_path, "/")).kept == 1


async def test_robots_txt_and_noindex_are_respected_and_other_hosts_left_alone(site: Site, tmp_path: Path) -> None:
    site.answers["/robots.txt"] = (200, {}, b"User-agent: *\nDisallow: /staff/\n")
    for path in ("/ok", "/staff/rota", "/unlisted-header"):
        site.page(path)
    site.page("/unlisted-header", headers={"X-Robots-Tag": "noindex"})
    site.page("/unlisted", "<meta name=robots content='noindex, follow'><p>Internal.")
    site.page("/away", status=302, headers={"Location": "http://192.0.2.1/"})
    site.sitemap("/ok", "/staff/rota", "/unlisted-header", "/unlisted", "/away", "https://elsewhere.example/x")
    saved = await site.save(tmp_path)
    assert saved.kept == 1
    assert "/staff/rota" not in site.asked
    assert reasons(saved) == {
        "x": "is on another host",
        "staff/rota": "robots.txt does not allow it",
        "unlisted-header": "asks not to be indexed",
        "unlisted": "asks not to be indexed",
        "away": "leads to another host (192.0.2.1)",
    }


async def test_redirects_are_followed_and_circles_named(site: Site, tmp_path: Path) -> None:
    site.page("/new")
    site.page("/old", status=301, headers={"Location": "/new#top"})
    site.page("/round", status=302, headers={"Location": "/again"})
    site.page("/again", status=302, headers={"Location": "/round"})
    site.sitemap("/old", "/round")
    saved = await site.save(tmp_path)
    assert documents(tmp_path)["new"].document.source == f"{site.root}/new"
    assert reasons(saved) == {"round": "redirects in a circle"}


async def test_what_is_slow_or_huge_or_no_page_is_named_and_the_rest_is_kept(site: Site, tmp_path: Path) -> None:
    for path in ("/ok", "/slow"):
        site.page(path)
    site.slow["/slow"] = 6
    site.page("/huge", "x" * 10_000_001)
    bomb = gzip.compress(b"<p>" * 5_000_000)
    site.answers["/bomb"] = (200, {"Content-Type": "text/html", "Content-Encoding": "gzip"}, bomb)
    site.answers["/picture"] = (200, {"Content-Type": "image/png"}, b"\x89PNG")
    site.page("/broken", status=500)
    site.sitemap("/ok", "/slow", "/huge", "/bomb", "/picture", "/broken", "/missing")
    saved = await site.save(tmp_path, limits=Limits(page_s=3))
    assert saved.kept == 1
    assert reasons(saved) == {
        "slow": "no whole answer within 3 s",
        "huge": "larger than 10 MB",
        "bomb": "larger than 10 MB",
        "picture": "is image/png, which is not read",
        "broken": "HTTP 500",
        "missing": "is no longer there (HTTP 404)",
    }
    assert site.most_at_once <= 3  # two, and the one that was given up


async def test_a_page_that_fails_today_stays_and_one_that_is_gone_goes(site: Site, tmp_path: Path) -> None:
    for path in ("/stays", "/goes", "/unlisted", "/moved"):
        site.page(path)
    site.page("/there")
    site.page("/moved", status=301, headers={"Location": "/there"})
    site.sitemap("/stays", "/goes", "/unlisted", "/moved")
    await site.save(tmp_path)
    site.page("/stays", status=503)
    site.page("/there", status=503)
    del site.answers["/goes"]
    site.page("/new")
    site.sitemap("/stays", "/goes", "/moved", "/new")
    saved = await site.save(tmp_path)
    assert set(documents(tmp_path)) == {"stays", "there", "new"}
    assert saved.removed == 2


async def test_limits_on_pages_and_time_are_kept(site: Site, tmp_path: Path) -> None:
    for path in ("/a", "/b", "/c"):
        site.page(path)
    site.sitemap("/a", "/b", "/c")
    assert (await site.save(tmp_path, limits=Limits(pages=2))).kept == 2
    assert (await site.save(tmp_path, limits=Limits(whole_s=-1))).kept == 0
    assert len(documents(tmp_path)) == 2


async def test_internal_machines_are_refused_unless_allowed(site: Site, tmp_path: Path) -> None:
    for address in (site.root, "https://127.0.0.1/sitemap.xml", "https://169.254.169.254/sitemap.xml"):
        with pytest.raises(AddressForbidden):
            await save_site(address, tmp_path)
    assert site.asked == []


@pytest.mark.parametrize("body", [b"", b"no xml", b"<html/>", b"<!DOCTYPE a [<!ENTITY b 'c'>]><urlset>&b;</urlset>"])
async def test_what_is_no_sitemap_is_one_clear_error(site: Site, tmp_path: Path, body: bytes) -> None:
    site.answers["/sitemap.xml"] = (200, {"Content-Type": "text/xml"}, body)
    with pytest.raises(NotFetched, match="no sitemap"):
        await site.save(tmp_path)


async def test_addresses_cannot_leave_the_folder(site: Site, tmp_path: Path) -> None:
    paths = (
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/shadow",
        "/a%2f..%2f..%2fb",
        "/con/..",
        "/" + "x" * 500,
        "/a.html/b",
    )
    for path in paths:
        site.page(path, PAGE.format(path[:30]))
    site.sitemap(*paths)
    await site.save(tmp_path / "site")
    written = await asyncio.to_thread(lambda: [path for path in tmp_path.rglob("*") if path.is_file()])
    assert len(written) > 3
    assert all(path.resolve().is_relative_to(tmp_path / "site") for path in written)


def test_an_address_has_the_same_folder_every_time(tmp_path: Path) -> None:
    assert folder_for("https://help.example.org/sitemap.xml", tmp_path).name == "help.example.org-sitemap.xml"
    assert folder_for("https://h/../../x", tmp_path).parent == tmp_path
