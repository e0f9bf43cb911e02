"""What was found and is out of date, for a turn's record. Pure; the day is an argument."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from agent.state import Verdict
from knowledge.checking.validity import standing
from knowledge.passages import Hit, Passage


def out_of_date(hits: Iterable[Hit], on: date) -> tuple[Verdict, ...]:
    """A verdict for each passage that would have been found and is not in force that day, in the order of the hits.

    It decides nothing ("pass"): the passage is left out, and the record says so. Its evidence is the passage's id, its
    score how near it came.
    """
    return tuple(
        Verdict("out_of_date", "retrieve", "pass", _reason(hit.passage, on), hit.dense, hit.passage.id)
        for hit in hits
        if standing(hit.passage, on) != "in_force"
    )


def in_force(hits: Iterable[Hit], on: date) -> tuple[Hit, ...]:
    """The hits that may be cited that day, in their order."""
    return tuple(hit for hit in hits if standing(hit.passage, on) == "in_force")


def _reason(passage: Passage, on: date) -> str:
    name = f"“{passage.title or passage.document_id}”"
    if standing(passage, on) == "expired":
        return f"{name} held until {passage.metadata['valid_until'].strip()[:10]} and is not cited any more"
    return f"{name} holds from {passage.metadata['valid_from'].strip()[:10]} and is not cited before"
