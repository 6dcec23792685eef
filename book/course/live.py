"""Live figures: charts with sliders that recompute, in JupyterLab and on the page.

A cell makes sliders, a chart that uses them, and one row of data for the sentence
below the chart; `figure` ties them together::

    limit = live.Slider("limit", "Invited above", 2, 9, 0.5, value=5, unit="mg/L")
    chart = alt.Chart(people).mark_circle().encode(x="first:Q", y="second:Q")
    invited = alt.Chart(people).transform_filter(alt.datum.first > limit)
    live.figure(
        "lv-metrics-invited",
        question="Nobody is treated. What happens to those who are invited?",
        sliders=[limit],
        chart=chart,
        said=invited.transform_aggregate(n="count()", mean="mean(second)"),
        says="{n} people are invited; their second reading is {mean:.1f} mg/L.",
        found="The stricter the choice, the larger the fall.",
        picture="Scatter plot of the second reading against the first.",
    )

The output is a Vega-Lite specification, which JupyterLab shows as it is. The page
element `live` makes of it a picture, and a figure that a reader can move.
"""

from __future__ import annotations

import csv
import io
import json
import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from . import style

Chart = alt.Chart | alt.LayerChart
#: What JupyterLab shows, and the page element takes, as a live figure.
MIME = "application/vnd.vegalite.v5+json"
#: Width of the chart in JupyterLab, in pixels; on the page it fills the column.
WIDTH = 540
#: A page holds the specification of each of its figures.
LARGEST = 50_000
#: Words that mean something else in a formula.
TAKEN = {"true", "false", "null", "datum", "event", "item", "parent", "width", "height"}
NAME = re.compile(r"lv-[a-z0-9]+(-[a-z0-9]+)+")

TEXT = {"labelFontSize": 12, "titleFontSize": 12.5, "titleFontWeight": "normal"}
#: The book's style, as Vega-Lite says it. `style.use` says it to matplotlib.
THEME: dict[str, Any] = {
    "aria": False,  # the figure as a whole has a description
    "background": "transparent",
    "font": "sans-serif",
    "view": {"stroke": None},
    "axis": TEXT
    | {
        "grid": False,
        "labelColor": style.INK,
        "titleColor": style.INK,
        "domainColor": style.INK,
        "tickColor": style.INK,
        "labelFlush": False,
        "titlePadding": 8,
    },
    "legend": TEXT
    | {
        "labelColor": style.INK,
        "titleColor": style.INK,
        "orient": "top",
        "symbolStrokeWidth": 2,
        "labelLimit": 260,
    },
    "title": {
        "anchor": "start",
        "color": style.INK,
        "fontSize": 12.5,
        "fontWeight": "normal",
    },
    "text": {"color": style.INK, "fontSize": 12},
    "line": {"color": style.BLUE, "strokeWidth": 2.2},
    "point": {"color": style.BLUE, "filled": True, "size": 60},
    "circle": {"color": style.BLUE},
    "rule": {"color": style.INK, "strokeWidth": 1.5},
    "bar": {"color": style.BLUE},
    "range": {
        "category": [style.BLUE, style.VERMILION, style.GREEN, style.ORANGE, style.PINK]
    },
}


class Slider(alt.Parameter):
    """A number that the reader moves; in a chart, an Altair parameter.

    Parameters
    ----------
    name : str
        Its name in the chart's formulas.
    label : str
        Its name for the reader.
    low, high, step : float
        Where it begins, where it ends, and by how much it moves.
    value : float
        Where it stands at first.
    unit : str, optional
        Printed behind each value.
    ticks : sequence of float, optional
        Values that are written below it; both ends, if nothing is said.
    """

    def __init__(
        self,
        name: str,
        label: str,
        low: float,
        high: float,
        step: float,
        *,
        value: float,
        unit: str = "",
        ticks: Sequence[float] = (),
    ) -> None:
        if not name.isidentifier() or name in TAKEN:
            raise ValueError(f"name={name!r} is no name for a formula: take another")
        if not (low < high and step > 0):
            raise ValueError(f"{name}: low, high, step = {low}, {high}, {step}")
        steps = round((high - low) / step)
        self.values = [round(low + i * step, 9) for i in range(steps + 1)]
        for what, one in [("high", high), ("value", value)]:
            if not np.isclose(self.values, one).any():
                raise ValueError(
                    f"{name}: {what}={one} is no step from {low} by {step}"
                )
        for tick in ticks:
            if not low <= tick <= high:
                raise ValueError(f"{name}: the tick {tick} is not in {low} to {high}")
        self.step = step
        self.shown = {
            "name": name,
            "label": label,
            "unit": unit,
            "low": low,
            "high": high,
            "step": step,
            "value": value,
            "ticks": list(ticks) or [low, high],
        }
        title = f"{label} ({unit}) " if unit else f"{label} "
        bind = alt.binding_range(min=low, max=high, step=step, name=title)
        variable = alt.VariableParameter(name=name, value=value, bind=bind)
        super().__init__(name=name, param=variable, param_type="variable")

    def at(self, column: str = "") -> Any:
        """Return the condition that a row belongs to where the slider stands.

        Parameters
        ----------
        column : str, optional
            The column that holds its values, if it is not called like the slider.
        """
        distance = alt.expr.abs(alt.datum[column or self.name] - self)
        return distance < self.step / 2

    def rule(self, axis: str = "x") -> alt.Chart:
        """Return a dashed line where the slider stands, to lay over a chart.

        Parameters
        ----------
        axis : {"x", "y"}
            Along which axis the slider moves.
        """
        here = alt.Chart(pd.DataFrame({"one": [1]}))
        channel = alt.XDatum if axis == "x" else alt.YDatum
        place = channel(alt.ExprRef(self.name), type="quantitative")
        return here.mark_rule(strokeDash=[6, 3]).encode(place)

    def told(self) -> str:
        """Return the formula of what the reader sees as its value."""
        return self.name


class Choice(Slider):
    """One of some words, in an order; in a chart, its place: 1 for the first.

    Parameters
    ----------
    name : str
        Its name in the chart's formulas.
    label : str
        Its name for the reader.
    words : sequence of str
        What can be chosen, at least two.
    value : str
        What is chosen at first.
    """

    def __init__(
        self, name: str, label: str, words: Sequence[str], *, value: str
    ) -> None:
        words = list(words)
        if len(set(words)) < max(len(words), 2):
            raise ValueError(f"{name}: the words {words} are no choice")
        if value not in words:
            raise ValueError(f"{name}: {value!r} is none of {', '.join(words)}")
        place = words.index(value) + 1
        super().__init__(name, label, 1, len(words), 1, value=place)
        self.shown |= {"words": words, "ticks": []}
        # JupyterLab shows no words beside a slider, but in a list.
        self.param.bind = alt.binding_select(
            options=self.values, labels=words, name=f"{label} "
        )

    def told(self) -> str:
        """Return the formula of the word that is chosen."""
        words = json.dumps(self.shown["words"], ensure_ascii=False)
        return f"{words}[{self.name} - 1]"


@dataclass(frozen=True)
class LiveFigure:
    """What a cell shows: a Vega-Lite specification that knows its words.

    Parameters
    ----------
    spec : dict
        The specification. Under ``usermeta``, ``live`` holds what the page shows
        around the chart.
    """

    spec: dict[str, Any] = field(repr=False)

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, Any]:
        words = self.spec["usermeta"]["live"]
        return {MIME: self.spec, "text/plain": f"Live figure: {words['question']}"}


def figure(
    name: str,
    *,
    question: str,
    sliders: Sequence[Slider],
    chart: Chart | list[Chart],
    said: alt.Chart,
    says: str,
    found: str,
    picture: str,
) -> LiveFigure:
    """Return a live figure, for the last line of a cell.

    Parameters
    ----------
    name : str
        ``lv-<chapter>-<topic>``, once in the book.
    question : str
        What the reader is asked to find out by moving the sliders: one line.
    sliders : sequence of Slider
        What can be moved.
    chart : altair.Chart, altair.LayerChart, or list of them
        What is seen: one chart, or some below one another.
    said : altair.Chart
        Data with transforms that leave one row: what `says` takes its numbers from.
    says : str
        What the figure shows where the sliders stand, as a template: ``{n}`` is the
        value of a column of `said` or of a slider, ``{fall:.1f}`` formats it as d3
        does (and Python, for numbers with ``d``, ``f``, ``e`` and ``%``).
    found : str
        The sentence that the reader should have found; it is folded.
    picture : str
        What is seen before anything is moved, for those who do not see it.

    Returns
    -------
    LiveFigure
        JupyterLab shows it, and so does the page.

    Raises
    ------
    ValueError
        If the name is malformed, there is no slider, a text is missing, or the data
        are more than a page should hold.
    """
    if not NAME.fullmatch(name):
        raise ValueError(f"name={name!r}: write lv-<chapter>-<topic> in small letters")
    if not sliders:
        raise ValueError(f"{name} has no slider: nothing could be moved")
    texts = {"question": question, "says": says, "found": found, "picture": picture}
    for what, text in texts.items():
        if not text.strip():
            raise ValueError(f"{name}: {what} says nothing")
    known = {slider.name: slider.told() for slider in sliders}
    sentence = _sentence(said, formula(says, known))
    whole = _stacked([*_charts(chart), sentence], sliders)
    spec = _compact(whole.to_dict())
    spec["title"] = question
    spec["config"] = THEME
    spec["usermeta"] = {
        "embedOptions": {"actions": False, "renderer": "svg"},
        "live": {
            "name": name,
            "question": question,
            "found": found,
            "alt": picture,
            "sliders": [slider.shown for slider in sliders],
        },
    }
    size = len(json.dumps(spec, separators=(",", ":")))
    if size > LARGEST:
        raise ValueError(
            f"{name} takes {size:,} bytes of a page, {LARGEST:,} are allowed: round "
            "the numbers, shorten the columns' names, or take fewer rows"
        )
    return LiveFigure(spec)


def formula(template: str, sliders: Mapping[str, str]) -> str:
    """Return a template as an expression of Vega.

    Parameters
    ----------
    template : str
        Text with fields, as `str.format` has them.
    sliders : mapping of str to str
        The formula of each name that is a slider; every other name is a column.
    """
    parts = []
    for text, name, shape, _ in string.Formatter().parse(template):
        if text:
            parts.append(json.dumps(text, ensure_ascii=False))
        if name:
            value = sliders.get(name, f"datum[{json.dumps(name)}]")
            parts.append(f"format({value}, {json.dumps(shape)})" if shape else value)
    return " + ".join(parts)


def _compact(spec: dict[str, Any]) -> dict[str, Any]:
    """Return the specification with its data as CSV.

    As Altair writes them each row repeats the names of all columns: three times as
    much for the page, and a line for each number in the notebook.
    """
    parsers = {bool: "boolean", str: "string"}
    formats, texts = {}, {}
    for name, rows in spec["datasets"].items():
        file = io.StringIO()
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: _short(row[key]) for key in row} for row in rows)
        kinds = {key: parsers.get(type(rows[0][key]), "number") for key in rows[0]}
        formats[name], texts[name] = {"type": "csv", "parse": kinds}, file.getvalue()

    def tell(part: Any) -> Any:
        if isinstance(part, list):
            return [tell(one) for one in part]
        if not isinstance(part, dict):
            return part
        told = {key: tell(one) for key, one in part.items()}
        if told.get("name") in formats:
            told["format"] = formats[told["name"]]
        return told

    return tell({key: spec[key] for key in spec if key != "datasets"}) | {
        "datasets": texts
    }


def _short(value: Any) -> Any:
    """Return a number that is whole without its point."""
    whole = isinstance(value, float) and value.is_integer()
    return int(value) if whole else value


def _charts(chart: Chart | list[Chart]) -> list[Any]:
    """Return the charts that stand below one another, each as wide as the column."""
    parts = chart if isinstance(chart, list) else [chart]
    return [part.properties(width=WIDTH) for part in parts]


def _sentence(said: alt.Chart, expression: str) -> alt.Chart:
    """Return the chart that is only a sentence: JupyterLab shows it below the others.

    The page takes the sentence out, and writes it as text.
    """
    text = said.transform_calculate(said=expression)
    text = text.mark_text(align="left", lineBreak="\n", lineHeight=17, fontSize=13)
    here = {"x": alt.value(0), "y": alt.value(8)}
    return text.encode(text="said:N", **here).properties(
        name="said", width=WIDTH, height=30
    )


def _stacked(charts: list[Any], sliders: Sequence[Slider]) -> alt.VConcatChart:
    return alt.vconcat(*charts, spacing=14).add_params(*sliders)
