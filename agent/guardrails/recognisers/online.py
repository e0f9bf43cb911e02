"""EMAIL_ADDRESS, URL, IP_ADDRESS, USERNAME and PASSWORD, also as customers spell them out."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from agent.guardrails.recognisers.span import PiiSpan
from agent.guardrails.recognisers.words import is_plain

_TLD = (
    r"(?:com|org|net|edu|gov|io|co|info|biz|me|app|dev|shop|store|online|xyz|uk|us|ie|de|fr|es|it|nl|be|at|ch|se|no|dk"
    r"|fi|pl|pt|cz|gr|ro|hu|eu|ca|au|nz|in|jp|cn|br|mx|za|ae|sg|hk|tv|ly|gl|link|site|blog|tech|cloud|ai)"
)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.%+'’-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}(?<![.-])")
_PROVIDER = (
    r"(?:g[ ]?mail|googlemail|hot[ ]?mail|yahoo|outlook|icloud|live|msn|aol|proton(?:mail)?|gmx|rediff(?:mail)?"
    r"|ymail|mail"
    r"|email|fastmail|zoho|btinternet)"
)
_SPOKEN = re.compile(
    rf"\b[\w.+-]{{1,40}}(?:[ ]?(?:dot|underscore|dash)[ ]?[\w]{{1,30}}){{0,3}}[ ]?(?:\(at\)|\[at\]|\bat\b|@)[ ]?"
    rf"[\w-]{{2,40}}[ ]?(?:\(dot\)|\[dot\]|\bdot\b|\.)[ ]?{_TLD}\b(?:[ ]?(?:dot|\.)[ ]?(?:uk|au|in))?",
    re.IGNORECASE,
)
_RUN_TOGETHER = re.compile(
    rf"(?:\b(?P<two>[\w.+-]{{2,40}})[ ])?\b(?P<one>[\w.+-]{{1,40}})[ @]{{0,2}}(?:at[ ])?(?:{_PROVIDER}"
    rf"|[a-z]{{3,20}}(?=com\b))"
    rf"[ .]?(?:com|net|org|couk|co uk|co in|coin)\b",
    re.IGNORECASE,
)
_EMAIL_CUE = re.compile(
    r"\be-?mail(?:[ ]?(?:address|id))?[ ]?(?:is|:|=|-|as|would be|it'?s)[ ]{0,2}(?P<it>[^\s,]+(?:[ ][^\s,]+){0,3})",
    re.IGNORECASE,
)
_URL = re.compile(
    rf"\b(?:https?://|ftp://|www\d?\.)[^\s<>\"'()\[\]{{}}]{{3,2000}}"
    rf"|(?<![\w@.-])(?:[a-z0-9][a-z0-9-]{{1,62}}\.){{1,4}}{_TLD}"
    rf"(?:/[^\s<>\"'()]{{0,500}})?(?![\w@.]*[\w@])",
    re.IGNORECASE,
)
_IP = re.compile(
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}"
    r"|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?:(?:\d{1,3}\.){3}\d{1,3})?)(?:%\w+)?(?:/\d{1,3})?(?![\w:]|\.\d)",
    re.IGNORECASE,
)
_USERNAME = re.compile(
    r"\b(?:user[ ]?name|user[ ]?id|login(?:[ ]?(?:name|id))?|screen[ ]?name|handle|nickname|gamertag)[ ]?"
    r"(?:is|was|:|=|-|as)[ ]{0,2}[\"'“]?(?P<it>[\w.@+-]{2,40})",
    re.IGNORECASE,
)
_HANDLE = re.compile(r"(?<![\w@./])@[a-z][\w.]{2,29}\b(?!\.\w)", re.IGNORECASE)
_PASSWORD = re.compile(
    r"\b(?:pass[ ]?words?|pass[ ]?code|pass[ ]?phrase|pwd|passwd|otp|one[- ]time[ ](?:code|password|pin)|pin"
    r"|log[ ]?in code"
    r"|(?:verification|security|authentication|access|memorable|secret)[ ](?:code|word|answer|number)|api[ ]key)"
    r"(?:[ ](?:for|to|on)[ ](?:my|the|this)[ ]\w+)?(?P<link>[ ]?(?:is|was|:|=|-|as|will be|to|should be"
    r"|it'?s)(?!\w)){0,2}[ ]{0,2}"
    r"[\"'“]?(?P<it>[^\s\"“”]{2,64})",
    re.IGNORECASE,
)


def find_online(text: str) -> list[PiiSpan]:
    """Addresses on the net and what opens an account."""
    spans = [PiiSpan(*match.span(), "EMAIL_ADDRESS", 0.98) for match in _EMAIL.finditer(text)]
    spans += [PiiSpan(*match.span(), "EMAIL_ADDRESS", 0.9) for match in _SPOKEN.finditer(text) if _is_spoken(match)]
    spans += [PiiSpan(*_rstrip(text, match), "URL", 0.7) for match in _URL.finditer(text)]
    spans += [PiiSpan(*match.span(), "IP_ADDRESS", 0.96) for match in _IP.finditer(text) if _is_ip(match.group())]
    spans += [PiiSpan(*match.span("it"), "USERNAME", 0.85) for match in _USERNAME.finditer(text) if _is_secret(match)]
    spans += [PiiSpan(*match.span(), "USERNAME", 0.7) for match in _HANDLE.finditer(text)]
    spans += [PiiSpan(*match.span("it"), "PASSWORD", 0.88) for match in _PASSWORD.finditer(text) if _is_secret(match)]
    return [*spans, *_run_together(text)]


def _is_spoken(match: re.Match[str]) -> bool:
    return "@" in match.group() or re.search(r"dot|\.", match.group(), re.IGNORECASE) is not None


def _run_together(text: str) -> Iterator[PiiSpan]:
    """ "priya 67 gmailcom": what is left of an address without its marks; a number takes the word before it along."""
    for match in _RUN_TOGETHER.finditer(text):
        two = match.group("two")
        with_two = (
            two is not None and not is_plain(two) and (match.group("one").isdigit() or len(match.group("one")) < 3)
        )
        if is_plain(match.group("one")) and not with_two:
            continue
        yield PiiSpan(match.start("two") if with_two else match.start("one"), match.end(), "EMAIL_ADDRESS", 0.9)


def _rstrip(text: str, match: re.Match[str]) -> tuple[int, int]:
    return match.start(), match.start() + len(match.group().rstrip(".,;:!?"))


def _is_ip(written: str) -> bool:
    if written.count(":") < 2 and written.count(".") != 3:
        return False
    try:
        ipaddress.ip_interface(written)
    except ValueError:
        return False
    return written.strip(":") != ""


def _is_secret(match: re.Match[str]) -> bool:
    """Whether what follows the cue is a value: said to be ("is", ":"), or not a word anybody would say next."""
    value = match.group("it").strip(".,!?")
    if not any(map(str.isalnum, value)) or is_plain(value):
        return False
    said = bool(match.groupdict().get("link", "is"))
    return said or any(map(str.isdigit, value))
