"""The directive ``worked-numbers``: each formula once with numbers, computed here.

The table has a line for every formula of `course.worked`, and each name leads to the
formula on the same page::

    :::{worked-numbers}
    :::
"""

from __future__ import annotations

from course import formulas, worked
from docutils import nodes
from elements import MarkdownDirective
from sphinx.application import Sphinx


def number(value: float, digits: int) -> str:
    """Return a number as the book prints it: a true minus sign, fixed decimals."""
    return f"{value:,.{digits}f}".replace("-", "−")


def quantity(given: worked.Given) -> str:
    """Return what is put in, such as ``τ = 28 d``."""
    unit = f"\u00a0{given.unit}" if given.unit else ""
    return f"{given.sign}\u00a0=\u00a0{given.value:,g}{unit}"


def result(one: worked.Worked) -> str:
    """Return what comes out; of three numbers, the last two are limits."""
    unit = f"\u00a0{one.unit}" if one.unit else ""
    values = [number(value, one.digits) for value in one.result()]
    if len(values) == 3:
        return f"{values[0]} (95\u00a0% limits {values[1]} to {values[2]}){unit}"
    return " and ".join(values) + unit


def table() -> list[str]:
    """Return the lines of the table in MyST Markdown.

    Raises
    ------
    ValueError
        If a formula is not on the page.
    """
    anchors = formulas.anchors()
    lines = ["| Formula | Put in | Comes out |", "|---|---|---|"]
    for one in worked.WORKED:
        anchor = anchors.get(one.formula.lower())
        if anchor is None:
            raise ValueError(f"{one.formula!r} is not on the page {formulas.PAGE}")
        put_in = ", ".join(quantity(given) for given in one.given)
        lines.append(f"| [{one.formula}](#{anchor}) | {put_in} | {result(one)} |")
    return lines


class WorkedNumbers(MarkdownDirective):
    """The table of worked numbers."""

    def run(self) -> list[nodes.Node]:
        """Return the table, or say what the author must mend."""
        try:
            return self.parsed(table())
        except ValueError as wrong:
            raise self.error(str(wrong)) from wrong


def setup(app: Sphinx) -> dict:
    """Register the directive."""
    app.add_directive("worked-numbers", WorkedNumbers)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
