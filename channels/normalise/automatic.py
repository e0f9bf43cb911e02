"""Was a mail sent by a machine? What must not be answered by another machine. Pure.

RFC 3834 section 2 and what mail programs did before it. X-Auto-Response-Suppress asks others not to answer
automatically; it does not mark an automatic mail, and a customer's Exchange server sets it on everything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_MACHINE = re.compile(
    r"^(?:mailer-daemon|postmaster|no-?_?\.?reply|do-?_?not-?_?reply|donotreply|bounces?|autoreply|auto-reply|"
    r"listserv|majordomo|daemon|root|nobody)(?:[+_.=-].*)?@",
    re.IGNORECASE,
)
_BULK = frozenset({"bulk", "list", "junk", "auto_reply"})
# What Outlook and others put before the subject of an absence note, by language; "Re: Automatic reply" is a person.
_ABSENT = re.compile(
    r"^\s*(?:automatic reply|auto(?:matic)?[- ]?reply|auto[- ]?response|out of (?:the )?office|automatische antwort|"
    r"abwesenheits\w*|automatisch antwoord|afwezig\w*|réponse automatique|absence du bureau|respuesta automática|"
    r"fuera de (?:la )?oficina|resposta automática|risposta automatica|autosvar|automatiskt svar|automatisk svar|"
    r"automaattinen vastaus|odpowiedź automatyczna|automatická odpověď|автоматический ответ|автоматична відповідь|"
    r"automatikus válasz|otomatik yanıt|răspuns automat|自动答复|自動回覆|自動応答|自動返信|자동 회신)\s*[:：]",
    re.IGNORECASE,
)
_MARKS = ("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply")


def automatic(headers: Mapping[str, str], *, sender: str, return_path: str | None, own: str) -> str:
    """Why a mail is automatic ("auto-submitted", "bounce", "list", …), or "" when a person wrote it.

    `headers` has lower-case names. `return_path` is the envelope's sender, "" or "<>" for bounces, None when
    unknown. `own` is the inbox's address: a mail from it is our own, come back.
    """
    submitted = headers.get("auto-submitted", "").partition(";")[0].strip().lower()
    if submitted and submitted != "no":
        return "auto-submitted"
    path = headers.get("return-path") if return_path is None else return_path
    if path is not None and path.strip() in ("", "<>"):
        return "bounce"
    if headers.get("content-type", "").lower().lstrip().startswith("multipart/report"):
        return "report"
    if any(name.startswith("list-") for name in headers):
        return "list"
    if headers.get("precedence", "").strip().lower() in _BULK:
        return "precedence"
    if any(mark in headers for mark in _MARKS) or _ABSENT.match(headers.get("subject", "")[:200]):
        return "auto-reply"
    if own and sender.lower() == own.lower():
        return "loop"
    return "machine" if _MACHINE.match(sender) else ""
