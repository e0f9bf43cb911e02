"""The providers whose exports are read, by name. Another is a file with `read` and `article_key`, and a line here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from channels.importing import chatwoot, intercom, zendesk
from channels.importing.shapes import Export, Record, Skipped


@dataclass(frozen=True, slots=True)
class Provider:
    """`read` makes an Export of its records, `article_key` finds what article a link is of ("" for none)."""

    read: Callable[[Iterable[Record | Skipped]], Export]
    article_key: Callable[[str], str]


PROVIDERS: Mapping[str, Provider] = {
    "zendesk": Provider(zendesk.read, zendesk.article_key),
    "intercom": Provider(intercom.read, intercom.article_key),
    "chatwoot": Provider(chatwoot.read, chatwoot.article_key),
}
