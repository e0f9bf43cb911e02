"""The reply, sentence by sentence: each is judged before anyone sees it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import BaseMessage, HumanMessage
from langgraph.runtime import Runtime

from agent.corrections import is_pinned
from agent.gateway.errors import ModelsUnavailable
from agent.guardrails.sentences import SentenceSplitter, cite
from agent.nodes.guard import invented
from agent.nodes.retrieve import ask
from agent.nodes.wording import introduction
from agent.ports import Question, Run
from agent.prompts.messages import answer_messages
from agent.state import Draft, Handoff, Sentence, Turn, Verdict


@dataclass(slots=True)
class _Writing:
    """What has been written so far in this attempt."""

    accepted: list[Sentence] = field(default_factory=list)
    refused: list[Verdict] = field(default_factory=list)
    usage: dict[str, Any] = field(default_factory=dict)
    spoken: bool = False


async def generate(turn: Turn, runtime: Runtime[Run]) -> dict[str, Any]:
    """Sets `draft` to the sentences that passed, with the verdicts on those that did not."""
    run = runtime.context
    question = await ask(turn, run)
    writing = _Writing()
    try:
        async with asyncio.timeout(run.deps.generate_timeout_s):
            await _write(turn, run, question, writing)
    except (ModelsUnavailable, TimeoutError) as error:
        await _take_back(turn, run, writing)
        verdict = Verdict("models", "generate", "handoff", f"no model answered: {type(error).__name__}")
        handoff = Handoff("failed", "No model answered in time.", "high")
        return {"handoff": handoff, "draft": None, "verdicts": (*turn.verdicts, verdict)}
    return {"draft": _draft(turn, run, writing), "verdicts": (*turn.verdicts, *writing.refused)}


async def _write(turn: Turn, run: Run, question: Question, writing: _Writing) -> None:
    if (pin := is_pinned(question)) is not None:
        writing.usage["endpoint"] = "pinned"
        for text in pin.passage.sentence_texts():
            await _consider(turn, run, question, writing, f"{text} [1]")
        return
    splitter = SentenceSplitter()
    async for chunk in run.deps.model.astream(_messages(turn, run, question), question=question):
        if chunk.additional_kwargs.get("restart"):
            await _take_back(turn, run, writing)
            splitter = SentenceSplitter()
            continue
        _note_usage(writing, chunk)
        for raw in splitter.feed(str(chunk.text)):
            await _consider(turn, run, question, writing, raw)
    for raw in splitter.flush():
        await _consider(turn, run, question, writing, raw)


def _messages(turn: Turn, run: Run, question: Question) -> list[BaseMessage]:
    deps = run.deps
    messages = answer_messages(question, deps.organisation, deps.voice, turn.summary, turn.history)
    if turn.revisions:
        why = "; ".join(dict.fromkeys(v.reason for v in turn.verdicts if v.decision == "revise"))
        told = f"Your last draft was refused: {why}. Write only what the passages say, cited."
        messages[-1] = HumanMessage(f"{messages[-1].text}\n\n{told}")  # roles must alternate
    return messages


async def _consider(turn: Turn, run: Run, question: Question, writing: _Writing, raw: str) -> None:
    sentence = cite(raw, question)
    if not sentence.text or sentence in writing.accepted:
        return
    verdicts = [judge.judge(sentence, question) for judge in run.deps.judges]
    if unknown := invented(turn, sentence.text):
        verdicts.append(Verdict("placeholders", "generate", "revise", f"unknown placeholders {unknown}"))
    if refused := [verdict for verdict in verdicts if verdict.decision != "pass"]:
        writing.refused.extend(refused)
        return
    writing.accepted.append(sentence)
    if sentence.citations and turn.autonomy == "automatic":
        await _speak(turn, run, writing)


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
    if writing.spoken:
        await run.voice.void(turn)
    writing.accepted.clear()
    writing.spoken = False
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
