"""Strict notebook tests: every cell was run, and figures are compared too.

nbval skips cells that were never run and ignores pictures. A chapter is read as
it was committed, so both would let a page say what its data no longer say. The rows of
a live figure may differ in their last digit, which hangs on the processor.
"""

import base64
import copy
import io
import json
import re

import numpy as np
import pytest
from course.live import MIME
from PIL import Image

#: What Altair calls a table: a digest of its rows.
TABLE = re.compile(r"data-[0-9a-f]{32}")
# Root-mean-square difference of grey values, of 255. An unchanged figure gives 0;
# one changed row of 400 gives 4 to 5, another colour 44 or more.
LIMIT = 3.0


def pixels(png):
    """Return a base64 PNG as an array of grey values, shape (height, width)."""
    picture = Image.open(io.BytesIO(base64.b64decode(png)))
    return np.asarray(picture.convert("L"), dtype=float)


def figures(outputs):
    """Return the PNG figures among the outputs of a cell, in order."""
    return [
        output["data"]["image/png"]
        for output in outputs
        if "image/png" in output.get("data", {})
    ]


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


def settled(committed, made):
    """Return what was made, with the live figures that agree as they are committed."""
    made = copy.deepcopy(made)
    for old, new in zip(committed, made, strict=False):
        specs = [output.get("data", {}).get(MIME) for output in (old, new)]
        if all(specs) and same_figure(*specs):
            new["data"][MIME] = old["data"][MIME]
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
