"""What a campaign is asked to be, as JSON or TOML gives it."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from channels.proactive.settings import Percent, Steps
from channels.proactive.templates import LONGEST_VALUE, TemplateError

# Columns of a list that say something of the recipient; any other is a value for the template.
COLUMNS = ("recipient", "customer", "language", "region", "tier", "timezone", "consent_at", "consent_source")
Value = Annotated[str, Field(max_length=LONGEST_VALUE)]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Evidence(Part):
    """When somebody consented, and where that can be looked up."""

    at: AwareDatetime
    source: str = Field(min_length=1, max_length=200)


class Recipient(Part):
    """One of a list: an address on the inbox's channel, or a customer's id."""

    to: str = Field(default="", max_length=320)
    customer: str = Field(default="", max_length=40)
    language: str = Field(default="", pattern=r"^([a-z]{2,3})?$")
    region: str = Field(default="", max_length=8)
    tier: str = Field(default="", max_length=16)
    timezone: str = Field(default="", max_length=64)
    values: dict[str, Value] = Field(default_factory=dict, max_length=50)
    consent: Evidence | None = None

    @model_validator(mode="after")
    def _is_somebody(self) -> Recipient:
        if bool(self.to) == bool(self.customer):
            raise ValueError("give either `to`, an address, or `customer`, an id")
        return self


class Audience(Part):
    """Either a list of `recipients`, or a filter on customers; a filter that leaves nobody out says `everyone`."""

    recipients: list[Recipient] = Field(default_factory=list)
    regions: list[str] = Field(default_factory=list)
    tiers: list[str] = Field(default_factory=list)
    languages: list[str] = Field(default_factory=list)
    consented: bool = False
    heard_within_days: int | None = Field(default=None, ge=1, le=36_500)
    silent_for_days: int | None = Field(default=None, ge=1, le=36_500)
    everyone: bool = False

    @property
    def filters(self) -> bool:
        kept = (self.regions, self.tiers, self.languages, self.consented, self.heard_within_days, self.silent_for_days)
        return any(kept) or self.everyone

    @model_validator(mode="after")
    def _is_one(self) -> Audience:
        if bool(self.recipients) == self.filters:
            raise ValueError(
                "give either recipients or a filter; `everyone = true` is the filter that leaves nobody out"
            )
        return self


class StopSpec(Part):
    """As [proactive.stop]; what is left out is as there."""

    bounces: Percent | None = None
    complaints: Percent | None = None
    opt_outs: Percent | None = None
    at_least: int | None = Field(default=None, ge=1)


class CampaignSpec(Part):
    """A campaign: one template through one inbox to an audience, first to the `seeds`. `values` fill the template for
    everybody; a recipient's own come first."""

    name: str = Field(min_length=1, max_length=128)
    inbox: str
    template: str
    audience: Audience
    seeds: list[Recipient] = Field(min_length=1, max_length=50)
    values: dict[str, Value] = Field(default_factory=dict, max_length=50)
    steps: Steps | None = None
    soak_minutes: float | None = Field(default=None, ge=0, le=43_200)
    stop: StopSpec = StopSpec()

    @property
    def fingerprint(self) -> str:
        """The same for the same spec, the list included."""
        return hashlib.sha256(orjson.dumps(self.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)).hexdigest()


def read_list(text: str) -> list[Recipient]:
    """The recipients of a CSV file with a header. Raises TemplateError naming the line."""
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    header = [str(name).strip() for name in rows.fieldnames or ()]
    if not {"recipient", "customer"} & set(header):
        raise TemplateError("the list needs a header with a column `recipient`, or `customer`")
    rows.fieldnames = header
    found: list[Recipient] = []
    try:
        found.extend(_recipients(rows))
    except csv.Error as error:
        raise TemplateError(f"the list, line {rows.line_num}: {error}") from None
    if not found:
        raise TemplateError("the list has nobody in it")
    return found


def _recipients(rows: csv.DictReader[str]) -> Iterator[Recipient]:
    for row in rows:
        if None in row or None in row.values():
            raise TemplateError(f"the list, line {rows.line_num}: it has other columns than the header")
        cells = {name: value.strip() for name, value in row.items()}
        try:
            yield _recipient(cells)
        except ValueError as error:
            raise TemplateError(f"the list, line {rows.line_num}: {_words(error)}") from None


def _recipient(cells: dict[str, str]) -> Recipient:
    consent = None
    if cells.get("consent_at"):
        at = datetime.fromisoformat(cells["consent_at"])
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        consent = Evidence(at=at, source=cells.get("consent_source", ""))
    return Recipient(
        to=cells.get("recipient", ""),
        customer=cells.get("customer", ""),
        consent=consent,
        values={name: value for name, value in cells.items() if name not in COLUMNS and value},
        **{name: cells.get(name, "") for name in ("language", "region", "tier", "timezone")},
    )


def _words(error: ValueError) -> str:
    """Without the values: they are somebody's."""
    faults = getattr(error, "errors", None)
    if faults is None:
        return "consent_at is no date; write it as 2026-05-01 or 2026-05-01T09:30:00+01:00"
    first = faults(include_url=False, include_input=False, include_context=False)[0]
    return ": ".join(part for part in (".".join(str(at) for at in first["loc"]), first["msg"]) if part)
