"""Which lines of a text stay together: paragraphs, list items with what is under them, tables, code. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from knowledge.sentences import is_heading, is_row, is_ruler, item_marker, sentences

TABLE_BUDGETS = 3
"""A table of more budgets than this is cut between rows, under its header again."""
_LONGEST_QUESTION_TOKENS = 60

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Thai, Lao, Burmese, Khmer, Japanese and Chinese: written without spaces, about one word piece a character."""
_TOKEN = re.compile(rf"[{_UNSPACED}]|(?:(?![{_UNSPACED}])\w)+|[^\w\s]")
_FENCE = re.compile(r"\s{0,3}(`{3,}|~{3,})")
_UNDERLINE = re.compile(r"(=+|-{3,})\s*$")
_ASKS = re.compile(r"(?:[*_]*(?:q|question)\s?\d*[.:)].*|.*[?？؟][*_\"”’)\s]*)$", re.IGNORECASE)


def count_tokens(text: str) -> int:
    """Roughly the word pieces of an English text (within a tenth on help articles): long words count more. In scripts
    without spaces every character counts."""
    return sum(1 + max(0, len(word) - 4) // 6 for word in _TOKEN.findall(text))


@dataclass(slots=True)
class Block:
    """Lines that stay together, the section they stand in, and what is written above them if they open it. `asks`
    says that they are a question, whose answer comes next."""

    text: str
    section: str
    heading: str
    tokens: int
    asks: bool = False


def blocks(text: str, budget: int) -> Iterator[Block]:
    """In order. A block is longer than `budget` tokens only where it is a table, code of one line, or a word."""
    path: list[tuple[int, str]] = []
    heading = ""
    for lines in _groups(text):
        if is_heading(lines[0]):
            level = len(lines[0].lstrip()) - len(lines[0].lstrip().lstrip("#"))
            if heading and path and path[-1][0] >= level:
                yield _alone(heading, path)
            path = [entry for entry in path if entry[0] < level]
            path.append((level, lines[0].strip().strip("#").strip()))
            heading = lines[0].strip()
            continue
        for piece in _fitted(lines, budget):
            yield Block(piece, _section(path), heading, count_tokens(piece), _asks(piece))
            heading = ""
    if heading:
        yield _alone(heading, path)


def _section(path: list[tuple[int, str]]) -> str:
    return " > ".join(name for _, name in path if name)


def _alone(heading: str, path: list[tuple[int, str]]) -> Block:
    """A heading with nothing under it: it is all that is said there."""
    return Block(heading, _section(path[:-1]), "", count_tokens(heading))


def _asks(text: str) -> bool:
    return bool(_ASKS.match(text)) and count_tokens(text) <= _LONGEST_QUESTION_TOKENS


def _groups(text: str) -> Iterator[list[str]]:
    """Headings alone, tables and code whole, list items with those nested in them, and paragraphs."""
    held: list[str] = []
    fence = ""
    for line in _headed(text.splitlines()):
        opened = _FENCE.match(line)
        if fence:
            held.append(line.rstrip())
            fence = "" if opened and opened.group(1).startswith(fence) else fence
            if not fence:
                yield held
                held = []
            continue
        if held and (opened or not _goes_on(held, line)):
            yield held
            held = []
        if opened:
            fence = opened.group(1)
        if line.strip():
            held.append(line.rstrip())
    if held:
        yield held


def _goes_on(held: list[str], line: str) -> bool:
    """Whether `line` belongs to what is held."""
    if not line.strip() or is_heading(line) or is_heading(held[-1]):
        return False
    if is_row(held[-1]) or is_row(line):
        return is_row(held[-1]) and is_row(line)
    return not item_marker(line) or (bool(item_marker(held[0])) and _indent(line) > _indent(held[0]))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _headed(lines: list[str]) -> Iterator[str]:
    """Lines with headings that are underlined written with `#`, as others are."""
    fenced = False
    skip = False
    for before, line, after in zip(["", *lines], lines, [*lines[1:], ""], strict=False):
        if skip:
            skip = False
            continue
        fenced ^= bool(_FENCE.match(line))
        plain = line.strip() and not (is_row(line) or is_heading(line) or item_marker(line) or is_ruler(line))
        if not fenced and plain and not before.strip() and _UNDERLINE.match(after):
            skip = True
            yield f"{'#' if after.startswith('=') else '##'} {line.strip()}"
        else:
            yield line


def _fitted(lines: list[str], budget: int) -> Iterator[str]:
    """One block, or several where it is far too long: tables, lists and code by lines, prose by sentences."""
    text = "\n".join(lines)
    if is_row(lines[0]):
        yield from _table(lines, budget) if count_tokens(text) > TABLE_BUDGETS * budget else [text]
    elif count_tokens(text) <= budget:
        yield text
    elif len(lines) > 1 and (item_marker(lines[0]) or _FENCE.match(lines[0])):
        yield from _filled([part for line in lines for part in _prose(line, budget)], budget, "\n")
    else:
        yield from _prose(text, budget)


def _prose(text: str, budget: int) -> Iterator[str]:
    """As it is, spaces and all, cut between sentences."""
    if count_tokens(text) <= budget:
        yield text
        return
    start = end = 0
    for following in (end for span in sentences(text) for end in _ends(text, *span, budget)):
        if end > start and count_tokens(text[start:following]) > budget:
            yield text[start:end].strip()
            start = end
        end = following
    yield text[start:].strip()


def _ends(text: str, start: int, end: int, budget: int) -> Iterator[int]:
    """Where a sentence may be cut: at its end, and every `budget` characters where no script's sentence is so long."""
    while count_tokens(text[start:end]) > 2 * budget:
        start += budget
        yield start
    yield end


def _table(rows: list[str], budget: int) -> Iterator[str]:
    head = rows[:2] if len(rows) > 1 and is_ruler(rows[1]) else []
    limit = TABLE_BUDGETS * budget
    parts = [
        part for row in rows[len(head) :] for part in ([row] if count_tokens(row) <= limit else _prose(row, budget))
    ]
    for part in _filled(parts, budget, "\n"):
        yield "\n".join([*head, part])


def _filled(parts: list[str], budget: int, joint: str) -> Iterator[str]:
    held: list[str] = []
    tokens = 0
    for part in parts:
        size = count_tokens(part)
        if held and tokens + size > budget:
            yield joint.join(held)
            held, tokens = [], 0
        held.append(part)
        tokens += size
    if held:
        yield joint.join(held)
