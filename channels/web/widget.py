"""`widget.js` as it is served: one file, put together from its source and the words of every language."""

from __future__ import annotations

import re
from pathlib import Path

import orjson

STATIC = Path(__file__).parent / "static"
# In the order they build on each other; `style.css` comes as a string after the first.
_PARTS = ("head", "line", "dom", "shell", "log", "offers", "begin")

# Where a comment begins and what surrounds it: never inside a string such as "image/*".
_COMMENT = re.compile(r"(?:(?<=\s)|^)/\* .*?\*/", re.DOTALL)
_INDENT = re.compile(r"\n[ \t]+")
_EMPTY = re.compile(r"\n{2,}")


def languages() -> list[str]:
    """The languages the widget speaks, by their two letters."""
    return sorted(path.stem for path in (STATIC / "words").glob("*.json"))


def speaks(locale: str) -> bool:
    return locale[:2].lower() in languages()


def widget_js() -> str:
    """The script: its first comment, then everything without comments and indentation."""
    first, _, head = _part("head.js").replace('{"names":[]}', orjson.dumps(_words()).decode(), 1).partition("*/\n")
    css = f"const CSS = {orjson.dumps(_packed(_part('style.css'))).decode()};\n"
    return f"{first}*/\n" + _packed(head) + css + "".join(_packed(_part(f"{name}.js")) for name in _PARTS[1:])


def _part(name: str) -> str:
    return (STATIC / "widget" / name).read_text(encoding="utf-8")


def _packed(source: str) -> str:
    return _EMPTY.sub("\n", _INDENT.sub("\n", _COMMENT.sub("", source))).lstrip("\n")


def _words() -> dict[str, list[str]]:
    """The names once, then each language's words in their order. Raises ValueError for a language with others."""
    read = {name: orjson.loads((STATIC / "words" / f"{name}.json").read_bytes()) for name in languages()}
    names = list(read["en"])
    if odd := [name for name, words in read.items() if list(words) != names]:
        raise ValueError(f"the widget's words of {', '.join(odd)} are not those of en.json, in its order")
    return {"names": names, **{name: list(words.values()) for name, words in read.items()}}
