"""Promises of opening an export: whatever its form, nothing hostile in it does harm, nothing broken in it is silent."""

from __future__ import annotations

import gzip
import json
import os
import stat
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.importing import exports
from channels.importing.exports import BadExport, records
from channels.importing.shapes import Record, Skipped


def read(path: Path) -> tuple[list[Any], dict[str, str]]:
    """(values, reasons by place)."""
    found = list(records(path))
    values = [each.value for each in found if isinstance(each, Record)]
    return values, {each.place: each.reason for each in found if isinstance(each, Skipped)}


def zipped(path: Path, *entries: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in entries:
            archive.writestr(name, body)
    return path


def test_json_is_read_whole_by_the_line_and_gzipped(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"id": 1}')
    (tmp_path / "b.json").write_text('[{"id": 2}, {"id": 3}, 4]')
    (tmp_path / "c.json").write_text('{"id": 5}\n{"id": 6}\n')
    (tmp_path / "d.ndjson").write_text('\ufeff{"id": 7}\n\n{"id": 8}')
    (tmp_path / "e.jsonl.gz").write_bytes(gzip.compress(b'{"id": 9}\n'))
    (tmp_path / "f.json").write_text(json.dumps({"id": 10}, indent=2))
    values, skipped = read(tmp_path)
    assert [value["id"] for value in values] == [1, 2, 3, 5, 6, 7, 8, 9, 10]
    assert skipped == {"b.json, entry 3": "is no object"}


def test_what_is_broken_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"id": 1}\n{"id": \nnull\n{"id": 2}\n')
    (tmp_path / "b.json").write_text("<html>signed out</html>")
    (tmp_path / "c.json.gz").write_bytes(gzip.compress(b'{"id": 3}')[:-9])
    (tmp_path / "d.csv").write_text("id,subject\n1,Hello\n")
    (tmp_path / "e.png").write_bytes(b"\x89PNG")
    (tmp_path / "f.json").write_text("")
    values, skipped = read(tmp_path)
    assert [value["id"] for value in values] == [1, 2]
    assert skipped["a.jsonl, line 2"] == skipped["a.jsonl, line 3"] == "is no JSON object"
    assert skipped["b.json"] == skipped["f.json"] == "is not JSON"
    assert "cannot be unpacked" in skipped["c.json.gz"]
    assert "export JSON" in skipped["d.csv"]
    assert "is none of" in skipped["e.png"]


def test_an_archive_is_read_without_unpacking_it(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", ("export/a.json", b'{"id": 1}'), ("export/", b""), ("__MACOSX/a.json", b"x"))
    values, skipped = read(path)
    assert (values, skipped) == ([{"id": 1}], {})
    assert [each.name for each in tmp_path.iterdir()] == ["x.zip"]


@pytest.mark.parametrize("name", ["../../etc/a.json", "/etc/a.json", "..\\a.json", "C:\\a.json", "x/../../a.json"])
def test_names_that_point_out_of_the_archive_are_refused(tmp_path: Path, name: str) -> None:
    values, skipped = read(zipped(tmp_path / "x.zip", (name, b'{"id": 1}'), ("b.json", b'{"id": 2}')))
    assert values == [{"id": 2}]
    assert list(skipped.values()) == ["its name points outside the archive"]


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    bomb = b"[" + b" " * 20_000_000 + b"]"
    _, skipped = read(zipped(tmp_path / "x.zip", ("bomb.json", bomb), ("inner.zip", b"PK")))
    assert skipped["bomb.json"] == f"unpacks to more than {exports.MAX_RATIO} times its size"
    assert "archive in an archive" in skipped["inner.zip"]


def test_links_and_encrypted_entries_are_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link.json")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(link, "/etc/passwd")
        archive.writestr("locked.json", "{}")
    raw = bytearray(path.read_bytes())
    raw[raw.rindex(b"PK\x01\x02") + 8] |= 1  # the central directory's flag of the last entry
    path.write_bytes(raw)
    assert read(path)[1] == {"link.json": "is a link", "locked.json": "is encrypted"}


def test_a_link_out_of_the_folder_and_a_pipe_are_not_read(tmp_path: Path) -> None:
    outside = tmp_path / "outside.json"
    outside.write_text('{"id": 1}')
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "a.json").symlink_to(outside)
    os.mkfifo(folder / "b.json")
    assert read(folder) == ([], {"a.json": "is a link to somewhere outside the export", "b.json": "is no file"})


def test_a_line_longer_than_any_record_is_passed_over_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "MAX_LINE", 40)
    (tmp_path / "a.jsonl").write_text('{"id": 1}\n{"id": "' + "x" * 100 + '"}\n{"id": 2}\n')
    values, skipped = read(tmp_path / "a.jsonl")
    assert values == [{"id": 1}, {"id": 2}]
    assert list(skipped) == ["a.jsonl, line 2"]


def test_a_document_too_large_to_hold_says_how_to_export_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "MAX_DOCUMENT", 30)
    (tmp_path / "a.json").write_text('[\n{"id": 1},\n{"id": 2},\n{"id": 3}\n]')
    assert "by the line" in read(tmp_path / "a.json")[1]["a.json"]


@pytest.mark.parametrize("name", ["missing.json", "notes.docx", "broken.zip", "old.csv"])
def test_an_export_that_cannot_be_opened_is_one_clear_line(tmp_path: Path, name: str) -> None:
    if name != "missing.json":
        (tmp_path / name).write_bytes(b"PK\x03\x04 not really")
    with pytest.raises(BadExport, match=name.split(".", maxsplit=1)[0]):
        list(records(tmp_path / name))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([".json", ".jsonl", ".json.gz", ".zip"]))
def test_random_bytes_are_a_named_skip_or_a_clear_error(
    tmp_path_factory: pytest.TempPathFactory, body: bytes, ending: str
) -> None:
    path = tmp_path_factory.mktemp("random") / f"x{ending}"
    path.write_bytes(body)
    with suppress(BadExport):
        assert all(each.reason for each in records(path) if isinstance(each, Skipped))


def test_deeply_nested_json_is_no_crash(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"data":' * 5000 + "1" + "}" * 5000)
    assert read(tmp_path)[1] == {"a.json": "is not JSON"}
