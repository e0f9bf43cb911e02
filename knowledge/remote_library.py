"""The library of a running `frontdesk serve`, over its HTTP API: what other commands use while it owns the folder."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import quote

import httpx
import numpy as np
from numpy.typing import NDArray

from knowledge import errors
from knowledge.entries import (
    Entry,
    Kept,
    checked_collection,
    checked_points,
    checked_probes,
    checked_scope,
    pack,
    passage_of,
    unpack,
)
from knowledge.errors import LibraryError, LibraryUnavailable
from knowledge.passages import Hit, Passage
from knowledge.searching import Filters, hybrid
from knowledge.seeking.ports import EVERYWHERE, Heading, Probe, Ranking, Scope

UPSERT_AT_ONCE = 100
"""Passages a request, well under what the route takes."""
DELETE_AT_ONCE = 500
FETCH_AT_ONCE = 200

_BY_CODE: dict[str, type[LibraryError]] = {
    kind.code: kind
    for kind in (
        errors.LibraryUnavailable,
        errors.EmbedderUnavailable,
        errors.BadRequest,
        errors.BadDocument,
        errors.EmbedderMismatch,
        errors.LibraryError,
    )
}


class RemoteLibrary:
    """The same port as the other libraries. Raises LibraryUnavailable when the server does not answer in time."""

    def __init__(self, client: httpx.AsyncClient, *, embedder: str, dim: int, collection: str = "help") -> None:
        self._client = client
        self._embedder = embedder
        self._dim = dim
        self._collection = checked_collection(collection)

    @classmethod
    def connect(
        cls,
        url: str,
        key: str | None = None,
        *,
        embedder: str,
        dim: int,
        collection: str = "help",
        timeout_s: float = 60.0,
    ) -> RemoteLibrary:
        """`url` is the server's root, `key` a bearer key whose role may search, or ingest."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        client = httpx.AsyncClient(base_url=url, headers=headers, timeout=timeout_s)
        return cls(client, embedder=embedder, dim=dim, collection=collection)

    async def _call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        try:
            response = await self._client.request(method, path, json=body)
            answer = response.json() if response.content else None
        except (httpx.HTTPError, ValueError) as error:
            raise LibraryUnavailable(
                f"the server at {self._client.base_url} did not answer: {error or type(error).__name__}"
            ) from error
        if response.is_success:
            return answer
        raise _raised(response.status_code, answer if isinstance(answer, dict) else {})

    async def search(
        self,
        text: str,
        vector: NDArray[np.float32],
        *,
        limit: int = 8,
        collection: str | None = None,
        filters: Filters | None = None,
        on: date | None = None,
    ) -> list[Hit]:
        """Best first, of what all `filters` admit and what is in force `on` that day, where one is given; empty when
        the collection is empty or unknown. Raises LibraryError."""
        name = collection or self._collection
        return await hybrid(self, text, vector, limit=limit, collection=name, filters=filters, on=on)

    async def rankings(
        self, probes: Sequence[Probe], *, limit: int, collection: str | None = None, scope: Scope = EVERYWHERE
    ) -> list[Ranking]:
        """As knowledge.seeking.ports.Shelves has it."""
        checked_probes(probes, limit, self._dim)
        body = {
            "embedder": self._embedder,
            "probes": [_probe(each) for each in probes],
            "limit": limit,
            "scope": _scope(checked_scope(scope)),
        }
        found = await self._call("POST", f"{_path(collection or self._collection)}/rankings", body)
        return [[(point, float(score)) for point, score in each] for each in found["rankings"]]

    async def fetch(self, points: Sequence[str], *, collection: str | None = None) -> dict[str, Hit]:
        """As knowledge.seeking.ports.Shelves has it; many go in several requests."""
        path, wanted = f"{_path(collection or self._collection)}/fetch", checked_points(points)
        hits: dict[str, Hit] = {}
        for start in range(0, len(wanted), FETCH_AT_ONCE):
            found = await self._call("POST", path, {"points": wanted[start : start + FETCH_AT_ONCE]})
            hits |= {point: self._hit(each) for point, each in found["passages"].items()}
        return hits

    def _hit(self, found: dict[str, Any]) -> Hit:
        sentence_vectors = unpack(found["sentence_vectors"], self._dim)
        vector = np.frombuffer(base64.b64decode(found["vector"]), dtype="<f4").astype(np.float32)
        return Hit(_passage(found), 0.0, None, None, sentence_vectors, vector)

    async def headings(self, collection: str | None = None) -> list[Heading]:
        """As knowledge.seeking.ports.Shelves has it."""
        found = await self._call("GET", f"{_path(collection or self._collection)}/headings")
        return [Heading(*each) for each in found["headings"]]

    async def revision(self, collection: str | None = None) -> str:
        """As knowledge.seeking.ports.Shelves has it."""
        return str((await self._call("GET", f"{_path(collection or self._collection)}/revision"))["revision"])

    async def upsert(self, collection: str, entries: Sequence[Entry]) -> None:
        """Keeps `entries`, and nothing else of their documents: a document's entries come in one call.

        A call of many documents goes in several requests, each of whole documents.
        """
        path = f"{_path(collection)}/passages"
        batch: list[Entry] = []
        for number, entry in enumerate(entries):
            batch.append(entry)
            following = entries[number + 1].passage.document_id if number + 1 < len(entries) else None
            full = len(batch) >= UPSERT_AT_ONCE and following != entry.passage.document_id
            if full or following is None:
                body = {"embedder": self._embedder, "passages": [_body(each) for each in batch]}
                await self._call("PUT", path, body)
                batch = []

    async def delete(self, collection: str, document_ids: Sequence[str]) -> None:
        """Removes documents; those that are not there are no error."""
        path = f"{_path(collection)}/documents"
        for start in range(0, len(document_ids), DELETE_AT_ONCE):
            await self._call("DELETE", path, {"ids": list(document_ids[start : start + DELETE_AT_ONCE])})

    async def documents(self, collection: str) -> dict[str, Kept]:
        """What is held, by document id; empty for an unknown collection."""
        found = await self._call("GET", f"{_path(collection)}/documents")
        return {
            id: Kept(each["content_hash"], each["origin"], each["passages"]) for id, each in found["documents"].items()
        }

    async def passage(self, collection: str, id: str) -> Passage | None:
        """One passage by its id, None when it is not there."""
        found = await self._call("GET", f"{_path(collection)}/passages?id={quote(id, safe='')}")
        return _passage(found["passage"]) if found["passage"] else None

    async def collections(self) -> list[str]:
        return [each["name"] for each in (await self._call("GET", "/v1/collections"))["collections"]]

    async def count(self, collection: str) -> int:
        """Passages in a collection, 0 for an unknown one."""
        return int((await self._call("GET", _path(collection)))["passages"])

    async def settle(self, collection: str) -> None:
        """After many upserts: the server gives back space and writes everything."""
        await self._call("POST", f"{_path(collection)}/settle")

    async def ready(self) -> None:
        """Raises LibraryError when searches would fail, also when the server embeds with another model."""
        found = await self._call("GET", _path(self._collection))
        ours = {"embedder": self._embedder, "dim": self._dim}
        if {"embedder": found["embedder"], "dim": found["dim"]} != ours:
            raise errors.EmbedderMismatch.between(self._collection, found, ours)

    async def close(self) -> None:
        await self._client.aclose()


def _path(collection: str) -> str:
    return f"/v1/collections/{checked_collection(collection)}"


def _floats(vector: NDArray[np.float32]) -> str:
    return base64.b64encode(np.asarray(vector, dtype="<f4").tobytes()).decode("ascii")


def _probe(probe: Probe) -> dict[str, str]:
    return {"text": probe.text} if probe.vector is None else {"vector": _floats(probe.vector)}


def _scope(scope: Scope) -> dict[str, object]:
    return {
        "equal": {key: list(values) for key, values in scope.equal.items()},
        "suits": {key: list(values) for key, values in scope.suits.items()},
        "without": {key: list(values) for key, values in scope.without.items()},
        "on": scope.on.isoformat() if scope.on else None,
        "points": None if scope.points is None else sorted(scope.points),
        "documents": None if scope.documents is None else sorted(scope.documents),
    }


def _body(entry: Entry) -> dict[str, object]:
    passage = entry.passage
    return {
        "id": passage.id,
        "document": passage.document_id,
        "title": passage.title,
        "text": passage.text,
        "source": passage.source,
        "section": passage.section,
        "sentences": [offset for span in passage.sentences for offset in span],
        "metadata": dict(passage.metadata),
        "content_hash": entry.content_hash,
        "parts": entry.parts,
        "origin": entry.origin,
        "vector": _floats(entry.vector),
        "sentence_vectors": pack(entry.sentence_vectors),
    }


def _passage(found: dict[str, Any]) -> Passage:
    return passage_of({**found, "passage": found["id"]})


def _raised(status: int, problem: Mapping[str, Any]) -> LibraryError:
    """The error the server had, from its problem details."""
    detail = str(problem.get("detail") or problem.get("title") or f"status {status}")
    code = str(problem.get("code") or "")
    if code in _BY_CODE:
        return _BY_CODE[code](detail)
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        return LibraryError(f"the server refuses the key: {detail}; give one whose role may do this")
    if status >= httpx.codes.INTERNAL_SERVER_ERROR or status == httpx.codes.TOO_MANY_REQUESTS:
        return LibraryUnavailable(f"the server answered {status}: {detail}")
    return errors.BadRequest(detail)
