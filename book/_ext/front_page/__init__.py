"""What the first page shows of the book: effects as drawn intervals, hours, progress.

The role ``interval`` draws an effect and its 95 % confidence interval on a scale of
ratios with a line at 1. It takes a ratio with its bounds, or two fractions, of which it
computes the risk ratio::

    {interval}`0.94 0.75 1.16`
    {interval}`14/63 30/65`

The role ``share`` draws a percentage as a part of a bar::

    {share}`15`

The role ``moved`` draws which way a marker went under a medicine, ``up``, ``level`` or
``down``; the words stand beside it::

    {moved}`up`

The role ``reading-time`` says how long the pages of one folder of the book take to
read, or those of ``all``, by the line *Time* in the header of each page::

    {reading-time}`context`

The role ``progress`` is the place where the reader's record says how many questions of
one part of the book are answered; it stays empty without a script::

    {progress}`Context`
"""

from __future__ import annotations

import math
import re
from html import escape
from pathlib import Path
from typing import NamedTuple

from docutils import nodes
from elements import serve
from scipy.stats.contingency import relative_risk
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxRole

FOLDER = Path(__file__).parent
TIME = re.compile(r"Time\s+(?P<minutes>\d+)\s+min to read")
FRACTION = re.compile(r"(\d+)/(\d+)")
#: The bounds of the drawn scale, in ratios, and its width in units of the picture.
LEAST, MOST, WIDTH = 0.25, 2.0, 160
#: Where the line of a marker ends, in units of its picture, of which 0 is the top.
ENDS = {"up": 8, "level": 24, "down": 40}


class Effect(NamedTuple):
    """A ratio and the bounds of its 95 % confidence interval."""

    ratio: float
    low: float
    high: float


def read_effect(text: str) -> Effect:
    """Return what the text of the role ``interval`` says.

    Returns
    -------
    Effect
        Of two fractions, the risk ratio; its interval is that of
        `scipy.stats.contingency.relative_risk`, on the log scale.

    Raises
    ------
    ValueError
        If it is neither a ratio with its bounds nor two fractions.
    """
    fractions = FRACTION.findall(text)
    if len(fractions) == 2:
        found = relative_risk(*(int(number) for pair in fractions for number in pair))
        return Effect(found.relative_risk, *found.confidence_interval())
    numbers = [float(part) for part in text.split()]
    if len(numbers) != 3 or not 0 < numbers[1] <= numbers[0] <= numbers[2]:
        raise ValueError("write a ratio and its two bounds, or two fractions")
    return Effect(*numbers)


def place(ratio: float) -> float:
    """Return where a ratio stands on the drawn scale; at its end if beyond."""
    inside = min(max(ratio, LEAST), MOST)
    return WIDTH * math.log(inside / LEAST) / math.log(MOST / LEAST)


def drawn(effect: Effect) -> str:
    """Return an effect as SVG; the numbers stand beside it in words."""
    one, at = place(1), place(effect.ratio)
    low, high = place(effect.low), place(effect.high)
    return (
        f'<svg class="front-interval" viewBox="-4 0 {WIDTH + 8} 20" aria-hidden="true">'
        f'<path class="front-none" d="M{one:.1f} 0V20"/>'
        f'<path class="front-range" d="M{low:.1f} 10H{high:.1f}"/>'
        f'<circle cx="{at:.1f}" cy="10" r="4.5"/></svg>'
    )


def in_words(effect: Effect) -> str:
    """Return an effect as clinical journals print it."""
    return f"{effect.ratio:.2f} (95\u00a0% CI {effect.low:.2f}–{effect.high:.2f})"


class Interval(SphinxRole):
    """An effect, drawn and in words."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the picture and the words, or say what is wrong with the text."""
        try:
            effect = read_effect(self.text)
        except ValueError as wrong:
            message = f"{self.text!r}: {wrong}"
            return [], [self.inliner.reporter.error(message, line=self.lineno)]
        return [
            nodes.Text(in_words(effect)),
            nodes.raw("", drawn(effect), format="html"),
        ], []


class Share(SphinxRole):
    """A percentage as a part of a bar; the words stand beside it."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the bar."""
        part = float(self.text)
        bar = (
            f'<svg class="front-share" viewBox="0 0 100 12" aria-hidden="true" '
            f'preserveAspectRatio="none"><rect class="front-all" width="100" '
            f'height="12"/><rect class="front-part" width="{part:g}" height="12"/>'
            "</svg>"
        )
        return [nodes.raw("", bar, format="html")], []


class Moved(SphinxRole):
    """Which way a marker went, as a line; the words stand beside it."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the line, or say what can be written."""
        if self.text not in ENDS:
            message = f"{self.text!r}: write one of {', '.join(ENDS)}"
            return [], [self.inliner.reporter.error(message, line=self.lineno)]
        end = ENDS[self.text]
        line = (
            '<svg class="front-moved" viewBox="0 0 96 48" aria-hidden="true">'
            '<path class="front-none" d="M32 0V48"/>'
            f'<path class="front-range" d="M4 24H32C56 24 60 {end} 88 {end}"/>'
            f'<circle cx="88" cy="{end}" r="5"/></svg>'
        )
        return [nodes.raw("", line, format="html")], []


class reading_time_node(nodes.Inline, nodes.Element):
    """The hours of a folder, known once all pages are read."""


class ReadingTime(SphinxRole):
    """How long a folder of the book takes to read."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the place that is filled when all pages are read."""
        return [reading_time_node(folder=self.text)], []


class Progress(SphinxRole):
    """The place for what the reader has answered of a part of the book."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the empty place."""
        part = escape(self.text, quote=True)
        return [
            nodes.raw(
                "",
                f'<span class="front-progress" data-part="{part}"></span>',
                format="html",
            )
        ], []


def minutes(env: BuildEnvironment) -> dict[str, int]:
    """Return the minutes that each page takes to read, by its name."""
    if not hasattr(env, "reading_minutes"):
        env.reading_minutes = {}
    return env.reading_minutes


def note_minutes(app: Sphinx, doctree: nodes.document) -> None:
    """Keep what the header of a page says of its time."""
    time = TIME.search(doctree.astext())
    if time:
        minutes(app.env)[app.env.docname] = int(time["minutes"])


def forget_minutes(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """Forget a page that is read again."""
    minutes(env).pop(docname, None)


def merge_minutes(
    app: Sphinx, env: BuildEnvironment, docnames: set[str], other: BuildEnvironment
) -> None:
    """Take what another process has read."""
    read = minutes(other)
    minutes(env).update({page: read[page] for page in docnames & set(read)})


def hours(env: BuildEnvironment, folder: str) -> str:
    """Return the time of a folder's pages in words, to the half hour."""
    prefix = "book/" if folder == "all" else f"book/{folder}/"
    halves = round(
        sum(time for page, time in minutes(env).items() if page.startswith(prefix)) / 30
    )
    whole = str(halves // 2) if halves > 1 else ""
    return f"{whole}{'½' if halves % 2 else ''}\u00a0h"


def fill_hours(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Write the hours where a page asks for them."""
    for node in list(doctree.findall(reading_time_node)):
        node.replace_self(nodes.Text(hours(app.env, node["folder"])))


def setup(app: Sphinx) -> dict:
    """Register the roles."""
    app.add_node(reading_time_node)
    app.add_role("interval", Interval())
    app.add_role("share", Share())
    app.add_role("moved", Moved())
    app.add_role("reading-time", ReadingTime())
    app.add_role("progress", Progress())
    app.connect("doctree-read", note_minutes)
    app.connect("env-purge-doc", forget_minutes)
    app.connect("env-merge-info", merge_minutes)
    app.connect("doctree-resolved", fill_hours)
    serve(app, FOLDER, 'class="front-')
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
