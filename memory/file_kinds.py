"""What a file that came in a message is, by its bytes, and why it is not kept where it could harm whoever opens it.
Pure: nothing is unpacked, no more is read than headers and lists of contents.

A name and a declared type are the sender's word; only the text formats that look alike are told apart by them. What an
operating system runs, and what a browser or an office program may run on opening, is refused, inside archives too.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from memory.archives import BadArchive, contents, is_zip

MAX_FILE: Final = 20 * 2**20
"""Bytes of one file; mail servers take 20 to 25 MB as a rule."""
MAX_ALL: Final = 30 * 2**20
"""Bytes of all files of a message, SendGrid's own limit."""
MAX_FILES: Final = 20
MAX_NAME: Final = 120
_MAX_UNPACKED: Final = 1 << 30
_MAX_RATIO: Final = 200  # deflate reaches 1,032 on zeros; office files stay under 30
_MAX_ENTRIES: Final = 5000

# Names that Windows, macOS or a shell runs, or that mount or install something when opened: the lists of Gmail
# (support.google.com/mail/answer/6590) and Outlook (support.microsoft.com, "Blocked attachments"), both 2026-11.
_RUN = frozenset({
    "ade", "adp", "apk", "app", "appcontent-ms", "application", "appref-ms", "appx", "appxbundle", "bas", "bat",
    "cab", "chm", "cmd", "cnt", "com", "command", "cpl", "crt", "csh", "desktop", "diagcab", "dll", "dmg", "ex",
    "ex1", "exe", "fish", "fxp", "gadget", "grp", "hlp", "hpj", "hta", "htc", "inf", "ins", "ipa", "iso", "isp",
    "its", "jar", "jnlp", "js", "jse", "ksh", "lib", "library-ms", "lnk", "mad", "maf", "mag", "mam", "maq", "mar",
    "mas", "mat", "mau", "mav", "maw", "mcf", "mda", "mdb", "mde", "mdt", "mdw", "mdz", "msc", "msh", "msh1",
    "msh2", "mshxml", "msi", "msix", "msixbundle", "msp", "mst", "msu", "nsh", "ops", "osd", "pcd", "pif", "pkg",
    "pl", "plg", "prf", "prg", "printerexport", "ps1", "ps1xml", "ps2", "ps2xml", "psc1", "psc2", "psd1", "psdm1",
    "psm1", "pst", "py", "pyc", "pyo", "pyw", "pyz", "pyzw", "rb", "reg", "run", "scf", "scpt", "scr", "sct",
    "search-ms", "settingcontent-ms", "sh", "shb", "shs", "sys", "terminal", "theme", "tmp", "tool", "udl", "url",
    "vb", "vbe", "vbp", "vbs", "vhd", "vhdx", "vsmacros", "vsw", "vxd", "webloc", "webpnp", "website", "workflow",
    "ws", "wsb", "wsc", "wsf", "wsh", "xbap", "xll", "xnk", "zsh", "img", "deb", "rpm",
})  # fmt: skip
_PAGES = frozenset({"htm", "html", "xhtml", "xht", "mht", "mhtml", "shtml", "svg", "svgz", "xsl", "xslt", "xml"})
_MACROS = frozenset({"docm", "dotm", "xlsm", "xltm", "xlam", "xlsb", "pptm", "potm", "ppam", "ppsm", "sldm"})
_SEALED = frozenset({"7z", "rar", "ace", "arj", "lzh", "lha", "uue", "xxe"})

_IMAGES: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
)
INLINE: Final = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
"""Pictures that every browser draws and none runs."""
_OTHERS: Final = (
    (b"{\\rtf", "application/rtf"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"ID3", "audio/mpeg"),
    (b"#!AMR", "audio/amr"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"\x1f\x8b", "application/gzip"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\0", "application/x-xz"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
)
_PROGRAMS: Final = (
    (b"MZ", "a program"),
    (b"\x7fELF", "a program"),
    (b"\xfe\xed\xfa\xce", "a program"),
    (b"\xfe\xed\xfa\xcf", "a program"),
    (b"\xce\xfa\xed\xfe", "a program"),
    (b"\xcf\xfa\xed\xfe", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"dex\n", "a program"),
    (b"\0asm", "a program"),
    (b"#!/", "a script"),
    (b"#! /", "a script"),
    (b"L\0\0\0\x01\x14\x02\0", "a shortcut that runs something"),
    (b"MSCF", "an installer"),
    (b"ITSF", "a compiled help file"),
    (b"7z\xbc\xaf\x27\x1c", "an archive that cannot be looked into"),
    (b"Rar!\x1a\x07", "an archive that cannot be looked into"),
)
_BRANDS: Final = {b"heic": "image/heic", b"heix": "image/heic", b"mif1": "image/heic", b"avif": "image/avif"}
_AUDIO_BRANDS: Final = frozenset({b"M4A ", b"M4B "})
_TEXTS: Final = {
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "ics": "text/calendar",
    "vcf": "text/vcard",
    "json": "application/json",
    "md": "text/markdown",
    "eml": "message/rfc822",
}
_OFFICE: Final = {
    "word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
_PAGE = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|script|iframe|svg|xsl:|math|object|embed|meta)\b", re.IGNORECASE
)
_PROGRAMMED = ("vbaproject.bin", "vbadata.xml")
_VBA = ("_VBA_PROJECT".encode("utf-16-le"), "Macros".encode("utf-16-le"), b"Attribut\x00e VB_")


@dataclass(frozen=True, slots=True)
class Examined:
    """A file as it may be kept: a safe name, the type its bytes bear out, and why it is refused ("" when it is not)."""

    name: str
    type: str
    refused: str = ""


def examine(name: str, declared: str, body: bytes) -> Examined:
    """`declared` counts only where bytes cannot tell, among harmless text."""
    shown = shown_name(name)
    if not body:
        return Examined(shown, "application/octet-stream")
    if len(body) > MAX_FILE:
        return Examined(shown, "application/octet-stream", f"larger than {MAX_FILE // 2**20} MB")
    ending = _ending(shown)
    refused = _by_name(ending)
    kind, why = _by_bytes(ending, declared, body)
    return Examined(shown, kind, refused or why)


def shown_name(given: str) -> str:
    """A name to show and to save under: no path, no control or direction marks, nothing that a file system takes for
    something else; never empty, and its ending stays when it is long."""
    last = re.split(r"[\\/]", given[:2000])[-1]
    kept = "".join(c for c in unicodedata.normalize("NFC", last) if unicodedata.category(c)[0] != "C")
    kept = re.sub(r'[<>:"|?*]', "_", " ".join(kept.split())).strip(" .")
    if len(kept) > MAX_NAME:
        stem, dot, ending = kept.rpartition(".")
        short = dot and len(ending) <= 10
        kept = f"{stem[: MAX_NAME - len(ending) - 1]}.{ending}" if short else kept[:MAX_NAME]
    return kept or "unnamed"


def _ending(name: str) -> str:
    return name.rpartition(".")[2].strip().lower() if "." in name else ""


def _by_name(ending: str) -> str:
    """Why a file is refused whatever is in it: by its ending a program is chosen that runs it."""
    if ending in _RUN:
        return "a program or script by its name"
    if ending in _MACROS:
        return "an office file with macros"
    if ending in _PAGES:
        return "a web page or drawing that can run scripts"
    return "an archive that cannot be looked into" if ending in _SEALED else ""


def _by_bytes(ending: str, declared: str, body: bytes) -> tuple[str, str]:
    """(media type, why refused)."""
    for start, why in _PROGRAMS:
        if body.startswith(start):
            return "application/octet-stream", why
    if kind := _image(body):
        return kind, ""
    if is_zip(body):
        return _archive(body)
    if b"%PDF-" in body[:1024]:
        return "application/pdf", ""
    for start, kind in _OTHERS:
        if body.startswith(start):
            return kind, _within(kind, body)
    return _stream(body) or _text(ending, declared, body)


def _image(body: bytes) -> str:
    for start, kind in _IMAGES:
        if body.startswith(start):
            return kind
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "image/webp"
    if body[4:8] == b"ftyp":
        return _BRANDS.get(body[8:12], "")
    return "image/bmp" if body[:2] == b"BM" and body[6:10] == b"\0\0\0\0" else ""


def _stream(body: bytes) -> tuple[str, str] | None:
    """Sound and moving pictures."""
    if body[:4] == b"RIFF" and body[8:12] in (b"WAVE", b"AVI "):
        return ("audio/wav" if body[8:12] == b"WAVE" else "video/x-msvideo"), ""
    if body[4:8] == b"ftyp":
        return ("audio/mp4" if body[8:12] in _AUDIO_BRANDS else "video/mp4"), ""
    return ("audio/mpeg", "") if body[:1] == b"\xff" and body[1:2] in (b"\xfb", b"\xf3", b"\xf2", b"\xfa") else None


def _within(kind: str, body: bytes) -> str:
    """Why a document or a packed file of one of the old formats is refused."""
    if kind == "application/x-ole-storage" and any(mark in body for mark in _VBA):
        return "an office file with macros"
    if kind == "application/rtf" and b"\\objdata" in body:
        return "a document with a program embedded"
    if kind == "application/gzip" and int.from_bytes(body[-4:], "little") > len(body) * _MAX_RATIO:
        return "an archive that unpacks to far more than it is"
    return ""


def _archive(body: bytes) -> tuple[str, str]:
    try:
        entries = contents(body, _MAX_ENTRIES)
    except BadArchive as error:
        return "application/zip", str(error)
    unpacked = sum(entry.unpacked for entry in entries)
    if unpacked > _MAX_UNPACKED or unpacked > max(len(body) * _MAX_RATIO, 2**20):
        return "application/zip", "an archive that unpacks to far more than it is"
    names = [entry.name.replace("\\", "/").lower() for entry in entries]
    kind = _office(names, body)
    if any(name.endswith(_PROGRAMMED) for name in names):
        return kind, "an office file with macros"
    if kind != "application/zip" and any(
        name.startswith("basic/") or "/embeddings/oleobject" in name for name in names
    ):
        return kind, "an office file with macros"
    if "classes.dex" in names or "meta-inf/manifest.mf" in names:
        return "application/zip", "a program"
    if kind == "application/zip" and any(entry.locked for entry in entries):
        return kind, "a locked archive that cannot be looked into"
    if kind == "application/zip" and any(_by_name(_ending(name)) for name in names):
        return kind, "an archive with a program or a web page in it"
    return kind, ""


def _office(names: list[str], body: bytes) -> str:
    if "[content_types].xml" in names:
        for folder, kind in _OFFICE.items():
            if any(name.startswith(folder) for name in names):
                return kind
    if names and names[0] == "mimetype":
        found = re.search(rb"application/(?:vnd\.oasis\.opendocument\.[a-z]{4,20}|epub\+zip)", body[30:200])
        if found:
            return found[0].decode("ascii")
    return "application/zip"


def _text(ending: str, declared: str, body: bytes) -> tuple[str, str]:
    """Text of any 8-bit encoding, or something nobody knows."""
    start = body[:4096]
    wide = start.startswith((b"\xff\xfe", b"\xfe\xff"))
    plain = start[2:].replace(b"\0", b"") if wide else start
    if b"\0" in plain or sum(byte < 9 or 13 < byte < 27 for byte in plain) > len(plain) // 50:
        return "application/octet-stream", ""
    known = _TEXTS.get(ending) or (declared if declared in _TEXTS.values() else "")
    if known != "message/rfc822" and _PAGE.search(plain):
        return "text/plain", "a web page or drawing that can run scripts"
    return known or "text/plain", ""
