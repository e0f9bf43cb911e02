"""Articles as the documents ingest takes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from channels.importing.shapes import Article
from knowledge.loaders.plain import metadata
from knowledge.loaders.reading import Read
from knowledge.passages import Document


def scope(provider: str) -> str:
    """Where imported articles come from, in place of a file: what `--prune` may remove."""
    return f"import:{provider}"


def documents(articles: Iterable[Article], provider: str, *, internal: bool) -> Iterator[Read]:
    """Each article as a document. Those that customers may not read come with `audience` internal, or not at all."""
    for article in articles:
        if internal or not article.internal:
            yield Read(_document(article), scope(provider), row=False)


def _document(article: Article) -> Document:
    values = {
        "language": article.locale.partition("-")[0],
        "locale": article.locale,
        "section": article.section,
        "updated": article.updated,
        "labels": list(article.labels),
        "audience": "internal" if article.internal else "",
    }
    return Document(article.id, article.title, article.text, article.url or article.id, metadata(values))
