"""The rows behind a live figure, as a table for a spreadsheet.

A specification holds what was computed in its cell, often for every place of its
sliders, and formulas that Vega computes. The table has all rows of the one; what a
chart shows of the others is computed where the sliders stand at first.
"""

from __future__ import annotations

import csv
import html
import io
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

#: Returns a specification of Vega as SVG.
Draw = Callable[[dict[str, Any]], str]
#: One row, by column or by heading.
Row = dict[str, str]

#: Significant digits of what a formula gives.
DIGITS = 5
#: Added to the heading of what another place of a slider would change.
FIRST = ", where the sliders stand at first"
#: Stands between the values of a row while Vega hands them over.
BETWEEN = "¦"
#: The columns of a table that holds nothing: something to draw a single mark on.
NOTHING = ["one"]
#: What some marks are called, as in the tables of the figures that do not move.
MARKS = {
    "circle": "points",
    "point": "points",
    "rect": "cell",
    "rule": "line or interval",
}
#: The other end of a mark that has two.
ENDS = {"x": "x2", "y": "y2"}
TEXT = re.compile(r"<text[^>]*>([^<]*)</text>")
READ = re.compile(r"datum(?:\.(\w+)|\[['\"](.+?)['\"]\])")
FREE = re.compile(r"(?<![\w.'\"])[A-Za-z_]\w*")


@dataclass
class Source:
    """One table of a specification, and what its charts say of it.

    Parameters
    ----------
    data : dict
        The table as a chart names it, with its format.
    transforms : list of dict
        What the charts do row by row, as Vega-Lite says it.
    marks : list of str
        What it is drawn as.
    shown : set of str
        The columns that are shown.
    titles : dict of str to str
        Those of axes and legends, by column.
    """

    data: dict[str, Any]
    transforms: list[dict[str, Any]] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    shown: set[str] = field(default_factory=set)
    titles: dict[str, str] = field(default_factory=dict)


def table(spec: dict[str, Any], draw: Draw) -> str:
    """Return the rows of a specification as CSV, with headings for a reader.

    Parameters
    ----------
    spec : dict
        What `course.live` has made.
    draw : callable
        Returns a specification of Vega as SVG: it computes the formulas.
    """
    sources = sources_of(spec)
    made: list[Row] = []
    for source in sources:
        drawn = {"drawn as": ", ".join(source.marks)} if len(sources) > 1 else {}
        made += [drawn | row for row in _rows(spec, source, draw)]
    headings = dict.fromkeys(heading for row in made for heading in row)
    written = io.StringIO()
    writer = csv.DictWriter(written, list(headings), lineterminator="\n")
    writer.writeheader()
    writer.writerows(made)
    return written.getvalue()


def sources_of(spec: dict[str, Any]) -> list[Source]:
    """Return the tables of a specification that hold something, as they are drawn.

    The sentence counts only where it is all that is made of a table.
    """
    found: dict[str, Source] = {}
    said: dict[str, Source] = {}
    for chart, data, transforms, titles in _charts(spec):
        if _columns(spec, data) == NOTHING:
            continue
        encoding = chart.get("encoding", {})
        if encoding.get("text", {}).get("field") == "said":
            said[data["name"]] = Source(data, marks=["sentence"])
            continue
        by_row = _by_row(transforms)
        splits = [one for one in by_row if "fold" in one]
        source = found.setdefault(f"{data['name']} {splits}", Source(data))
        source.transforms += [one for one in by_row if one not in source.transforms]
        mark = (
            chart["mark"] if isinstance(chart["mark"], str) else chart["mark"]["type"]
        )
        source.marks = list(dict.fromkeys([*source.marks, MARKS.get(mark, mark)]))
        source.shown |= {one["field"] for one in encoding.values() if "field" in one}
        source.titles = _titles(encoding, titles) | source.titles
    drawn = {source.data["name"] for source in found.values()}
    rest = [source for name, source in said.items() if name not in drawn]
    return [*found.values(), *rest]


def _charts(
    part: dict[str, Any],
    data: dict[str, Any] | None = None,
    before: tuple[dict[str, Any], ...] = (),
    titles: Mapping[str, str] | None = None,
) -> Iterator[tuple[dict, dict, tuple[dict, ...], Mapping[str, str]]]:
    """Yield each chart, with its table, transforms, and the titles of its axes."""
    data = part.get("data", data)
    before += tuple(part.get("transform", ()))
    if "mark" in part:
        yield part, data or {}, before, titles or {}
    for kind in ("vconcat", "hconcat", "layer"):
        for inner in part.get(kind, ()):
            # Charts that are laid over one another share their axes.
            yield from _charts(inner, data, before, _of_axes(part) or titles)


def _of_axes(part: dict[str, Any]) -> dict[str, str]:
    """Return the titles of the axes that the layers of a chart share."""
    titles: dict[str, str] = {}
    for layer in part.get("layer", ()):
        for channel in ENDS:
            title = layer.get("encoding", {}).get(channel, {}).get("title")
            if title:
                titles.setdefault(channel, title)
    return titles


def _titles(encoding: Mapping[str, Any], shared: Mapping[str, str]) -> dict[str, str]:
    """Return the titles of columns; both ends of a mark say which they are."""
    titles = {}
    for channel, one in encoding.items():
        title = one.get("title") or shared.get(channel)
        if not title or "field" not in one:
            continue
        end = encoding.get(ENDS.get(channel, ""), {}).get("field")
        if end:
            titles |= {one["field"]: f"{title}, from", end: f"{title}, to"}
        else:
            titles[one["field"]] = title
    return titles


def _by_row(transforms: tuple[dict[str, Any], ...]) -> list[dict[str, Any]]:
    """Return what is computed before rows are counted together, without filters."""
    kept = []
    for transform in transforms:
        if "calculate" in transform or "fold" in transform:
            kept.append(transform)
        elif "filter" not in transform:
            break
    return kept


def _columns(spec: dict[str, Any], data: Mapping[str, Any]) -> list[str]:
    return next(csv.reader(io.StringIO(spec["datasets"][data["name"]])))


def _rows(spec: dict[str, Any], source: Source, draw: Draw) -> list[Row]:
    """Return the rows of one table, with headings for a reader."""
    columns = _columns(spec, source.data)
    made = [name for one in source.transforms for name in _made_by(one)]
    made = [name for name in dict.fromkeys(made) if name in source.shown]
    if source.transforms:
        rows = _computed(spec, source, [*columns, *made], draw)
    else:
        held = spec["datasets"][source.data["name"]]
        rows = list(csv.DictReader(io.StringIO(held)))
    words = spec["usermeta"]["live"]
    sliders = {one["name"]: one for one in words["sliders"]}
    moved = _moved(source, sliders)
    headings = {}
    for name in rows[0]:
        if name in sliders and name in columns:
            headings[name] = _named(sliders[name])
        else:
            headings[name] = source.titles.get(name, name)
            headings[name] += FIRST if name in moved else ""
    # Lines that share an axis are told apart by their own names.
    count = Counter(headings.values())
    for name, heading in headings.items():
        if count[heading] > 1:
            headings[name] = f"{name}: {heading}"

    def written(name: str, text: str) -> str:
        if name in made:
            return _short(text)
        places = sliders.get(name, {}).get("words")
        return places[int(text) - 1] if places else text

    return [{headings[key]: written(key, row[key]) for key in row} for row in rows]


def _made_by(transform: dict[str, Any]) -> list[str]:
    named = transform["as"]
    return named if isinstance(named, list) else [named]


def _named(slider: Mapping[str, Any]) -> str:
    """Return the name of a slider with its unit."""
    return (
        f"{slider['label']} ({slider['unit']})" if slider["unit"] else slider["label"]
    )


def _moved(source: Source, sliders: Mapping[str, Any]) -> set[str]:
    """Return the columns whose formulas hang on where a slider stands."""
    moved: set[str] = set()
    for one in source.transforms:
        if "fold" in one:
            # Of the two columns, the first has the names of those that are split.
            moved |= {one["as"][1]} if moved & set(one["fold"]) else set()
            continue
        formula = one["calculate"]
        read = {first or second for first, second in READ.findall(formula)}
        if set(FREE.findall(formula)) & set(sliders) or read & moved:
            moved.add(one["as"])
    return moved


def _computed(
    spec: dict[str, Any], source: Source, columns: list[str], draw: Draw
) -> list[Row]:
    """Return columns of a table as Vega computes them: it writes them as texts."""
    data = {
        "name": "rows",
        "values": spec["datasets"][source.data["name"]],
        "format": {"type": "csv", "parse": _numbers(source.data["format"]["parse"])},
        "transform": [_of_vega(one) for one in source.transforms],
    }
    listed = ", ".join(f"datum[{json.dumps(name)}]" for name in columns)
    text = {"signal": f"'{BETWEEN}' + join([{listed}], '{BETWEEN}')"}
    mark = {"type": "text", "from": {"data": "rows"}}
    # Without a size a text is not measured, which takes longer than all else.
    mark["encode"] = {"enter": {"text": text, "fontSize": {"value": 0}}}
    signals = [
        {"name": one["name"], "value": one["value"]}
        for one in spec["usermeta"]["live"]["sliders"]
    ]
    drawn = draw({"signals": signals, "data": [data], "marks": [mark]})
    lines = [html.unescape(one).split(BETWEEN)[1:] for one in TEXT.findall(drawn)]
    return [dict(zip(columns, line, strict=True)) for line in lines]


def _numbers(parsers: Mapping[str, str]) -> dict[str, str]:
    """Return what has to be parsed: a text is one, and Vega takes some names amiss."""
    return {name: kind for name, kind in parsers.items() if kind != "string"}


def _of_vega(transform: dict[str, Any]) -> dict[str, Any]:
    """Return a transform of Vega-Lite as Vega has it."""
    if "fold" in transform:
        return {"type": "fold", "fields": transform["fold"], "as": transform["as"]}
    return {"type": "formula", "expr": transform["calculate"], "as": transform["as"]}


def _short(text: str) -> str:
    """Return a number with few digits, and a text that is none as it is."""
    try:
        number = float(text)
    except ValueError:
        return text
    return "" if math.isnan(number) else f"{number:.{DIGITS}g}"
