"""A matplotlib figure as plain data, and a real Figure drawn again from it.

Carried: labels, scales, limits, tick labels, legend, texts, lines, points,
rectangles and bar containers. Tests look at these; nothing else is copied.
"""

import itertools

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.category import StrCategoryFormatter
from matplotlib.collections import PathCollection
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import FixedFormatter, FuncFormatter

from .wire import need

#: What is carried of Axes, and of each kind of thing that is drawn on them.
AXES = ("title", "xlabel", "ylabel", "xscale", "yscale")
LINE = ("label", "color", "linestyle", "marker", "linewidth")
RECTANGLE = ("xy", "width", "height", "label", "facecolor")
POINTS = ("label", "facecolor")
#: Tick labels are carried if somebody chose them; the others follow from the limits.
NAMED = (FixedFormatter, FuncFormatter, StrCategoryFormatter)
#: Figures to draw on, made before the fork: axes take longer than what is on them.
SPARE = []


def describe(figure):
    """Return what a test may look at in a figure, as plain data."""
    title = figure.get_suptitle()
    axes = [_describe_axes(one) for one in figure.axes]
    return {"size": figure.get_size_inches(), "title": title, "axes": axes}


def _describe_axes(axes):
    rectangles = [one for one in axes.patches if isinstance(one, Rectangle)]
    bars = [one for one in axes.containers if isinstance(one, BarContainer)]
    points = [one for one in axes.collections if isinstance(one, PathCollection)]
    legend = axes.get_legend()
    return {
        "box": axes.get_position().bounds,
        "axes": _get(axes, AXES),
        "limits": _get(axes, ("xlim", "ylim")),
        "ticks": {side: _ticks(axes, side) for side in "xy"},
        "lines": [
            [_plain(one.get_xdata()), _plain(one.get_ydata()), _get(one, LINE)]
            for one in axes.lines
        ],
        "rectangles": [_get(one, RECTANGLE) for one in rectangles],
        "bars": [
            [[rectangles.index(one) for one in bar.patches], _get(bar, ["label"])]
            for bar in bars
        ],
        "points": [[_plain(one.get_offsets()), _get(one, POINTS)] for one in points],
        "texts": [[one.get_position(), one.get_text()] for one in axes.texts],
        "legend": legend and [one.get_text() for one in legend.get_texts()],
    }


def _get(artist, names):
    return {name: getattr(artist, f"get_{name}")() for name in names}


def _plain(values):
    return np.ma.filled(values, np.nan)


def _ticks(axes, side):
    axis = getattr(axes, f"{side}axis")
    if not isinstance(axis.get_major_formatter(), NAMED):
        return None
    return axis.get_ticklocs(), [one.get_text() for one in axis.get_ticklabels()]


def rebuild(found):
    """Return a Figure like the one described.

    Raises
    ------
    Exception
        Of any kind, if the description is not one of `describe`.
    """
    need(len(found["axes"]) <= 50, "figure")
    figure = SPARE.pop() if SPARE and len(found["axes"]) == 1 else Figure()
    FigureCanvasAgg(figure)
    figure.set_size_inches(
        [min(max(float(inches), 0.1), 50) for inches in found["size"]]
    )
    figure.suptitle(_text(found["title"]))
    for axes, one in itertools.zip_longest(figure.axes, found["axes"]):
        axes = axes or figure.add_axes(one["box"])
        axes.set_position(one["box"])
        _rebuild_axes(axes, one)
    return figure


def _rebuild_axes(axes, found):
    axes.autoscale(False)  # the limits are known
    for x, y, more in found["lines"]:
        need(np.shape(x) == np.shape(y), "line")
        axes.plot(x, y, **_only(more, LINE))
    rectangles = [
        axes.add_patch(Rectangle(**_only(one, RECTANGLE)))
        for one in found["rectangles"]
    ]
    for places, more in found["bars"]:
        patches = [rectangles[place] for place in places]
        axes.add_container(BarContainer(patches, **_only(more, ["label"])))
    for places, more in found["points"]:
        axes.scatter(*places.T, **_only(more, POINTS))
    for (x, y), text in found["texts"]:
        axes.text(x, y, _text(text))
    # To set a scale takes long, also where it is the same.
    axes.set(**dict(_only(found["axes"], AXES).items() - _get(axes, AXES).items()))
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


def _only(found, names):
    """Return the properties of these names: an enemy may send others."""
    given = {name: found[name] for name in names}
    for value in given.values():
        need(type(value) is not str or len(value) < 5000, "text")
    return given


def _text(value):
    need(type(value) is str and len(value) < 5000, "text")
    return value


def share(trusted):
    """Let ``plt.gcf()`` and ``plt.gca()`` in a test find the submission's figure."""
    from matplotlib import pyplot

    own = pyplot.gcf

    def gcf():
        if not pyplot.get_fignums():
            answer, reader = trusted.ask({"ask": "figure"})
            if not answer.get("missing"):
                return trusted.value(answer, reader, "the figure")
        return own()

    pyplot.gcf = gcf  # gca asks it too
