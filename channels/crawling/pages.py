"""Where a fetched page is kept, and in what form. Pure."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import unquote, urlsplit
from xml.sax.saxutils import escape

from bs4 import BeautifulSoup

from channels.crawling.fetching import Fetched, Refused
from knowledge.errors import BadDocument
from knowledge.loaders import page_head
from knowledge.loaders.html import decoded_page

KINDS = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "application/pdf": ".pdf",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
}
_SAFE = re.compile(r"[^\w.~-]+", re.ASCII)
_LONGEST = 80
_ENDINGS = re.compile(r"\.(?:html?|xhtml|pdf|txt|md|docx)$", re.IGNORECASE)


def place(address: str, kind: str) -> str:
    """The file's path under the folder: host and path, with a mark of the whole address where these do not tell it."""
    parts = urlsplit(address)
    host = _segment(parts.netloc.lower())
    bare = _ENDINGS.sub("", unquote(parts.path).strip("/")) or "index"
    segments = [_segment(_ENDINGS.sub("", each)) for each in bare.split("/")[:12]]
    path = "/".join([host, *segments])
    if "/".join([host, bare]) != path or parts.query:
        path += "-" + hashlib.sha256(address.encode()).hexdigest()[:10]
    return path + KINDS[kind]


def _segment(name: str) -> str:
    safe = _SAFE.sub("-", name)[:_LONGEST].strip(".-")
    return safe or "page"


def kept(page: Fetched) -> bytes:
    """The page as it is written down: markup in UTF-8 with its address in it. Raises Refused for what the site asks
    search engines to leave out, and for a kind of file that is not read."""
    if page.kind not in KINDS:
        raise Refused(f"is {page.kind[:60] or 'of no kind'}, which is not read")
    if re.search(r"\b(?:noindex|none)\b", page.robots):
        raise Refused("asks not to be indexed")
    if KINDS[page.kind] != ".html":
        return page.data
    try:
        markup = _decoded(page)
    except BadDocument as error:
        raise Refused(str(error)) from error
    if page_head.unlisted(BeautifulSoup(markup[:200_000], "lxml")):
        raise Refused("asks not to be indexed")
    mark = f"<!-- saved from url=({len(page.address):04d}){page.address} -->\n"
    return ("\ufeff" + markup.lstrip("\ufeff") + "\n" + mark).encode("utf-8", "replace")


def _decoded(page: Fetched) -> str:
    if page.charset and page.charset.lower() != "utf-8" and b"\0" not in page.data:
        try:
            return page.data.decode(page.charset, "replace")
        except LookupError:
            pass
    return decoded_page(page.data)


def sitemap_of(pages: dict[str, str]) -> bytes:
    """A sitemap of what was kept, for the loader that reads the folder."""
    rows = [
        f"<url><loc>{escape(address)}</loc>{f'<lastmod>{escape(changed)}</lastmod>' if changed else ''}</url>"
        for address, changed in sorted(pages.items())
    ]
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
    return (head + "\n".join(rows) + "\n</urlset>\n").encode("utf-8", "replace")
