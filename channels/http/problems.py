"""Errors as RFC 9457 problem details: one place turns a fault into words and a status."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from agent.errors import FrontdeskError, MemoryFault
from knowledge.errors import LibraryError

_log = structlog.get_logger(__name__)

STATUS: Mapping[str, int] = {
    "unknown_conversation": 404,
    "unknown_turn": 404,
    "unknown_correction": 404,
    "unknown_dead_letter": 404,
    "nothing_to_replay": 409,
    "unknown_campaign": 404,
    "unknown_incident": 404,
    "campaign_refused": 409,
    "incident_closed": 409,
    "unknown_task": 404,
    "task_refused": 409,
    "unknown_attachment": 404,
    "unknown_customer": 404,
    "unknown_memory": 404,
    "unknown_merge": 404,
    "merge_refused": 409,
    "held": 409,
    "erasure_journal": 500,
    "unknown_collection": 404,
    "unknown_inbox": 404,
    "wrong_token": 403,
    "replayed": 401,
    "not_yours": 409,
    "already_decided": 409,
    "superseded": 409,
    "stopped": 409,
    "retention_busy": 409,
    "refused": 422,
    "draining": 503,
    "misconfigured": 500,
}


def problem(status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """A problem document. `code` is stable; `detail` is for people and holds no secret and no stack."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "code": code, "detail": detail}
    return JSONResponse(body, status, dict(headers or {}), media_type="application/problem+json")


def install(app: FastAPI) -> None:
    """Every error of every route becomes a problem document."""

    async def known(_request: Request, error: Exception) -> JSONResponse:
        code, retryable = getattr(error, "code", "error"), getattr(error, "retryable", False)
        status = getattr(error, "status", None) or STATUS.get(code, 503 if retryable else 400)
        headers = {"Retry-After": "1"} if retryable else {}
        if challenge := getattr(error, "challenge", None):
            headers["WWW-Authenticate"] = challenge
        return problem(status, code, str(error), headers)

    async def http(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)  # noqa: S101  (registered for it)
        code = HTTPStatus(error.status_code).name.lower()
        return problem(error.status_code, code, str(error.detail), error.headers)

    async def invalid(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)  # noqa: S101  (registered for it)
        return problem(422, "invalid", "; ".join(_fault(fault) for fault in error.errors()[:5]))

    async def unknown(request: Request, error: Exception) -> JSONResponse:
        _log.error("unexpected", path=request.url.path, error=type(error).__name__, exc_info=error)
        return problem(500, "internal", "Something went wrong on our side. It has been logged.")

    for fault in (FrontdeskError, MemoryFault, LibraryError):
        app.add_exception_handler(fault, known)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(Exception, unknown)


def _fault(fault: Any) -> str:
    where = ".".join(str(part) for part in fault["loc"] if part != "body")
    return f"{where}: {fault['msg']}" if where else str(fault["msg"])
