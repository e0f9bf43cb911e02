"""Every built-in adapter keeps the promises of an adapter."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from adapter_examples import EXAMPLES

from channels.adapters.contract import (
    Example,
    check_duplicates,
    check_forged,
    check_hostile,
    check_rendering,
    check_stale,
    checks,
)
from channels.adapters.contract_sending import sending_checks
from channels.adapters.registry import BUILT_IN
from channels.normalise.payloads import Arrived
from memory.messages import Inbound

pytestmark = pytest.mark.server  # a local server that speaks as the real one does


@pytest.mark.parametrize("check", checks, ids=lambda check: check.__name__)
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_an_adapter_keeps_its_promises(example: Example, check: Callable[[Example], None]) -> None:
    check(example)


@pytest.mark.parametrize("check", sending_checks, ids=lambda check: check.__name__)
@pytest.mark.parametrize("example", [one for one in EXAMPLES if one.open], ids=lambda example: example.name)
async def test_a_way_out_keeps_its_promises(example: Example, check: Callable[[Example], Awaitable[None]]) -> None:
    await check(example)


def test_every_built_in_kind_has_an_example() -> None:
    assert set(BUILT_IN) <= {example.name for example in EXAMPLES}


def test_the_documentations_own_channel_passes_as_its_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "add-a-channel.md").read_text(encoding="utf-8")
    package, test = (each.split("```")[0] for each in page.split("```python\n")[1:3])
    (tmp_path / "frontdesk_pigeon.py").write_text(package, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    names: dict[str, Any] = {"__name__": "test_frontdesk_pigeon"}
    exec(compile(test, "test_frontdesk_pigeon.py", "exec", dont_inherit=True), names)  # noqa: S102 - it is ours
    for check in checks:
        check(names["EXAMPLE"])


def _breaks(example: Example, check: Callable[[Example], None]) -> None:
    with pytest.raises(AssertionError):
        check(example)


def test_the_kit_notices_a_broken_promise() -> None:
    slack = next(one for one in EXAMPLES if one.name == "slack")
    careless = replace(slack, adapter=replace(slack.adapter, verify=lambda request, inbox, now: None))
    _breaks(careless, check_forged)
    _breaks(careless, check_stale)
    read = slack.adapter.normalise
    serial = iter(range(10**6))

    def forgetful(request: Arrived, name: str, inbox: Any, now: datetime) -> list[Inbound]:
        return [replace(one, provider_id=str(next(serial))) for one in read(request, name, inbox, now)]

    _breaks(replace(slack, adapter=replace(slack.adapter, normalise=forgetful)), check_duplicates)
    _breaks(replace(slack, longest=100), check_rendering)

    def careless_reader(request: Arrived, name: str, inbox: Any, now: datetime) -> list[Inbound]:
        raise KeyError("text")

    with pytest.raises(KeyError):
        check_hostile(replace(slack, adapter=replace(slack.adapter, normalise=careless_reader)))
