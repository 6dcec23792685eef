"""The drawings of the chapters, as a page shows them.

`course.picture` keeps a figure as a drawing (SVG) with a table of its numbers. The
build adds what a page needs and a notebook does not:

- each drawing holds the letters that it uses, as a picture may fetch no font; its
  ground is the page's;
- a drawing is never narrower than it takes for letters of `SMALLEST` pixels: on a
  phone it moves sideways in a frame of its own;
- below it, a link leads to its numbers, a file beside the page;
- ``drawings.js`` lets its words be selected, and the frame be moved by the keyboard.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import html
import io
import json
import os
import re
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import matplotlib as mpl
from course.picture import FONTS
from docutils import nodes
from elements import serve
from fontTools import subset
from fontTools.ttLib import TTFont
from myst_nb.core.render import MimeData, NbElementRenderer, load_mime_renders
from run.archive import name_of
from sphinx.application import Sphinx

#: Where the numbers of the figures lie in the built site.
FOLDER = "_data"
#: Letters are at least so high, in pixels.
SMALLEST = 9.0
SVG, CSV = "image/svg+xml", "text/csv"

PICTURE = re.compile(r'<img\b[^>]*\bsrc="(?P<address>[^"]+\.svg)"[^>]*>')
HEAD = re.compile(
    r"<svg [^>]*"
    r'viewBox="0 0 (?P<units>[\d.]+) [\d.]+"[^>]* '
    r'(?P<size>width="(?P<width>\d+)" height="(?P<height>\d+)")>'
)
WORDS = re.compile(r"<text\b.*?</text>", re.DOTALL)
MARKUP = re.compile(r"<[^>]*>")
SIZE = re.compile(r"font-size: ([\d.]+)px")
#: What covers the ground of a figure and of its panels.
GROUND = re.compile(r'<path d="[^"]*" style="fill: #ffffff"/>\s*')
#: The fonts that matplotlib draws with, by what the style of a text says.
FACES = {
    "": "DejaVuSans.ttf",
    "font-weight: bold": "DejaVuSans-Bold.ttf",
    "font-style: italic": "DejaVuSans-Oblique.ttf",
}


class Numbers:
    """The table of a figure, which is no output of its own on a page."""

    mime_priority_overrides = ()

    @staticmethod
    def handle_mime(
        renderer: NbElementRenderer, data: MimeData, inline: bool
    ) -> list[nodes.Element] | None:
        """Return nothing for a table, and None for what is none."""
        return [] if data.mime_type == CSV else None


# -- the page


def link_numbers(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Write the numbers of a page's figures beside it, and link each figure's."""
    if app.builder.format != "html":
        return
    tables = numbers_of(Path(app.env.doc2path(docname)))
    if not tables:
        return
    counted = app.env.toc_fignumbers.get(docname, {}).get("figure", {})
    for figure in doctree.findall(nodes.figure):
        picture = next(figure.findall(nodes.image), None)
        table = tables.get(Path(picture["uri"]).stem) if picture is not None else None
        number = next((counted[one] for one in figure["ids"] if one in counted), None)
        if table is None or number is None:
            continue
        name = f"{name_of(docname)}-figure-{number[-1]}"
        said = f"Data of figure {number[-1]} (CSV)"
        figure += keep_numbers(app, docname, name, table, said)


def keep_numbers(
    app: Sphinx, docname: str, name: str, table: str, said: str
) -> nodes.raw:
    """Write the numbers of a figure into the site, and return the link to them.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The build.
    docname : str
        The page of the figure.
    name : str
        The name of the file, once in the book, without an ending.
    table : str
        The numbers as CSV.
    said : str
        What the link says, as HTML.
    """
    path = Path(app.outdir, FOLDER, f"{name}.csv")
    path.parent.mkdir(exist_ok=True)
    # With its mark, so that a spreadsheet reads Greek letters and units.
    path.write_text(table, encoding="utf-8-sig")
    address = f"{'../' * docname.count('/')}{FOLDER}/{path.name}"
    link = f'<a href="{address}" download="{path.name}">{said}</a>'
    return nodes.raw("", f'<p class="figure-data">{link}</p>', format="html")


def numbers_of(path: Path) -> dict[str, str]:
    """Return the tables of a notebook's figures, by the name of the drawing's file."""
    if path.suffix != ".ipynb":
        return {}
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    bundles = [one.get("data", {}) for cell in cells for one in cell.get("outputs", [])]
    return {
        _named("".join(bundle[SVG])): "".join(bundle[CSV])
        for bundle in bundles
        if SVG in bundle and CSV in bundle
    }


def _named(drawing: str) -> str:
    """Return the name that myst-nb gives the file of a drawing."""
    text = os.linesep.join(drawing.splitlines())
    return hashlib.sha256(text.encode()).hexdigest()


def frame_drawings(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Give every drawing of a page its size, and a frame in which it moves."""
    if app.builder.format != "html" or doctree is None:
        return
    paths = {name: Path(app.srcdir, path) for path, name in app.builder.images.items()}

    def framed(found: re.Match[str]) -> str:
        path = paths.get(Path(found["address"]).name)
        text = path.read_text(encoding="utf-8") if path else ""
        head = HEAD.match(text)
        if not head or FONTS not in text:
            return found[0]
        picture = found[0]
        if " width=" not in picture:
            picture = picture.replace("<img ", f"<img {head['size']} ", 1)
        least = f"--least: {narrowest(text)}px"
        return f'<span class="drawing" style="{least}">{picture}</span>'

    context["body"] = PICTURE.sub(framed, context["body"])


def narrowest(drawing: str) -> int:
    """Return how wide a drawing has to be, in pixels, for its letters to be read.

    An index or an exponent, which is part of a text, may be smaller than the text.
    """
    head = HEAD.match(drawing)
    sizes = [SIZE.findall(text) for text in WORDS.findall(drawing)]
    letters = min((max(map(float, one)) for one in sizes if one), default=SMALLEST)
    return round(float(head["units"]) * SMALLEST / letters)


# -- the drawing


def finish_all(app: Sphinx, exception: Exception | None) -> None:
    """Finish the drawings of a book that is built, on all cores that build it."""
    if exception or app.builder.format != "html":
        return
    paths = sorted(Path(app.outdir, "_images").glob("*.svg"))
    finish_these(paths, max(1, app.parallel))


def finish_these(paths: list[Path], processes: int = 1) -> None:
    """Let drawings hold their letters, stand on the page's ground and fill their place.

    The fonts have thousands of letters: those of all the drawings are cut out first,
    and of these the few of each drawing.
    """
    texts = {path: path.read_text(encoding="utf-8") for path in paths}
    # Others are no figures, or finished already.
    left = {path: text for path, text in texts.items() if _unfinished(text)}
    said = [said_in(text) for text in left.values()]
    fonts = {
        file: _saved(_cut(TTFont(_of_matplotlib(file)), "".join(letters)), None)
        for sign, file in FACES.items()
        if (letters := sorted(set().union(*(one[sign] for one in said))))
    }
    with ProcessPoolExecutor(processes) as pool:
        work = functools.partial(finish, fonts=fonts)
        finished = pool.map(work, left.values(), chunksize=8)
        for path, text in zip(left, finished, strict=True):
            path.write_text(text, encoding="utf-8")


def _unfinished(text: str) -> bool:
    return HEAD.match(text) is not None and FONTS in text


def _of_matplotlib(file: str) -> Path:
    return Path(mpl.get_data_path(), "fonts/ttf", file)


def said_in(drawing: str) -> dict[str, set[str]]:
    """Return the letters that a drawing has in each of the faces."""
    texts = WORDS.findall(drawing)
    said = {
        sign: MARKUP.sub("", "".join(one for one in texts if sign in one))
        for sign in FACES
    }
    return {sign: set(html.unescape(text)) - {"\n"} for sign, text in said.items()}


def finish(drawing: str, fonts: Mapping[str, bytes]) -> str:
    """Return a drawing with its letters cut out of `fonts`, without size and ground."""
    faces = [
        _face(sign, cut(fonts[FACES[sign]], "".join(sorted(letters))))
        for sign, letters in said_in(drawing).items()
        if letters
    ]
    head = HEAD.match(drawing)
    start = head[0].replace(f" {head['size']}", "")
    style = f"<style>{''.join(faces)}</style>"
    return start + style + GROUND.sub("", drawing[head.end() :])


def _face(sign: str, font: bytes) -> str:
    data = base64.b64encode(font).decode()
    return (
        f"@font-face{{font-family:'DejaVu Sans';{sign};"
        f"src:url(data:font/woff;base64,{data}) format('woff')}}"
    ).replace("';;", "';")


def cut(font: bytes, letters: str) -> bytes:
    """Return a font with some of its letters and no others, as WOFF."""
    return _saved(_cut(TTFont(io.BytesIO(font)), letters), "woff")


def _cut(font: TTFont, letters: str) -> TTFont:
    options = subset.Options(
        hinting=False, layout_features=[], name_IDs=[], notdef_outline=True
    )
    options.drop_tables += ["FFTM", "GDEF", "GPOS", "GSUB", "kern"]
    cutter = subset.Subsetter(options)
    cutter.populate(text=letters)
    cutter.subset(font)
    return font


def _saved(font: TTFont, flavor: str | None) -> bytes:
    font.flavor = flavor
    # The day on which it was cut is no part of it.
    font.recalcTimestamp = False
    made = io.BytesIO()
    font.save(made)
    return made.getvalue()


def setup(app: Sphinx) -> dict:
    """Connect to the pages, and to the end of the build."""
    if Numbers not in load_mime_renders():
        load_mime_renders().append(Numbers)
    # The frame comes later, when the page has been mended.
    serve(app, Path(__file__).parent, '.svg"')
    app.connect("doctree-resolved", link_numbers)
    # After `mend_markup`, which lets a picture be fetched late.
    app.connect("html-page-context", frame_drawings, priority=905)
    app.connect("build-finished", finish_all)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
