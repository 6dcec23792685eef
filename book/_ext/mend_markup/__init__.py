"""The HTML of every page, mended where Sphinx and its helpers leave it wanting.

Pictures get a size, and a warning if they have no alternative text; code loses the
elements that have no colour of their own; no line breaks between a number and its
unit; what unfolds a part of the sidebar says which.
"""

from __future__ import annotations

import re
from pathlib import Path

from docutils import nodes
from PIL import Image
from sphinx.application import Sphinx
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)
PICTURE = re.compile(r'<img\b[^>]*\bsrc="([^"]+)"[^>]*?(/?)>')
#: Names, punctuation and blanks of code, which have the colour of code itself: more
#: than half of a page's elements.
UNCOLOURED = re.compile(r'<span class="[npw]">([^<]*)</span>')
#: Code, which stays as it is, or the blank between a number and its unit.
CODE_OR_UNIT = re.compile(
    r"<(pre|code|script|style|textarea)\b.*?</\1>"
    r"|(?<=\d)(?P<tags>(?:</\w+>)*) (?=(?:%|[kmµn]?g|[mµ]?l|mm|[nµ]M|h)(?![\w-]))",
    re.DOTALL,
)
#: A page of the sidebar that has pages below it, and what unfolds them.
UNFOLDED = re.compile(r"(<a\b[^>]*>(?P<title>[^<]*)</a><details[^>]*>)<summary>")


def mend_page(app: Sphinx, page: str, template: str, context: dict, doctree) -> None:
    """Mend one page before it is written."""
    if app.builder.format != "html" or doctree is None:
        return
    body = UNCOLOURED.sub(r"\1", _sized(app, context["body"]))
    body = CODE_OR_UNIT.sub(_joined, body)
    # Roles that docutils gives a bibliography: one is deprecated, and the list
    # holds what a list may not.
    body = body.replace('<div role="list" class="citation-list">', "<div>")
    context["body"] = body.replace(' role="doc-biblioentry"', "")


def name_toggles(app: Sphinx, page: str, template: str, context: dict, doctree) -> None:
    """Give what unfolds a part of the sidebar a name: the theme gives it a picture."""
    write = context.get("generate_toctree_html")
    if write is None:
        return

    def write_named(*settings, **named) -> str:
        label = r'\1<summary aria-label="Pages of \g<title>">'
        return UNFOLDED.sub(label, str(write(*settings, **named)))

    context["generate_toctree_html"] = write_named


def _joined(found: re.Match) -> str:
    """Let no line break between a number and its unit."""
    tags = found["tags"]
    return found.group(0) if tags is None else f"{tags}&nbsp;"


def _sized(app: Sphinx, body: str) -> str:
    """Give every picture its size, so that text does not jump, and load it late."""
    sources = {name: path for path, name in app.builder.images.items()}

    def mend(found: re.Match) -> str:
        tag, address = found.group(0), found.group(1)
        path = sources.get(Path(address).name)
        added = ' loading="lazy" decoding="async"'
        if path is not None and " width=" not in tag:
            try:
                with Image.open(Path(app.srcdir, path)) as picture:
                    width, height = picture.size
                added += f' width="{width}" height="{height}"'
            except OSError:  # a drawing (SVG) has no size in pixels
                pass
        end = found.group(2)
        return tag[: len(tag) - len(end) - 1].rstrip() + added + f" {end}>".lstrip()

    return PICTURE.sub(mend, body)


def warn_of_silent_pictures(app: Sphinx, doctree: nodes.document) -> None:
    """Warn of every picture whose finding a blind reader could not learn."""
    docname = app.env.docname
    for picture in doctree.findall(nodes.image):
        if not picture.get("alt", "").strip():
            LOGGER.warning(
                "picture %s has no alternative text: in a notebook, set the cell's "
                'metadata mystnb.image.alt; elsewhere, give ":alt:"',
                picture.get("uri", ""),
                location=picture if picture.line else docname,
            )


def setup(app: Sphinx) -> dict:
    """Connect to the pages as they are read and written."""
    app.connect("doctree-read", warn_of_silent_pictures)
    app.connect("html-page-context", mend_page, priority=900)
    app.connect("html-page-context", name_toggles, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
