"""Pictures that a browser fetches have no more colours than they need.

matplotlib writes four bytes a pixel. A figure of lines and letters has few colours:
with the 128 that serve it best, it weighs a third, and no eye tells the two apart.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from PIL import Image
from sphinx.application import Sphinx

COLOURS = 128


def shrink(path: Path) -> None:
    """Write a picture with a palette, if that makes its file smaller.

    Parameters
    ----------
    path : pathlib.Path
        A PNG file. One that has a palette already, or holes to look through, stays.
    """
    with Image.open(path) as picture:
        if picture.mode not in ("RGB", "RGBA") or _see_through(picture):
            return
        few = picture.convert("RGB").quantize(
            COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
        )
    smaller = path.with_suffix(".smaller")
    few.save(smaller, "PNG", optimize=True)
    if smaller.stat().st_size < path.stat().st_size:
        smaller.replace(path)
    else:
        smaller.unlink()


def _see_through(picture: Image.Image) -> bool:
    return picture.mode == "RGBA" and picture.getextrema()[3][0] < 255


def shrink_all(app: Sphinx, exception: Exception | None) -> None:
    """Shrink the pictures of a book that is built, in as many processes as build it."""
    if exception or app.builder.format != "html":
        return
    paths = sorted(Path(app.outdir, "_images").glob("*.png"))
    with ProcessPoolExecutor(max(1, app.parallel)) as processes:
        list(processes.map(shrink, paths, chunksize=8))


def setup(app: Sphinx) -> dict:
    """Connect to the end of the build."""
    app.connect("build-finished", shrink_all)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
