"""A matplotlib figure as plain data, and a real Figure drawn again from it.

Carried: labels, scales, limits, tick labels, legend, texts, lines, points,
rectangles and bar containers. Tests look at these; nothing else is copied.
"""

import itertools
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.category import StrCategoryFormatter
from matplotlib.collections import PathCollection
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import FixedFormatter, FuncFormatter

from . import wire
from .wire import require

#: What is carried of Axes, and of each kind of thing that is drawn on them.
AXES = ("title", "xlabel", "ylabel", "xscale", "yscale")
LINE = ("label", "color", "linestyle", "marker", "linewidth")
RECTANGLE = ("xy", "width", "height", "label", "facecolor")
POINTS = ("label", "facecolor")
#: Tick labels are carried if somebody chose them; the others follow from the limits.
NAMED = (FixedFormatter, FuncFormatter, StrCategoryFormatter)
#: Figures to draw on, made before the fork: axes take longer than what is on them.
BLANK: list[Figure] = []
MAX_BLANK = 4
#: What a description may hold.
MAX_AXES, MAX_TEXT, MAX_INCHES = 50, 5000, 50

#: What is carried of a figure, or of a part of one, by name.
Description = dict[str, Any]


def prepare_blank_figures() -> None:
    """Make the figures on which `rebuild` will draw."""
    for _ in range(MAX_BLANK):
        figure = Figure()
        figure.add_axes((0, 0, 1, 1))
        BLANK.append(figure)


def describe(figure: Figure) -> Description:
    """Return what a test may look at in a figure, as plain data."""
    title = figure.get_suptitle()
    axes = [_describe_axes(one) for one in figure.axes]
    return {"size": figure.get_size_inches(), "title": title, "axes": axes}


def _describe_axes(axes: Axes) -> Description:
    rectangles = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    bars = [bar for bar in axes.containers if isinstance(bar, BarContainer)]
    points = [dots for dots in axes.collections if isinstance(dots, PathCollection)]
    legend = axes.get_legend()
    return {
        "box": axes.get_position().bounds,
        "axes": _get(axes, AXES),
        "limits": _get(axes, ("xlim", "ylim")),
        "ticks": {side: _ticks(axes, side) for side in "xy"},
        "lines": [
            [_plain(line.get_xdata()), _plain(line.get_ydata()), _get(line, LINE)]
            for line in axes.lines
        ],
        "rectangles": [_get(patch, RECTANGLE) for patch in rectangles],
        "bars": [
            [[rectangles.index(patch) for patch in bar.patches], _get(bar, ["label"])]
            for bar in bars
        ],
        "points": [[_plain(dots.get_offsets()), _get(dots, POINTS)] for dots in points],
        "texts": [[text.get_position(), text.get_text()] for text in axes.texts],
        "legend": legend and [text.get_text() for text in legend.get_texts()],
    }


def _get(artist: Any, names: Sequence[str]) -> Description:
    return {name: getattr(artist, f"get_{name}")() for name in names}


def _plain(values: Any) -> Any:
    return np.ma.filled(values, np.nan)


def _ticks(axes: Axes, side: str) -> tuple[Any, list[str]] | None:
    axis = getattr(axes, f"{side}axis")
    if not isinstance(axis.get_major_formatter(), NAMED):
        return None
    return axis.get_ticklocs(), [text.get_text() for text in axis.get_ticklabels()]


def rebuild(found: Description) -> Figure:
    """Return a Figure like the one described.

    Raises
    ------
    Exception
        Of any kind, if the description is not one of `describe`.
    """
    require(len(found["axes"]) <= MAX_AXES, "figure")
    figure = BLANK.pop() if BLANK and len(found["axes"]) == 1 else Figure()
    FigureCanvasAgg(figure)
    width, height = (min(max(float(n), 0.1), MAX_INCHES) for n in found["size"])
    figure.set_size_inches(width, height)
    figure.suptitle(_text(found["title"]))
    for blank, description in itertools.zip_longest(figure.axes, found["axes"]):
        axes = blank or figure.add_axes(description["box"])
        axes.set_position(description["box"])
        _rebuild_axes(axes, description)
    return figure


def _rebuild_axes(axes: Axes, found: Description) -> None:
    axes.autoscale(False)  # the limits are known
    _draw_shapes(axes, found)
    for (x, y), text in found["texts"]:
        axes.text(x, y, _text(text))
    # Setting a scale is slow, even if it stays the same.
    new = _only(found["axes"], AXES).items() - _get(axes, AXES).items()
    axes.set(**dict(new))
    for side in "xy":
        if found["ticks"][side]:
            places, words = found["ticks"][side]
            getattr(axes, f"set_{side}ticks")(places, [_text(word) for word in words])
    axes.set(**_only(found["limits"], ("xlim", "ylim")))
    if found["legend"] is not None:
        words = [_text(word) for word in found["legend"]]
        handles, labels = axes.get_legend_handles_labels()
        known = dict(zip(labels, handles, strict=True))
        axes.legend([known.get(word, Patch()) for word in words], words)


def _draw_shapes(axes: Axes, found: Description) -> None:
    for x, y, properties in found["lines"]:
        require(np.shape(x) == np.shape(y), "line")
        axes.plot(x, y, **_only(properties, LINE))
    rectangles = [
        axes.add_patch(Rectangle(**_only(properties, RECTANGLE)))
        for properties in found["rectangles"]
    ]
    for places, properties in found["bars"]:
        patches = [rectangles[place] for place in places]
        axes.add_container(BarContainer(patches, **_only(properties, ["label"])))
    for places, properties in found["points"]:
        axes.scatter(*places.T, **_only(properties, POINTS))


def _only(found: Description, names: Sequence[str]) -> Description:
    """Return the properties of these names: an attacker may send others."""
    given = {name: found[name] for name in names}
    for value in given.values():
        require(type(value) is not str or len(value) < MAX_TEXT, "text")
    return given


def _text(value: Any) -> str:
    require(type(value) is str and len(value) < MAX_TEXT, "text")
    text: str = value
    return text


class Asker(Protocol):
    """The side of the tests, as far as figures need it."""

    def ask(self, question: wire.Head) -> tuple[wire.Head, Any]:
        """Ask the submission."""

    def value(self, answer: wire.Head, reader: Any, what: str) -> Any:
        """Return the value in an answer."""


def share_current_figure(side: Asker) -> None:
    """Let ``plt.gcf()`` and ``plt.gca()`` in a test find the submission's figure."""
    from matplotlib import pyplot

    own_gcf = pyplot.gcf

    def gcf() -> Figure:
        if not pyplot.get_fignums():
            answer, reader = side.ask({"ask": "figure"})
            if not answer.get("missing"):
                figure: Figure = side.value(answer, reader, "the figure")
                return figure
        return own_gcf()

    pyplot.gcf = gcf  # gca asks it too
