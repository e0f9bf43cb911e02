"""The index of memories opens, or the process goes on without it and says so."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from remembering_support import WordEmbedder
from structlog.testing import capture_logs

from agent.remembering.opening import open_memory_index
from channels.settings import Settings, load


def settings(folder: Path, **memory: Any) -> Settings:
    config = folder / "frontdesk.toml"
    lines = "".join(f"{name} = {str(value).lower()}\n" for name, value in memory.items())
    config.write_text(f'[qdrant]\npath = "{folder}/qdrant"\n[memory]\n{lines}', encoding="utf-8")
    return load(config)


async def test_a_folder_that_another_has_means_no_memory_and_one_line_in_the_log(tmp_path: Path) -> None:
    async with AsyncExitStack() as first, AsyncExitStack() as second:
        assert await open_memory_index(first, settings(tmp_path), WordEmbedder()) is not None
        with capture_logs() as logs:
            assert await open_memory_index(second, settings(tmp_path), WordEmbedder()) is None
        assert [line["event"] for line in logs] == ["memory_off"]
    async with AsyncExitStack() as third:
        assert await open_memory_index(third, settings(tmp_path), WordEmbedder()) is not None


async def test_a_server_that_is_away_does_not_keep_the_process_from_starting(tmp_path: Path) -> None:
    config = tmp_path / "frontdesk.toml"
    config.write_text('[qdrant]\nurl = "http://127.0.0.1:9"\n', encoding="utf-8")
    async with AsyncExitStack() as stack:
        with capture_logs() as logs:
            assert await open_memory_index(stack, load(config), WordEmbedder()) is None
    assert logs[0]["code"] == "memory_index_unavailable"


async def test_nothing_is_opened_where_nothing_is_to_be_remembered(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        assert await open_memory_index(stack, settings(tmp_path, remember=False), WordEmbedder()) is None
    assert not (tmp_path / "qdrant").exists()
