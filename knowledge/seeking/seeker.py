"""Finds the passages for a message in the middle of a conversation: forms, candidates, ranking, and why.

Two calls to the library: each form's best passages, and then every form's score for all of those together with the
passages under the names in focus. Nothing here asks a chat model.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge.entries import checked_collection, checked_limit
from knowledge.passages import Hit
from knowledge.query import MAX_CHARS, Said, leans
from knowledge.seeking.catalogue import Catalogue, Catalogues
from knowledge.seeking.choosing import choose
from knowledge.seeking.focus import Focus, focus
from knowledge.seeking.forms import Forms, forms
from knowledge.seeking.ports import EVERYWHERE, Probe, Ranking, Scope, Shelves, Vector
from knowledge.seeking.ranker import Ranker, shipped
from knowledge.seeking.signals import Candidates, Column, Sides, gates, signals

CANDIDATES: Final = 60
"""Passages a form and side brings. At 30 the right ones of the labelled dialogues were there in 1 % fewer cases."""
PART_CANDIDATES: Final = 20
UNDER_A_NAME: Final = 150
"""Passages a name in focus brings."""
MOST: Final = 900
"""Candidates in all."""
NEAREST: Final = 5
"""How near a passage must have been to be missed where it is not in force."""
EXTRA_FETCHED: Final = 8
"""Passages read beyond the limit, in place of those that repeat another."""


class Embedder(Protocol):
    name: str
    dim: int

    async def embed(self, texts: Sequence[str]) -> Vector: ...


@dataclass(frozen=True, slots=True)
class Searched:
    """What was searched and why, as the turn's record keeps it.

    `forms` are the texts searched, by their kind. `focus` are the names in focus, firmest first, with their strength
    and where they were said: "message", "answer" or "before". `history` says whether the lines before were used, and
    `why` in words. `folded` maps a passage to those that say the same and were left out.
    """

    forms: Mapping[str, str]
    focus: tuple[tuple[str, float, str], ...] = ()
    history: bool = False
    why: str = ""
    candidates: int = 0
    folded: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ranking: str = ""

    def record(self) -> dict[str, Any]:
        """As JSON: plain lists and dictionaries."""
        return {
            "forms": dict(self.forms),
            "focus": [{"name": name, "strength": strength, "said": said} for name, strength, said in self.focus],
            "history": self.history,
            "why": self.why,
            "candidates": self.candidates,
            "folded": {id: list(same) for id, same in self.folded.items()},
            "ranking": self.ranking,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Sought:
    """What a search found, best first; `query` and `vector` are the form that passages are compared with. `stale` are
    passages that would have been near, and are not in force on the day that was asked for."""

    query: str
    vector: Vector
    hits: tuple[Hit, ...]
    searched: Searched
    stale: tuple[Hit, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """The candidates of a message before they are weighed, for the ranker and for whoever trains one: `points` (n),
    `signals` (n, SIGNALS), `gates` (GATES,)."""

    points: tuple[str, ...]
    candidates: Candidates
    signals: NDArray[np.float64]
    gates: Column


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """A message, read: its forms with their vectors, and what is in focus."""

    text: str
    history: Sequence[Said]
    focus: Focus
    forms: Forms
    vectors: Mapping[str, Vector]
    catalogue: Catalogue
    collection: str
    scope: Scope


class Seeker:
    """Searches the `shelves` of a library; one for all conversations of a process."""

    def __init__(self, shelves: Shelves, embedder: Embedder, *, collection: str = "help", ranker: Ranker | None = None):
        self._shelves = shelves
        self._embedder = embedder
        self._collection = checked_collection(collection)
        self._ranker = ranker or shipped()
        self._catalogues = Catalogues(shelves)

    async def seek(
        self,
        text: str,
        history: Sequence[Said] = (),
        *,
        limit: int = 8,
        collection: str | None = None,
        scope: Scope = EVERYWHERE,
        rewritten: str = "",
        known: Mapping[str, Vector] | None = None,
    ) -> Sought:
        """The passages for the customer's message `text`, after `history` (oldest first, without it).

        `rewritten` is the message as somebody made it stand alone, and takes the place of the form that leans on the
        lines before. `known` are vectors of texts that were embedded before. A message without words finds nothing.
        Raises LibraryError.
        """
        checked_limit(limit)
        asked = await self._read(text, history, collection, scope, rewritten, known or {})
        query = asked.forms.leaning or asked.forms.message
        vector = asked.vectors.get(query, np.zeros(self._embedder.dim, dtype=np.float32))
        seen = await self._see(asked)
        scores = _chances(self._ranker.scores(seen.signals, seen.gates))
        order = np.argsort(-scores, kind="stable")[: limit + EXTRA_FETCHED]
        hits = await self._hits(asked, seen, scores, order)
        chosen, folded = choose(hits, limit)
        reasons = self._reasons(asked, len(seen.points), folded)
        return Sought(query, vector, tuple(chosen), reasons, await self._stale(asked, vector, seen.points))

    async def ready(self) -> None:
        """Raises LibraryError when it cannot be searched."""
        await self._shelves.ready()

    async def close(self) -> None:
        await self._shelves.close()

    async def see(
        self, text: str, history: Sequence[Said] = (), *, collection: str | None = None, scope: Scope = EVERYWHERE
    ) -> Seen:
        """The candidates of a message with their signals, before they are weighed. Raises LibraryError."""
        return await self._see(await self._read(text, history, collection, scope, "", {}))

    async def _read(
        self,
        text: str,
        history: Sequence[Said],
        collection: str | None,
        scope: Scope,
        rewritten: str,
        known: Mapping[str, Vector],
    ) -> _Asked:
        name = checked_collection(collection or self._collection)
        catalogue = await self._catalogues.get(name)
        in_focus = focus(text, history, catalogue.names)
        asked = forms(text, history, in_focus, catalogue.names)
        if rewritten := " ".join(rewritten.split())[:MAX_CHARS]:
            asked = replace(asked, leaning=rewritten)
        missing = [form for form in asked.texts() if form not in known]
        made = await asyncio.gather(*(self._embedder.embed([asked.meaning(form)]) for form in missing))
        vectors = {**known, **{form: rows[0] for form, rows in zip(missing, made, strict=True)}}
        return _Asked(text, history, in_focus, asked, vectors, catalogue, name, scope)

    async def _see(self, asked: _Asked) -> Seen:
        points = await self._candidates(asked)
        candidates = await self._scored(asked, points) if points else _NOBODY
        kind = gates(asked.text, asked.forms, asked.focus, bool(asked.history))
        return Seen(points, candidates, signals(candidates, asked.focus), kind)

    async def _candidates(self, asked: _Asked) -> tuple[str, ...]:
        """The points each form brings, and those under the names in focus; in an order that is the same every time."""
        form = asked.forms
        if not form.message:
            return ()
        leading = [form.named[form.leading]] if form.leading is not None else []
        whole = [Probe(asked.vectors[each]) for each in (form.message, form.leaning, *leading) if each]
        whole += [Probe(text=each) for each in (form.message, form.leaning) if each]
        parts = [probe for each in form.parts for probe in (Probe(asked.vectors[each]), Probe(text=each))]
        found = await self._shelves.rankings(
            [*whole, *parts], limit=CANDIDATES, collection=asked.collection, scope=asked.scope
        )
        wide, narrow = found[: len(whole)], [ranking[:PART_CANDIDATES] for ranking in found[len(whole) :]]
        under = asked.catalogue.points_of(asked.focus.followed(), UNDER_A_NAME)
        points = dict.fromkeys(point for ranking in [*wide, *narrow] for point, _ in ranking)
        points.update(dict.fromkeys(under))
        return tuple(sorted(itertools.islice(points, MOST)))

    async def _scored(self, asked: _Asked, points: tuple[str, ...]) -> Candidates:
        """Every form's scores of every point that is in scope; a point that is not, such as one under a name, is the
        worst of all by every measure."""
        form, catalogue = asked.forms, asked.catalogue
        dense_forms = list(form.texts())
        worded = (form.message, form.leaning, form.trailing, *form.parts)
        sparse_forms = list(dict.fromkeys(each for each in worded if each))
        probes = [Probe(asked.vectors[each]) for each in dense_forms] + [Probe(text=each) for each in sparse_forms]
        scope = replace(asked.scope, points=frozenset(points))
        found = await self._shelves.rankings(probes, limit=len(points), collection=asked.collection, scope=scope)
        worst, nothing = np.full(len(points), -1.0), np.zeros(len(points))
        by_meaning, by_words = found[: len(dense_forms)], found[len(dense_forms) :]
        dense = {each: _column(r, points, -1.0) for each, r in zip(dense_forms, by_meaning, strict=True)}
        sparse = {each: _column(r, points, 0.0) for each, r in zip(sparse_forms, by_words, strict=True)}

        def sides(text: str) -> Sides:
            return Sides(dense.get(text, worst), sparse.get(text, nothing))

        names = tuple(catalogue.names_of(point) for point in points)
        message = sides(form.message)
        by_name = dense[form.named[form.leading]] if form.leading is not None else message.dense
        title = catalogue.title_scores(form.message, points)
        return Candidates(
            names=names,
            message=message,
            leaning=sides(form.leaning) if form.leaning else message,
            trailing=sparse[form.trailing] if form.trailing else message.sparse,
            parts=tuple(sides(part) for part in form.parts),
            by_name=by_name,
            own_name=_own_names(names, form, dense, by_name),
            title_message=title,
            title_leaning=catalogue.title_scores(form.leaning, points) if form.leaning else title,
        )

    async def _hits(self, asked: _Asked, seen: Seen, scores: Column, order: NDArray[np.int64]) -> list[Hit]:
        """The passages at these places. `dense` and `sparse` are those of the form that passages are compared with."""
        points = [seen.points[place] for place in order]
        kept = await self._shelves.fetch(points, collection=asked.collection) if points else {}
        sides = seen.candidates.leaning
        return [
            replace(
                kept[point],
                score=float(scores[place]),
                dense=float(sides.dense[place]),
                sparse=float(sides.sparse[place]) or None,
            )
            for point, place in zip(points, order, strict=True)
            if point in kept and sides.dense[place] > -1.0
        ]

    async def _stale(self, asked: _Asked, vector: Vector, points: tuple[str, ...]) -> tuple[Hit, ...]:
        """Those among the nearest of any time that were no candidates: they would have been, on another day."""
        if asked.scope.on is None or not points:
            return ()
        ever = replace(asked.scope, on=None)
        probe = [Probe(vector)]
        (nearest,) = await self._shelves.rankings(probe, limit=NEAREST, collection=asked.collection, scope=ever)
        over = {point: score for point, score in nearest if point not in set(points)}
        kept = await self._shelves.fetch(list(over), collection=asked.collection) if over else {}
        return tuple(replace(kept[point], score=0.0, dense=score) for point, score in over.items() if point in kept)

    def _reasons(self, asked: _Asked, candidates: int, folded: Mapping[str, tuple[str, ...]]) -> Searched:
        form = asked.forms
        names = asked.catalogue.names
        kinds = {"message": form.message, "leaning": form.leaning, "trailing": form.trailing}
        kinds |= {f"part {n}": part for n, part in enumerate(form.parts, 1)}
        kinds |= {f"about {names.all[name].text}": text for name, text in form.named.items()}
        return Searched(
            forms={kind: text for kind, text in kinds.items() if text},
            focus=tuple(_in_words(asked.focus, names.all[name].text, name) for name in asked.focus.followed()),
            history=bool(form.leaning or form.named),
            why=_why(asked),
            candidates=candidates,
            folded=folded,
            ranking=str(self._ranker.made.get("date", "")),
        )


_NONE: Final = np.zeros(0)
_NOBODY: Final = Candidates((), Sides(_NONE, _NONE), Sides(_NONE, _NONE), _NONE, (), _NONE, _NONE, _NONE, _NONE)


def _chances(scores: Column) -> Column:
    """The softmax of the scores: how the ranker shares its belief among the candidates."""
    if not len(scores):
        return scores
    odds = np.exp(scores - scores.max())
    shares: Column = odds / odds.sum()
    return shares


def _column(ranking: Ranking, points: Sequence[str], absent: float) -> Column:
    scores = dict(ranking)
    return np.array([scores.get(point, absent) for point in points], dtype=np.float64)


def _own_names(
    names: Sequence[Mapping[int, float]], form: Forms, dense: Mapping[str, Column], by_name: Column
) -> Column:
    """The cosine of each passage with the message behind its own name, where that is in focus."""
    own = by_name.copy()
    for name, text in reversed(list(form.named.items())):
        under = np.array([name in each for each in names], dtype=bool)
        own[under] = dense[text][under]
    return own


def _in_words(found: Focus, text: str, name: int) -> tuple[str, float, str]:
    if name in found.now:
        return text, round(found.now[name], 3), "message"
    return text, round(found.held[name], 3), "answer" if name in found.spoken else "before"


def _why(asked: _Asked) -> str:
    """In words, for the turn's record."""
    if not asked.history:
        return "the first message: searched alone"
    if asked.focus.strongest_now > 0.3:
        return "the message names what it is about"
    top = asked.focus.top
    named = asked.forms.named and top is not None
    about = f"the conversation is about {asked.catalogue.names.all[top].text}" if named and top is not None else ""
    lean = "the message leans on the lines before" if leans(asked.forms.message) else ""
    return "; ".join(each for each in (about, lean) if each) or "the message stands alone"
