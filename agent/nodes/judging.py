"""What the judges say of a sentence and of a whole draft, for the rules to act on. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from agent.guardrails.commitments import CommitmentJudge, Where
from agent.guardrails.disclosure import discloses
from agent.guardrails.personal import unsourced
from agent.nodes.wording import introduction
from agent.ports import Deps, Judge, Question
from agent.state import Phase, Sentence, Turn, Verdict

_PSEUDONYM = re.compile(r"<[A-Z][A-Z0-9_]*_\d+>")


def sentence_opinions(sentence: Sentence, question: Question, turn: Turn, deps: Deps) -> Mapping[str, Verdict]:
    """Each judge's verdict on one sentence, by the judge's name."""
    verdicts = [_for_turn(judge, turn).judge(sentence, question) for judge in deps.judges]
    verdicts += [_placeholders(turn, sentence.text, "generate"), _personal(turn, sentence.text, question)]
    return {verdict.rule: verdict for verdict in verdicts}


def _for_turn(judge: Judge, turn: Turn) -> Judge:
    """The judge, told for whom the reply is where that matters to it: what may be promised depends on inbox and day."""
    if isinstance(judge, CommitmentJudge):
        return judge.within(Where(turn.started_at.date(), turn.inbox))
    return judge


def draft_opinions(turn: Turn, deps: Deps) -> Mapping[str, Verdict]:
    """Each judge's verdict on the draft as a whole; without one, only that there is no evidence."""
    if turn.draft is None:
        return {"evidence": Verdict("evidence", "guard", "revise", "no sentence with evidence")}
    verdicts = [_placeholders(turn, turn.draft.text, "guard")]
    if turn.introduce:
        verdicts.append(_disclosure(turn.draft.text, introduction(deps)))
    return {verdict.rule: verdict for verdict in verdicts}


def invented(turn: Turn, text: str) -> str:
    """Placeholders in a text that stand for nobody the conversation spoke of, listed; "" for none."""
    found = set(_PSEUDONYM.findall(text))
    if not found:
        return ""
    known = turn.known
    return ", ".join(each for each in sorted(found) if each not in known)


def _placeholders(turn: Turn, text: str, phase: Phase) -> Verdict:
    if unknown := invented(turn, text):
        return Verdict("placeholders", phase, "revise", f"unknown placeholders {unknown}")
    return Verdict("placeholders", phase, "pass", "every placeholder stands for somebody")


def _personal(turn: Turn, text: str, question: Question) -> Verdict:
    passages = [hit.passage.text for hit in question.hits]
    if found := unsourced(text, (turn.known, *passages)):
        return Verdict("pii", "generate", "revise", f"it has {' and '.join(found)} that nobody gave it")
    return Verdict("pii", "generate", "pass", "no personal data that nobody gave it")


def _disclosure(text: str, opening: str) -> Verdict:
    """Whether the bot's first message begins by saying that it is a machine's."""
    begins = bool(opening.strip()) and text.startswith(opening.strip())
    decision: Any = "pass" if begins and discloses(opening) else "handoff"
    reason = "says that it is automated" if decision == "pass" else "its first words do not say that it is automated"
    return Verdict("disclosure", "guard", decision, reason)
