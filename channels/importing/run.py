"""An import from end to end: articles into the library, conversations into a file of labelled rows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.guardrails.pii import PiiUnavailable
from agent.redaction import Detector
from channels.errors import ChannelError
from channels.importing import transcripts
from channels.importing.documents import documents, scope
from channels.importing.exports import BadExport, records
from channels.importing.labels import Links, Row, rows
from channels.importing.personal import without_cards, without_personal_data
from channels.importing.providers import PROVIDERS, Provider
from channels.importing.shapes import Export, Skipped
from knowledge.ingest import Embedder, Progress, Report, WritableLibrary, ingest

Show = Callable[[int, int], None]


class NotRedacted(ChannelError):
    """Personal data could not be looked for, so nothing that may hold some was written."""

    code = "not_redacted"


@dataclass(frozen=True, slots=True)
class Read:
    """An export that was read. `talks` are its conversations that were answered, as rows with personal data."""

    provider: str
    export: Export
    talks: Sequence[transcripts.Talk]

    @property
    def internal(self) -> list[Skipped]:
        """Articles that customers may not read, and why."""
        return [Skipped(each.id, f"{each.internal}: {each.title}") for each in self.export.articles if each.internal]


@dataclass(slots=True)
class Written:
    """What became of the conversations."""

    rows: int = 0
    weak: int = 0
    routes: dict[str, int] = field(default_factory=dict)
    resumed: int = 0


async def read(provider: str, path: Path) -> Read:
    """Everything in the export. Raises BadExport when there is nothing to import in it."""
    return await asyncio.to_thread(_read, provider, PROVIDERS[provider], path)


def _read(name: str, provider: Provider, path: Path) -> Read:
    export = provider.read(records(path))
    if not export.articles and not export.conversations:
        first = next((f" ({each.place}: {each.reason})" for each in export.skipped), "")
        raise BadExport(f"{path} holds no articles and no conversations of {name}{first}")
    links = Links((each for each in export.articles if not each.internal), provider.article_key)
    talks = ((rows(each, links), each.names) for each in export.conversations)
    return Read(name, export, [transcripts.Talk(made, names) for made, names in talks if made])


async def keep_articles(
    found: Read,
    *,
    library: WritableLibrary,
    embedder: Embedder,
    collection: str,
    metadata: Mapping[str, str],
    internal: bool,
    prune: bool,
    progress: Callable[[Progress], None] | None = None,
    journal: Path | None = None,
) -> Report:
    """Articles into the collection; only what changed is embedded. One that customers may no longer read is removed
    even without `prune`; with it nothing is, where a part of the export could not be read."""
    broken = [each.place for each in found.export.skipped if each.broken]
    report = await ingest(
        [],
        documents=documents(found.export.articles, found.provider, internal=internal),
        scope=scope(found.provider),
        library=library,
        embedder=embedder,
        collection=collection,
        metadata=metadata,
        prune=prune and not broken,
        progress=progress,
        journal=journal,
    )
    if prune and broken:
        report.unpruned.append(f"{broken[0]} could not be read, so nothing of {found.provider} was removed")
    withdrawn = {each.id for each in found.export.articles if each.internal and not internal}
    gone = sorted(withdrawn & set(await library.documents(collection))) if withdrawn else []
    if gone:
        await library.delete(collection, gone)
        await library.settle(collection)
        report.removed += len(gone)
    return report


def chosen(found: Read, *, sure: bool) -> list[transcripts.Talk]:
    """The conversations to write; with `sure`, only rows whose label is no guess."""
    kept = ((talk, [row for row in talk.rows if not (sure and row.get("weak"))]) for talk in found.talks)
    return [transcripts.Talk(made, talk.names) for talk, made in kept if made]


async def keep_transcripts(
    talks: Sequence[transcripts.Talk], out: Path, detector: Detector | None, progress: Show, organisation: str = ""
) -> Written:
    """Labelled rows into `out`. Without a detector personal data stays, but for card numbers."""

    async def make(given: Sequence[Row], names: Sequence[str]) -> list[Row]:
        if detector is None:
            return without_cards(given)
        try:
            return await without_personal_data(given, names, detector, organisation)
        except PiiUnavailable as error:
            raise NotRedacted(f"{error}; nothing unredacted was written, run it again to go on") from None

    kind = "kept" if detector is None else "pseudonyms"
    written = Written(resumed=await transcripts.write(talks, out, make, kind=kind, progress=progress))
    for row in (row for talk in talks for row in talk.rows):
        route = row["expect"]["route"]
        written.rows += 1
        written.weak += bool(row.get("weak"))
        written.routes[route] = written.routes.get(route, 0) + 1
    return written
