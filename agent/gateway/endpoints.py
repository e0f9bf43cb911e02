"""From configuration to a Gateway: endpoints become chat models, a route becomes a walk over them."""

from __future__ import annotations

import importlib
import inspect
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import structlog
from langchain_core.language_models import BaseChatModel
from pydantic import ValidationError

from agent.errors import Misconfigured
from agent.gateway.breaker import Breaker
from agent.gateway.gateway import Gateway
from agent.gateway.upstream import Upstream
from agent.gateway.usage import CountTokens, about
from agent.settings import Endpoint, Models

log = structlog.get_logger(__name__)

# An endpoint of this name needs no configuration.
BUILT_IN: Mapping[str, Endpoint] = {"extractive": Endpoint(provider="extractive")}

# A server without keys still wants the header its client library insists on.
NO_KEY = "none"

# Ours alone: a client that retries or times out by itself would break the call's deadline.
_RESERVED = frozenset({"max_retries", "timeout", "request_timeout", "http_client", "http_async_client", "api_key"})


def build_gateways(
    models: Models, *, count_tokens: CountTokens = about, clock: Callable[[], float] = time.monotonic
) -> dict[str, Gateway]:
    """A Gateway for each route, by name. Routes share endpoints and their breakers. Raises Misconfigured."""
    names = {name for route in models.routes.values() for name in route.endpoints}
    upstreams = {name: build_upstream(name, _settings(models, name), clock=clock) for name in sorted(names)}
    return {
        name: Gateway(
            route=name,
            upstreams=tuple(upstreams[endpoint] for endpoint in route.endpoints),
            deadline_s=route.deadline_s,
            count_tokens=count_tokens,
        )
        for name, route in models.routes.items()
    }


def build_upstream(name: str, settings: Endpoint, *, clock: Callable[[], float] = time.monotonic) -> Upstream:
    """The endpoint, ready to be called; nothing is sent yet. Raises Misconfigured naming the remedy."""
    options = dict(settings.options)
    reasoning_first = bool(options.pop("reasoning_first", False))
    if wrong := sorted(_RESERVED & options.keys()):
        raise Misconfigured(f"models.endpoints.{name}.options.{wrong[0]} is set by Frontdesk itself; remove it")
    model = build_model(name, settings, options)
    return Upstream(name, settings, model, Breaker(clock=clock), reasoning_first=reasoning_first)


def build_model(name: str, settings: Endpoint, options: Mapping[str, Any]) -> BaseChatModel:
    """The LangChain chat model of an endpoint."""
    try:
        if settings.provider == "openai":
            return _openai(name, settings, options)
        if settings.provider == "extractive":
            from agent.gateway.extractive import ExtractiveChatModel

            return ExtractiveChatModel(**options)
        if settings.provider == "scripted":
            from agent.gateway.scripted import ScriptedChatModel

            return ScriptedChatModel(**options)
        return _langchain(name, settings, options)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, fault["loc"]))
        raise Misconfigured(f"models.endpoints.{name}.options.{where}: {fault['msg']}") from error
    except (ValueError, TypeError) as error:
        raise Misconfigured(f"models.endpoints.{name}: {error}") from error


async def close(upstreams: Iterable[Upstream]) -> None:
    """Closes what connections the endpoints' clients hold. Calls under way are cut."""
    for client in {id(client): client for client in map(_client, upstreams) if client is not None}.values():
        await client.close()


def _client(upstream: Upstream) -> Any:
    """OpenAI's async client; other providers' models close theirs when they are dropped."""
    return getattr(upstream.model, "root_async_client", None)


def _settings(models: Models, name: str) -> Endpoint:
    settings = models.endpoints.get(name) or BUILT_IN.get(name)
    if settings is None:
        known = ", ".join(sorted({*models.endpoints, *BUILT_IN}))
        raise Misconfigured(f"a route names the endpoint {name!r}; [models.endpoints] has {known}")
    return settings


def _openai(name: str, settings: Endpoint, options: Mapping[str, Any]) -> BaseChatModel:
    from agent.gateway.openai_form import OPENAI_URL, openai_model

    if not settings.model:
        raise Misconfigured(f"models.endpoints.{name}.model is missing: the name the server knows the model by")
    if settings.base_url is None and settings.api_key is None:
        raise Misconfigured(
            f'models.endpoints.{name} needs base_url (your own server) or api_key = "env:OPENAI_API_KEY" (OpenAI)'
        )
    return openai_model(
        model=settings.model,
        base_url=settings.base_url or OPENAI_URL,
        api_key=settings.api_key.reveal() if settings.api_key else NO_KEY,
        compatible=settings.base_url is not None,
        timeout_s=settings.timeout_s,
        options=options,
    )


def _langchain(name: str, settings: Endpoint, options: Mapping[str, Any]) -> BaseChatModel:
    """A provider's own LangChain package: `langchain_<provider>`, its one Chat… class or `options.class`."""
    package = f"langchain_{settings.provider.replace('-', '_')}"
    if not package.isidentifier():
        raise Misconfigured(f"models.endpoints.{name}.provider {settings.provider!r} is no provider's name")
    try:
        module = importlib.import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise Misconfigured(f"models.endpoints.{name}: {package} needs the package {error.name}") from error
        raise Misconfigured(
            f"models.endpoints.{name}.provider is {settings.provider!r}: install its package with "
            f'`pip install {package.replace("_", "-")}`, or use provider = "openai" with a base_url'
        ) from error
    given = {key: value for key, value in options.items() if key != "class"}
    chat = _chat_class(name, package, module, options.get("class"))
    return chat(**_arguments(chat, settings), **given)


def _chat_class(name: str, package: str, module: object, wanted: object) -> type[BaseChatModel]:
    """The class `wanted` by name; else the one named after the provider, or the only one there is."""
    found = {
        key: value
        for key, value in vars(module).items()
        if inspect.isclass(value) and issubclass(value, BaseChatModel) and key.startswith("Chat")
    }
    if isinstance(wanted, str) and wanted in found:
        return found[wanted]
    own = [key for key in found if key.lower() == package.replace("langchain_", "chat").replace("_", "")]
    if wanted is None and (own or len(found) == 1):
        return found[own[0]] if own else next(iter(found.values()))
    choice = ", ".join(sorted(found)) or "none"
    raise Misconfigured(f"models.endpoints.{name}.options.class must name a chat model of {package}: {choice}")


def _arguments(chat: type[BaseChatModel], settings: Endpoint) -> dict[str, Any]:
    """Our settings under the names this class has for them; what it has no name for is left out."""
    known = {key for field, info in chat.model_fields.items() for key in (field, info.alias) if key}
    arguments: dict[str, Any] = {}
    for value, names in (
        (settings.model, ("model", "model_name", "model_id")),
        (settings.base_url, ("base_url", "endpoint_url", "server_url")),
        (settings.api_key.reveal() if settings.api_key else None, ("api_key", f"{settings.provider}_api_key")),
        (0, ("max_retries",)),
        (settings.timeout_s, ("timeout", "default_request_timeout")),
    ):
        accepted = next((name for name in names if name in known), None)
        if value not in (None, "") and accepted is not None:
            arguments[accepted] = value
    return arguments
