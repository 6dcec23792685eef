"""The numbers in a figure, read from what matplotlib drew.

`table` returns them as CSV: one row for each point, bar, interval or corner of a
line. A column is headed by what its axis says; where an axis has words in place of
numbers, the row has the words.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Iterator
from functools import cached_property

import numpy as np
from matplotlib import category, colors
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import (
    Collection,
    LineCollection,
    PathCollection,
    PolyCollection,
    QuadMesh,
)
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Polygon, Rectangle, StepPatch

#: Digits of the largest number of an axis; the others have as many decimals.
DIGITS = 5
FIRST = ("panel", "series", "drawn as", "colour")
#: One row, by heading.
Row = dict[str, str]


def table(figure: Figure) -> str:
    """Return the numbers in a figure as CSV.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        A figure as a cell has left it.

    Returns
    -------
    str
        A header, and a row for each point, corner of a line, bar or interval. The
        columns ``panel``, ``series``, ``drawn as`` and ``colour`` are left out where
        they say nothing. Empty, if no axis has a number, as in a diagram.
    """
    panels = [_Panel(axes) for axes in figure.axes if axes.get_visible()]
    full = [(panel, rows) for panel in panels if (rows := list(panel.rows()))]
    made: list[Row] = []
    for place, (panel, rows) in enumerate(full, 1):
        made += [{"panel": panel.name(place)} | row for row in rows]
    if len(full) < 2:
        made = [row | {"panel": ""} for row in made]
    used = {heading for row in made for heading, field in row.items() if field}
    rest = dict.fromkeys(heading for row in made for heading in row)
    headings = [one for one in dict.fromkeys([*FIRST, *rest]) if one in used]
    if not made:
        return ""
    written = io.StringIO()
    writer = csv.DictWriter(
        written, headings, extrasaction="ignore", lineterminator="\n"
    )
    writer.writeheader()
    writer.writerows(made)
    return written.getvalue()


class _Scale:
    """One axis of a panel: its heading, and how it writes a number.

    Parameters
    ----------
    axis : matplotlib.axis.Axis
    shared : list of matplotlib.axis.Axis
        The axes that it is shared with: one of them has the label.
    other : str
        What it is called if it has no label.
    """

    def __init__(self, axis: Axis, shared: Iterable[Axis], other: str) -> None:
        labels = [one.get_label_text() for one in (axis, *shared)]
        self.heading = " ".join(next(filter(None, labels), other).split())
        self.logarithmic = axis.get_scale() != "linear"
        largest = max(map(abs, axis.get_view_interval()))
        whole = math.ceil(math.log10(largest)) if largest > 0 else 0
        self.decimals = DIGITS - whole
        self.words = _words(axis)

    def written(self, number: float) -> str:
        """Return a number as the table has it."""
        if not np.isfinite(number):
            return ""
        if word := self.word(number):
            return word
        if self.logarithmic:
            return f"{number:.{DIGITS}g}"
        rounded = round(float(number), self.decimals) + 0.0
        return f"{rounded:.12g}"

    def word(self, number: float) -> str | None:
        """Return what the axis has in place of a number."""
        return self.words.get(round(float(number), 6))

    def fields(self, first: float, last: float | None = None) -> Row:
        """Return a number, or from where to where, by heading."""
        if last is None:
            return {self.heading: self.written(first)}
        low, high = sorted((first, last))
        return {
            f"{self.heading}, from": self.written(low),
            f"{self.heading}, to": self.written(high),
        }


class _Panel:
    """What one pair of axes shows.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    """

    def __init__(self, axes: Axes) -> None:
        self.axes = axes
        across = axes.get_shared_x_axes().get_siblings(axes)
        up = axes.get_shared_y_axes().get_siblings(axes)
        whole = axes.figure.get_supxlabel(), axes.figure.get_supylabel()
        self.x = _Scale(axes.xaxis, [one.xaxis for one in across], whole[0] or "x")
        self.y = _Scale(axes.yaxis, [one.yaxis for one in up], whole[1] or "y")
        if self.x.heading == self.y.heading:
            self.x.heading, self.y.heading = (
                f"{self.x.heading} (across)",
                f"{self.y.heading} (up)",
            )

    def name(self, place: int) -> str:
        """Return the panel's title, or its place among the panels."""
        titles = (self.axes.get_title(loc) for loc in ("left", "center", "right"))
        title = next(filter(None, titles), "")
        return " ".join(title.split()) or str(place)

    def rows(self) -> Iterator[Row]:
        """Yield what is drawn, in the order of drawing."""
        labels: dict[Artist, str] = {}
        told: set[Artist] = set()
        for container in self.axes.containers:
            label = str(container.get_label() or "")
            parts = [part for part in container.get_children() if part is not None]
            labels |= dict.fromkeys(parts, label)
            if isinstance(container, ErrorbarContainer):
                yield from self._intervals(container, _shown(label))
                told |= set(parts)
        for artist in self.axes.get_children():
            if artist in told or not artist.get_visible():
                continue
            own = str(artist.get_label() or "")
            series = _shown(own) or _shown(labels.get(artist, ""))
            yield from (
                {"series": series, "colour": _colour(artist)} | row
                for row in self._drawn(artist)
            )

    def _drawn(self, artist: Artist) -> Iterator[Row]:
        if artist is self.axes.patch:
            return
        readers = {
            Line2D: self._line,
            QuadMesh: self._mesh,
            LineCollection: self._segments,
            PathCollection: self._points,
            PolyCollection: self._bands,
            AxesImage: self._image,
            Rectangle: self._bar,
            StepPatch: self._steps,
            Polygon: self._outline,
        }
        for kind, read in readers.items():
            if isinstance(artist, kind):
                yield from read(artist)
                return

    def _in_data(self, artist: Artist) -> tuple[bool, bool]:
        """Return whether it is placed by the numbers of the two axes."""
        across, up = artist.get_transform().contains_branch_seperately(
            self.axes.transData
        )
        return across, up

    def _line(self, line: Line2D) -> Iterator[Row]:
        x, y = (np.asarray(one, float) for one in line.get_data(orig=False))
        across, up = self._in_data(line)
        if not len(x) or not (across or up):
            return
        if across and up:
            dotted = line.get_linestyle() in ("None", "none", " ", "")
            mark = {"drawn as": "points" if dotted else "line"}
            for one, two in zip(x, y, strict=True):
                yield mark | self.x.fields(one) | self.y.fields(two)
        else:
            at = self.x.fields(x[0]) if across else self.y.fields(y[0])
            yield {"drawn as": "reference line"} | at

    def _points(self, cloud: PathCollection) -> Iterator[Row]:
        offsets = np.ma.getdata(cloud.get_offsets())
        inside = cloud.get_offset_transform().contains_branch(self.axes.transData)
        for x, y in offsets if inside else ():
            yield {"drawn as": "points"} | self.x.fields(x) | self.y.fields(y)

    def _segments(self, lines: LineCollection) -> Iterator[Row]:
        if not all(self._in_data(lines)):
            return
        segments = lines.get_segments()
        if any(len(segment) != 2 for segment in segments):
            for x, y in np.concatenate(segments):
                yield {"drawn as": "line"} | self.x.fields(x) | self.y.fields(y)
            return
        corners = np.array(segments).reshape(-1, 2, 2)
        level, upright = (np.all(corners[:, 0, i] == corners[:, 1, i]) for i in (1, 0))
        for (x, y), (x2, y2) in corners:
            across = self.x.fields(x) if upright else self.x.fields(x, x2)
            up = self.y.fields(y) if level else self.y.fields(y, y2)
            yield {"drawn as": "interval"} | across | up

    def _intervals(self, container: ErrorbarContainer, series: str) -> Iterator[Row]:
        """Yield the points of an error bar, each with its interval."""
        points, _, bars = container.lines
        segments = [bar.get_segments() for bar in bars]
        shown = points or bars[0]
        xs, ys = (
            points.get_data(orig=False)
            if points
            else zip(*[segment.mean(axis=0) for segment in segments[0]], strict=True)
        )
        for place, (x, y) in enumerate(zip(xs, ys, strict=True)):
            row = {"series": series, "colour": _colour(shown), "drawn as": "interval"}
            row |= self.x.fields(x) | self.y.fields(y)
            for some in segments:
                if place >= len(some) or len(some[place]) < 2:
                    continue
                (x1, y1), (x2, y2) = some[place]
                row |= self.x.fields(x1, x2) if y1 == y2 else self.y.fields(y1, y2)
            yield row

    def _bands(self, bands: PolyCollection) -> Iterator[Row]:
        if not all(self._in_data(bands)):
            return
        for path in bands.get_paths():
            corners = path.vertices[:-1]
            half = (len(corners) - 2) // 2
            lower, upper = corners[1 : half + 1], corners[half + 2 :][::-1]
            if len(lower) != len(upper):
                continue
            upright = np.allclose(lower[:, 0], upper[:, 0])
            for (x, y), (x2, y2) in zip(lower, upper, strict=True):
                ends = (
                    self.x.fields(x) | self.y.fields(y, y2)
                    if upright
                    else self.x.fields(x, x2) | self.y.fields(y)
                )
                yield {"drawn as": "band"} | ends

    def _steps(self, steps: StepPatch) -> Iterator[Row]:
        heights, edges, _ = steps.get_data()
        for height, left, right in zip(heights, edges, edges[1:], strict=False):
            ends = self.x.fields(left, right)
            yield {"drawn as": "step"} | ends | self.y.fields(height)

    def _outline(self, shape: Polygon) -> Iterator[Row]:
        inside = shape.get_data_transform().contains_branch(self.axes.transData)
        for x, y in shape.get_xy() if inside else ():
            yield {"drawn as": "outline"} | self.x.fields(x) | self.y.fields(y)

    def _bar(self, bar: Rectangle) -> Iterator[Row]:
        (left, low), (right, high) = bar.get_bbox().get_points()
        placed = bar.get_data_transform()
        across, up = placed.contains_branch_seperately(self.axes.transData)
        if across and up:
            sides = self._side(0, left, right) | self._side(1, low, high)
            yield {"drawn as": "bar"} | sides
        elif across:
            yield {"drawn as": "shaded"} | self.x.fields(left, right)
        elif up:
            yield {"drawn as": "shaded"} | self.y.fields(low, high)

    @cached_property
    def _from_zero(self) -> tuple[bool, bool]:
        """Return whether all bars begin at 0, across and up: then they are lengths."""
        bars = [one for one in self.axes.patches if type(one) is Rectangle]
        corners = np.array([bar.get_bbox().get_points() for bar in bars])
        if len(bars) == 1:  # which of its sides is the length, one bar does not tell
            return False, True
        across, up = (corners == 0).any(axis=1).all(axis=0)
        return bool(across), bool(up)

    def _side(self, which: int, low: float, high: float) -> Row:
        """Return one side of a bar: its length, its word, or from where to where."""
        scale = (self.x, self.y)[which]
        middle = (low + high) / 2
        if scale.word(middle):
            return {scale.heading: scale.written(middle)}
        if self._from_zero[which]:
            return {scale.heading: scale.written(low + high)}
        return scale.fields(low, high)

    def _mesh(self, mesh: QuadMesh) -> Iterator[Row]:
        corners, values = mesh.get_coordinates(), np.ma.getdata(mesh.get_array())
        values = values.reshape(corners.shape[0] - 1, corners.shape[1] - 1)
        middles = (corners[:-1, :-1] + corners[1:, 1:]) / 2
        yield from self._cells(middles.reshape(-1, 2), values)

    def _image(self, image: AxesImage) -> Iterator[Row]:
        values = np.ma.getdata(image.get_array())
        if values.ndim != 2:
            return
        left, right, bottom, top = image.get_extent()
        rows, columns = values.shape
        xs = left + (np.arange(columns) + 0.5) * (right - left) / columns
        ys = bottom + (np.arange(rows) + 0.5) * (top - bottom) / rows
        if image.origin == "upper":
            ys = ys[::-1]
        yield from self._cells(np.stack(np.meshgrid(xs, ys), -1).reshape(-1, 2), values)

    def _cells(self, middles: np.ndarray, values: np.ndarray) -> Iterator[Row]:
        for (x, y), value in zip(middles, values.ravel(), strict=True):
            at = self.x.fields(x) | self.y.fields(y)
            yield {"drawn as": "cell"} | at | {"value": f"{value:.{DIGITS}g}"}


def _shown(label: str) -> str:
    """Return what a legend shows of a label: nothing, if it is one of matplotlib's."""
    return "" if label.startswith("_") else " ".join(label.split())


def _colour(artist: Artist) -> str:
    """Return the colour of something, or nothing if it has several."""
    match artist:
        case Line2D():
            return colors.to_hex(artist.get_color())
        case LineCollection():
            some = artist.get_edgecolor()
        case Collection():
            some = artist.get_facecolor()
            some = some if len(some) else artist.get_edgecolor()
        case Patch():
            some = [artist.get_facecolor() if artist.fill else artist.get_edgecolor()]
        case _:
            return ""
    one = {colors.to_hex(colour) for colour in some}
    return one.pop() if len(one) == 1 else ""


def _words(axis: Axis) -> dict[float, str]:
    """Return what an axis has in place of numbers, by number."""
    formatter = axis.get_major_formatter()
    if axis.get_scale() != "linear":
        return {}
    # What a cell gave as labels, or as data, and not what matplotlib makes of numbers.
    given = "_format_with_dict" in repr(getattr(formatter, "func", ""))
    if not given and not isinstance(formatter, category.StrCategoryFormatter):
        return {}
    labels = [" ".join(label.get_text().split()) for label in axis.get_ticklabels()]
    ticks = zip(axis.get_majorticklocs(), labels, strict=False)
    return {
        round(float(at), 6): label
        for at, label in ticks
        if label and _number_in(label) != round(float(at), 6)
    }


def _number_in(label: str) -> float | None:
    """Return the number that the label of a tick begins with, if there is one."""
    found = re.match(r"[-\N{MINUS SIGN}]?\d+(?:[.,]\d+)*", label)
    if not found:
        return None
    return float(found[0].replace("\N{MINUS SIGN}", "-").replace(",", ""))
