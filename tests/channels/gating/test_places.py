"""Where a customer may be, and an organisation's own rules."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.errors import Misconfigured
from channels.gating.hours import next_allowed
from channels.gating.places import Whereabouts, whereabouts
from channels.gating.regions import built_in, read


def where(channel: str = "sms", timezone: str = "", region: str = "", address: str = "") -> Whereabouts:
    return whereabouts(
        built_in(), channel=channel, timezone=timezone, region=region, address=address, home="Europe/London"
    )


@pytest.mark.parametrize(
    ("given", "source", "zones"),
    [
        ({"timezone": "Asia/Tokyo", "region": "US", "address": "+13055551234"}, "profile", 1),
        ({"region": "US-FL", "address": "+33612345678"}, "region", 2),
        ({"region": "DE", "address": "+13055551234"}, "region", 2),
        ({"address": "+13055551234"}, "number", 1),
        ({"address": "+61412345678"}, "number", 8),
        ({"channel": "email", "address": "ann@example.com"}, "organisation", 1),
        ({"address": "+80012345678"}, "organisation", 1),
        ({"address": "SHORT"}, "organisation", 1),
        ({"timezone": "Mars/Olympus", "address": "+33612345678"}, "number", 1),
    ],
)
def test_the_profile_counts_before_the_region_before_the_number(given: dict[str, str], source: str, zones: int) -> None:
    found = where(**given)
    assert (found.source, len({place.zone for place in found.places})) == (source, zones)
    assert f"by {source}" in found.said


def test_an_area_code_is_evidence_for_a_states_stricter_hours() -> None:
    evening = datetime(2026, 7, 7, 0, 30, tzinfo=UTC)  # 20:30 in New York
    florida, new_york = where(address="+13055551234"), where(address="+12125551234")
    assert next_allowed(evening, florida.places) == datetime(2026, 7, 7, 12, 0, tzinfo=UTC)
    assert next_allowed(evening, new_york.places) == evening


def test_a_number_that_may_be_anywhere_is_allowed_only_where_all_of_it_is_awake() -> None:
    found = where(address="+18005551234")
    assert len(found.places) > 30
    at = next_allowed(datetime(2026, 7, 6, 12, 0, tzinfo=UTC), found.places)
    assert at is not None
    for place in found.places:
        assert 8 <= at.astimezone(place.zone).hour < 21


def test_an_organisations_own_file_replaces_the_regions_it_names(tmp_path: Path) -> None:
    file = tmp_path / "regions.toml"
    file.write_text(
        '[[rule]]\nregion = "GB"\nhours = { mon-sun = ["07:00-22:00"] }\nsource = "our counsel"\n'
        'checked_on = 2026-11-01\ngrade = "primary"\n',
        encoding="utf-8",
    )
    own = read(file)
    assert own.hours("GB", "sms") != built_in().hours("GB", "sms")
    assert own.hours("FR", "sms") == built_in().hours("FR", "sms")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[[rule]]\nregion = "GB"\n', "hours"),
        ('[[rules]]\nregion = "GB"\n', "there is no rules"),
        ("[[rule", "regions.toml"),
        (
            '[[rule]]\nregion = "GB"\nhours = { mon = ["20:00-08:00"] }\nsource = "x"\nchecked_on = 2026-11-01\n'
            'grade = "primary"\n',
            "no part of a day",
        ),
        (
            '[[rule]]\nregion = "GB"\nhours = { someday = [] }\nsource = "x"\nchecked_on = 2026-11-01\n'
            'grade = "primary"\n',
            "names no days",
        ),
    ],
)
def test_a_file_that_says_nothing_clear_is_refused_with_the_reason(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "regions.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Misconfigured, match=says):
        read(file)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot be read"):
        read(tmp_path / "none.toml")
