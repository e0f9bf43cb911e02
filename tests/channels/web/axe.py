"""What axe-core finds wrong with a page for people who read it with a screen reader, a keyboard or little contrast."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from playwright.async_api import Frame, Page

# Every rule of axe-core that stands for WCAG 2.2 A and AA, and what its authors call good practice.
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")

_RUN = """async ([tags, off]) => {
  const rules = Object.fromEntries(off.map((name) => [name, { enabled: false }]));
  const found = await axe.run(document, { runOnly: { type: "tag", values: tags }, rules, resultTypes: ["violations"] });
  return found.violations.map(({ id, impact, help, nodes }) => ({ id, impact, help,
    nodes: nodes.map((node) => node.target.flat().join(" ") + ": " + node.html.slice(0, 160)) }));
}"""


@cache
def _source() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


async def violations(page: Page | Frame, *, off: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """Everything axe-core objects to, inside shadow roots too: `id`, `impact`, `help`, and the `nodes` in words.

    `off` names rules to leave out; say why beside the call. A page's Content-Security-Policy is no obstacle.
    """
    await page.evaluate(_source())
    found: list[dict[str, Any]] = await page.evaluate(_RUN, [list(TAGS), list(off)])
    return found


async def serious(page: Page | Frame, *, off: tuple[str, ...] = ()) -> list[str]:
    """One line for each fault of impact serious or critical: `assert await serious(page) == []`."""
    return [
        f"{each['id']} ({each['impact']}): {each['help']} at {node}"
        for each in await violations(page, off=off)
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]
