"""Makes `weights/valence.txt` from VADER's lexicon, as the vaderSentiment package has it (MIT). Run by
`frontdesk train moods --lexicon`."""

from __future__ import annotations

import re
from pathlib import Path

_WORD = re.compile(r"\w+")


def distil(folder: Path) -> str:
    """Lines of `word<TAB>rating`, sorted. `folder` holds `vader_lexicon.txt` and `emoji_utf8_lexicon.txt`; an emoji is
    worth what the words that describe it are. Raises OSError where a file is missing,
    ValueError where it is another."""
    ratings: dict[str, float] = {}
    for line in (folder / "vader_lexicon.txt").read_text(encoding="utf-8").splitlines():
        word, value = line.split("\t")[:2]
        if " " not in word:
            ratings[word.lower()] = float(value)
    words = dict(ratings)
    for line in (folder / "emoji_utf8_lexicon.txt").read_text(encoding="utf-8").splitlines():
        emoji, meaning = line.split("\t")[:2]
        worth = sum((words.get(word, 0.0) for word in _WORD.findall(meaning.lower())), 0.0)
        if worth and len(emoji) <= 2:
            ratings[emoji] = max(-4.0, min(4.0, worth))
    return "".join(f"{word}\t{value:.1f}\n" for word, value in sorted(ratings.items()))
