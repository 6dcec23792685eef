"""Figures as a notebook keeps them: a drawing (SVG), a picture, its numbers (CSV).

`show_drawings`, which `style.use` calls, tells IPython to show every figure of
matplotlib so. A drawing is sharp at any size, its text is text, and it is the same on
every machine: coordinates have two decimals, and nothing tells of date or version.
The numbers are read from what was drawn, and not from what a cell meant to draw.
A drawing may hold a script, so JupyterLab shows none of a notebook that it has not run
itself: it then shows the picture.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import re
from collections.abc import Iterator

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.collections import PathCollection, QuadMesh
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from PIL import Image

from .drawn import table

#: A cloud of more points than this is kept as a picture inside of the drawing.
MANY = 300
#: Dots to the inch in such a picture.
DENSE = 220
#: Colours in it: points of few colours, and what shines through them.
COLOURS = 128
#: Pixels of a page to the inch of a figure: 7 inches fill the column.
PIXELS = 110
POINTS = 72
#: Whoever has no DejaVu Sans has a font that is as wide.
FONTS = "'DejaVu Sans', Verdana, sans-serif"

SETTINGS = {"svg.fonttype": "none", "svg.hashsalt": "course", "svg.image_inline": True}
NO_TRACE = dict.fromkeys(("Creator", "Date", "Format", "Type"))

TAG = re.compile(r"<[^>]+>")
#: A number that is too long, and no part of a colour or of a picture in base64.
NUMBER = re.compile(
    r"(?<![\w#+/.])-?\d+(?:\.\d{3,}(?:e-?\d+)?|(?:\.\d+)?e-?\d+)(?![\w+/=])"
)
COMMAND = re.compile(r"\s*([MLHVCQZ])\s*")
PATH = re.compile(r'(?<= d=")[^"]*')
NAME = re.compile(r'(?P<before> id="|url\(#|href="#)(?P<name>[^")]+)(?P<after>["\)]+)')
STRAIGHT = re.compile(r' transform="rotate\(-?0 [^)]*\)"')
IMAGE = re.compile(r'(?<="data:image/png;base64,)[^"]*')
HEAD = re.compile(r'<svg [^>]*viewBox="0 0 (?P<width>[\d.]+) (?P<height>[\d.]+)"[^>]*>')
EMPTY = re.compile(r"<g>\s*</g>\s*|<defs>\s*</defs>\s*")


def show_drawings() -> None:
    """Show figures as drawings with their numbers, if this is IPython."""
    try:
        from IPython import get_ipython
    except ImportError:  # who runs a chapter as a script needs no IPython
        return
    shell = get_ipython()
    if shell is None:
        return
    # What shows figures in a notebook sets itself up later: it shall have no format.
    shell.config.InlineBackend.figure_formats = set()
    for formatter in shell.display_formatter.formatters.values():
        formatter.pop(Figure, None)
    shell.display_formatter.mimebundle_formatter.for_type(Figure, bundle)


def bundle(figure: Figure, **_: object) -> dict[str, str]:
    """Return what a notebook keeps of a figure, by type; a diagram has no numbers."""
    kept = {"image/svg+xml": svg(figure), "image/png": png(figure)}
    numbers = table(figure)
    return kept | ({"text/csv": numbers} if numbers else {})


def png(figure: Figure) -> str:
    """Return a figure as a picture of few colours, on white, in base64."""
    made = io.BytesIO()
    figure.canvas.print_figure(
        made, format="png", dpi=PIXELS, bbox_inches="tight", facecolor="white"
    )
    return _with_few_colours(made.getvalue())


def svg(figure: Figure) -> str:
    """Return a figure as a drawing, the same text for the same figure."""
    made = io.StringIO()
    with mpl.rc_context(SETTINGS), _clouds_as_pictures(figure):
        figure.canvas.print_figure(
            made, format="svg", dpi=DENSE, bbox_inches="tight", metadata=NO_TRACE
        )
    return tidied(made.getvalue())


@contextlib.contextmanager
def _clouds_as_pictures(figure: Figure) -> Iterator[None]:
    """Let clouds of many points be drawn as pictures meanwhile."""
    clouds = [one for one in figure.findobj(_is_cloud) if not one.get_rasterized()]
    for cloud in clouds:
        cloud.set_rasterized(True)
    try:
        yield
    finally:
        for cloud in clouds:
            cloud.set_rasterized(False)


def _is_cloud(artist: Artist) -> bool:
    match artist:
        case PathCollection():
            return len(artist.get_offsets()) > MANY
        case QuadMesh():
            return artist.get_array().size > MANY
        case Line2D():
            dotted = artist.get_marker() not in ("", " ", "None", "none", None)
            return dotted and len(artist.get_xdata(orig=False)) > MANY
    return False


def tidied(drawing: str) -> str:
    """Return what matplotlib wrote, without what hangs on the machine or weighs.

    Coordinates have two decimals. Names that nothing refers to are left out; the
    others begin with a digest of the drawing, as a page may hold many drawings.
    """
    text = drawing[drawing.index("<svg ") :]
    text = re.sub(r"<!--.*?-->\s*|<metadata>.*?</metadata>\s*", "", text, flags=re.S)
    text = TAG.sub(lambda tag: NUMBER.sub(_rounded, tag[0]), text)
    text = STRAIGHT.sub("", IMAGE.sub(_packed, text))
    text = PATH.sub(lambda path: COMMAND.sub(r"\1", path[0]).strip(), text)
    text = text.replace("'DejaVu Sans'", FONTS)
    text = HEAD.sub(_sized, re.sub(r"\n\s*", "\n", text), count=1)
    return _renamed(text)


def _rounded(number: re.Match[str]) -> str:
    short = f"{float(number[0]):.2f}".rstrip("0").rstrip(".")
    return "0" if short == "-0" else short


def _packed(image: re.Match[str]) -> str:
    """Return a picture inside of a drawing with no more colours than it needs."""
    return _with_few_colours(base64.b64decode(image[0]))


def _with_few_colours(image: bytes) -> str:
    """Return a PNG with no more colours than it needs, in base64."""
    with Image.open(io.BytesIO(image)) as picture:
        few = picture.convert("RGBA").quantize(
            COLOURS, method=Image.Quantize.FASTOCTREE
        )
    packed = io.BytesIO()
    few.save(packed, "PNG", optimize=True)
    return base64.b64encode(packed.getvalue()).decode()


def _renamed(text: str) -> str:
    """Number the names that are referred to, and leave the others out."""
    used = {one["name"] for one in NAME.finditer(text) if one["before"] != ' id="'}
    order = dict.fromkeys(
        one["name"] for one in NAME.finditer(text) if one["name"] in used
    )
    short = {name: str(place) for place, name in enumerate(order)}

    def rename(found: re.Match[str]) -> str:
        if found["name"] not in used:
            return ""
        return f"{found['before']}{short[found['name']]}{found['after']}"

    text = NAME.sub(rename, text)
    while EMPTY.search(text):
        text = EMPTY.sub("", text)
    digest = hashlib.sha256(text.encode()).hexdigest()[:6]
    return NAME.sub(rf"\g<before>f{digest}-\g<name>\g<after>", text)


def _sized(head: re.Match[str]) -> str:
    """Return the first element with its size in pixels of a page."""
    width, height = (
        round(float(head[one]) / POINTS * PIXELS) for one in ("width", "height")
    )
    tag = re.sub(r' (?:width|height)="[^"]*"', "", head[0])
    return f'{tag[:-1]} width="{width}" height="{height}">'
