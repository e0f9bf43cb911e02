"""The address of a look-up: a template whose host, path and query are fixed, with room for values. Pure.

A value comes from a customer's message, so it may never change where a request goes. It is refused where it holds
what separates parts of an address (`/`, `\\`, `?`, `#`, `%`, `..`), and percent-encoded whole where it does not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import quote, urlsplit

_PLACE = re.compile(r"\{([a-z][a-z0-9_]{0,31})\}")
# Letters and digits of any script, and what order numbers, addresses and telephone numbers are written with.
_FIT = re.compile(r"[\w .@+:()&'-]{1,100}")
# What is put in the places to see whether the rest is an address.
_ANY = "x"


class Unfit(ValueError):
    """A value that cannot stand in an address. The message does not repeat it."""


def places(template: str) -> tuple[str, ...]:
    """The names in braces, in order, each once."""
    return tuple(dict.fromkeys(_PLACE.findall(template)))


def checked(template: str, *, allow_http: bool) -> str:
    """The template as it was given. Raises ValueError saying what of it is not allowed."""
    try:
        parts = urlsplit(_PLACE.sub(_ANY, template))
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("the address cannot be read") from None
    if not template.isascii() or not template.isprintable() or " " in template or "\\" in template:
        raise ValueError("write the address in plain ASCII, without spaces")
    if set("{}") & set(_PLACE.sub(_ANY, template)):
        raise ValueError("braces in an address hold one name in small letters, as in {order}")
    if parts.scheme != "https" and not (parts.scheme == "http" and (allow_http or _is_this_machine(host))):
        raise ValueError("the address must begin with https://; allow_http = true lets http through")
    if not host or parts.username is not None or parts.fragment:
        raise ValueError("the address needs a host, and no user, password or fragment (#…)")
    if _PLACE.search(template.split("://", 1)[1].partition("/")[0]):
        raise ValueError("a name in braces may stand in the path or in a value of the query, never in the host")
    if any(_PLACE.search(pair.partition("=")[0]) for pair in _query(template).split("&")):
        raise ValueError("a name in braces may stand in a value of the query, never in its name")
    return template


def _query(template: str) -> str:
    return template.partition("?")[2]


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_fit(value: str) -> bool:
    """Whether the value may stand in an address at all."""
    return bool(_FIT.fullmatch(value)) and ".." not in value and value.strip(". ") != ""


def filled(template: str, values: Mapping[str, str]) -> str:
    """The address with every name's value, percent-encoded whole. Raises Unfit, KeyError for a name without one."""
    for name in places(template):
        if not is_fit(values[name]):
            raise Unfit(f"the value for {{{name}}} cannot stand in an address")
    return _PLACE.sub(lambda match: quote(values[match.group(1)], safe=""), template)
