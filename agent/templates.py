"""What is said when nothing is generated. An organisation replaces any of them under [agent.templates]."""

from __future__ import annotations

from collections.abc import Mapping

DEFAULTS: Mapping[str, str] = {
    "disclosure": "I'm {organisation}'s automated assistant.",
    "greeting": "Hello. What can I help you with?",
    "thanks": "You're welcome. Is there anything else I can help with?",
    "goodbye": "Goodbye, and thank you for writing to us.",
    "clarify": "I'm not sure what you mean. Could you say a little more, or would you like to talk to a person?",
    "unknown": "I don't know the answer to that: our help centre doesn't say. Would you like me to fetch a person?",
    "refuse": "I can only answer questions about {organisation}. What would you like to know?",
    "handoff_asked": "I'm passing you to a person now. Your messages are kept, so you won't need to repeat yourself.",
    "handoff_complaint": "I'm sorry this has gone wrong. I'm passing you to a person, who sees all you have written.",
    "handoff_safety": "I'm passing this to a person straight away. If anyone is in danger, call your emergency number.",
    "handoff_guard": "I'm passing this to a person, who can answer it properly. Your messages are kept.",
    "handoff_failed": "Something is not working on our side, so I'm passing you to a person. Your message is kept.",
    "handoff_no_answer": "I can't answer that, so I'm passing you to a person. Your messages are kept.",
}


def templates(overrides: Mapping[str, str]) -> dict[str, str]:
    """The defaults with an organisation's own. Raises ValueError naming a key that no template has, or a template whose
    braces name anything but {organisation}."""
    for name, text in overrides.items():
        try:
            text.format(organisation="")
        except (LookupError, ValueError):
            raise ValueError(f"agent.templates.{name} may use {{organisation}} and no other braces") from None
    if unknown := sorted(set(overrides) - set(DEFAULTS)):
        raise ValueError(f"agent.templates has no {', '.join(unknown)}; there are: {', '.join(DEFAULTS)}")
    return {**DEFAULTS, **overrides}
