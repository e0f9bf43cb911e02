"""Addresses among the paths that somebody wants ingested, as folders of saved pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from channels.crawling.site import Limits, Saved, folder_for, is_address, save_site


async def local_paths(
    given: Sequence[str],
    under: Path,
    *,
    allow_private: bool = False,
    limits: Limits | None = None,
    progress: Callable[[int, int], None] | None = None,
    not_kept: Callable[[str, str], None] | None = None,
) -> list[Path]:
    """`given` in order, each address as the folder under `under` into which its pages were fetched just now.

    `not_kept` hears of each page that could not be had, and why. Raises NotFetched when a site has no sitemap to be
    had; its folder then stays as it was.
    """
    paths: list[Path] = []
    for each in given:
        if not is_address(each):
            paths.append(Path(each))
            continue
        saved: Saved = await save_site(
            each,
            folder_for(each, under),
            allow_private=allow_private,
            limits=limits or Limits(),
            progress=progress,
        )
        for address, reason in saved.not_kept:
            (not_kept or _unheard)(address, reason)
        paths.append(saved.folder)
    return paths


def _unheard(address: str, reason: str) -> None:
    """Nobody asked."""
