"""What is said when nothing is generated. An organisation replaces any of them under [agent.templates]."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter

DEFAULTS: Mapping[str, str] = {
    "disclosure": "I'm {organisation}'s automated assistant.",
    "greeting": "Hello. What can I help you with?",
    "thanks": "You're welcome. Is there anything else I can help with?",
    "goodbye": "Goodbye, and thank you for writing to us.",
    "clarify": "I'm not sure what you mean. Could you say a little more, or would you like to talk to a person?",
    "unknown": "I don't know the answer to that: our help centre doesn't say. Would you like me to fetch a person?",
    "prove_identity": (
        "I can look that up once I know that it is you: please sign in and ask me again. Would you like me to fetch a "
        "person?"
    ),
    "which_one": "Which one do you mean? Please send me its number.",
    "not_found": (
        "I can't find that under your name. Please check the number and send it again. Would you like me to fetch a "
        "person?"
    ),
    "refuse": "I can only answer questions about {organisation}. What would you like to know?",
    "handoff_asked": "I'm passing you to a person now. Your messages are kept, so you won't need to repeat yourself.",
    "handoff_complaint": "I'm sorry this has gone wrong. I'm passing you to a person, who sees all you have written.",
    "handoff_safety": "I'm passing this to a person straight away. If anyone is in danger, call your emergency number.",
    "handoff_guard": "I'm passing this to a person, who can answer it properly. Your messages are kept.",
    "handoff_failed": "Something is not working on our side, so I'm passing you to a person. Your message is kept.",
    "handoff_stopped": "I can't answer that just now, so I'm passing you to a person. Your messages are kept.",
    "handoff_no_answer": "I can't answer that, so I'm passing you to a person. Your messages are kept.",
    "closed": "A person answers you from {when}; before that nobody is at the desk. Your messages are kept.",
    "closed_sorry": "I'm sorry this has gone wrong.",
    "closed_where": "You can leave an email address or a telephone number, and we answer you there.",
    "closed_offer": 'I can go on helping until then: write "go on", with your question if you have one.',
    "go_on": "What would you like to know? The person who answers you sees this as well.",
    "contact_kept": "Thank you, that is noted for the person who answers you. Can I help with anything before?",
    "request_access": (
        "We have your request for the data we hold about you. A person first makes sure that it is you, and you have "
        "an answer by {when}."
    ),
    "request_erasure": (
        "We have your request to erase your data. A person first makes sure that it is you, and you have an answer "
        "by {when}."
    ),
    "request_rectification": (
        "We have your request to correct your data. A person first makes sure that it is you, and you have an answer "
        "by {when}."
    ),
    "request_objection": (
        "We have your objection. We send you no marketing from now on. A person looks at the rest, and you have an "
        "answer by {when}."
    ),
}


def templates(overrides: Mapping[str, str]) -> dict[str, str]:
    """The defaults with an organisation's own. Raises ValueError naming a key that no template has, or a template whose
    braces name anything but {organisation} and {when}."""
    for name, text in overrides.items():
        if not braced(text):
            raise ValueError(f"agent.templates.{name} may use {{organisation}}, {{when}} and no other braces")
    if unknown := sorted(set(overrides) - set(DEFAULTS)):
        raise ValueError(f"agent.templates has no {', '.join(unknown)}; there are: {', '.join(DEFAULTS)}")
    return {**DEFAULTS, **overrides}


def braced(text: str) -> bool:
    """Whether its braces name nothing but {organisation} and {when}, plainly."""
    try:
        fields = [field for field in Formatter().parse(text) if field[1] is not None]
    except ValueError:
        return False
    return all(name in ("organisation", "when") and not form and not turned for _, name, form, turned in fields)
