"""Small PDF files, written by hand: text at a place in a size, ruled lines, as many pages as wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

WIDTHS = " ".join(["500"] * 224)


@dataclass
class Sheet:
    """A page of A4. y counts from the top, and goes down with every line."""

    y: float = 72
    parts: list[str] = field(default_factory=list)

    def line(self, text: str, *, x: float = 72, size: float = 10, bold: bool = False, step: float = 1.2) -> Sheet:
        self.at(text, x, self.y, size=size, bold=bold)
        self.y += size * step
        return self

    def at(
        self, text: str, x: float, y: float, *, size: float = 10, bold: bool = False, turn: str = "1 0 0 1"
    ) -> Sheet:
        escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        font = "F2" if bold else "F1"
        self.parts.append(f"BT /{font} {size} Tf {turn} {x} {842 - y} Tm ({escaped}) Tj ET")
        return self

    def row(self, cells: Sequence[str], xs: Sequence[float], *, bold: bool = False) -> Sheet:
        for text, x in zip(cells, xs, strict=True):
            self.at(text, x, self.y, bold=bold)
        self.y += 18
        return self

    def gap(self, points: float = 14) -> Sheet:
        self.y += points
        return self

    def rule(self, x0: float, y0: float, x1: float, y1: float) -> Sheet:
        self.parts.append(f"0.5 w {x0} {842 - y0} m {x1} {842 - y1} l S")
        return self

    def grid(self, xs: Sequence[float], ys: Sequence[float]) -> Sheet:
        for x in xs:
            self.rule(x, ys[0], x, ys[-1])
        for y in ys:
            self.rule(xs[0], y, xs[-1], y)
        return self


def pdf(sheets: Sequence[Sheet], *, info: str = "", catalog: str = "") -> bytes:
    """The bytes of a file; `info` and `catalog` are more entries of those dictionaries, as PDF writes them."""
    font = "<</Type/Font/Subtype/Type1/BaseFont/{}/Encoding/WinAnsiEncoding/FirstChar 32/LastChar 255/Widths[{}]>>"
    objects = ["", "", font.format("Helvetica", WIDTHS), font.format("Helvetica-Bold", WIDTHS), f"<<{info}>>"]
    kids = []
    for sheet in sheets:
        body = "\n".join(sheet.parts)
        kids.append(len(objects) + 2)
        objects.append(f"<</Length {len(body.encode('cp1252'))}>>\nstream\n{body}\nendstream")
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents {len(objects)} 0 R"
            "/Resources<</Font<</F1 3 0 R/F2 4 0 R>>>>>>"
        )
    objects[0] = f"<</Type/Catalog/Pages 2 0 R{catalog}>>"
    objects[1] = f"<</Type/Pages/Count {len(kids)}/Kids[{' '.join(f'{kid} 0 R' for kid in kids)}]>>"
    return _file(objects)


def _file(objects: Sequence[str]) -> bytes:
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, each in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{each}\nendobj\n".encode("cp1252")
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{place:010d} 00000 n \n".encode() for place in places)
    out += f"trailer\n<</Size {len(objects) + 1}/Root 1 0 R/Info 5 0 R>>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(out)
