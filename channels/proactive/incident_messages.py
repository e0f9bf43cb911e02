"""An incident's facts in words: one message for each audience, built on what that audience was told before. Pure.

Nothing is invented: every word is of a fact, or of a sentence below, which an organisation may replace with its own.
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from agent.errors import Misconfigured
from channels.gsm7 import fold, length

Audience = Literal["customers", "desk", "engineers", "status"]
AUDIENCES: tuple[Audience, ...] = ("customers", "desk", "engineers", "status")

WORDS: Mapping[str, str] = {
    "update": "Update {version}: {title}",
    "resolved": "Resolved: {title}",
    "affected": "Affected: {affected}.",
    "also_affected": "Now also affected: {affected}.",
    "not_affected": "No longer affected: {affected}.",
    "since": "Since {time}.",
    "was": "It began at {time}.",
    "over": "It was over at {time}, after {duration}.",
    "severity": "Severity: {severity}.",
    "severity_now": "Severity is now {severity}, it was {before}.",
    "next": "Next update by {time}.",
    "investigating": "We are looking into it.",
    "identified": "The cause is known.",
    "monitoring": "A fix is in place and we are watching it.",
    "resolved_now": "It works again.",
}
# An SMS in two parts is read at a glance and costs two.
_SHORT_PARTS = 2


@dataclass(frozen=True, slots=True)
class Message:
    """`short` is for SMS and the like: the headline and as many sentences as fit, the weightiest first chosen."""

    headline: str
    sentences: tuple[str, ...]
    short: str

    @property
    def text(self) -> str:
        return "\n\n".join([self.headline, " ".join(self.sentences)]) if self.sentences else self.headline


def words(own: Mapping[str, str]) -> dict[str, str]:
    """The sentences with an organisation's own. Raises Misconfigured for an unknown name or other braces."""
    for name, text in own.items():
        if name not in WORDS:
            raise Misconfigured(f"proactive.words.{name}: there is no such sentence; there are {', '.join(WORDS)}")
        try:
            given, known = _braces(text), _braces(WORDS[name])
        except ValueError as error:
            raise Misconfigured(f"proactive.words.{name}: {error}") from None
        if given - known:
            raise Misconfigured(f"proactive.words.{name} may use {_named(known)} and no other braces")
    return {**WORDS, **own}


def _braces(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def _named(names: set[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(names)) or "none"


@dataclass(frozen=True, slots=True)
class Writer:
    """Makes messages in one organisation's words and time zone."""

    words: Mapping[str, str]
    zone: ZoneInfo

    def compose(
        self, audience: Audience, facts: Mapping[str, Any], before: Mapping[str, Any] | None, version: int
    ) -> Message | None:
        """What this audience is told; None when nothing that concerns it changed since `before`."""
        said = self._changes(audience, facts, before) if before else self._whole(audience, facts)
        if not said:
            return None
        headline = self._headline(facts, version)
        return Message(headline, tuple(text for _, text in said), _short(headline, said))

    def whole(self, audience: Audience, facts: Mapping[str, Any], version: int) -> Message:
        """Everything that holds now, for those who were told nothing before."""
        said = self._whole(audience, facts)
        headline = self._headline(facts, version)
        return Message(headline, tuple(text for _, text in said), _short(headline, said))

    def _headline(self, facts: Mapping[str, Any], version: int) -> str:
        if facts["status"] == "resolved":
            return self._say("resolved", title=facts["title"])
        return self._say("update", version=version, title=facts["title"]) if version > 1 else str(facts["title"])

    def _whole(self, audience: Audience, facts: Mapping[str, Any]) -> list[tuple[int, str]]:
        said = [(2, self._say("since", time=self._time(facts["started_at"])))]
        if audience in ("desk", "engineers"):
            said.append((4, self._say("severity", severity=facts["severity"])))
        if facts["affected"]:
            said.append((1, self._say("affected", affected=", ".join(facts["affected"]))))
        said += [(3, text) for text in _concerning(audience, facts)]
        return said + self._state(facts)

    def _changes(
        self, audience: Audience, facts: Mapping[str, Any], before: Mapping[str, Any]
    ) -> list[tuple[int, str]]:
        said: list[tuple[int, str]] = []
        if facts["started_at"] != before["started_at"]:
            said.append((4, self._say("was", time=self._time(facts["started_at"]))))
        if facts["severity"] != before["severity"] and audience in ("desk", "engineers"):
            said.append((4, self._say("severity_now", severity=facts["severity"], before=before["severity"])))
        if more := [each for each in facts["affected"] if each not in before["affected"]]:
            said.append((1, self._say("also_affected", affected=", ".join(more))))
        if less := [each for each in before["affected"] if each not in facts["affected"]]:
            said.append((2, self._say("not_affected", affected=", ".join(less))))
        known = _concerning(audience, before)
        said += [(3, text) for text in _concerning(audience, facts) if text not in known]
        state = [each for each in self._state(facts) if each not in self._state(before)]
        retitled = facts["title"] != before["title"]
        return said + state or ([(1, text) for _, text in self._state(facts)] if retitled else [])

    def _state(self, facts: Mapping[str, Any]) -> list[tuple[int, str]]:
        if facts["status"] == "resolved":
            over, began = _moment(facts["resolved_at"]), _moment(facts["started_at"])
            lasted = duration((over - began).total_seconds())
            return [
                (1, self._say("resolved_now")),
                (2, self._say("over", time=self._time(facts["resolved_at"]), duration=lasted)),
            ]
        said = [(2, self._say(facts["status"]))]
        if facts["next_update_at"]:
            said.append((1, self._say("next", time=self._time(facts["next_update_at"]))))
        return said

    def _say(self, name: str, **values: object) -> str:
        return self.words[name].format(**values)

    def _time(self, moment: str) -> str:
        at = _moment(moment).astimezone(self.zone)
        return f"{at.day} {at:%B}, {at:%H:%M} {at.tzname()}"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _concerning(audience: Audience, facts: Mapping[str, Any]) -> list[str]:
    return [_ended(fact["text"]) for fact in facts["facts"] if not fact["audiences"] or audience in fact["audiences"]]


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?", "。", "…")) else f"{text}."


def _short(headline: str, said: Sequence[tuple[int, str]]) -> str:
    """Sentences in their order, those of the greatest weight (the smallest number) first kept."""
    kept: set[int] = set()
    for at in sorted(range(len(said)), key=lambda at: (said[at][0], at)):
        tried = _joined(headline, [said[n][1] for n in sorted(kept | {at})])
        if length(fold(tried)).segments <= _SHORT_PARTS:
            kept.add(at)
    return _joined(headline, [said[n][1] for n in sorted(kept)])


def _joined(headline: str, sentences: Sequence[str]) -> str:
    return " ".join([_ended(headline), *sentences])


def duration(seconds: float) -> str:
    """ "2 h 15 min", "3 days 4 h", "under a minute"."""
    minutes = int(max(0.0, seconds) // 60)
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return f"{days} day{'s' if days > 1 else ''}" + (f" {hours} h" if hours else "")
    if hours:
        return f"{hours} h" + (f" {rest} min" if rest else "")
    return f"{rest} min" if rest else "under a minute"
