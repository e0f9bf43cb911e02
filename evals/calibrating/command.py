"""`frontdesk calibrate grounding`: the threshold of the grounding judge, with a guarantee, on labelled replies."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
import typer

from channels.commands.options import Config, Json, report
from channels.commands.progress import progress
from channels.settings import load

app = typer.Typer(help="Chooses thresholds with a guarantee.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def calibrate() -> None:
    """Chooses thresholds with a guarantee, on labelled rows of your own."""


@app.command()
def grounding(
    data: Annotated[Path, typer.Option(help='JSONL of {"reply", "evidence": […], "label"}; a sample of real replies.')],
    risk: Annotated[float, typer.Option(help="The share of what is wrong that may be let through.")] = 0.01,
    confidence: Annotated[float, typer.Option(help="How sure the bound must be.")] = 0.95,
    of: Annotated[
        Literal["ungrounded", "all", "sent"], typer.Option(help="The share of what: ungrounded, all or sent replies.")
    ] = "ungrounded",
    out: Annotated[
        Path | None, typer.Option(metavar="CARD", help="The card to write; name it in [agent] grounding.")
    ] = None,
    config: Config = None,
    json: Json = None,
) -> None:
    """The least threshold at which a turn lets through no more than a given share of ungrounded replies.

    Example: frontdesk calibrate grounding --data replies.jsonl --risk 0.05 --confidence 0.95 --out grounding.json
    """
    from evals.calibrating.risk import NotCertified

    if out is not None and not out.absolute().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {out.parent}")
    if not data.exists():
        raise typer.BadParameter(f"{data} is not there")
    try:
        found, card = _calibrated(data, risk, confidence, of, config)
    except NotCertified as error:
        failed = {"data": str(data), "risk": risk, "confidence": confidence, "of": of, "certified": False}
        failed |= {"rows": error.rows, "rows_needed": error.least_rows, "why": str(error)}
        report(failed, json, [f"not certified: {error}"])
        raise typer.Exit(1) from None
    if out is not None:
        out.write_bytes(orjson.dumps(card, option=orjson.OPT_INDENT_2) + b"\n")
    report(found, json, [*_lines(found), *([f"wrote {out}"] if out else [])])


def _calibrated(
    data: Path, risk: float, confidence: float, of: Literal["ungrounded", "all", "sent"], config: Path | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    from agent.guardrails.evidence_card import read_card, shipped, to_card
    from agent.guardrails.grounding import GroundingJudge, turn_score
    from evals.calibrating.risk import choose
    from evals.grounding_rows import read

    started, rows = time.perf_counter(), read(data)
    named = load(config).agent.grounding
    model = read_card(Path(named)) if named else shipped()
    judge = GroundingJudge(model)
    with progress("judging", "replies") as show:
        scores = []
        for number, row in enumerate(rows, 1):
            scores.append(turn_score(row.reply, row.evidence, judge))
            show(number, len(rows))
    chosen = choose(scores, [not row.grounded for row in rows], risk, confidence, of)
    found = {
        "data": str(data),
        "date": datetime.now(UTC).date().isoformat(),
        "rows": len(rows),
        "risk": risk,
        "confidence": confidence,
        "of": of,
        "certified": True,
        "threshold": chosen.threshold,
        "wrong_sent": chosen.wrong,
        "wrong_counted": chosen.n,
        "risk_observed": chosen.wrong / chosen.n,
        "risk_upper": chosen.upper,
        "coverage": chosen.coverage,
        "coverage_interval": chosen.coverage_interval,
        "grounded": chosen.right,
        "grounded_sent": chosen.sent_right,
        "threshold_in_expectation": chosen.in_expectation,
        "coverage_before": _covered(scores, [row.grounded for row in rows], model.threshold),
        "curve": _curve(scores, [row.grounded for row in rows]),
        "weights": model.fingerprint,
        "seconds": round(time.perf_counter() - started, 2),
    }
    kept = {name: value for name, value in found.items() if name not in ("curve", "seconds")}
    card = to_card(replace(model, threshold=chosen.threshold, made={**model.made, "calibrated": kept}))
    return found, card


def _covered(scores: list[float], grounded: list[bool], threshold: float) -> float | None:
    sent = [score >= threshold for score, right in zip(scores, grounded, strict=True) if right]
    return sum(sent) / len(sent) if sent else None


def _curve(scores: list[float], grounded: list[bool]) -> list[dict[str, float | None]]:
    """What each threshold lets through: for a plot of coverage against risk."""
    ungrounded = [not right for right in grounded]
    return [
        {
            "threshold": t,
            "grounded_sent": _covered(scores, grounded, t),
            "ungrounded_sent": _covered(scores, ungrounded, t),
        }
        for t in (each / 20 for each in range(21))
    ]


_PROMISES = {
    "ungrounded": "of the ungrounded replies at most {risk:g} are let through",
    "all": "of all replies at most {risk:g} are ungrounded and let through",
    "sent": "of the replies sent at most {risk:g} are ungrounded",
}


def _lines(found: Mapping[str, Any]) -> list[str]:
    promise = _PROMISES[found["of"]].format(risk=found["risk"])
    lines = [
        f"threshold {found['threshold']:.3f}: {promise}, with confidence {found['confidence']:g}",
        f"  {found['wrong_sent']} of {found['wrong_counted']} were let through here; at most {found['risk_upper']:.4f}",
    ]
    if found["coverage"] is not None:
        low, high = found["coverage_interval"]
        lines.append(
            f"  of the grounded replies {found['coverage']:.3f} ({low:.3f} to {high:.3f}) are still sent; "
            f"{found['coverage_before']:.3f} before"
        )
    if found["threshold_in_expectation"] is not None:
        lines.append(
            f"  in expectation alone, without the confidence, {found['threshold_in_expectation']:.3f} would do"
        )
    return lines
