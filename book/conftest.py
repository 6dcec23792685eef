"""Strict notebook tests: every cell was run, and figures are compared too.

nbval skips cells that were never run and ignores pictures. A chapter is read as
it was committed, so both would let a page say what its data no longer say.
"""

import base64
import io

import numpy as np
import pytest
from PIL import Image

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
        if not compare(made, committed, skip_compare):
            return False
        changed = difference(figures(committed), figures(made))
        if changed:
            item.comparison_traceback.append(
                f"{changed}. Look at it, then `make execute`"
            )
        return changed is None

    return compare_outputs
