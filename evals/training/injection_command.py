"""`frontdesk train injection`: the detector of attacks, from named corpora, with what it is worth on unseen ones."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import orjson
import typer

from channels.commands.options import Json, report
from channels.commands.progress import progress

if TYPE_CHECKING:
    from evals.training.injection_report import Left
    from evals.training.injection_rows import Set, Sets


def injection(
    corpora: Annotated[
        list[str], typer.Argument(metavar="CORPUS…", help="Attacks and harmless requests to assistants.")
    ],
    indirect: Annotated[
        list[str] | None, typer.Option(metavar="FILE", help="E-mails with an attack planted, and clean.")
    ] = None,
    requests: Annotated[
        list[str] | None, typer.Option(metavar="FILE", help="Requests to an assistant, good or bad.")
    ] = None,
    customers: Annotated[list[str] | None, typer.Option(metavar="FILE", help="What customers write.")] = None,
    benign: Annotated[
        list[str] | None, typer.Option(metavar="FILE", help="Harmless texts: at most 10 % false alarms.")
    ] = None,
    harmless: Annotated[
        list[str] | None, typer.Option(metavar="FILE", help="Harmless texts without that bound.")
    ] = None,
    documents: Annotated[list[str] | None, typer.Option(metavar="FILE", help="E-mails.")] = None,
    passages: Annotated[list[str] | None, typer.Option(metavar="FILE", help="Passages of knowledge bases.")] = None,
    alarms: Annotated[
        list[str] | None, typer.Option(metavar="FILE", help="Customers' messages, only measured.")
    ] = None,
    measured: Annotated[
        list[str] | None, typer.Option(metavar="FILE", help="A corpus only measured, not in the weights.")
    ] = None,
    group: Annotated[list[str] | None, typer.Option(metavar="A+B", help="Sets that are left out together.")] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="For injection.npz and its card.")] = Path("injection"),
    about: Annotated[
        list[str] | None, typer.Option(metavar="TEXT", help="For the card: a set, and its licence.")
    ] = None,
    quick: Annotated[
        bool, typer.Option(help="Without leaving each attack set out: no figures for unseen ones.")
    ] = False,
    json: Json = None,
) -> None:
    """The detector of attacks, from labelled corpora and the examples that Frontdesk ships.

    A folder is read file by file; FILE:3 makes a set count three times. Each attack set is left out in turn, with
    false alarms counted on harmless rows that were held out too.

    Example: frontdesk train injection attacks/ --customers ours.jsonl --alarms held.jsonl --out injection
    """
    from evals.training.injection_rows import Sets, ours, untwinned

    given = {
        "corpus": corpora, "indirect": indirect, "requests": requests, "customers": customers, "benign": benign,
        "harmless": harmless, "documents": documents, "passages": passages, "alarms": alarms,
    }  # fmt: skip
    found = [each for role, paths in given.items() for path in paths or [] for each in _read(path, role)]
    found += [each for path in measured or [] for each in _read(path, "corpus", measured=True)]
    doubled = {each.name for each in found if sum(other.name == each.name for other in found) > 1}
    if doubled:
        raise typer.BadParameter(f"two sets are called {sorted(doubled)[0]}; a set is called by its file or folder")
    sets = Sets((*untwinned(found), *ours()))
    left = {} if quick else _left_out(sets, group or [])
    card = _train(sets, left, out, about or [])
    report(card, json, [*_lines(card), f"wrote {out / 'injection.npz'} and its card"])


def _read(given: str, role: str, *, measured: bool = False) -> list[Set]:
    from evals.training.injection_rows import read_sets

    path, _, weight = (
        given.rpartition(":") if given.rpartition(":")[2].replace(".", "", 1).isdigit() else (given, "", "1")
    )
    if not Path(path).exists():
        raise typer.BadParameter(f"{path} is not there")
    try:
        return read_sets(Path(path), role, float(weight), measured=measured)  # type: ignore[arg-type]
    except (ValueError, OSError) as error:
        raise typer.BadParameter(str(error)) from None


def _left_out(sets: Sets, together: Sequence[str]) -> dict[str, Left]:
    """Each set with attacks as heads see it that never did; those that are named in `together` as one."""
    from evals.training.injection_report import leave_out
    from evals.training.injection_rows import FOLDS

    measured = [each.name for each in sets.of("corpus", "indirect") if any(row.attack for row in each.rows)]
    groups = [group.split("+") for group in together]
    for name in {name for group in groups for name in group} - set(measured):
        raise typer.BadParameter(f"--group names {name}, which is no attack set; there are: {', '.join(measured)}")
    groups += [[name] for name in measured if not any(name in group for group in groups)]
    found = {}
    with progress("leaving out", "fits") as show:
        for at, names in enumerate(groups):
            found["+".join(names)] = leave_out(sets, names)
            show((at + 1) * FOLDS, len(groups) * FOLDS)
    return found


def _train(sets: Sets, left: Mapping[str, Left], out: Path, about: Sequence[str]) -> dict[str, Any]:
    from agent.guardrails.injection.model import save
    from evals.training.injection import fit
    from evals.training.injection_report import held_out
    from evals.training.injection_shipping import careful, slopes

    _, harmless = held_out(sets, lambda each: each.measured)
    heads = fit(sets.learnt())
    edges = careful(harmless.edges(strict=True), heads, sets)
    detector = heads.detector(edges, slopes(list(left.values()), harmless, edges))
    out.mkdir(parents=True, exist_ok=True)
    save(detector, out / "injection.npz")
    figures = {name: each.figures() for name, each in left.items()}
    card = {
        "made_by": "frontdesk train injection",
        "date": datetime.now(UTC).date().isoformat(),
        "about": list(about),
        "sha256": hashlib.sha256((out / "injection.npz").read_bytes()).hexdigest(),
        "sets": {each.name: _set(each) for each in sets.all},
        "thresholds": {
            "contain": 0.5,
            "plain": round(detector.plain, 4),
            "page": round(detector.page, 4),
            "passage": round(detector.passage, 4),
        },
        "false_alarms_held_out": {name: round(share, 4) for name, share in harmless.alarms(edges).items()},
        "left_out": figures,
    }
    (out / "injection.json").write_bytes(orjson.dumps(card, option=orjson.OPT_INDENT_2) + b"\n")
    return card


def _set(each: Set) -> dict[str, Any]:
    attacks = sum(row.attack for row in each.rows)
    told = {"part": each.role, "rows": len(each.rows), "attacks": attacks, "weight": each.weight}
    return {**told, "learnt": False} if each.measured or each.role == "alarms" else told


_SHOWN: Final = 12


def _lines(card: Mapping[str, Any]) -> list[str]:
    """A left-out set a line, with recall at one false alarm in a hundred customers; then the false alarms."""
    lines = [f"{'left out':44}{'attacks':>8}{'recall':>8}{'within all bounds':>19}"]
    for name, each in card["left_out"].items():
        lines.append(f"{name[:44]:44}{each['attacks']:>8}{each['recall']:>8.3f}{each['recall_strict']:>19.3f}")
    lines.append("false alarms of the shipped thresholds, on rows held out:")
    return [*lines, *(f"  {name[:42]:42}{share:>8.4f}" for name, share in card["false_alarms_held_out"].items())]
