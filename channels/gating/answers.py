"""What we answer to STOP, START and HELP, and in which inboxes: exactly one party confirms."""

from __future__ import annotations

from channels.gating.settings import Gate
from channels.inboxes.base import InboxBase
from channels.settings import Settings
from memory.opt_outs import Answers, OptOutRules


def opt_out_rules(settings: Settings, pulled: frozenset[str]) -> OptOutRules:
    """Where an inbox's `confirms_stop` is "provider", nothing is answered by us. `pulled` are the inboxes whose answers
    are read from the log."""
    said = _words(settings.gate, settings.organisation.name)
    answers = {
        name: Answers(**said, push=name not in pulled) for name, inbox in settings.inboxes.items() if _ours(inbox)
    }
    return OptOutRules(settings.gate.opt_out_scope, answers)


def _ours(inbox: InboxBase) -> bool:
    return getattr(inbox, "confirms_stop", "us") == "us"


def _words(gate: Gate, organisation: str) -> dict[str, str]:
    words, given = gate.words, {"organisation": organisation, "contact": gate.contact}
    filled = {"stopped": words.stopped, "started": words.started, "help": words.help}
    return {name: " ".join(text.format(**given).split()) for name, text in filled.items()}
