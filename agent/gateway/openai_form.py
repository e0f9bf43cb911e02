"""Chat models that speak OpenAI's form, hardened for other people's servers."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from functools import cache
from typing import Any

import httpx
import openai
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

OPENAI_URL = "https://api.openai.com/v1"


class CompatibleChatModel(ChatOpenAI):
    """ChatOpenAI for servers that are not OpenAI's.

    Says `max_tokens`, not `max_completion_tokens`: Ollama accepts the latter and ignores it (ollama issue 7125),
    and a reply without a limit fills the context.
    """

    def _get_request_payload(
        self, input_: LanguageModelInput, *, stop: list[str] | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        payload: dict[str, Any] = super()._get_request_payload(input_, stop=stop, **kwargs)
        if "max_completion_tokens" in payload:
            payload["max_tokens"] = payload.pop("max_completion_tokens")
        return payload


def openai_model(
    *, model: str, base_url: str, api_key: str, compatible: bool, timeout_s: float, options: Mapping[str, Any]
) -> BaseChatModel:
    """A model with its own connection pool, no retries of its own, and usage in its streams.

    `timeout_s` is httpx's (per read), a safety net only: the gateway's timers are the ones that count.
    """
    chat, form = (CompatibleChatModel, {"use_responses_api": False}) if compatible else (ChatOpenAI, {})
    arguments: dict[str, Any] = {
        "stream_usage": True,
        **form,
        **options,
        "model": model,
        "base_url": base_url,
        "api_key": SecretStr(api_key),
        "max_retries": 0,
        "timeout": timeout_s,
        "http_async_client": openai.DefaultAsyncHttpxClient(timeout=timeout_s, verify=_tls()),
        "http_client": openai.DefaultHttpxClient(timeout=timeout_s, verify=_tls()),
    }
    return chat(**arguments)


@cache
def _tls() -> ssl.SSLContext:
    """One context for all clients: reading the certificates takes 50 ms each time."""
    return httpx.create_ssl_context()
