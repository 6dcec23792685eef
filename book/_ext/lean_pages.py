"""Pages that load only what they use, and whose pictures and tables are accessible.

Mends, on every HTML page, what the theme and its helpers do to all pages alike:
scripts that the page never calls, pictures without a size or an alternative
text, empty header cells in tables that pandas wrote, code in more elements than
colours, and lines that break between a number and its unit.
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
EMPTY_HEADER = re.compile(r"<th\b[^>]*>(<p>\s*</p>)?</th>")
#: Names, punctuation and blanks of code, which have the colour of code itself: more
#: than half of a page's elements.
UNCOLOURED = re.compile(r'<span class="[npw]">([^<]*)</span>')
#: Code, which stays as it is, or the blank between a number and its unit.
CODE_OR_UNIT = re.compile(
    r"<(pre|code|script|style|textarea)\b.*?</\1>"
    r"|(?<=\d)(?P<tags>(?:</\w+>)*) (?=(?:%|[kmµn]?g|[mµ]?l|mm|[nµ]M|h)(?![\w-]))",
    re.DOTALL,
)
#: Two names of one glossary entry: the ids of both.
SECOND_NAME = re.compile(r'<dt id="([^"]+)">(?:(?!</?dt>).)*</dt>(?=<dt id="([^"]+)">)')
THEBE = re.compile(
    r'<script type="text/x-thebe-config">.*?</script>\s*<script>kernelName.*?</script>',
    re.DOTALL,
)
#: Part of a script or style sheet, and what the body of a page must hold for it to be
#: of any use; None for never. (No code runs in the browser here, so thebe has no use.)
NEEDED_FOR = {
    "thebe": None,
    "mathjax/": None,  # formulas.js fetches it
    "design-tabs.js": "sd-tab-set",
    "toggle": 'class="toggle',
}
#: Scripts that Sphinx loads before the text is shown, and that wait for it anyway.
CAN_WAIT = (
    *("doctools.js", "sphinx_highlight.js", "clipboard.min.js", "copybutton.js"),
    "sphinx-book-theme.js",
)
#: The theme chooses light or dark after the first picture: text jumps, panels flash.
CHOOSE_THEME = """(html => { if (html.theme === "auto") html.theme =
 matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"
})(document.documentElement.dataset)"""


def lean_page(app: Sphinx, page: str, template: str, context: dict, doctree) -> None:
    """Mend one page before it is written."""
    if app.builder.format != "html":
        return
    body = THEBE.sub("", context.get("body", ""))
    if 'class="math' in body:
        app.add_js_file("formulas.js", loading_method="defer")
    for kind in ("script_files", "css_files"):
        context[kind] = [file for file in context[kind] if not _idle(file, body)]
    if page != "search":  # its own scripts call them at once
        context["script_files"] = [_deferred(file) for file in context["script_files"]]
    # The theme's style sheet imports this one: fetch both at the same time.
    basic = context["pathto"]("_static/basic.css", 1)
    preload = f'<link rel="preload" as="style" href="{basic}" />'
    context["metatags"] = context.get("metatags", "") + preload
    if doctree is not None:
        body = EMPTY_HEADER.sub("<td></td>", _sized(app, body))
        body = UNCOLOURED.sub(r"\1", body)
        body = CODE_OR_UNIT.sub(_joined, body)
        # Roles that docutils gives a bibliography: one is deprecated, and the list
        # holds what a list may not.
        body = body.replace('<div role="list" class="citation-list">', "<div>")
        context["body"] = body.replace(' role="doc-biblioentry"', "")


def complete_tips(
    app: Sphinx, page: str, template: str, context: dict, doctree
) -> None:
    """Give every name of a glossary entry its text; tippy serves the last only."""
    tips = getattr(app.env, "tippy_data", {}).get("pages", {}).get(page)
    for name, next_name in reversed(SECOND_NAME.findall(context.get("body", ""))):
        if tips:
            tips["id_to_html"][name] += tips["id_to_html"][next_name]


def _idle(file, body: str) -> bool:
    """Return whether a page with this body has no use for a script or style sheet."""
    said = f"{file.filename or ''} {file.attributes.get('body', '')}".lower()
    return any(
        part in said and (sign is None or sign not in body)
        for part, sign in NEEDED_FOR.items()
    )


def _deferred(file):
    """Return the script, told to run after the text is shown if it can wait."""
    if not str(file.filename).endswith(CAN_WAIT):
        return file
    attributes = {**file.attributes, "defer": "defer"}
    return type(file)(file.filename, priority=file.priority, **attributes)


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
    app.add_js_file(None, body=CHOOSE_THEME, priority=100)
    app.connect("doctree-read", warn_of_silent_pictures)
    app.connect("html-page-context", complete_tips, priority=460)  # tippy's is 450
    app.connect("html-page-context", lean_page, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
