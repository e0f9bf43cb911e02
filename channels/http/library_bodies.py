"""What the library's routes take, with the bounds that keep a request small."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from knowledge.entries import MAX_LIMIT, MAX_PASSAGES, MAX_PROBES, MAX_RANKED, MAX_SCOPED, MAX_VALUES

Short = Annotated[str, Field(max_length=2000)]
Words = Annotated[str, Field(max_length=200_000)]
Id = Annotated[str, Field(min_length=1, max_length=1000)]
Metadata = Annotated[dict[Annotated[str, Field(max_length=64)], Short], Field(max_length=64)]
Packed = Annotated[str, Field(max_length=20_000_000)]
Floats = Annotated[str, Field(max_length=100_000)]
Key = Annotated[str, Field(max_length=64)]
Values = Annotated[list[Short], Field(max_length=MAX_VALUES)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SaidBody(Body):
    """A line of a conversation; a bot and a person are both an agent to it."""

    role: Literal["customer", "agent", "bot"]
    text: Annotated[str, Field(max_length=20_000)]


class SearchBody(Body):
    """`query` is a customer's message, `history` the lines before it, oldest first: it is searched as in a turn. With
    `vector`, the query's embedding (base64 of float32, little endian) by the model `embedder`, it is fused plainly
    instead. A filter's value is what the passage must have, a list what it must have one of. Only what is
    in force `on` that day is found, today where it is left out, unless `include_expired`. `sentence_vectors` asks for
    those of each passage, and for its sentences and metadata."""

    query: Annotated[str, Field(min_length=1, max_length=10_000)]
    history: Annotated[list[SaidBody], Field(max_length=200)] = Field(default_factory=list)
    collection: Annotated[str, Field(max_length=64)] | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = 8
    filters: Annotated[dict[Key, Short | Values], Field(max_length=64)] = Field(default_factory=dict)
    on: date | None = None
    include_expired: bool = False
    vector: Floats | None = None
    embedder: Short | None = None
    sentence_vectors: bool = False


class PassageBody(Body):
    """A passage to keep. Without vectors the server embeds it; `sentences` are start and end offsets, flat."""

    id: Id
    document: Id
    title: Short = ""
    text: Words
    source: Short = ""
    section: Short = ""
    sentences: Annotated[list[Annotated[int, Field(ge=0)]], Field(max_length=20_000)] = Field(default_factory=list)
    metadata: Metadata = Field(default_factory=dict)
    content_hash: Annotated[str, Field(max_length=128)] = ""
    parts: Annotated[int, Field(ge=1, le=MAX_PASSAGES)] = 1
    origin: Short = ""
    vector: Floats | None = None
    sentence_vectors: Packed | None = None


class PassagesBody(Body):
    """`passages` are all those of their documents; `embedder` names the model of their vectors, where they have any."""

    embedder: Short | None = None
    passages: Annotated[list[PassageBody], Field(max_length=MAX_PASSAGES)]


class DocumentsBody(Body):
    ids: Annotated[list[Id], Field(max_length=1000)]


class ProbeBody(Body):
    """What one side ranks by: a vector as in SearchBody, or else a text."""

    vector: Floats | None = None
    text: Annotated[str, Field(max_length=10_000)] = ""


class ScopeBody(Body):
    """Which passages may be found, as knowledge.seeking.ports.Scope has it."""

    equal: Annotated[dict[Key, Values], Field(max_length=64)] = Field(default_factory=dict)
    suits: Annotated[dict[Key, Values], Field(max_length=64)] = Field(default_factory=dict)
    without: Annotated[dict[Key, Values], Field(max_length=64)] = Field(default_factory=dict)
    on: date | None = None
    points: Annotated[list[Id], Field(max_length=MAX_SCOPED)] | None = None
    documents: Annotated[list[Id], Field(max_length=MAX_SCOPED)] | None = None


class RankingsBody(Body):
    """Several probes in one scope; `embedder` names the model of their vectors, where they have any."""

    embedder: Short | None = None
    probes: Annotated[list[ProbeBody], Field(max_length=MAX_PROBES)]
    limit: Annotated[int, Field(ge=1, le=MAX_RANKED)]
    scope: ScopeBody = Field(default_factory=ScopeBody)


class PointsBody(Body):
    points: Annotated[list[Id], Field(max_length=MAX_LIMIT)]
