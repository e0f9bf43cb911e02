"""Which controls there are and what each may say, so that a slip is refused where it is made. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from agent.autonomy import LEVELS
from agent.errors import Refused
from agent.prompts import NAMES as PROMPTS
from agent.stops import TOOLS
from agent.templates import DEFAULTS, templates
from memory.limits import parsed

Value = Mapping[str, Any]
_STOPS: Final = ("channel", "inbox", "campaign", "prompt", "tool", "webhook")
_SCOPES: Final = ("channel", "inbox", "campaign", "customer")
_LONGEST_NAME: Final = 128
_LONGEST_TEXT: Final = 2000
_MOST_LIMITS: Final = 5


def checked(name: str, value: Value) -> Value:
    """The value, known to be one that this control can have. Raises Refused naming what is wrong and what there is."""
    family, _, rest = name.partition("/")
    check = _FAMILIES.get(family)
    if check is None or len(name) > _LONGEST_NAME or not name.isprintable():
        raise Refused(f"there is no control {name[:60]!r}; there are: stop, throttle/…, template/…, autonomy/…")
    return check(rest, value)


def is_stop(name: str, value: Value) -> bool:
    """Whether this only stops something, which more people may do than start it again."""
    return name.partition("/")[0] == "stop" and value.get("on") is True


def _stop(rest: str, value: Value) -> Value:
    what, _, which = rest.partition("/")
    if rest and (what not in _STOPS or not which):
        raise Refused(f"stop, or stop/WHAT/NAME; WHAT is one of: {', '.join(_STOPS)}")
    known = {"prompt": PROMPTS, "tool": TOOLS}.get(what)
    if known is not None and which not in known:
        raise Refused(f"there is no {what} {which[:60]!r}; there are: {', '.join(sorted(known))}")
    if set(value) != {"on"} or not isinstance(value["on"], bool):
        raise Refused('a switch says {"on": true} or {"on": false}')
    return value


def _throttle(rest: str, value: Value) -> Value:
    scope, _, which = rest.partition("/")
    named = scope in ("channel", "inbox")
    if scope not in _SCOPES or (named and not which) or (scope == "customer" and which):
        raise Refused("throttle/channel/NAME, throttle/inbox/NAME, throttle/campaign[/ID] or throttle/customer")
    limits = value.get("limits")
    if set(value) != {"limits"} or not isinstance(limits, list) or len(limits) > _MOST_LIMITS:
        raise Refused('a throttle says {"limits": ["3/day"]}, five at most; [] lifts every limit')
    try:
        parsed([str(each) for each in limits])
    except ValueError as error:
        raise Refused(str(error)) from None
    return value


def _template(rest: str, value: Value) -> Value:
    text = value.get("text")
    if rest not in DEFAULTS:
        raise Refused(f"there is no template {rest[:60]!r}; there are: {', '.join(DEFAULTS)}")
    if set(value) != {"text"} or not isinstance(text, str) or not 0 < len(text.strip()) <= _LONGEST_TEXT:
        raise Refused(f'a template says {{"text": "…"}}, {_LONGEST_TEXT} characters at most')
    try:
        templates({rest: text})
    except ValueError as error:
        raise Refused(str(error)) from None
    return value


def _autonomy(rest: str, value: Value) -> Value:
    if not rest:
        raise Refused("autonomy/INBOX, or autonomy/INBOX/INTENT")
    if set(value) != {"level"} or value["level"] not in LEVELS:
        raise Refused(f'autonomy says {{"level": …}}, one of: {", ".join(LEVELS)}')
    return value


_FAMILIES: Mapping[str, Callable[[str, Value], Value]] = {
    "stop": _stop,
    "throttle": _throttle,
    "template": _template,
    "autonomy": _autonomy,
}
