"""A matplotlib figure as plain data, and a real Figure drawn again from it.

Carried: labels, scales, limits, tick labels, legend, texts, lines, points,
rectangles and bar containers. Tests look at these; nothing else is copied.
"""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.category import StrCategoryFormatter
from matplotlib.colors import to_hex
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedFormatter, FuncFormatter

from .wire import need

TEXTS = ("title", "xlabel", "ylabel", "xscale", "yscale")
SCALES = ("linear", "log", "symlog", "logit", "asinh")
#: Tick labels are carried if somebody chose them; the others follow from the limits.
NAMED = (FixedFormatter, FuncFormatter, StrCategoryFormatter)
LINE = ("color", "label", "linestyle", "marker", "linewidth")


def _numbers(values):
    values = np.ma.filled(np.ma.asarray(values), np.nan)
    if values.dtype.kind in "iufbM":
        return values
    try:
        return values.astype(float)
    except (TypeError, ValueError):
        return np.array([str(value) for value in values])


def describe(figure):
    """Return what a test may look at in a figure, as plain data."""
    title = figure.get_suptitle()
    axes = [_describe_axes(one) for one in figure.axes]
    return {"size": figure.get_size_inches(), "title": title, "axes": axes}


def _describe_axes(axes):
    found = {name: getattr(axes, f"get_{name}")() for name in TEXTS}
    found["box"] = list(axes.get_position().bounds)
    for side in "xy":
        found[f"{side}lim"] = list(getattr(axes, f"get_{side}lim")())
        axis, found[f"{side}ticks"] = getattr(axes, f"{side}axis"), None
        if isinstance(axis.get_major_formatter(), NAMED):
            words = [one.get_text() for one in axis.get_ticklabels()]
            found[f"{side}ticks"] = [np.asarray(axis.get_ticklocs(), float), words]
    found["lines"] = [
        {
            "x": _numbers(line.get_xdata()),
            "y": _numbers(line.get_ydata()),
            **{name: getattr(line, f"get_{name}")() for name in LINE},
            "color": to_hex(line.get_color()),
        }
        for line in axes.lines
    ]
    rectangles = [one for one in axes.patches if isinstance(one, Rectangle)]
    found["rectangles"] = [
        [
            [float(v) for v in (*r.get_xy(), r.get_width(), r.get_height())],
            to_hex(r.get_facecolor(), keep_alpha=True),
            str(r.get_label()),
        ]
        for r in rectangles
    ]
    found["bars"] = [
        [[rectangles.index(one) for one in bars.patches], str(bars.get_label())]
        for bars in axes.containers
        if isinstance(bars, BarContainer)
    ]
    found["points"] = [
        {
            "xy": np.ma.filled(np.ma.asarray(points.get_offsets(), float), np.nan),
            "color": [to_hex(one) for one in points.get_facecolors()[:1]],
            "label": str(points.get_label()),
        }
        for points in axes.collections
        if type(points).__name__ == "PathCollection"
    ]
    found["texts"] = [
        [float(x), float(y), str(text.get_text())]
        for text in axes.texts
        for x, y in [text.get_position()]
        if isinstance(x, (int, float)) and isinstance(y, (int, float))
    ]
    legend = axes.get_legend()
    found["legend"] = legend and [one.get_text() for one in legend.get_texts()]
    return found


def rebuild(found):
    """Return a Figure like the one described.

    Raises
    ------
    Exception
        Of any kind, if the description is not one of `describe`.
    """
    need(len(found["axes"]) <= 50, "figure")
    size = [min(max(float(inches), 0.1), 50) for inches in found["size"]]
    figure = Figure(figsize=size)
    FigureCanvasAgg(figure)
    if found["title"]:
        figure.suptitle(_text(found["title"]))
    for one in found["axes"]:
        _rebuild_axes(figure, one)
    return figure


def _rebuild_axes(figure, found):
    axes = figure.add_axes([float(value) for value in found["box"]])
    for line in found["lines"]:
        need(line["x"].shape == line["y"].shape, "line")
        axes.plot(line["x"], line["y"], **{name: line[name] for name in LINE})
    rectangles = []
    for (x, y, width, height), color, label in found["rectangles"]:
        made = Rectangle((x, y), width, height, facecolor=color, label=_text(label))
        rectangles.append(axes.add_patch(made))
    for places, label in found["bars"]:
        patches = [rectangles[place] for place in places]
        axes.add_container(BarContainer(patches, label=_text(label)))
    for points in found["points"]:
        x, y = points["xy"].T
        axes.scatter(x, y, c=points["color"] or None, label=_text(points["label"]))
    for x, y, text in found["texts"]:
        axes.text(x, y, _text(text))
    for name in TEXTS:
        need("scale" not in name or found[name] in SCALES, "scale")
        getattr(axes, f"set_{name}")(_text(found[name]))
    for side in "xy":
        if found[f"{side}ticks"]:
            ticks, words = found[f"{side}ticks"]
            getattr(axes, f"set_{side}ticks")(ticks, [_text(word) for word in words])
        low, high = found[f"{side}lim"]
        getattr(axes, f"set_{side}lim")(float(low), float(high))
    if found["legend"] is not None:
        axes.legend(*axes.get_legend_handles_labels())
        shown = axes.get_legend().get_texts()
        for text, word in zip(shown, found["legend"], strict=False):
            text.set_text(_text(word))


def _text(value):
    need(type(value) is str and len(value) < 5000, "text")
    return value


def share(trusted):
    """Let ``plt.gcf()`` and ``plt.gca()`` in a test find the submission's figure."""
    from matplotlib import pyplot

    own = pyplot.gcf, pyplot.gca

    def gcf():
        if not pyplot.get_fignums():
            answer, reader = trusted.ask({"ask": "figure"})
            if not answer.get("missing"):
                return trusted.value(answer, reader, "the figure")
        return own[0]()

    def gca():
        figure = gcf()
        return figure.axes[-1] if figure.axes else own[1]()

    pyplot.gcf, pyplot.gca = gcf, gca
