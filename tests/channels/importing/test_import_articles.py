"""Promises of importing articles: the same ingest as for files, with its own scope."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from channels.importing import run
from knowledge.edge_library import EdgeLibrary
from knowledge.embedding import LocalEmbedder
from knowledge.encoders import HashingEncoder
from knowledge.ingest import Report, ingest

EXPORTS = Path(__file__).parent / "exports"


@pytest.fixture
async def embedder() -> AsyncIterator[LocalEmbedder]:
    embedder = LocalEmbedder(HashingEncoder())
    yield embedder
    await embedder.close()


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[EdgeLibrary]:
    library = await EdgeLibrary.open(tmp_path / "qdrant", embedder="hashing", dim=64)
    yield library
    await library.close()


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """The Zendesk help center alone, to be changed."""
    folder = tmp_path / "export"
    folder.mkdir()
    for name in ("articles.json", "sections.json", "translations.json"):
        shutil.copy(EXPORTS / "zendesk" / name, folder / name)
    return folder


def change(export: Path, id: int, **fields: Any) -> None:
    path = export / "articles.json"
    whole = json.loads(path.read_text(encoding="utf-8"))
    for article in whole["articles"]:
        if article["id"] == id:
            article.update(fields)
    path.write_text(json.dumps(whole), encoding="utf-8")


class Importing:
    def __init__(self, library: EdgeLibrary, embedder: LocalEmbedder) -> None:
        self._library, self._embedder = library, embedder

    async def __call__(self, export: Path, *, internal: bool = False, prune: bool = False) -> Report:
        return await run.keep_articles(
            await run.read("zendesk", export),
            library=self._library,
            embedder=self._embedder,
            collection="help",
            metadata={"region": "eu"},
            internal=internal,
            prune=prune,
        )


@pytest.fixture
def importing(library: EdgeLibrary, embedder: LocalEmbedder) -> Importing:
    return Importing(library, embedder)


PUBLIC = ["zendesk:article:115001:de", "zendesk:article:115001:en-us", "zendesk:article:115002:en-us"]


async def test_articles_are_found_by_what_they_say_with_where_they_stand(
    importing: Importing, library: EdgeLibrary, export: Path
) -> None:
    assert (await importing(export)).added == 3
    assert sorted(await library.documents("help")) == PUBLIC
    passage = await library.passage("help", "zendesk:article:115002:en-us")
    assert passage is not None
    assert passage.source == "https://cairn.zendesk.com/hc/en-us/articles/115002-Returns-by-post"
    facts = {
        "language": "en",
        "locale": "en-us",
        "section": "Returns > Refunds",
        "region": "eu",
        "updated": "2026-03-01",
    }
    assert facts.items() <= passage.metadata.items()


async def test_only_what_changed_is_imported_again(importing: Importing, export: Path) -> None:
    await importing(export)
    change(export, 115002, body="<p>Returns are free everywhere.</p>")
    again = await importing(export)
    assert (again.added, again.unchanged, again.removed) == (1, 2, 0)


async def test_internal_articles_come_only_when_asked_for_and_say_so(
    importing: Importing, library: EdgeLibrary, export: Path
) -> None:
    await importing(export, internal=True)
    passage = await library.passage("help", "zendesk:article:115004:en-us")
    assert passage is not None
    assert passage.metadata["audience"] == "internal"
    await importing(export)
    assert sorted(await library.documents("help")) == PUBLIC


async def test_an_article_that_was_withdrawn_leaves_even_without_prune(
    importing: Importing, library: EdgeLibrary, export: Path
) -> None:
    await importing(export)
    change(export, 115002, draft=True)
    assert (await importing(export)).removed == 1
    assert sorted(await library.documents("help")) == PUBLIC[:2]


async def test_prune_removes_what_this_provider_no_longer_has_and_nothing_else(
    importing: Importing, library: EdgeLibrary, embedder: LocalEmbedder, export: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own.md"
    own.write_text("# Ours\n\nNot from there.\n")
    await ingest([own], library=library, embedder=embedder)
    await importing(export)
    (export / "translations.json").unlink()
    assert (await importing(export)).removed == 0
    assert (await importing(export, prune=True)).removed == 1
    assert sorted(await library.documents("help")) == ["own.md", *PUBLIC[1:]]


async def test_an_export_that_is_broken_in_part_prunes_nothing(
    importing: Importing, library: EdgeLibrary, export: Path
) -> None:
    await importing(export)
    (export / "translations.json").write_text('{"translations": [{"id')
    report = await importing(export, prune=True)
    assert report.removed == 0
    assert report.unpruned == ["translations.json could not be read, so nothing of zendesk was removed"]
    assert sorted(await library.documents("help")) == PUBLIC
