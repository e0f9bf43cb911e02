"""What is over its time, and removing it: `/v1/retention`."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field

from agent.retention import Retention
from channels.retention_words import entry_json, plan_json, report_json, rule_json
from channels.web.ports import Identity

Require = Callable[[str], Callable[..., Any]]


class Wanted(BaseModel):
    """`digest` is that of the plan that was read: rules that changed since are not run unseen."""

    model_config = ConfigDict(extra="forbid")

    digest: str = Field(min_length=1, max_length=64)
    clock_is_right: bool = False


def router(retention: Retention, require: Require) -> APIRouter:
    """Admins look and run."""
    routes = APIRouter(prefix="/v1/retention", tags=["retention"])
    Admin = Annotated[Identity, Depends(require("admin"))]

    @routes.get("")
    async def plan(_: Admin, runs: Annotated[int, Query(ge=0, le=200)] = 20) -> dict[str, Any]:
        """The rules, what a run would do now, and the last runs. Changes nothing."""
        found = await retention.plan(datetime.now(UTC))
        told = await retention.told(runs) if runs else []
        rules = [rule_json(rule) for rule in retention.rules.rules]
        return {"rules": rules, "plan": plan_json(found), "runs": [entry_json(each) for each in told]}

    @routes.post("")
    async def run(wanted: Wanted, who: Admin) -> dict[str, Any]:
        """Runs now, up to the bound of a run by itself; `left` says that there is more."""
        if wanted.digest != retention.rules.digest:
            raise HTTPException(409, "the rules are not those of that plan: read it again")
        done = await retention.by_hand(
            datetime.now(UTC), who.name, who.role, clock_is_right=wanted.clock_is_right, most=retention.most
        )
        return report_json(done)

    return routes
