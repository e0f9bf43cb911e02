"""The files of a message, below it: what each is called, what it is, and why one was not kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from channels.web.desk.elements import Box, Text, set_attributes

# Beside the desk's own page, so that a proxy's prefix stays in the address.
_ADDRESS = "attachments/{id}"


def draw_files(files: Sequence[Mapping[str, Any]]) -> None:
    """A link that saves each file, and the picture itself where it is one. Nothing is drawn without files."""
    if not files:
        return
    with Box("ul", "files", aria_label="Files"):
        for file in files:
            with Box("li"):
                _draw(file)


def _draw(file: Mapping[str, Any]) -> None:
    name, verdict = str(file.get("name") or "a file"), str(file.get("verdict") or "kept")
    about = f"{_size(int(file.get('size') or 0))}, {file.get('type')}"
    if verdict != "kept":
        Text(f"{name} ({about}) was {verdict}", "span", "muted")
        return
    address = _ADDRESS.format(id=quote(str(file.get("id")), safe=""))
    if file.get("picture"):
        picture = Box("img")
        set_attributes(picture, {"src": f"{address}?inline", "alt": name, "loading": "lazy"})
        picture.style("max-width: 100%; max-height: 320px; display: block; border-radius: 10px")
    link = Text(name, "a", "link")
    set_attributes(link, {"href": address, "download": name, "rel": "noopener"})
    Text(f" {about}", "span", "muted")


def _size(count: int) -> str:
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1000:.0f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"
