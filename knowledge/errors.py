"""What can go wrong with the organisation's knowledge.

    LibraryError
    ├── LibraryUnavailable     (retryable) the store did not answer, or not in time
    │   └── LibraryLocked      (retryable) another process owns the folder
    ├── EmbedderUnavailable    the embedding model cannot be loaded
    ├── EmbedderMismatch       the collection was written with another embedding model
    ├── BadRequest             a name, filter, limit or size that no store accepts
    └── BadDocument            a file or row that cannot be read; ingest reports it and goes on

`code` is for machines and stays as it is; the message is one line for a person and says the remedy where there is one.
"""

from __future__ import annotations

from collections.abc import Mapping


class LibraryError(Exception):
    """Anything below. `retryable` says whether the same call may succeed later, unchanged."""

    code: str = "library_error"
    retryable: bool = False


class LibraryUnavailable(LibraryError):
    code = "library_unavailable"
    retryable = True


class LibraryLocked(LibraryUnavailable):
    """Another process has the folder open; embedded Qdrant admits one."""

    code = "library_locked"

    @classmethod
    def by(cls, folder: object, owner: str) -> LibraryLocked:
        return cls(
            f"{folder} is open in another process{f' ({owner})' if owner else ''}: a running `frontdesk serve` owns "
            "the folder; go through it or set qdrant.url"
        )


class EmbedderUnavailable(LibraryError):
    code = "embedder_unavailable"


class EmbedderMismatch(LibraryError):
    """The vectors of a collection and those of the configured model cannot be compared."""

    code = "embedder_mismatch"

    @classmethod
    def between(cls, collection: str, stored: Mapping[str, object], ours: Mapping[str, object]) -> EmbedderMismatch:
        """Each side as {"embedder": name, "dim": dimensions}."""
        theirs, mine = (f"{each.get('embedder')} ({each.get('dim')} dimensions)" for each in (stored, ours))
        return cls(
            f"collection {collection!r} was embedded with {theirs}, not with {mine}: "
            "set models.embedding.model back, or ingest into another collection"
        )


class BadRequest(LibraryError):
    code = "bad_request"


class BadDocument(LibraryError):
    code = "bad_document"
