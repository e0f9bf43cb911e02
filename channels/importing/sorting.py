"""Records by what they are, whether they came bare, in a named list or in an envelope. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from channels.importing.shapes import Json, Record, Skipped, inner, words


class Pile:
    """Records of each kind, in their order."""

    def __init__(self) -> None:
        self.skipped: list[Skipped] = []
        self._kinds: dict[str, list[Record]] = defaultdict(list)
        self._by_id: dict[str, dict[str, Json]] = {}

    def __getitem__(self, kind: str) -> list[Record]:
        return self._kinds[kind]

    def named(self, kind: str, id: str) -> Json:
        """The record of that id; an empty one where there is none. The first call for a kind settles what it holds."""
        if kind not in self._by_id:
            self._by_id[kind] = {words(each.value, "id"): each.value for each in self._kinds[kind]}
        return self._by_id[kind].get(id, {})


def sort(records: Iterable[Record | Skipped], lists: Mapping[str, str], kind_of: Callable[[Json], str]) -> Pile:
    """`lists` names the kind of what stands under a name; `kind_of` tells a bare object's, "" for none. A record that
    is neither is passed over by name."""
    pile = Pile()
    for record in records:
        if isinstance(record, Skipped):
            pile.skipped.append(record)
            continue
        found = False
        for kind, each in _within(record, lists, kind_of):
            found = True
            if kind:
                pile[kind].append(each)
            else:
                pile.skipped.append(Skipped(each.place, "is of no kind that is imported"))
        if not found and not any(isinstance(record.value.get(name), list) for name in lists):
            pile.skipped.append(Skipped(record.place, "holds nothing that is imported"))
    return pile


def _within(
    record: Record, lists: Mapping[str, str], kind_of: Callable[[Json], str], *, deeper: bool = True
) -> Iterator[tuple[str, Record]]:
    if kind := kind_of(record.value):
        yield kind, record
        return
    for name, kind in lists.items():
        value: Any = record.value.get(name)
        if isinstance(value, Mapping):
            if words(value, "id"):
                yield kind or kind_of(value), Record(record.place, value)
            continue
        for number, each in enumerate(value if isinstance(value, list) else (), 1):
            place = f"{record.place}, {name} {number}"
            if isinstance(each, Mapping):
                yield kind or kind_of(each), Record(place, each)
            else:
                yield "", Record(place, {})
    if deeper and inner(record.value, "data"):
        yield from _within(Record(record.place, inner(record.value, "data")), lists, kind_of, deeper=False)
