"""OpenAI's chat completions form, pure: requests read, replies, events and errors written."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import Response
from langchain_core.messages import AIMessage, BaseMessage, convert_to_messages
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.gateway.errors import ModelsUnavailable

# Room for a long context in text; a request beyond it is a mistake or an attack.
MAX_BODY_BYTES = 4_000_000

# What is handed to the endpoints as it came; they take what their form knows.
_PASSED = frozenset(
    {"temperature", "top_p", "seed", "presence_penalty", "frequency_penalty", "response_format", "tools", "tool_choice"}
)


class ChatRequest(BaseModel):
    """The part of OpenAI's request that is understood; other fields are accepted and have no effect."""

    model_config = ConfigDict(extra="ignore", strict=True)

    model: str
    messages: list[dict[str, Any]] = Field(min_length=1)
    stream: bool = False
    stream_options: dict[str, Any] | None = None
    max_tokens: int | None = Field(default=None, gt=0)
    max_completion_tokens: int | None = Field(default=None, gt=0)
    stop: str | list[str] | None = None
    n: int | None = Field(default=1, ge=1, le=1)
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, gt=0, le=1)
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    response_format: dict[str, Any] | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None

    def arguments(self) -> dict[str, Any]:
        given = self.model_dump(include=set(_PASSED), exclude_none=True)
        limit = self.max_completion_tokens or self.max_tokens
        stop = [self.stop] if isinstance(self.stop, str) else self.stop
        return given | ({"max_tokens": limit} if limit else {}) | ({"stop": stop} if stop else {})

    def wants(self, option: str) -> bool:
        return bool((self.stream_options or {}).get(option))


class OpenAIError(Exception):
    """What is answered as `{"error": {…}}`."""

    def __init__(self, status: int, kind: str, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.kind, self.code, self.headers = status, kind, code, headers or {}

    def body(self) -> bytes:
        return orjson.dumps({"error": {"message": str(self), "type": self.kind, "param": None, "code": self.code}})

    def response(self) -> Response:
        return Response(self.body(), self.status, self.headers, "application/json")


class Continuity:
    """Pure: what to send of a stream that may begin again, so that all that was sent is one reply.

    After a restart the new reply is compared with what was sent: `text` gives only what goes beyond it.
    """

    def __init__(self) -> None:
        self._sent = ""
        self._again: str | None = None

    def restart(self) -> None:
        self._again = ""

    def text(self, piece: str) -> str:
        """What to send now, possibly nothing. Raises OpenAIError when the new reply parts from what was sent."""
        if self._again is None:
            self._sent += piece
            return piece
        self._again += piece
        if self._sent.startswith(self._again):
            return ""
        if not self._again.startswith(self._sent):
            raise restarted()
        rest = self._again[len(self._sent) :]
        self._sent, self._again = self._again, None
        return rest

    def finish(self) -> None:
        """The reply ends here. Raises OpenAIError when it has not said all that was sent."""
        if self._again not in (None, self._sent):
            raise restarted()


def parsed(body: bytes) -> ChatRequest:
    try:
        return ChatRequest.model_validate(orjson.loads(body))
    except orjson.JSONDecodeError as error:
        raise OpenAIError(400, "invalid_request_error", "invalid_json", f"the body is not JSON: {error}") from error
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, fault["loc"])) or "body"
        raise OpenAIError(400, "invalid_request_error", "invalid_value", f"{where}: {fault['msg']}") from error


def messages_of(asked: ChatRequest) -> list[BaseMessage]:
    try:
        return convert_to_messages(asked.messages)
    except (ValueError, TypeError, KeyError, AttributeError, NotImplementedError) as error:
        raise OpenAIError(
            400, "invalid_request_error", "invalid_value", "messages: each needs a role and content"
        ) from error


def unavailable(error: ModelsUnavailable) -> OpenAIError:
    """503 as a rule; 429 when all endpoints only ask for patience, 400 when all refuse this very request."""
    faults = list(error.causes.values())
    after = error.retry_after_s
    headers = {"retry-after": str(max(1, round(after)))} if after is not None else {}
    if faults and all(fault.kind in ("refused", "overflow") for fault in faults):
        words = "; ".join(f"{name}: {fault.detail or fault}" for name, fault in error.causes.items())
        return OpenAIError(400, "invalid_request_error", faults[0].kind, words)
    if faults and all(fault.kind == "limited" for fault in faults):
        return OpenAIError(429, "rate_limit_error", "rate_limited", str(error), headers)
    return OpenAIError(503, "server_error", error.code, str(error), headers)


def restarted() -> OpenAIError:
    message = "an endpoint failed half-way and the next one answers differently: what was streamed is void, ask again"
    return OpenAIError(502, "server_error", "stream_restarted", message)


def completion(asked: ChatRequest, reply: AIMessage) -> dict[str, Any]:
    """A whole reply."""
    message: dict[str, Any] = {"role": "assistant", "content": str(reply.text) or None}
    if reply.tool_calls:
        message["tool_calls"] = [
            _tool_call(call["id"], call["name"], orjson.dumps(call["args"]).decode()) for call in reply.tool_calls
        ]
    choice = {"index": 0, "message": message, "finish_reason": finish_word(reply.response_metadata), "logprobs": None}
    return head_of(asked, "chat.completion") | {"choices": [choice], "usage": usage_of(reply.usage_metadata)}


def head_of(asked: ChatRequest, kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{secrets.token_hex(12)}",
        "object": kind,
        "created": int(time.time()),
        "model": asked.model,
    }


def delta_of(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def event(body: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(body) + b"\n\n"


def finish_word(metadata: Mapping[str, Any]) -> str:
    """One of OpenAI's words, whatever the provider's own."""
    word = str(metadata.get("finish_reason", "stop"))
    others = {"end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length", "tool_use": "tool_calls"}
    known = ("stop", "length", "tool_calls", "content_filter", "function_call")
    return word if word in known else others.get(word, "stop")


def usage_of(used: Mapping[str, Any] | None) -> dict[str, int]:
    tokens_in, tokens_out = (used["input_tokens"], used["output_tokens"]) if used else (0, 0)
    return {"prompt_tokens": tokens_in, "completion_tokens": tokens_out, "total_tokens": tokens_in + tokens_out}


def _tool_call(call_id: object, name: object, arguments: object) -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def tool_delta(chunk: Mapping[str, Any]) -> dict[str, Any]:
    return _tool_call(chunk["id"], chunk["name"], chunk["args"]) | {"index": chunk["index"]}
