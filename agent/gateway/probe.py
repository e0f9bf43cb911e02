"""Tries one configured endpoint and says in words how it does: what `frontdesk doctor` prints of models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from agent.errors import Misconfigured
from agent.gateway.chunks import is_restart
from agent.gateway.context_length import context_tokens
from agent.gateway.endpoints import build_upstream, close
from agent.gateway.errors import EndpointFault, FaultCode, ModelsUnavailable
from agent.gateway.gateway import Gateway
from agent.gateway.upstream import Upstream
from agent.settings import Endpoint

ASK = "Count from one to ten in English words, separated by commas. Write nothing else."

# Eight passages of a help centre, a window of 1,200 tokens, the instructions and the reply.
ENOUGH_TOKENS = 4096

REMEDIES: dict[FaultCode, str] = {
    "limited": "the provider limits this key: wait, raise the limit, or name a second endpoint in the route",
    "server": "the server answers with an error of its own: read its log; out of memory is the commonest",
    "connection": "nothing answers there: check base_url (scheme, host, port and the /v1 at its end) and that it runs",
    "no_first_token": "no visible text in time: raise first_token_s, warm the model up, or turn its reasoning off",
    "stalled": "it began and fell silent: the server is overloaded or the line is cut; raise first_token_s if slow",
    "timed_out": "the reply was not whole in time: raise timeout_s or limit the reply with options.max_tokens",
    "cut": "the stream ended without a finish_reason: a proxy cuts it, or the server is not OpenAI-compatible",
    "malformed": "the answer is not in OpenAI's form: check that base_url ends in /v1 and not at a web page",
    "empty": "the model wrote no visible text: raise options.max_tokens or turn its reasoning off",
    "configuration": "the key, the model's name or the address is wrong: compare with the server's list at /v1/models",
    "refused": "the server refuses this request: remove what it names from options",
    "overflow": "the prompt does not fit: raise the server's context length, or lower agent.passages",
    "failed": "see the words above; the provider's package may be older than its service",
    "resting": "it was not called",
    "no_time": "raise deadline_s",
}


@dataclass(frozen=True, slots=True)
class Probe:
    """How an endpoint did. None where it does not apply or the server does not say.

    `error` and `remedy` are for people and empty when it answered; `notes` are what to know although it did.
    """

    endpoint: str
    provider: str
    model: str
    ok: bool
    streams: bool | None = None
    usage: bool | None = None
    context_tokens: int | None = None
    first_token_s: float | None = None
    tokens_per_s: float | None = None
    reasons: bool = False
    error: str = ""
    remedy: str = ""
    notes: tuple[str, ...] = ()


async def probe(name: str, settings: Endpoint) -> Probe:
    """Asks the endpoint for ten words. Never raises for what the endpoint does."""
    try:
        upstream = build_upstream(name, settings)
    except Misconfigured as error:
        return Probe(name, settings.provider, settings.model, False, error=str(error), remedy="correct the setting")
    if upstream.in_process:
        return Probe(name, settings.provider, settings.model, True, notes=("answers in this process",))
    try:
        return await _asked(upstream)
    finally:
        await close([upstream])


async def _asked(upstream: Upstream) -> Probe:
    settings = upstream.settings
    gateway = Gateway(route="doctor", upstreams=(upstream,), deadline_s=settings.timeout_s)
    pieces, record, usage = 0, dict[str, Any](), None
    try:
        async for chunk in gateway.astream(ASK):
            pieces = 0 if is_restart(chunk) else pieces + bool(chunk.text)
            record = chunk.response_metadata or record
            usage = chunk.usage_metadata or usage
    except ModelsUnavailable as error:
        return _failed(upstream, error.causes.get(upstream.name))
    profile = upstream.model.profile or {}
    context = await context_tokens(settings) or profile.get("max_input_tokens")
    writing_s = record["seconds"] - record["first_token_s"]
    written = usage["output_tokens"] if usage else 0
    return Probe(
        upstream.name,
        settings.provider,
        settings.model,
        True,
        streams=pieces > 1,
        usage=not record["usage_estimated"],
        context_tokens=context,
        first_token_s=record["first_token_s"],
        tokens_per_s=round(written / writing_s, 1) if pieces > 1 and writing_s > 0 else None,
        reasons=record["reasoning_removed"],
        notes=_notes(upstream, record, pieces > 1, context),
    )


def _failed(upstream: Upstream, fault: EndpointFault | None) -> Probe:
    settings = upstream.settings
    kind: FaultCode = fault.kind if fault else "timed_out"
    words = f"{fault}: {fault.detail}".rstrip(": ") if fault else "no answer before the deadline"
    if settings.api_key:
        words = words.replace(settings.api_key.reveal(), "…")
    return Probe(upstream.name, settings.provider, settings.model, False, error=words, remedy=REMEDIES[kind])


def _notes(upstream: Upstream, record: dict[str, Any], streams: bool, context: int | None) -> tuple[str, ...]:
    settings = upstream.settings
    notes = []
    if not streams:
        notes.append("the reply came in one piece: customers wait for the whole of it")
    if record["usage_estimated"]:
        notes.append("no token counts: usage and cost are estimates")
    if upstream.begins_inside and not upstream.reasoning_first:
        notes.append("replies begin with reasoning and only close the tag: set options.reasoning_first = true")
    room = settings.context_tokens or context
    if room is not None and room < ENOUGH_TOKENS:
        notes.append(f"a context of {room} tokens is short for passages and history: {ENOUGH_TOKENS} or more is better")
    if settings.context_tokens and context and settings.context_tokens > context:
        notes.append(f"context_tokens = {settings.context_tokens}, but the server says {context}")
    return tuple(notes)


def described(found: Probe) -> list[str]:
    """What `frontdesk doctor` prints of one endpoint: a line of facts, then what to know or to do."""
    name = f"{found.endpoint}: {found.provider} {found.model}".rstrip()
    if not found.ok:
        return [f"{name}: FAILED, {found.error}", f"  do: {found.remedy}"]
    facts = [
        {True: "streams", False: "does not stream", None: ""}[found.streams],
        {True: "reports usage", False: "reports no usage", None: ""}[found.usage],
        "" if found.streams is None else f"context {found.context_tokens or 'unknown'}",
        f"first token {found.first_token_s:.2f} s" if found.first_token_s is not None else "",
        f"{found.tokens_per_s} tokens/s" if found.tokens_per_s is not None else "",
        "reasoning removed" if found.reasons else "",
    ]
    line = ", ".join(["ok", *filter(None, facts)])
    return [f"{name}: {line}", *(f"  note: {note}" for note in found.notes)]
