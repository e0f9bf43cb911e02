"""Fixtures of the journeys; what they are made of is in `journeys_support.py`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from journeys_support import House, house


@pytest.fixture
async def acme(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as opened:
        yield opened
