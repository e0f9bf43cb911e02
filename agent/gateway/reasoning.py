"""Takes a model's reasoning out of its reply, while the reply is still arriving.

Reasoning arrives in four ways: between tags (`<think>…</think>`), before a lone closing tag (servers whose
chat template already opened it), after an opening tag that is never closed, and as blocks or fields beside
the text. The first three are handled by `ReasoningFilter`, the last by `visible_text`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# Names seen in the wild: DeepSeek-R1, Qwen 3 and most others say think; the rest are fine-tunes' habits.
_NAMES = ("think", "thinking", "thought", "reasoning")
_PAIRS = [(f"<{name}>", f"</{name}>") for name in _NAMES] + [("[think]", "[/think]")]  # the last is Magistral's
_CLOSER = dict(_PAIRS)
_OPENER = {closing: opening for opening, closing in _PAIRS}
_TAGS = tuple(_CLOSER) + tuple(_OPENER)
_TAG = re.compile("|".join(re.escape(tag) for tag in _TAGS), re.IGNORECASE | re.ASCII)
LONGEST_TAIL = max(map(len, _TAGS)) - 1
"""No more characters than this are ever held back outside reasoning."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What may be shown now. `void` says that everything shown before was reasoning after all."""

    text: str
    void: bool = False


class ReasoningFilter:
    """Feed it a reply in pieces of any size; what it shows, put together, is the reply without reasoning.

    The same text gives the same result however it is cut. Nested tags are counted, so `<think>a<think>b</think>
    c</think>d` shows `d`. A lone closing tag makes what was shown void; `begins_inside=True` (for endpoints
    known to do so) holds text back until that closing tag instead, and shows all of it when none comes.
    White space before the first visible character is dropped.
    """

    def __init__(self, *, begins_inside: bool = False) -> None:
        self._tail = ""
        self._inside: str | None = None
        self._depth = 0
        self._begun = False
        self._held: list[str] | None = [] if begins_inside else None
        self.lone_closing = False
        self.found = False

    def feed(self, piece: str) -> Shown:
        text = self._tail + piece
        end = len(text) - _partial(text)
        text, self._tail = text[:end], text[end:]
        return self._take(text)

    def close(self) -> Shown:
        """The rest, at the end of the reply. An unclosed opening tag hides all that follows it."""
        text, self._tail = self._tail, ""
        last = self._take(text)
        if self._held is not None:
            held, self._held = "".join(self._held), None
            return Shown(self._show(held))
        return last

    def _take(self, text: str) -> Shown:
        kept: list[str] = []
        void = False
        at = 0
        for match in _TAG.finditer(text):
            tag = _lower(match[0])
            if self._inside is None:
                kept.append(text[at : match.start()])
            at = match.end()
            self.found = True
            if self._inside is not None:
                self._within(tag)
            elif tag in _CLOSER:
                self._inside, self._depth = tag, 1
            else:
                void = void or self._begun
                kept.clear()
                self._begun, self._held, self.lone_closing = False, None, True
        if self._inside is None:
            kept.append(text[at:])
        visible = "".join(kept)
        if self._held is not None:
            self._held.append(visible)
            return Shown("")
        return Shown(self._show(visible), void)

    def _within(self, tag: str) -> None:
        opening = self._inside or ""
        if tag == opening:
            self._depth += 1
        elif tag == _CLOSER[opening]:
            self._depth -= 1
            if self._depth == 0:
                self._inside = None

    def _show(self, text: str) -> str:
        if not self._begun:
            text = text.lstrip()
            self._begun = bool(text)
        return text


def without_reasoning(text: str) -> str:
    """A whole reply without its reasoning."""
    cleaner = ReasoningFilter()
    first, last = cleaner.feed(text), cleaner.close()
    return last.text if last.void else first.text + last.text


def visible_text(content: str | Sequence[str | dict[str, Any]]) -> str:
    """The text of a LangChain message's content: of a list of blocks, the text blocks alone."""
    if isinstance(content, str):
        return content
    parts = (block if isinstance(block, str) else _block_text(block) for block in content)
    return "".join(parts)


def _block_text(block: dict[str, Any]) -> str:
    text = block.get("text") if block.get("type") == "text" else None
    return text if isinstance(text, str) else ""


def _partial(text: str) -> int:
    """How many characters at the end may be the beginning of a tag."""
    at = max(text.rfind("<"), text.rfind("["))  # a tag has no second one of these
    if at < 0 or len(text) - at > LONGEST_TAIL:
        return 0
    tail = _lower(text[at:])
    return len(tail) if any(tag.startswith(tail) for tag in _TAGS) else 0


def _lower(text: str) -> str:
    """ASCII lower case only: `str.lower` changes the length of some texts and folds letters that are no tag's."""
    return text.translate(_LOWER)


_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
