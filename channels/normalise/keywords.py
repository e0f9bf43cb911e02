"""The words with which a telephone says stop, start or help. Pure; data with its source."""

from __future__ import annotations

from memory.messages import InboundKind

# Twilio's defaults: twilio.com/docs/messaging/tutorials/advanced-opt-out, error page 23002 for START and HELP.
# "opt out" is in 47 CFR 64.1200(a)(10). OPT-OUT, REMOVE, ARRET and TD are what US and Canadian carriers add.
# Checked 2026-11.
OPT_OUT = frozenset(
    {"stop", "unsubscribe", "end", "quit", "stopall", "revoke", "optout", "cancel"}  # Twilio
    | {"opt out", "opt-out", "remove", "arret", "td"}
)
OPT_IN = frozenset({"start", "yes", "unstop"})
HELP = frozenset({"help", "info"})

_PROVIDER_SAYS: dict[str, InboundKind] = {"STOP": "opt_out", "START": "opt_in", "HELP": "help"}


def keyword_kind(body: str, opt_out_type: str = "") -> InboundKind:
    """What an SMS is by its keyword: the *whole* body must be the word, in any case, however punctuated.

    `opt_out_type` is Twilio's OptOutType, which knows the account's own words and therefore decides when present.
    YES is an opt-in only from someone who had opted out, which is known where consent is kept, not here.
    """
    said = _PROVIDER_SAYS.get(opt_out_type.strip().upper())
    if said:
        return said
    if len(body) > 40:
        return "message"
    word = " ".join(body.lower().strip(" \t\r\n.!?,;:'\"“”‘’()[]*").split())
    if word in OPT_OUT:
        return "opt_out"
    if word in OPT_IN:
        return "opt_in"
    return "help" if word in HELP else "message"
