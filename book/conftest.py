"""Strict notebook tests: every cell was run, and what figures show is compared.

nbval skips cells that were never run, and compares text letter by letter. A chapter is
read as it was committed, so the first would let a page say what its data no longer say;
and the last digits of what is computed hang on the processor. A drawing therefore has
to have the same words, lines and colours, at the same places but for what no eye sees;
the table of its numbers, and the rows of a live figure, the same numbers but for the
last digit.
"""

import base64
import contextlib
import copy
import csv
import io
import json
import re

import numpy as np
import pytest
from course.live import MIME
from PIL import Image

SVG, PNG, CSV = "image/svg+xml", "image/png", "text/csv"
#: By how much a place in a drawing may differ, in its units: 7 inches are 504.
CLOSE = 0.3
#: By how much a number in the table of a figure may differ: of the column's largest, or
#: of itself. A path that is computed step by step has its points elsewhere on the path
#: when the steps change; whether it is the same path, the drawing says.
SHARE, OF_ITSELF = 2e-4, 0.02
#: Where a drawing has its coordinates, what its parts are called, and its pictures.
PLACES = re.compile(r' (?:d|x|y|width|height|viewBox|transform)="([^"]*)"')
DIGEST = re.compile(r"f[0-9a-f]{6}-(?=\d)")
PICTURE = re.compile(r'(?<="data:image/png;base64,)[^"]*')
PLACE = re.compile(r"(-?\d+(?:\.\d+)?)")
#: What Altair calls a table: a digest of its rows.
TABLE = re.compile(r"data-[0-9a-f]{32}")
# Root-mean-square difference of grey values, of 255. An unchanged figure gives 0;
# one changed row of 400 gives 4 to 5, another colour 44 or more.
LIMIT = 3.0


def pixels(png):
    """Return a base64 PNG as an array of grey values, shape (height, width)."""
    picture = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGBA")
    ground = Image.new("RGBA", picture.size, "white")
    return np.asarray(Image.alpha_composite(ground, picture).convert("L"), dtype=float)


def figures(outputs):
    """Return the pictures in points of colour that a cell shows, in order.

    Beside a drawing stands a picture of it for those who may not see drawings: the
    drawing is compared.
    """
    shown = [output.get("data", {}) for output in outputs]
    return [one[PNG] for one in shown if PNG in one and SVG not in one]


def same_drawing(committed, made):
    """Return whether two drawings agree, but for what no eye sees."""
    old, new = (PICTURE.findall(one) for one in (committed, made))
    if difference(old, new):
        return False
    old, new = (DIGEST.sub("", PICTURE.sub("", one)) for one in (committed, made))
    if PLACES.sub("", old) != PLACES.sub("", new):
        return False
    old, new = (PLACES.findall(one) for one in (old, new))
    return len(old) == len(new) and all(map(same_place, old, new))


def same_place(old, new):
    """Return whether two coordinates, or two paths, lie on one another.

    matplotlib leaves out the corners of a line that no eye sees, and which these are
    hangs on the last digit: a line is compared with a line, and not by its corners.
    """
    if old == new:
        return True
    (words, places), (new_words, new_places) = (split_places(one) for one in (old, new))
    if words == new_words and np.all(np.abs(places - new_places) <= CLOSE):
        return True
    if not set("".join(words + new_words)) <= set("ML \n"):
        return False
    lines, new_lines = (
        [split_places(line)[1].reshape(-1, 2) for line in one.split("M")[1:]]
        for one in (old, new)
    )
    return len(lines) == len(new_lines) and all(
        max(farthest(line, other), farthest(other, line)) <= CLOSE
        for line, other in zip(lines, new_lines, strict=True)
    )


def split_places(text):
    """Return what stands between the numbers of an attribute, and the numbers."""
    parts = PLACE.split(text)
    return parts[::2], np.array(parts[1::2], dtype=float)


def farthest(corners, line):
    """Return how far a corner is from a line of corners, at most."""
    starts, ends = line[:-1], line[1:]
    if not len(starts):
        return float(np.max(np.hypot(*(corners - line).T)))
    along = ends - starts
    length = np.maximum(np.sum(along**2, axis=1), 1e-12)
    shares = np.einsum("csk,sk->cs", corners[:, None] - starts, along) / length
    nearest = starts + np.clip(shares, 0, 1)[..., None] * along
    return float(np.max(np.min(np.hypot(*(corners[:, None] - nearest).T).T, axis=1)))


def same_table(committed, made):
    """Return whether the tables of two figures agree, but for last digits."""
    old, new = (list(csv.reader(io.StringIO(one))) for one in (committed, made))
    if len(old) != len(new):
        old, new = without_middles(old), without_middles(new)
    if len(old) != len(new) or old[0] != new[0]:
        return False
    columns = zip(zip(*old[1:], strict=True), zip(*new[1:], strict=True), strict=True)
    return all(same_column(*pair) for pair in columns)


def without_middles(rows):
    """Leave out each row between two that differ from it in one number only.

    Whether a curve of steps has a corner in the middle of a step, a last digit decides.
    """
    kept = rows[:1]
    for row, after in zip(rows[1:], [*rows[2:], []], strict=True):
        before = kept[-1]
        apart = [
            {place for place, field in enumerate(row) if field != other[place]}
            for other in (before, after)
            if other
        ]
        if len(apart) < 2 or apart[0] != apart[1] or len(apart[0]) != 1:
            kept.append(row)
    return kept


def same_column(old, new):
    """Return whether two columns have the same words, and almost the same numbers."""
    largest = max(map(abs, numbers_in(old)), default=0.0)
    pairs = [pair for pair in zip(old, new, strict=True) if pair[0] != pair[1]]
    try:
        numbers = [(float(one), float(two)) for one, two in pairs]
    except ValueError:
        return False
    return all(
        abs(one - two) <= max(SHARE * largest, OF_ITSELF * abs(one))
        for one, two in numbers
    )


def numbers_in(fields):
    """Yield the numbers among some fields."""
    for field in fields:
        with contextlib.suppress(ValueError):
            yield float(field)


def difference(committed, made):
    """Say how two lists of figures differ, or return None if they agree."""
    if len(committed) != len(made):
        return f"{len(committed)} figures are committed, {len(made)} were made"
    for number, (old, new) in enumerate(zip(committed, made, strict=True), 1):
        old, new = pixels(old), pixels(new)
        if old.shape != new.shape:
            return f"figure {number} changed its size: {old.shape} to {new.shape}"
        rms = float(np.sqrt(np.mean((old - new) ** 2)))
        if rms > LIMIT:
            return f"figure {number} changed: {rms:.1f} of 255, {LIMIT:g} is allowed"
    return None


def parts(spec):
    """Return a live figure as text without its rows, and its tables in order."""
    text = json.dumps(
        {key: spec[key] for key in spec if key != "datasets"}, sort_keys=True
    )
    names = list(dict.fromkeys(TABLE.findall(text)))
    for place, name in enumerate(names):
        text = text.replace(name, f"table {place}")
    return text, [spec["datasets"][name] for name in names]


def same_number(old, new):
    """Return whether two fields are equal, or one unit apart in the last digit.

    Only what is computed has three decimals or more: a reading has to be the same.
    """
    if old == new:
        return True
    try:
        apart = abs(float(old) - float(new))
    except ValueError:
        return False
    decimals = max(len(field.partition(".")[2]) for field in (old, new))
    return decimals >= 3 and apart < 1.5 * 10**-decimals


def same_figure(committed, made):
    """Return whether two live figures agree, but for last digits of their rows."""
    (text, tables), (made_text, made_tables) = parts(committed), parts(made)
    if text != made_text or len(tables) != len(made_tables):
        return False
    fields = [
        [re.split("[,\n]", table) for table in some] for some in (tables, made_tables)
    ]
    return all(
        len(old) == len(new) and all(map(same_number, old, new))
        for old, new in zip(*fields, strict=True)
    )


#: What is compared in a way of its own, by type.
SAME = {MIME: same_figure, SVG: same_drawing, CSV: same_table}


def settled(committed, made):
    """Return what was made, with the figures that agree as they are committed."""
    made = copy.deepcopy(made)
    for old, new in zip(committed, made, strict=False):
        for kind, same in SAME.items():
            both = [output.get("data", {}).get(kind) for output in (old, new)]
            if all(both) and same(*both):
                new["data"][kind] = old["data"][kind]
    return made


def pytest_collection_modifyitems(items):
    """Make every notebook cell that pytest collected strict."""
    for item in items:
        if (
            type(item).__name__ == "IPyNbCell"
            and not item.parent.config.option.nbval_lax
        ):
            item.compare_outputs = _with_figures(item)
            if item.cell.execution_count is None and item.cell.source.strip():
                item.runtest = _refuse_unrun


def _refuse_unrun():
    pytest.fail("the cell was never run: `make execute` runs it", pytrace=False)


def _with_figures(item):
    compare = item.compare_outputs

    def compare_outputs(made, committed, skip_compare=None):
        if not compare(settled(committed, made), committed, skip_compare):
            return False
        changed = difference(figures(committed), figures(made))
        if changed:
            item.comparison_traceback.append(
                f"{changed}. Look at it, then `make execute`"
            )
        return changed is None

    return compare_outputs
