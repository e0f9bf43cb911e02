"""Questions with their answers, whatever the columns are called: the same names in CSV rows, JSON lines and sheets."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from knowledge.loaders.plain import metadata
from knowledge.passages import Document

# Names seen in published help exports and question-answer sets; the first that is there counts.
QUESTIONS = (
    "question", "questions", "q", "query", "frage", "pregunta", "title", "subject", "name", "headline", "instruction",
    "prompt", "input", "utterance",
)  # fmt: skip
ANSWERS = (
    "answer", "answers", "a", "antwort", "respuesta", "accepted_answer", "acceptedanswer", "response", "reply",
    "text", "body", "content", "description", "completion", "output",
)  # fmt: skip
IDS = ("id", "_id", "key", "slug", "uuid")
SOURCES = ("url", "source", "link", "source_url")
KNOWN = (
    "language", "region", "tier", "audience", "valid_from", "valid_until", "updated", "published", "section",
    "category", "product", "tags",
)  # fmt: skip
OTHER_NAMES = {
    "lang": "language", "locale": "language", "country": "region", "plan": "tier", "topic": "section",
    "tag": "tags", "labels": "tags", "keywords": "tags", "updated_at": "updated", "last_updated": "updated",
    "modified": "updated", "last_modified": "updated", "date_modified": "updated", "datemodified": "updated",
    "valid_to": "valid_until", "expires": "valid_until", "expires_at": "valid_until", "published_at": "published",
    "date_published": "published", "datepublished": "published",
}  # fmt: skip

_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_NOT_WORDS = re.compile(r"\W+")


def pair(cells: Mapping[str, str]) -> tuple[str, str] | None:
    """(question, answer) of a row whose names are folded; None where it has no column for both."""
    question = next((name for name in QUESTIONS if name in cells), None)
    answer = next((name for name in ANSWERS if name in cells and name != question), None)
    return (cells[question], cells[answer]) if question and answer else None


def document(file_id: str, cells: Mapping[str, str], title: str, text: str, seen: Counter[str]) -> Document:
    """The row as a document. Its id is the row's own, else its title, so that it stays when rows are put in above it;
    `seen` counts the ids of this file, so that the same question twice is two."""
    given = next((cells[name] for name in IDS if cells.get(name)), "")
    slug = given or slug_of(title or text)
    seen[slug] += 1
    id = f"{file_id}#{slug}" + (f"-{seen[slug]}" if seen[slug] > 1 else "")
    source = next((cells[name] for name in SOURCES if cells.get(name)), file_id)
    return Document(id=id, title=title, text=text, source=source, metadata=known(cells))


def slug_of(words: str) -> str:
    """`words` as a part of an id; in letters of any script where there are none of ours."""
    lower = words[:400].lower()
    return _NOT_SLUG.sub("-", lower).strip("-")[:80] or _NOT_WORDS.sub("-", lower).strip("-")[:80] or "row"


def known(cells: Mapping[str, str]) -> dict[str, str]:
    """The columns that are metadata, under the names filters use; a column of the very name goes before another."""
    found = {OTHER_NAMES[name]: value for name, value in cells.items() if name in OTHER_NAMES and value}
    found |= {name: cells[name] for name in KNOWN if cells.get(name)}
    return metadata({name: value.split("\n") for name, value in found.items()})
