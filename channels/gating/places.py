"""Where a customer may be: by their profile, else their billing region, else their number. Pure.

A number is evidence, not proof: numbers are carried along. Where it leaves several zones open, all of them count.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import phonenumbers
from babel.core import get_global
from phonenumbers import geocoder, timezone

from channels.gating.hours import Place
from channels.gating.regions import ANYWHERE, Regions, zone

Source = Literal["profile", "region", "number", "organisation"]
NUMBERED = frozenset({"sms", "whatsapp", "voice"})
"""Channels whose addresses are telephone numbers."""
_UNKNOWN = "Etc/Unknown"


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Candidate places, and which source decided the zones. `said` is for people."""

    places: tuple[Place, ...]
    source: Source
    said: str


def whereabouts(regions: Regions, *, channel: str, timezone: str, region: str, address: str, home: str) -> Whereabouts:
    """`timezone` and `region` as the customer's profile has them, "" where not; `home` is the organisation's zone,
    which counts when nothing else is known."""
    number = _by_number(address, regions) if channel in NUMBERED else None
    zones, source = _zones(regions, timezone, region, number, home)
    held = [region] if region else [number.region] if number else []
    if source == "profile" and not region:
        held += [_territory(each) for each in zones]
    names = tuple(dict.fromkeys(name for name in held if name)) or (ANYWHERE,)
    hours = tuple(dict.fromkeys(each for name in names for each in regions.hours(name, channel)))
    said = f"{zones[0]}{f' and {len(zones) - 1} more' if len(zones) > 1 else ''} by {source}"
    return Whereabouts(tuple(Place(zone(each), hours) for each in zones), source, f"{said}, rules of {'+'.join(names)}")


@dataclass(frozen=True, slots=True)
class _Number:
    region: str
    zones: tuple[str, ...]


def _zones(
    regions: Regions, timezone: str, region: str, number: _Number | None, home: str
) -> tuple[tuple[str, ...], Source]:
    if timezone and _is_zone(timezone):
        return (timezone,), "profile"
    if region and (found := regions.zones(region) or territory_zones(region.partition("-")[0])):
        return found, "region"
    if number and number.zones:
        return number.zones, "number"
    return (home,), "organisation"


@lru_cache(maxsize=4096)
def _by_number(address: str, regions: Regions) -> _Number | None:
    try:
        number = phonenumbers.parse(address, None)
    except phonenumbers.NumberParseException:
        return None
    country = phonenumbers.region_code_for_number(number)
    if country is None:
        country = phonenumbers.region_code_for_country_code(number.country_code or 0)
    if not country.isalpha():  # "001": a number of no country
        return None
    zones = tuple(each for each in timezone.time_zones_for_number(number) if each != _UNKNOWN and _is_zone(each))
    region = regions.part(country, geocoder.description_for_number(number, "en")) if country == "US" else country
    return _Number(region, zones or territory_zones(country))


@lru_cache(maxsize=512)
def territory_zones(country: str) -> tuple[str, ...]:
    """Every zone of a country, () for one that nobody knows."""
    return tuple(each for each in get_global("territory_zones").get(country, ()) if _is_zone(each))


def _territory(name: str) -> str:
    found = get_global("zone_territories").get(get_global("zone_aliases").get(name, name), "")
    return found if len(found) == 2 and found.isalpha() else ""


@lru_cache(maxsize=1024)
def _is_zone(name: str) -> bool:
    try:
        zone(name)
    except ValueError:
        return False
    return True
