"""A chart as Apache ECharts wants it, in the desk's colours. Pure; NiceGUI serves the library itself, offline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from channels.web.desk.dashboards_words import Chart
from channels.web.look import DARK, LIGHT

# Each stands at least 3:1 against the page in light and dark; beyond them patterns tell series apart.
ORDER = ("accent", "warn", "muted", "good", "bad", "outline")


def option(chart: Chart, dark: bool) -> dict[str, Any]:
    """The whole option. Colour never alone tells series apart: several have patterns and a legend."""
    colours = DARK if dark else LIGHT
    several = len(chart.series) > 1
    text = {"color": colours["text"], "fontSize": 14, "fontFamily": "system-ui, sans-serif"}
    categories = _categories(chart, colours, text)
    values = _values(chart, colours, text)
    return {
        "animation": False,
        "aria": {"enabled": True, "decal": {"show": several}},
        "color": [colours[name] for name in ORDER],
        "textStyle": text,
        "grid": {"left": 4, "right": 32, "top": _top(chart), "bottom": 28, "containLabel": True},
        "legend": {"show": several, "top": 0, "left": 0, "textStyle": text, "icon": "rect"},
        "tooltip": {
            "trigger": "axis",
            "axisPointer": {"type": "shadow" if chart.kind == "bars" else "line"},
            "backgroundColor": colours["page"],
            "borderColor": colours["outline"],
            "textStyle": text,
            "confine": True,
        },
        "xAxis": values if chart.flat else categories,
        "yAxis": {**categories, "inverse": True} if chart.flat else values,
        "series": [_series(name, list(data), chart) for name, data in chart.series.items()],
    }


def _top(chart: Chart) -> int:
    """Room above the plot: for the legend, and for the unit where it stands there."""
    return 8 + (28 if len(chart.series) > 1 else 0) + (0 if chart.flat else 28)


def _categories(chart: Chart, colours: Mapping[str, str], text: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "category",
        "data": list(chart.labels),
        "name": "" if chart.flat else chart.axis,
        "nameLocation": "middle",
        "nameGap": 30,
        "nameTextStyle": {**text, "color": colours["muted"]},
        "axisLabel": {**text, "width": 190 if chart.flat else 90, "overflow": "truncate", "hideOverlap": True},
        "axisTick": {"show": False},
        "axisLine": {"lineStyle": {"color": colours["outline"]}},
    }


def _values(chart: Chart, colours: Mapping[str, str], text: Mapping[str, Any]) -> dict[str, Any]:
    whole = all(float(value).is_integer() for data in chart.series.values() for value in data)
    return {
        "type": "value",
        "name": chart.unit,
        "nameLocation": "middle" if chart.flat else "end",
        "nameGap": 30 if chart.flat else 12,
        "nameTextStyle": {**text, "color": colours["muted"], "align": "center" if chart.flat else "left"},
        "min": 0,
        **({"max": 100, "interval": 25} if chart.share else {}),
        **({"minInterval": 1} if whole else {}),
        "splitNumber": 4,
        "axisLabel": {**text, "color": colours["muted"], "hideOverlap": True},
        "splitLine": {"lineStyle": {"color": colours["outline"], "opacity": 0.25}},
    }


def _series(name: str, data: list[float], chart: Chart) -> dict[str, Any]:
    series: dict[str, Any] = {"name": name, "data": data, "type": "line" if chart.kind == "lines" else "bar"}
    if chart.stacked:
        series["stack"] = "all"
    if chart.kind == "bars":
        series["barMaxWidth"] = 28
    if chart.flat and len(chart.series) == 1:
        series["label"] = {"show": True, "position": "right", "color": "inherit", "fontSize": 14}
    return series
