"""The texts that turns were made by: `/v1/releases/{kind}` and `/v1/releases/{kind}/{version}`. Read only."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException

from channels.web.ports import Identity
from memory import releases
from memory.releases import Release
from memory.store import Store

Require = Callable[[str], Callable[..., Any]]


def router(store: Store, require: Require) -> APIRouter:
    """`kind` is "policy"; a turn's record names the version under `versions`."""
    routes = APIRouter(prefix="/v1/releases", tags=["releases"])
    Reader = Annotated[Identity, Depends(require("viewer"))]

    @routes.get("/{kind}")
    async def listed(kind: str, _: Reader) -> dict[str, Any]:
        found = await store.read(lambda c: releases.seen(c, kind))
        return {"releases": [_shown(each) for each in found]}

    @routes.get("/{kind}/{version}")
    async def one(kind: str, version: str, _: Reader) -> dict[str, Any]:
        found = await store.read(lambda c: releases.read(c, kind, version))
        if found is None:
            raise HTTPException(404, f"no turn here ran by {kind[:16]!r} of version {version[:64]!r}")
        return {**_shown(found), "text": found.text}

    return routes


def _shown(release: Release) -> dict[str, Any]:
    return {"kind": release.kind, "version": release.version, "first_seen_at": release.first_seen_at.isoformat()}
