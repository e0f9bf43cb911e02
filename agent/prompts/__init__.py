"""What models are told, as text files beside this one. A prompt's version is its content's."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

NAMES: Final = frozenset({"answer"})
"""Prompts that people may stop under controls."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt's text with `{names}` to fill, and its version: ten hexadecimal digits of its SHA-256."""

    name: str
    text: str
    version: str

    def filled(self, **values: str) -> str:
        """The text with each `{name}` replaced, once and literally: braces in a value stay as they are."""
        parts = self.text.split("{")
        out = [parts[0]]
        for part in parts[1:]:
            name, closing, rest = part.partition("}")
            out.append(values[name] + rest if closing and name in values else "{" + part)
        return "".join(out)


@cache
def load(name: str) -> Prompt:
    """The prompt in `<name>.md`. Raises FileNotFoundError."""
    text = resources.files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8").strip()
    return Prompt(name, text, hashlib.sha256(text.encode()).hexdigest()[:10])
