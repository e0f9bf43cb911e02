"""HTTP over the library: search for people and systems, ranking and ingest for other commands beside a running serve.

LibraryErrors pass through; the app makes problem details of them, with `code`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any, Protocol, TypeAlias

from fastapi import APIRouter, Depends, Path, Query

from channels.http import library_json as form
from channels.http.library_bodies import DocumentsBody, PassagesBody, PointsBody, RankingsBody, SearchBody
from channels.http.library_json import Embedder
from knowledge.entries import Entry, Kept, checked_filters
from knowledge.passages import Hit, Passage
from knowledge.searching import Filters
from knowledge.seeking.ports import Scope, Shelves, Vector
from knowledge.seeking.seeker import Seeker

Collection = Annotated[str, Path(max_length=64)]
Require: TypeAlias = Callable[[str], Callable[..., Awaitable[object] | object]]


class Library(Shelves, Protocol):
    """What the routes need; every adapter in `knowledge` has it."""

    async def search(
        self,
        text: str,
        vector: Vector,
        *,
        limit: int = 8,
        collection: str | None = None,
        filters: Filters | None = None,
        on: date | None = None,
    ) -> list[Hit]: ...
    async def upsert(self, collection: str, entries: Sequence[Entry]) -> None: ...
    async def delete(self, collection: str, document_ids: Sequence[str]) -> None: ...
    async def documents(self, collection: str) -> dict[str, Kept]: ...
    async def passage(self, collection: str, id: str) -> Passage | None: ...
    async def collections(self) -> list[str]: ...
    async def count(self, collection: str) -> int: ...
    async def settle(self, collection: str) -> None: ...


def router(library: Library, embedder: Embedder, require: Require, seeker: Seeker | None = None) -> APIRouter:
    """The routes under /v1. `require(role)` is the dependency that lets only keys of that role through: "viewer" to
    search and read, "admin" to change what is known. `seeker` searches as turns do; without one, by the shipped
    ranking."""
    routes = APIRouter(prefix="/v1", tags=["knowledge"])
    reading, writing = [Depends(require("viewer"))], [Depends(require("admin"))]
    routes.include_router(_searching(library, embedder, seeker or Seeker(library, embedder)), dependencies=reading)
    for part, allowed in ((_holdings, reading), (_ranking, reading), (_changing, writing)):
        routes.include_router(part(library, embedder), dependencies=allowed)
    return routes


def _searching(library: Library, embedder: Embedder, seeker: Seeker) -> APIRouter:
    routes = APIRouter()

    @routes.post("/search")
    async def search(body: SearchBody) -> dict[str, Any]:
        """Passages, best first; and what was searched and why, unless the vector was given."""
        on = None if body.include_expired else body.on or datetime.now(UTC).date()
        if body.vector is None:
            scope = Scope(equal=checked_filters(body.filters), on=on)
            sought = await seeker.seek(
                body.query, body.history, limit=body.limit, collection=body.collection, scope=scope
            )
            shown = [form.found(hit, body.sentence_vectors) for hit in sought.hits]
            return {"passages": shown, "searched": sought.searched.record()}
        vector = form.query_vector(body.vector, body.embedder, embedder)
        found = await library.search(
            body.query, vector, limit=body.limit, collection=body.collection, filters=body.filters, on=on
        )
        return {"passages": [form.found(hit, body.sentence_vectors) for hit in found]}

    return routes


def _ranking(library: Library, embedder: Embedder) -> APIRouter:
    """What knowledge.remote_library searches with."""
    routes = APIRouter(prefix="/collections/{name}")

    @routes.post("/rankings")
    async def rankings(name: Collection, body: RankingsBody) -> dict[str, Any]:
        """One ranking a probe: point ids with their scores, best first."""
        asked = form.probes(body, embedder)
        scope = form.scope(body.scope)
        return {"rankings": await library.rankings(asked, limit=body.limit, collection=name, scope=scope)}

    @routes.post("/fetch")
    async def fetch(name: Collection, body: PointsBody) -> dict[str, Any]:
        """Passages with their vectors, by point id; those that are not there are left out."""
        found = await library.fetch(body.points, collection=name)
        return {"passages": {point: form.fetched(hit) for point, hit in found.items()}}

    @routes.get("/headings")
    async def headings(name: Collection) -> dict[str, Any]:
        """Point id, document, title and section of every passage."""
        found = await library.headings(name)
        return {"headings": [[each.point, each.document, each.title, each.section] for each in found]}

    @routes.get("/revision")
    async def revision(name: Collection) -> dict[str, str]:
        """Another text whenever passages were added, changed or removed."""
        return {"revision": await library.revision(name)}

    return routes


def _holdings(library: Library, embedder: Embedder) -> APIRouter:
    routes = APIRouter(prefix="/collections")

    @routes.get("")
    async def collections() -> dict[str, Any]:
        """Every collection and how many passages it holds."""
        names = await library.collections()
        return {"collections": [{"name": name, "passages": await library.count(name)} for name in names]}

    @routes.get("/{name}")
    async def collection(name: Collection) -> dict[str, Any]:
        """How many passages, and which model this server embeds with."""
        return {
            "name": name,
            "passages": await library.count(name),
            "embedder": embedder.name,
            "dim": embedder.dim,
        }

    @routes.get("/{name}/documents")
    async def documents(name: Collection) -> dict[str, Any]:
        """What is held of each document, by id."""
        held = await library.documents(name)
        return {
            "documents": {
                id: {"content_hash": kept.content_hash, "origin": kept.origin, "passages": kept.passages}
                for id, kept in held.items()
            }
        }

    @routes.get("/{name}/passages")
    async def passage(name: Collection, id: Annotated[str, Query(max_length=1000)]) -> dict[str, Any]:
        """One passage by its id; null when it is not there."""
        found = await library.passage(name, id)
        return {"passage": form.passage_json(found) if found else None}

    return routes


def _changing(library: Library, embedder: Embedder) -> APIRouter:
    routes = APIRouter(prefix="/collections/{name}")

    @routes.put("/passages")
    async def upsert(name: Collection, body: PassagesBody) -> dict[str, int]:
        """Keeps passages, and nothing else of their documents."""
        await library.upsert(name, await form.entries(body, embedder))
        return {"kept": len(body.passages)}

    @routes.delete("/documents")
    async def delete(name: Collection, body: DocumentsBody) -> dict[str, int]:
        """Removes documents; those that are not there are no error."""
        await library.delete(name, body.ids)
        return {"asked": len(body.ids)}

    @routes.post("/settle", status_code=204)
    async def settle(name: Collection) -> None:
        """After many changes: gives back space and writes everything."""
        await library.settle(name)

    return routes
