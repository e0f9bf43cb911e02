"""How long a context a server runs its model with, asked where each kind of server says it."""

from __future__ import annotations

import re
from typing import Any

import httpx

from agent.gateway.openai_form import OPENAI_URL
from agent.settings import Endpoint

LOOK_S = 5.0


async def context_tokens(settings: Endpoint) -> int | None:
    """The context length the server runs the model with, as far as it says; None when it does not."""
    if settings.provider != "openai":
        return None
    base = (settings.base_url or OPENAI_URL).rstrip("/")
    root = base.removesuffix("/v1")
    headers = {"authorization": f"Bearer {settings.api_key.reveal()}"} if settings.api_key else {}
    async with httpx.AsyncClient(timeout=LOOK_S, headers=headers) as client:
        listed = await _json(client, "GET", f"{base}/models")
        entry = _entry(listed, settings.model)
        found = _listed(entry)
        if found is None and settings.base_url is not None:
            found = _props(await _json(client, "GET", f"{root}/props"))
        if found is None and settings.base_url is not None:
            found = _running(await _json(client, "GET", f"{root}/api/ps"), settings.model)
        if found is None and settings.base_url is not None:
            found = _shown(await _json(client, "POST", f"{root}/api/show", {"model": settings.model}))
        return found if found is not None else _positive(_dict(entry.get("meta")).get("n_ctx_train"))


async def _json(client: httpx.AsyncClient, method: str, url: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """The object the server answers with; empty for everything else, as these routes are extras."""
    try:
        response = await client.request(method, url, json=body)
        return _dict(response.json()) if response.is_success else {}
    except (httpx.HTTPError, ValueError):
        return {}


def _entry(listed: dict[str, Any], model: str) -> dict[str, Any]:
    data = listed.get("data")
    entries = [entry for entry in data if isinstance(entry, dict)] if isinstance(data, list) else []
    named = [entry for entry in entries if entry.get("id") == model]
    return named[0] if named else entries[0] if len(entries) == 1 else {}


def _listed(entry: dict[str, Any]) -> int | None:
    """vLLM says max_model_len, llama.cpp meta.n_ctx, OpenRouter and others one of the rest."""
    keys = ("max_model_len", "context_length", "max_context_length", "context_window")
    found = (_positive(entry.get(key)) for key in keys)
    return next((size for size in found if size), None) or _positive(_dict(entry.get("meta")).get("n_ctx"))


def _props(props: dict[str, Any]) -> int | None:
    return _positive(_dict(props.get("default_generation_settings")).get("n_ctx"))


def _running(listed: dict[str, Any], model: str) -> int | None:
    """Ollama's list of loaded models: what it really allocated, which may be less than the model can."""
    models = listed.get("models")
    for entry in models if isinstance(models, list) else []:
        if isinstance(entry, dict) and _untagged(str(entry.get("name", ""))) == _untagged(model):
            return _positive(entry.get("context_length"))
    return None


def _untagged(model: str) -> str:
    return model.removesuffix(":latest")


def _shown(shown: dict[str, Any]) -> int | None:
    """Ollama's own parameter first; what the model was trained for is an upper bound."""
    parameter = re.search(r"^num_ctx\s+(\d+)", str(shown.get("parameters", "")), re.MULTILINE)
    if parameter:
        return _positive(int(parameter[1]))
    sizes = [value for key, value in _dict(shown.get("model_info")).items() if str(key).endswith(".context_length")]
    return _positive(sizes[0]) if sizes else None


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _positive(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
