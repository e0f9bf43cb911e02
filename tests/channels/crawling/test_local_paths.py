"""Promises of addresses among the paths of an ingest."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_save_site import Site, site

from channels.crawling.fetching import NotFetched
from channels.crawling.local import local_paths
from knowledge.loaders.reading import Read, read

pytestmark = pytest.mark.server
__all__ = ["site"]


async def test_paths_stay_as_they_are_and_addresses_become_folders(site: Site, tmp_path: Path) -> None:
    site.page("/a")
    site.sitemap("/a", "/missing")
    heard: list[tuple[str, str]] = []
    steps: list[tuple[int, int]] = []
    found = await local_paths(
        ["help", f"{site.root}/sitemap.xml"],
        tmp_path,
        allow_private=True,
        progress=lambda done, total: steps.append((done, total)),
        not_kept=lambda address, reason: heard.append((address, reason)),
    )
    assert found[0] == Path("help")
    assert [each.document.title for each in read(found[1]) if isinstance(each, Read)] == ["a"]
    assert heard == [(f"{site.root}/missing", "is no longer there (HTTP 404)")]
    assert steps == [(1, 2), (2, 2)]


async def test_a_site_that_cannot_be_had_is_an_error_and_its_folder_stays(site: Site, tmp_path: Path) -> None:
    site.page("/a")
    site.sitemap("/a")
    [folder] = await local_paths([f"{site.root}/sitemap.xml"], tmp_path, allow_private=True)
    site.page("/sitemap.xml", status=500)
    with pytest.raises(NotFetched, match="HTTP 500"):
        await local_paths([f"{site.root}/sitemap.xml"], tmp_path, allow_private=True)
    assert [each.document.title for each in read(folder) if isinstance(each, Read)] == ["a"]
