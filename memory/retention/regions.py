"""Which region a rule speaks of. Pure.

A region is a country as in ISO 3166-1 ("FR"), a part of one as in ISO 3166-2 ("US-CA"), "EU", "EEA", or "*".
"""

from __future__ import annotations

import re
from typing import Final

ANYWHERE: Final = "*"
WRITTEN: Final = re.compile(r"^(\*|EU|EEA|[A-Z]{2}(-[A-Z0-9]{1,3})?)$")
# european-union.europa.eu, "Country profiles", checked 2026-11: the 27 member states.
EU: Final = frozenset(
    {
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
        *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    }
)
# The EEA is these and the three that joined the Agreement (OJ L 1, 3.1.1994).
EEA: Final = EU | {"IS", "LI", "NO"}
# What people write for a country that has another code.
_ALSO: Final = {"UK": "GB", "EL": "GR"}


def normal(region: str) -> str:
    """The region as rules know it: in capitals, "GB" for "UK"; "" for one that nobody could read."""
    country, dash, part = region.strip().upper().partition("-")
    written = f"{_ALSO.get(country, country)}{dash}{part}"
    return written if WRITTEN.match(written) and written != ANYWHERE else ""


def nearness(rule: str, region: str) -> int | None:
    """How closely a rule's region fits: 0 for anywhere, more the smaller the place; None where it does not. What has
    no region, or one that nobody could read, is anywhere only."""
    where = normal(region)
    country = where.partition("-")[0]
    if rule == ANYWHERE:
        return 0
    if not where:
        return None
    named = {"EEA": (1, country in EEA or country == "EEA" or country == "EU"), "EU": (2, country in EU | {"EU"})}
    if rule in named:
        rank, fits = named[rule]
        return rank if fits else None
    if rule == where:
        return 4 if "-" in where else 3
    return 3 if rule == country else None
