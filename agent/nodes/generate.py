"""The reply, sentence by sentence: each is judged before anyone sees it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any

from langchain_core.messages import BaseMessage, HumanMessage
from langgraph.runtime import Runtime

from agent.contexts import shown
from agent.corrections import is_pinned
from agent.gateway.errors import ModelsUnavailable
from agent.guardrails.sentences import SentenceSplitter, cite
from agent.nodes.judging import sentence_opinions
from agent.nodes.retrieve import ask
from agent.nodes.wording import introduction
from agent.policy.consequences import ended
from agent.policy.engine import Ruling
from agent.policy.facts import Seen
from agent.ports import Question, Run
from agent.prompts.messages import answer_messages
from agent.state import Draft, Handoff, Sentence, Turn, Verdict


@dataclass(slots=True)
class _Writing:
    """What has been written so far in this attempt. `agreed` are the verdicts on what was accepted, by rule, each with
    how many sentences it speaks for; `ruling` is the one that ended the turn, None while none did."""

    streams: bool
    accepted: list[Sentence] = field(default_factory=list)
    refused: list[Verdict] = field(default_factory=list)
    agreed: dict[str, tuple[Verdict, int]] = field(default_factory=dict)
    usage: dict[str, Any] = field(default_factory=dict)
    spoken: bool = False
    approve: bool = False
    ruling: Ruling | None = None


async def generate(turn: Turn, runtime: Runtime[Run]) -> dict[str, Any]:
    """Sets `draft` to the sentences that passed, with the verdicts on them and on those that did not; or what a rule
    made of the turn because of one of them."""
    run = runtime.context
    question = shown(await ask(turn, run), turn.context)
    writing = _Writing(turn.autonomy == "automatic" and not run.deps.policy.may_approve(Seen(turn)))
    try:
        async with asyncio.timeout(run.deps.generate_timeout_s):
            await _write(turn, run, question, writing)
    except (ModelsUnavailable, TimeoutError) as error:
        await _take_back(turn, run, writing)
        verdict = Verdict("models", "generate", "handoff", f"no model answered: {type(error).__name__}")
        handoff = Handoff("failed", "No model answered in time.", "high")
        return {"handoff": handoff, "draft": None, "verdicts": (*turn.verdicts, verdict)}
    if writing.ruling is not None and writing.ruling.by is not None:
        await _take_back(turn, run, writing)
        verdicts = (*turn.verdicts, *writing.refused, *_objections(writing.ruling))
        return {"draft": None, "verdicts": verdicts, **ended(writing.ruling.by, writing.ruling.decision)}
    verdicts = (*turn.verdicts, *writing.refused, *(_summed(*each) for each in writing.agreed.values()))
    asks = {"autonomy": "approve"} if writing.approve and turn.autonomy == "automatic" else {}
    return {"draft": _draft(turn, run, writing), "verdicts": verdicts, **asks}


async def _write(turn: Turn, run: Run, question: Question, writing: _Writing) -> None:
    """Until all is written, or a rule ended the turn."""
    async with aclosing(_pieces(turn, run, question, writing)) as pieces:
        async for raw in pieces:
            await _consider(turn, run, question, writing, raw)
            if writing.ruling is not None:
                return


async def _pieces(turn: Turn, run: Run, question: Question, writing: _Writing) -> AsyncGenerator[str]:
    """The raw sentences as they come: a person's approved answer, or a model's."""
    if (pin := is_pinned(question)) is not None:
        writing.usage["endpoint"] = "pinned"
        for text in pin.passage.sentence_texts():
            yield f"{text} [1]"
        return
    splitter = SentenceSplitter()
    async for chunk in run.deps.model.astream(_messages(turn, run, question), question=question):
        if chunk.additional_kwargs.get("restart"):
            await _take_back(turn, run, writing)
            splitter = SentenceSplitter()
            continue
        _note_usage(writing, chunk)
        for raw in splitter.feed(str(chunk.text)):
            yield raw
    for raw in splitter.flush():
        yield raw


def _messages(turn: Turn, run: Run, question: Question) -> list[BaseMessage]:
    deps = run.deps
    messages = answer_messages(question, deps.organisation, deps.voice, turn.context, contained=bool(turn.contained))
    if turn.revisions:
        why = "; ".join(dict.fromkeys(v.reason for v in turn.verdicts if v.decision == "revise"))
        told = f"Your last draft was refused: {why}. Write only what the passages say, cited."
        messages[-1] = HumanMessage(f"{messages[-1].text}\n\n{told}")  # roles must alternate
    return messages


async def _consider(turn: Turn, run: Run, question: Question, writing: _Writing, raw: str) -> None:
    # In a thread: reading a dozen passages for the first time takes the judges a tenth of a second.
    sentence, ruling = await asyncio.to_thread(_ruled, turn, run, question, raw)
    if not sentence.text or sentence in writing.accepted:
        return
    if ruling.decision in ("template", "handoff"):
        writing.ruling = ruling
        return
    if ruling.decision == "revise":
        writing.refused.extend(_objections(ruling))
        return
    writing.accepted.append(sentence)
    writing.approve |= ruling.first("approve") is not None
    _agree(writing, ruling)
    if sentence.citations and writing.streams and not writing.approve:
        await _speak(turn, run, writing)


def _ruled(turn: Turn, run: Run, question: Question, raw: str) -> tuple[Sentence, Ruling]:
    """The sentence with its citations, and what the rules say to it."""
    sentence = cite(raw, question)
    if not sentence.text:
        return sentence, Ruling()
    seen = Seen(turn, sentence_opinions(sentence, question, turn, run.deps), sentence=sentence)
    return sentence, run.deps.policy.judge("sentence", seen)


def _objections(ruling: Ruling) -> list[Verdict]:
    return [verdict for verdict in ruling.verdicts if verdict.decision != "pass"]


def _agree(writing: _Writing, ruling: Ruling) -> None:
    """Keeps one verdict a rule for all sentences: that on the weakest."""
    for verdict in ruling.verdicts:
        weakest, count = writing.agreed.get(verdict.rule, (verdict, 0))
        weaker = verdict.score is not None and weakest.score is not None and verdict.score < weakest.score
        writing.agreed[verdict.rule] = (verdict if weaker else weakest, count + 1)


def _summed(weakest: Verdict, count: int) -> Verdict:
    if count == 1:
        return weakest
    return replace(weakest, reason=f"{count} sentences, the weakest: {weakest.reason}")


async def _speak(turn: Turn, run: Run, writing: _Writing) -> None:
    """Shows what was accepted and not yet shown; the pieces join to the reply. A courtesy waits for the first sentence
    with evidence, so that nothing was shown when nothing could be answered."""
    fresh = [sentence.text for sentence in writing.accepted[run.bench.spoken :]]
    if not writing.spoken and turn.introduce:
        fresh.insert(0, introduction(run.deps))
    for text in fresh:
        await run.voice.say(turn, f" {text}" if writing.spoken else text)
        writing.spoken = True
    run.bench.spoken = len(writing.accepted)


async def _take_back(turn: Turn, run: Run, writing: _Writing) -> None:
    await take_back(turn, run)
    writing.accepted.clear()
    writing.agreed.clear()
    writing.spoken = writing.approve = False


async def take_back(turn: Turn, run: Run) -> None:
    """Takes back what was shown of this turn, if anything was."""
    if run.bench.spoken:
        await run.voice.void(turn)
        run.bench.spoken = 0


def _note_usage(writing: _Writing, chunk: Any) -> None:
    if chunk.usage_metadata:
        for key in ("input_tokens", "output_tokens"):
            writing.usage[key] = writing.usage.get(key, 0) + chunk.usage_metadata.get(key, 0)
    writing.usage.update({k: v for k, v in chunk.response_metadata.items() if v is not None})


def _draft(turn: Turn, run: Run, writing: _Writing) -> Draft | None:
    if not any(sentence.citations for sentence in writing.accepted):
        return None
    opening = (Sentence(introduction(run.deps)),) if turn.introduce else ()
    usage = writing.usage
    return Draft(
        sentences=(*opening, *writing.accepted),
        made_by=str(usage.get("endpoint", usage.get("model_name", "model"))),
        prompt=str(run.deps.versions.get("prompt", "")),
        tokens_in=int(usage.get("input_tokens", 0)),
        tokens_out=int(usage.get("output_tokens", 0)),
        cost=float(usage.get("cost", 0.0)),
    )
