from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.exceptions import ContextOverflowError, ModelRateLimitError

from agent.gateway.errors import (
    DEFAULT_REST_S,
    MAX_REST_S,
    EndpointFault,
    FaultCode,
    ModelsUnavailable,
    fault_of,
    retry_after_s,
)

REQUEST = httpx.Request("POST", "http://model.test/v1/chat/completions")


def answered(status: int, headers: dict[str, str] | None = None) -> httpx.HTTPStatusError:
    return httpx.HTTPStatusError("no", request=REQUEST, response=httpx.Response(status, headers=headers))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (answered(429), "limited"),
        (answered(503, {"Retry-After": "3"}), "limited"),
        (answered(503), "server"),
        (answered(500), "server"),
        (answered(529), "server"),
        (answered(401), "configuration"),
        (answered(403), "configuration"),
        (answered(404), "configuration"),
        (answered(400), "refused"),
        (answered(422), "refused"),
        (answered(413), "refused"),
        (httpx.ConnectError("refused", request=REQUEST), "connection"),
        (httpx.RemoteProtocolError("closed", request=REQUEST), "connection"),
        (httpx.ReadTimeout("slow", request=REQUEST), "timed_out"),
        (TimeoutError(), "timed_out"),
        (ConnectionResetError(), "connection"),
        (ModelRateLimitError("slow down"), "limited"),
        (ContextOverflowError("too long"), "overflow"),
        (ValueError("no JSON"), "malformed"),
        (KeyError("choices"), "malformed"),
        (RuntimeError("?"), "failed"),
        (EndpointFault("cut"), "cut"),
    ],
    ids=str,
)
def test_whatever_a_library_raises_has_a_name(error: Exception, kind: FaultCode) -> None:
    assert fault_of(error).kind == kind


def test_a_limit_without_a_time_rests_a_little() -> None:
    assert fault_of(answered(429)).rest_s == DEFAULT_REST_S
    assert fault_of(answered(429, {"Retry-After": "7"})).rest_s == 7


NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "999999999"}, MAX_REST_S),
        ({"retry-after": format_datetime(NOW + timedelta(seconds=90)), "date": format_datetime(NOW)}, 90.0),
        ({"retry-after": format_datetime(NOW - timedelta(days=9)), "date": format_datetime(NOW)}, 0.0),
        ({"retry-after": format_datetime(NOW)}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "1e999"}, None),
        ({"retry-after": ""}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_in_all_its_forms(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(httpx.Headers(headers)) == seconds


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_header_breaks_it(after: str, date: str) -> None:
    seconds = retry_after_s({"retry-after": after, "date": date})
    assert seconds is None or 0 <= seconds <= MAX_REST_S


def test_unavailable_says_which_endpoint_and_how_but_not_the_providers_words() -> None:
    limited = EndpointFault("limited", rest_s=4, detail="too many like 'hello Jane'")
    error = ModelsUnavailable("answer", {"a": fault_of(answered(500)), "b": limited})
    assert str(error) == "no model of the route 'answer' answered (a: server (HTTP 500), b: limited)"
    assert error.retry_after_s == 4
    assert (error.code, error.retryable) == ("models_unavailable", True)
    assert "no time was left" in str(ModelsUnavailable("answer", {}))
