"""Builds a Runtime from settings. The one place that names the adapters of this layer and below."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from zipfile import BadZipFile

from redis.asyncio import Redis as RedisClient

from agent.corrections import CorrectedLibrary
from agent.dispatch.in_process import InProcessBus, InProcessDoorbell
from agent.dispatch.redis import RedisBus, RedisDoorbell
from agent.erasing import STARTING, Eraser, replay_at_start
from agent.errors import Misconfigured
from agent.gateway.endpoints import build_gateways
from agent.gateway.endpoints import close as close_upstreams
from agent.gateway.rewriting import ModelRewriter
from agent.guardrails.commitments import CommitmentJudge, Registry
from agent.guardrails.disclosure import discloses
from agent.guardrails.evidence_card import read_card
from agent.guardrails.grounding import GroundingJudge
from agent.guardrails.pii import PiiDetector
from agent.keys import key_source, open_vault
from agent.looking import places_of
from agent.lookups.looking import open_look_ups
from agent.lookups.spec import own_templates
from agent.parking import open_parking
from agent.policy.engine import Policy
from agent.policy.loading import load as load_policy
from agent.ports import Bus, Deps, Doorbell, Embedder, Library
from agent.prompts import load as load_prompt
from agent.redaction import Detector, NoDetector
from agent.remembering.opening import open_keeper, open_memory_index
from agent.remembering.recollecting import TIMEOUT_S, Recollections
from agent.routing import Staffing
from agent.runtime import Runtime
from agent.settings import Configured
from agent.templates import templates
from agent.understanding.floor import LearntFloor
from agent.understanding.intents.model import WEIGHTS as INTENTS
from agent.understanding.intents.model import open_intents
from agent.understanding.moods.moods import open_moods
from agent.understanding.triage import LocalUnderstanding
from agent.worker import Worker, WorkerLimits
from knowledge.embedding import open_embedder
from knowledge.opening import AnyLibrary, open_library
from knowledge.seeking.ports import Scope, Shelves
from knowledge.seeking.ranker import read as read_ranker
from knowledge.seeking.seeker import Seeker
from memory import releases
from memory.identity.naming import region_of
from memory.migrate import migrate
from memory.opt_outs import OptOutRules
from memory.seal import MasterKey
from memory.store import Store, open_store


@dataclass(frozen=True, slots=True)
class Beyond:
    """What the layer above knows and this one needs: inboxes whose replies leave by the outbox, those whose answers a
    person approves, those with their own collection or part of one, and where a running `serve` answers for the
    embedded folder."""

    pushes: frozenset[str] = frozenset()
    approved: frozenset[str] = frozenset()
    collections: Mapping[str, str] = field(default_factory=dict)
    opt_outs: OptOutRules = field(default_factory=OptOutRules)
    serve_url: str | None = None
    serve_key: str | None = None
    staffing: Staffing = field(default_factory=Staffing)
    scopes: Mapping[str, Scope] = field(default_factory=dict)


async def assemble(settings: Configured, beyond: Beyond) -> Runtime:
    """A Runtime over migrated stores, not started yet. Raises Misconfigured, StoreUnavailable, LibraryError."""
    open_policy(settings)  # before anything is opened: a broken rule stops the start
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(migrate, settings.store.url)
        store = open_store(settings.store.url)
        stack.push_async_callback(store.close)
        vault = await open_vault(settings, store)
        parked = await open_parking(stack, settings.store.url)
        embedder = await open_embedder(settings.models.embedding.model)
        stack.push_async_callback(embedder.close)
        library = await open_library_for(stack, settings, beyond, embedder)
        seeker = open_seeker(settings, library, embedder)
        corrected = CorrectedLibrary(seeker, store, embedder, settings.qdrant.collection)
        deps = open_deps(stack, settings, embedder, corrected, beyond.collections)
        deps = replace(deps, staffing=beyond.staffing, scopes=beyond.scopes)
        await keep_policy(store, deps.policy)
        detector = await open_detector(stack, settings)
        if settings.lookups:
            deps = replace(deps, look_ups=open_look_ups(stack, settings, store, vault, detector, embedder))
        index = await open_memory_index(stack, settings, embedder)
        memory = open_keeper(settings, store, vault, detector, deps, index) if index is not None else None
        if settings.memory.remember:
            wait_s = min(TIMEOUT_S, 0.8 * settings.memory.recall_timeout_s)
            deps = replace(deps, recollector=Recollections(store, vault, index, embedder, timeout_s=wait_s))
        worker = Worker(
            store=store,
            vault=vault,
            deps=deps,
            detector=detector,
            doorbell=InProcessDoorbell(),
            bus=InProcessBus(),
            parked=parked,
            limits=_limits(settings),
            pushes=beyond.pushes,
            approved=beyond.approved,
            memory=memory,
        )
        worker.doorbell, worker.bus = await _dispatch(stack, settings, worker.holder)
        places = places_of(settings, index)
        await replay_at_start(Eraser(store, vault, parked, places), STARTING, datetime.now(UTC))
        return Runtime(
            store, vault, worker.doorbell, worker.bus, worker, library, stack.pop_all(), beyond.opt_outs, places
        )
    raise AssertionError("unreachable")


def open_deps(
    stack: AsyncExitStack,
    settings: Configured,
    embedder: Embedder,
    library: Library,
    collections: Mapping[str, str] | None = None,
) -> Deps:
    """What turns share, without a log: offline evaluation runs the same graph on it."""
    gateways = build_gateways(settings.models)
    answer = gateways["answer"]
    stack.push_async_callback(close_upstreams, [u for gateway in gateways.values() for u in gateway.upstreams])
    policy = open_policy(settings)
    return Deps(
        embedder=embedder,
        library=library,
        understanding=open_understanding(stack, settings, embedder),
        floor=LearntFloor(),
        judges=(_grounding(settings), CommitmentJudge(_registry(policy))),
        model=answer,
        templates={**_templates(settings), **policy.templates},
        organisation=settings.organisation.name,
        voice=settings.organisation.voice,
        region=region_of(settings.organisation.locale),
        collections=dict(collections or {}),
        collection=settings.qdrant.collection,
        retrieve_timeout_s=settings.agent.retrieve_timeout_s,
        generate_timeout_s=settings.models.routes["answer"].deadline_s + 1.0,
        window_tokens=settings.agent.window_tokens,
        fold_tokens=settings.agent.fold_tokens,
        passages=settings.agent.passages,
        context_tokens=settings.memory.context_tokens,
        recall_timeout_s=settings.memory.recall_timeout_s,
        rewriter=ModelRewriter(gateways["rewrite"], settings.models.routes["rewrite"].deadline_s)
        if "rewrite" in gateways
        else None,
        summariser=gateways.get("summary"),
        rememberer=gateways.get("remember"),
        remember_timeout_s=settings.models.routes["remember"].deadline_s if "remember" in gateways else 30.0,
        summary_timeout_s=settings.models.routes["summary"].deadline_s if "summary" in gateways else 45.0,
        versions={
            **versions(embedder, [upstream.name for upstream in answer.upstreams], policy),
            **_of_its_own(settings),
        },
        policy=policy,
    )


async def open_library_for(
    stack: AsyncExitStack, settings: Configured, beyond: Beyond, embedder: Embedder
) -> AnyLibrary:
    """The knowledge of these settings: a Qdrant server, the embedded folder, or a running `serve` that owns it."""
    qdrant = settings.qdrant
    library = await open_library(
        path=Path(qdrant.path),
        url=qdrant.url,
        api_key=qdrant.api_key.reveal() if qdrant.api_key else None,
        embedder=embedder.name,
        dim=embedder.dim,
        collection=qdrant.collection,
        serve_url=beyond.serve_url,
        serve_key=beyond.serve_key,
    )
    stack.push_async_callback(library.close)
    return library


def open_seeker(settings: Configured, library: Shelves, embedder: Embedder) -> Seeker:
    """Search in `library`, by the shipped ranking or the one of `agent.ranking`. Raises BadRequest for no such card."""
    ranker = read_ranker(Path(settings.agent.ranking)) if settings.agent.ranking else None
    return Seeker(library, embedder, collection=settings.qdrant.collection, ranker=ranker)


async def open_detector(stack: AsyncExitStack, settings: Configured) -> Detector:
    """The PII detector, warm; it knows the organisation's own name as no person's."""
    if not settings.agent.redact:
        return NoDetector()
    detector = PiiDetector(allow=frozenset({settings.organisation.name}))
    stack.push_async_callback(detector.aclose)
    await detector.warm_up()
    return detector


def open_policy(settings: Configured) -> Policy:
    """The shipped rules with those of `agent.policy` over them. Raises BrokenRules naming file, line and rule, and
    Misconfigured where the words that introduce the assistant would break the rule on disclosure."""
    words = _templates(settings)
    policy = load_policy(Path(settings.agent.policy) if settings.agent.policy else None, words, Registry.parse)
    if policy.rule("disclosure") and not discloses(words["disclosure"]):
        raise Misconfigured(
            "agent.templates.disclosure does not say that the assistant is automated; say so, or switch the rule "
            '"disclosure" off where customers are told in another way'
        )
    return policy


def open_understanding(stack: AsyncExitStack, settings: Configured, embedder: Embedder) -> LocalUnderstanding:
    """Triage, with what the organisation taught where `agent.triage` names a folder. Raises Misconfigured."""
    understanding = taught_understanding(settings.agent.triage, embedder.name)
    stack.push_async_callback(understanding.close)
    return understanding


def taught_understanding(folder: str, embedder: str) -> LocalUnderstanding:
    """Triage by the shipped weights, and by the `intents.npz` and `moods.npz` of `folder`, where it names one."""
    heads = Path(folder) / "moods.npz" if folder else None
    if heads is None or not heads.is_file():
        return LocalUnderstanding(intents=open_intents(folder, embedder) if folder else None)
    try:
        moods = open_moods(heads)
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise Misconfigured(f"agent.triage: {heads} cannot be read ({error}); train it again") from error
    only = not (Path(folder) / INTENTS).exists()
    return LocalUnderstanding(moods=moods, intents=None if only else open_intents(folder, embedder))


def _grounding(settings: Configured) -> GroundingJudge:
    """The judge of sentences by the shipped card, or the one of `agent.grounding`. Raises Misconfigured."""
    try:
        return GroundingJudge(read_card(Path(settings.agent.grounding)) if settings.agent.grounding else None)
    except (ValueError, OSError) as error:
        raise Misconfigured(f"agent.grounding: {error}") from error


def _registry(policy: Policy) -> Registry | None:
    """What may be promised, where the organisation says so: without a table, evidence alone counts."""
    return Registry.parse(policy.commitments) if policy.commitments else None


async def keep_policy(store: Store, policy: Policy) -> None:
    """Keeps the rules' text under their version, so that those of an old turn can be read again."""
    now = datetime.now(UTC)
    await store.write(lambda c: releases.keep(c, "policy", policy.version, policy.text, now))


def versions(embedder: Embedder, endpoints: list[str], policy: Policy) -> Mapping[str, str]:
    """What a reply was made by, kept with each turn so that it can be run again."""
    return {
        "frontdesk": version("frontdesk"),
        "prompt": load_prompt("answer").version,
        "policy": policy.version,
        "embedding": embedder.name,
        "route": ",".join(endpoints),
    }


def _of_its_own(settings: Configured) -> Mapping[str, str]:
    """The digests of what the organisation trained or calibrated itself; the rest has the version of the package."""
    agent = settings.agent
    files = {"grounding": agent.grounding, "ranking": agent.ranking}
    if agent.triage:
        files |= {"intents": f"{agent.triage}/{INTENTS}", "moods": f"{agent.triage}/moods.npz"}
    paths = {name: Path(path) for name, path in files.items() if path and Path(path).is_file()}
    return {name: sha256(path.read_bytes()).hexdigest()[:12] for name, path in paths.items()}


def _templates(settings: Configured) -> Mapping[str, str]:
    try:
        return {**templates(settings.agent.templates), **own_templates(settings.lookups)}
    except ValueError as error:
        raise Misconfigured(str(error)) from error


def master_key(settings: Configured) -> MasterKey:
    """The master key in use. `file:` is made at first start. Raises Misconfigured."""
    return key_source(settings).keys()[0]


def _limits(settings: Configured) -> WorkerLimits:
    agent = settings.agent
    deadline = settings.models.routes["answer"].deadline_s
    return WorkerLimits(
        lease_s=agent.lease_s,
        sweep_s=agent.sweep_s,
        concurrency=agent.concurrency,
        max_failures=agent.max_failures,
        turn_timeout_s=agent.retrieve_timeout_s + 3 * deadline + 10.0,
    )


async def _dispatch(stack: AsyncExitStack, settings: Configured, holder: str) -> tuple[Doorbell, Bus]:
    if settings.redis is None:
        return InProcessDoorbell(), InProcessBus()
    client = RedisClient.from_url(settings.redis.url, socket_connect_timeout=2.0)
    stack.push_async_callback(client.aclose)
    return RedisDoorbell(client, holder), RedisBus(client)
