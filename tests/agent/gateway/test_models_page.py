from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from agent.errors import Misconfigured
from agent.gateway.endpoints import build_upstream
from agent.settings import Models

PAGE = Path(__file__).parents[3] / "docs" / "models.md"
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_of_the_page_builds(example: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-any")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "any")
    endpoints = Models(**tomllib.loads(example)["models"]).endpoints
    assert endpoints
    for name, settings in endpoints.items():
        try:
            build_upstream(name, settings)
        except Misconfigured as error:
            assert "pip install langchain-anthropic" in str(error)  # noqa: PT017  # the one that is not installed here
