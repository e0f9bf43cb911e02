"""`frontdesk train pii`: the tagger of personal data from labelled texts of one's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from channels.commands.options import Json, report
from channels.commands.progress import progress
from evals.rows import read_rows

_FIELDS = ("text", "reply", "evidence")


def pii(
    data: Annotated[list[Path], typer.Argument(metavar="FILE…", help='JSONL of {"text","spans"}, each a set.')],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where pii.npz and its card pii.json go.")] = Path(),
    nothing: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help='JSONL of {"text"} without personal data.')
    ] = None,
    prose: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="JSONL of texts that spaCy's English model labels first.")
    ] = None,
    folds: Annotated[int, typer.Option(min=0, help="Parts to cross-validate with; 0 skips all figures.")] = 4,
    json: Json = None,
) -> None:
    """The tagger of personal data. Ten minutes for 5,000 rows with its figures, one without.

    Example: frontdesk train pii ours.jsonl --nothing questions.jsonl --out trained/
    """
    if not out.is_dir():
        raise typer.BadParameter(f"there is no folder {out}")
    if len({_name(path) for path in data}) < len(data):
        raise typer.BadParameter("two files have the same name; a set is called by its file's")
    for path in (*data, *(nothing or []), *(prose or [])):
        if not path.is_file():
            raise typer.BadParameter(f"{path} is not there")
    card = _trained(data, nothing or [], prose or [], folds, out)
    report(card, json, [*_lines(card), f"wrote {out / 'pii.npz'} and {out / 'pii.json'}"])


def _name(path: Path) -> str:
    return path.name.removesuffix(".gz").removesuffix(".jsonl")


def _trained(
    data: Sequence[Path], nothing: Sequence[Path], prose: Sequence[Path], folds: int, out: Path
) -> dict[str, Any]:
    from evals.training import pii as training
    from evals.training.pii_prose import labelled, sentences

    sets = {_name(path): list(_labelled(path)) for path in data}
    if not any(sets.values()):
        raise typer.BadParameter("no rows: nothing to learn from")
    plain = list(dict.fromkeys(text for path in nothing for text in _texts(path)))
    taught = labelled(sentences(text for path in prose for text in _texts(path))) if prose else []
    learnt = training.examples(sets, plain, taught, folds=max(folds, 1))
    fits = 1 + (folds + len(training.kinds(sets)) if folds else 0)
    with progress("fitting", "rounds") as show:
        done = iter(range(1, fits * training.ROUNDS + 1))

        def told(_: int) -> None:
            show(next(done), fits * training.ROUNDS)

        tagger = training.fitted(learnt, told)
        figures: dict[str, Any] = {}
        if folds:
            figures = {
                "patterns_alone": {name: training.measure(rows, None) for name, rows in sets.items()},
                "folds": training.across_folds(sets, learnt, folds, told),
                "other_sets": training.across_sets(sets, learnt, told),
                "fitted": {name: training.measure(rows, tagger) for name, rows in sets.items()},
            }
    counts = {"without_personal_data": len(plain), "labelled_by_spacy": len(taught), "examples": len(learnt)}
    card = {**training.about(sets, counts, figures), "date": datetime.now(UTC).date().isoformat()}
    card["files"] = {"nothing": [_called(path) for path in nothing], "prose": [_called(path) for path in prose]}
    training.save(tagger, out / "pii.npz")
    (out / "pii.json").write_bytes(orjson.dumps(card, option=orjson.OPT_INDENT_2) + b"\n")
    return card


def _called(path: Path) -> str:
    """The last two parts of the path: sets are often called by their folder."""
    return "/".join(path.parts[-2:])


def _labelled(path: Path) -> Iterator[dict[str, Any]]:
    for number, row in enumerate(read_rows(path), 1):
        spans = row.get("spans")
        if not isinstance(row.get("text"), str) or not isinstance(spans, list):
            raise ValueError(f"{path}, row {number}: text must be a string and spans a list")
        length = len(row["text"])
        for span in spans:
            if not (isinstance(span, Mapping) and _fits(span, length)):
                raise ValueError(f"{path}, row {number}: a span needs start, end and label inside the text")
        yield {"text": row["text"], "spans": spans}


def _fits(span: Mapping[str, Any], length: int) -> bool:
    start, end, label = span.get("start"), span.get("end"), span.get("label")
    return isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= length and isinstance(label, str)


def _texts(path: Path) -> Iterator[str]:
    for row in read_rows(path):
        for name in _FIELDS:
            value = row.get(name, ())
            yield from (text for text in ([value] if isinstance(value, str) else value) if isinstance(text, str))


def _lines(card: Mapping[str, Any]) -> list[str]:
    """A set a line: F1 / character recall / character precision, by what has seen less and less of it."""
    columns = [name for name in ("patterns_alone", "other_sets", "folds", "fitted") if name in card["figures"]]
    lines = [f"{'set':20}{'rows':>6}" + "".join(f"{name.replace('_', ' '):>20}" for name in columns)]
    for name, rows in card["data"].items():
        cells = (card["figures"][column][name].values() for column in columns)
        lines.append(f"{name[:20]:20}{rows:>6}" + "".join(f"{_cell(list(values)):>20}" for values in cells))
    return lines


def _cell(values: Sequence[float | None]) -> str:
    return " / ".join("-" if value is None else f"{value:.2f}" for value in values)
