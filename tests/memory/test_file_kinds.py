"""What a file is, by its bytes, and what is refused whatever it calls itself."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory.file_kinds import MAX_FILE, MAX_NAME, examine, shown_name

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0"
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


def packed(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return out.getvalue()


WORD = packed({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w:document/>"})
MACROS = packed({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"x", "word/vbaProject.bin": b"y"})
ODT = packed({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"x"}, zipfile.ZIP_STORED)


@pytest.mark.parametrize(
    ("name", "body", "kind"),
    [
        ("a.png", PNG, "image/png"),
        ("a.jpg", JPEG, "image/jpeg"),
        ("invoice.pdf", JPEG, "image/jpeg"),
        ("a.gif", b"GIF89a\x01\0\x01\0", "image/gif"),
        ("a.webp", b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
        ("a.heic", b"\0\0\0\x18ftypheic\0\0\0\0", "image/heic"),
        ("bill.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "application/pdf"),
        ("letter.docx", WORD, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("letter.odt", ODT, "application/vnd.oasis.opendocument.text"),
        ("old.doc", OLE, "application/x-ole-storage"),
        ("photos.zip", packed({"one.jpg": JPEG, "two.png": PNG}), "application/zip"),
        ("note.txt", "Größe 42, bitte".encode(), "text/plain"),
        ("note.txt", "Größe 42, bitte".encode("cp1252"), "text/plain"),
        ("note.txt", "Größe 42".encode("utf-16"), "text/plain"),
        ("orders.csv", b"id;size\n1;42\n", "text/csv"),
        ("meeting.ics", b"BEGIN:VCALENDAR\n", "text/calendar"),
        ("voice.mp3", b"ID3\x04\0\0\0\0\0\0", "audio/mpeg"),
        ("film.mp4", b"\0\0\0\x18ftypmp42\0\0\0\0", "video/mp4"),
        ("what.bin", b"\x01\x02\x03\x04\0\0\0\0", "application/octet-stream"),
        ("empty.txt", b"", "application/octet-stream"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_files_type_is_what_its_bytes_say(name: str, body: bytes, kind: str) -> None:
    seen = examine(name, "application/x-lies", body)
    assert (seen.type, seen.refused) == (kind, "")


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("setup.exe", b"MZ\x90\0"),
        ("photo.jpg", b"MZ\x90\0"),
        ("photo.jpg", b"\x7fELF\x02\x01\x01"),
        ("photo.jpg.js", b"WScript.Echo(1)"),
        ("run.txt", b"#!/bin/sh\nrm -rf ~\n"),
        ("invoice.lnk", b"L\0\0\0\x01\x14\x02\0"),
        ("invoice.pdf .scr", b"%PDF-1.7"),
        ("page.html", b"<p>hello</p>"),
        ("page.txt", b"\n  <!DOCTYPE html><html><script>alert(1)</script>"),
        ("page.txt", "<html>".encode("utf-16")),
        ("logo.svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
        ("logo.png", b'<?xml version="1.0"?>\n<svg onload="x"/>'),
        ("letter.docx", MACROS),
        ("letter.docm", WORD),
        ("old.xls", OLE + "_VBA_PROJECT".encode("utf-16-le")),
        ("letter.rtf", b"{\\rtf1{\\object\\objdata 0105}}"),
        ("app.apk", packed({"classes.dex": b"x"})),
        ("tool.zip", packed({"docs/readme.txt": b"x", "docs/Setup.EXE": b"MZ"})),
        ("page.zip", packed({"index.html": b"<p>"})),
        ("bomb.zip", packed({f"{n}.txt": bytes(2**20) for n in range(20)})),
        ("bomb.gz", b"\x1f\x8b\x08\0" + b"\0" * 20 + struct.pack("<I", 2**31)),
        ("many.zip", packed({f"{n}.txt": b"" for n in range(5001)}, zipfile.ZIP_STORED)),
        ("cut.zip", packed({"a.txt": b"x" * 5000})[:-30]),
        ("hidden.rar", b"Rar!\x1a\x07\x01\0"),
        ("hidden.7z", b"7z\xbc\xaf\x27\x1c\0\x04"),
        ("huge.png", PNG + bytes(MAX_FILE)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_could_harm_whoever_opens_it_is_refused(name: str, body: bytes) -> None:
    seen = examine(name, "image/png", body)
    assert seen.refused
    assert len(f"refused: {seen.refused}") <= 64


def test_a_locked_archive_is_refused_and_a_locked_flag_cannot_be_hidden_behind_a_prefix() -> None:
    body = bytearray(packed({"a.txt": b"x"}))
    at = body.index(b"PK\x01\x02")
    body[at + 8] |= 1
    assert "locked" in examine("a.zip", "", bytes(body)).refused


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ann\\bill.pdf", "bill.pdf"),
        ("bill\u202efdp.exe", "billfdp.exe"),
        ("a\r\nSet-Cookie: x", "aSet-Cookie_ x"),
        ("  .. ", "unnamed"),
        ("", "unnamed"),
        ("con?<>.txt", "con___.txt"),
        ("größe 42.jpg", "größe 42.jpg"),
        ("n" * 500 + ".jpeg", "n" * (MAX_NAME - 5) + ".jpeg"),
    ],
)
def test_a_name_is_one_that_can_be_shown_and_saved(given: str, shown: str) -> None:
    assert shown_name(given) == shown


@settings(deadline=None)
@given(st.text(max_size=300), st.binary(max_size=600))
def test_any_name_and_any_bytes_are_examined(name: str, body: bytes) -> None:
    seen = examine(name, "", body)
    assert 0 < len(seen.name) <= MAX_NAME
    assert seen.name.isprintable()
    assert "/" not in seen.name


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_any_list_of_contents_is_read_or_refused(tail: bytes) -> None:
    examine("a.zip", "", b"PK\x03\x04" + tail)
    examine("a.zip", "", b"PK\x03\x04" + tail + b"PK\x05\x06" + tail[:18].ljust(18, b"\0"))
