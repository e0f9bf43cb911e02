"""What a web page says of itself: its address, language, times and, for machines, its questions and answers."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import orjson
from bs4 import BeautifulSoup, Comment
from bs4.element import Tag

_RENAMED = {
    "article:modified_time": "updated", "og:updated_time": "updated", "last-modified": "updated", "dcterms.modified":
    "updated", "article:published_time": "published", "dcterms.issued": "published", "dcterms.created": "published",
    "article:section": "section", "article:tag": "tags", "keywords": "tags",
}  # fmt: skip
_NOISE = re.compile(
    r"(?:og|fb|twitter|al|msapplication|apple|theme|viewport|csrf|color-scheme|format-detection|referrer|generator|"
    r"robots|googlebot|bingbot|description|charset|mobile-web|application-name|next-|shopify|hs-|parsely)|.*verif|.*token"
)
"""Names that speak to browsers, crawlers and sharing buttons. Some change at every save (CSRF tokens)."""
_LD_TIMES = {"dateModified": "updated", "datePublished": "published"}
_SAVED_FROM = re.compile(r"saved from url=\(\d+\)(\S+)")
_MIRRORED = re.compile(r"Mirrored from (\S+) by HTTrack")
MAX_LD = 2_000_000
"""Characters of one JSON-LD block: a page's description of itself that is longer is none."""


def address(soup: BeautifulSoup) -> str:
    """The page's own web address: its canonical link, og:url, what the program that saved it wrote, else ""."""
    base = soup.find("base")
    root = str(base.get("href") or "") if isinstance(base, Tag) else ""
    link, shared = soup.find("link", rel="canonical"), soup.find("meta", property="og:url")
    found = [str(link.get("href") or "") if isinstance(link, Tag) else ""]
    found.append(str(shared.get("content") or "") if isinstance(shared, Tag) else "")
    for comment in soup.find_all(string=lambda text: isinstance(text, Comment), limit=50):
        if match := _SAVED_FROM.search(comment):
            found.append(match.group(1))
        elif match := _MIRRORED.search(comment):
            found.append(f"https://{match.group(1)}")
    joined = (_joined(root, one.strip()) for one in [*found, root] if one.strip())
    return next((one for one in joined if one), "")


def _joined(base: str, link: str) -> str:
    """An absolute http address without its fragment; "" for anything else (a script, a file on somebody's disk)."""
    try:
        url = urljoin(base, link).partition("#")[0]
        parts = urlsplit(url)
        return url if parts.scheme in ("http", "https") and parts.hostname else ""
    except ValueError:
        return ""


def values(soup: BeautifulSoup) -> dict[str, object]:
    """Metadata: named <meta> tags, the times of its JSON-LD, the language of <html>."""
    found: dict[str, object] = {}
    for block in _linked_data(soup):
        found |= {name: block[at] for at, name in _LD_TIMES.items() if isinstance(block.get(at), str)}
        if isinstance(block.get("inLanguage"), str):
            found.setdefault("language", block["inLanguage"])
    for tag in soup.find_all("meta"):
        name = str(tag.get("name") or tag.get("property") or tag.get("http-equiv") or "").lower()
        renamed = _RENAMED.get(name, name)
        if tag.get("http-equiv") and name != "last-modified":
            continue
        if renamed and (renamed != name or not _NOISE.match(name)):
            found[renamed] = str(tag.get("content") or "")
    if soup.html is not None and soup.html.get("lang"):
        found["language"] = str(soup.html["lang"])
    return found


def questions(soup: BeautifulSoup) -> list[tuple[str, str]]:
    """(question, answer as HTML) of the page's FAQPage or QAPage data, in order."""
    found: list[tuple[str, str]] = []
    for block in _linked_data(soup):
        name = block.get("name")
        if block.get("@type") != "Question" or not isinstance(name, str):
            continue
        answers = block.get("acceptedAnswer") or block.get("suggestedAnswer")
        answer = answers[0] if isinstance(answers, list) and answers else answers
        text = answer.get("text") if isinstance(answer, dict) else None
        if isinstance(text, str) and text.strip() and (name, text) not in found:
            found.append((name, text))
    return found


def unlisted(soup: BeautifulSoup) -> bool:
    """Whether the page asks search engines to leave it out."""
    tags = soup.find_all("meta", attrs={"name": re.compile("^(robots|googlebot)$", re.IGNORECASE)})
    return any(re.search(r"\b(noindex|none)\b", str(tag.get("content") or "").lower()) for tag in tags)


def _linked_data(soup: BeautifulSoup) -> Iterator[dict[str, object]]:
    """Every object in the page's JSON-LD, the outer ones first; what is no JSON is passed over."""
    for script in soup.find_all("script", type="application/ld+json"):
        text = str(script.string or "")
        if len(text) > MAX_LD:
            continue
        try:
            waiting: deque[object] = deque((orjson.loads(text),))
        except orjson.JSONDecodeError:
            continue
        while waiting:
            each = waiting.popleft()
            if isinstance(each, dict):
                yield each
                waiting.extend(each.values())
            elif isinstance(each, list):
                waiting.extendleft(reversed(each))
