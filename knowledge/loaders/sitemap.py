"""Sitemaps (sitemaps.org 0.9): the addresses of a site's pages and when each was last changed. Pure."""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from knowledge.errors import BadDocument

MAX_BYTES = 52_428_800
MAX_LOCATIONS = 50_000
"""Of one sitemap, unpacked: the protocol's own limits."""
_GZIP = b"\x1f\x8b"


@dataclass(slots=True)
class Sitemap:
    """`pages` are addresses with the time of their last change ("" where it does not say), `others` further sitemaps
    that an index names."""

    pages: dict[str, str] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)


def parse(data: bytes) -> Sitemap:
    """A sitemap or an index of some, plain or gzipped. Raises BadDocument."""
    found = Sitemap()
    root = ""
    try:
        for event, element in iterparse(io.BytesIO(_unpacked(data)), events=("start", "end"), forbid_dtd=True):
            name = _name(element)
            if event == "start":
                root = root or name
            elif name in ("url", "sitemap"):
                _take(found, element, name)
                element.clear()
    except (ParseError, DefusedXmlException, LookupError, ValueError) as error:
        raise BadDocument(f"is no sitemap: broken XML ({type(error).__name__})") from error
    if root not in ("urlset", "sitemapindex"):
        raise BadDocument("is no sitemap: it has neither <urlset> nor <sitemapindex>")
    return found


def _unpacked(data: bytes) -> bytes:
    if data[:2] == _GZIP:
        try:
            unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
            data = unpacker.decompress(data, MAX_BYTES + 1)
        except zlib.error as error:
            raise BadDocument(f"is no sitemap: {error}") from error
    if len(data) > MAX_BYTES:
        raise BadDocument(f"is larger than {MAX_BYTES // 1_048_576} MB unpacked")
    return data


def _take(found: Sitemap, element: Element, name: str) -> None:
    said = {_name(each): (each.text or "").strip() for each in element}
    location = said.get("loc", "")
    if not is_web(location) or len(found.pages) + len(found.others) >= MAX_LOCATIONS:
        return
    if name == "url":
        found.pages.setdefault(location, said.get("lastmod", ""))
    else:
        found.others.append(location)


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def is_web(address: str) -> bool:
    """Whether it is an absolute http or https address."""
    try:
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and len(address) <= 2_048
    except ValueError:
        return False


def same_page(address: str) -> str:
    """One key for the forms in which one page is written: without scheme, www., fragment, index.html and last slash."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return address
    host = (parts.netloc or "").lower().removeprefix("www.")
    return host + path_key(parts.path) + (f"?{parts.query}" if parts.query else "")


def path_key(path: str) -> str:
    """ "/help/returns" for help/returns, /help/returns/, help/returns.html and help/returns/index.html."""
    bare = "/" + path.strip("/")
    for ending in (".html", ".htm", ".xhtml", ".mhtml", ".mht"):
        bare = bare.removesuffix(ending)
    return bare.removesuffix("/index").rstrip("/") or "/"
