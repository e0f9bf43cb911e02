"""Word lists and patterns of rules as expressions that no message, however long or hostile, can make slow. Pure."""

from __future__ import annotations

import importlib
import re
import unicodedata
import warnings
from collections.abc import Iterable, Sequence
from typing import Any, Final

_parser: Any = importlib.import_module("re._parser")  # the tree `re` compiles; it has no public name since 3.11

FIRST, LAST = 3000, 1000
"""Characters that are looked at: a longer text is read by its start and its end."""
MOST_WAYS: Final = 2000
"""How many ways a pattern may try from one place. With FIRST + LAST places and the worst pattern and text, a search
takes about a tenth of a second (tests/agent/policy/test_phrases.py); what people write takes microseconds."""
LONGEST_MATCH: Final = 1000
LONGEST_PATTERN: Final = 500
LONGEST_WORD: Final = 200
MOST_WORDS: Final = 2000

_HIDDEN: Final = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_QUOTES: Final = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "\u00a0": " "})


class Unsuitable(ValueError):
    """A word or pattern that no rule can have; the message says why."""


def folded(text: str) -> str:
    """The text as rules see it: compatible letters and plain quotes, nothing hidden between letters, clipped."""
    if len(text) > FIRST + LAST:
        text = f"{text[:FIRST]}\n{text[-LAST:]}"
    if text.isascii():
        return text
    return _HIDDEN.sub("", unicodedata.normalize("NFKC", text)).translate(_QUOTES)


def words(those: Iterable[str]) -> re.Pattern[str]:
    """Any of these words or phrases, whole, in any case; a `*` at the end of one stands for what may follow.

    Raises Unsuitable for a word without a letter, figure or sign, and for too many.
    """
    given = sorted({folded(word).strip() for word in those}, key=lambda word: (-len(word), word))
    if not given or len(given) > MOST_WORDS:
        raise Unsuitable(f"a list holds 1 to {MOST_WORDS} words")
    spaced = [_word(word) for word in given if _spaced(word[:1])]
    other = [_word(word) for word in given if not _spaced(word[:1])]
    parts = [rf"(?<!\w)(?:{'|'.join(spaced)})"] * bool(spaced) + other  # looking back once is much faster
    return re.compile("|".join(parts), re.IGNORECASE)


def _word(word: str) -> str:
    bare = word.removesuffix("*").rstrip()
    if not bare or "*" in bare or len(word) > LONGEST_WORD:
        raise Unsuitable(f"{word[:40]!r} is no word: one to {LONGEST_WORD} characters, with a * at the end at most")
    inner = r"[\s\-]{1,4}".join(map(re.escape, bare.split()))
    closing = r"\w{0,30}" if word.endswith("*") else r"(?!\w)" if _spaced(bare[-1]) else ""
    return f"{inner}{closing}"


def _spaced(char: str) -> bool:
    """Whether scripts of this character put spaces between words; Chinese, Japanese and Thai do not."""
    return bool(char) and char.isalnum() and ord(char) < 0x2E80 and not 0x0E00 <= ord(char) < 0x0F00


def pattern(text: str) -> re.Pattern[str]:
    """A regular expression, in any case. Raises Unsuitable where it is none, or could take too long."""
    if not 0 < len(text) <= LONGEST_PATTERN:
        raise Unsuitable(f"a pattern has 1 to {LONGEST_PATTERN} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what Python only warns of is seldom what somebody meant
            made = re.compile(text, re.IGNORECASE)
            ways, length = _cost(_parser.parse(text, re.IGNORECASE))
    except (re.error, OverflowError, RecursionError, Warning) as error:
        raise Unsuitable(f"the pattern {text[:60]!r} is not valid: {error}") from None
    if ways > MOST_WAYS or length > LONGEST_MATCH:
        raise Unsuitable(f"the pattern {text[:60]!r} could take too long: give its repeats smaller bounds")
    return made


def _cost(tree: Any) -> tuple[int, int]:
    """(ways, length): how many ways a tree may be tried from one place, and how much it can match, at most."""
    ways, length = 1, 0
    for operation, argument in tree:
        more, longer = _step(str(operation), argument)
        ways, length = min(ways * more, MOST_WAYS + 1), min(length + longer, LONGEST_MATCH + 1)
    return ways, length


def _step(operation: str, argument: Any) -> tuple[int, int]:
    match operation:
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return _repeat(*argument)
        case "SUBPATTERN":
            return _cost(argument[-1])
        case "ATOMIC_GROUP":
            return _cost(argument)
        case "ASSERT" | "ASSERT_NOT":
            return _cost(argument[1])[0], 0
        case "BRANCH":
            return _branch(argument[1])
        case "GROUPREF_EXISTS":
            costs = [_cost(each) for each in argument[1:] if each]
            return sum(ways for ways, _ in costs), max(length for _, length in costs)
        case "GROUPREF" | "GROUPREF_IGNORE":
            return 1, LONGEST_MATCH // 10
        case _:
            return 1, 1


def _branch(trees: Sequence[Any]) -> tuple[int, int]:
    """Of branches that begin with different letters, only one can be tried from a place."""
    by_letter: dict[str, int] = {}
    anything, longest = 0, 0
    for tree in trees:
        ways, length = _cost(tree)
        longest = max(longest, length)
        if len(tree) and str(tree[0][0]) == "LITERAL":
            letter = chr(tree[0][1]).casefold()
            by_letter[letter] = by_letter.get(letter, 0) + ways
        else:
            anything += ways
    return max(by_letter.values(), default=0) + anything, longest


def _repeat(least: int, most: int, tree: Any) -> tuple[int, int]:
    if most >= _parser.MAXREPEAT:
        raise Unsuitable("every repeat needs an upper bound: {0,40} instead of *, {1,40} instead of +")
    ways, length = _cost(tree)
    total = most - least + 1 if ways == 1 else sum(ways ** min(n, 16) for n in range(min(most, 16) + 1))
    return min(total, MOST_WAYS + 1), min(most * max(length, 1), LONGEST_MATCH + 1)
