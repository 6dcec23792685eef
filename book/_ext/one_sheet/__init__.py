"""One style sheet for the whole book, in place of some twenty a page.

A browser shows no word before it has every style sheet of the page's head, and an
ordinary web server sends six at a time. One that all pages share is fetched once.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterable
from pathlib import Path

from sphinx.application import Sphinx

#: The name of the one sheet, in ``_static``.
SHEET = "book.css"
#: A style sheet of this book that counts on a screen, with its line.
LINK = re.compile(
    r'[ \t]*<link\b(?![^>]*\bmedia=)(?=[^>]*\brel="stylesheet")'
    r'[^>]*\bhref="(?P<address>(?:\.\./)*_static/(?P<name>[^"?]+\.css))[^"]*"'
    r'(?:[^>]*\bdata-holds="(?P<holds>[^"]*)")?[^>]*>\n?'
)
#: What Sphinx's options are in, of which scripts inside the page make use at once.
OPTIONS = re.compile(
    r'<script src="(?:\.\./)*_static/documentation_options\.js[^"]*"></script>'
)
#: The theme asks for its script before the style sheet; it runs after the page.
SCRIPT_FIRST = re.compile(r'<link rel="preload" as="script"[^>]*>\n?')
IMPORT = re.compile(r"""@import\s+(?:url\()?["']([^"']+)["']\)?\s*;""")
ADDRESS = re.compile(r"""url\(\s*(["']?)([^"')]+)\1\s*\)""")
COMMENT = re.compile(r"/\*(?!!).*?\*/", re.DOTALL)


def bundle(app: Sphinx, error: Exception | None) -> None:
    """Write the one sheet, and let every page of the built book name it alone."""
    if error or app.builder.format != "html":
        return
    html = Path(app.outdir)
    pages = {path: path.read_text("utf-8") for path in sorted(html.rglob("*.html"))}
    names = in_order(_named(text) for text in pages.values())
    static = html / "_static"
    sheet = "\n".join(read_sheet(static, name) for name in names)
    (static / SHEET).write_text(sheet, "utf-8")
    options = (static / "documentation_options.js").read_text("utf-8").strip()
    version = hashlib.sha256(sheet.encode()).hexdigest()[:8]
    for path, text in pages.items():
        bundled = SCRIPT_FIRST.sub("", _with_one_link(text, version))
        bundled = _with_options(bundled, options)
        if bundled != text:
            path.write_text(bundled, "utf-8")


def in_order(lists: Iterable[list[str]]) -> list[str]:
    """Return all names of some lists, each once, in an order that each list keeps.

    A later sheet overrules an earlier one: the one sheet must keep that.

    Raises
    ------
    ValueError
        If two lists hold two names in opposite orders.
    """
    after: dict[str, set[str]] = {}
    for names in lists:
        for place, name in enumerate(names):
            after.setdefault(name, set()).update(names[:place])
    ordered: list[str] = []
    while after:
        ready = [name for name, before in after.items() if before <= set(ordered)]
        if not ready:
            raise ValueError(
                "No order of style sheets suits all pages: " + ", ".join(sorted(after))
            )
        ordered.append(ready[0])
        del after[ready[0]]
    return ordered


def read_sheet(static: Path, name: str) -> str:
    """Return a style sheet as it stands in ``_static`` itself.

    What it imports is put in its place, and its addresses count from ``_static``.

    Parameters
    ----------
    static : pathlib.Path
        The folder of the built book's style sheets.
    name : str
        The sheet's path in it, such as ``"styles/theme.css"``.
    """
    folder = posixpath.dirname(name)

    def imported(found: re.Match[str]) -> str:
        return read_sheet(static, posixpath.normpath(f"{folder}/{found[1]}"))

    def moved(found: re.Match[str]) -> str:
        address = found[2]
        if ":" in address or address.startswith(("#", "/")):
            return found[0]
        return f'url("{posixpath.normpath(posixpath.join(folder, address))}")'

    text = COMMENT.sub("", (static / name).read_text("utf-8"))
    text = text.replace('@charset "UTF-8";', "")
    own = [ADDRESS.sub(moved, part) for part in IMPORT.split(text)[::2]]
    others = [imported(found) for found in IMPORT.finditer(text)]
    return "".join(
        part + other for part, other in zip(own, [*others, ""], strict=True)
    ).strip()


def _named(text: str) -> list[str]:
    """Return the style sheets of a page, also those that its one sheet holds."""
    names: list[str] = []
    for found in LINK.finditer(text):
        names += found["holds"].split() if found["holds"] else [found["name"]]
    return names


def _with_one_link(text: str, version: str) -> str:
    """Return a page's text with one link where the first of its sheets stood."""
    first = LINK.search(text)
    if first is None:
        return text
    up = first["address"].removesuffix(f"_static/{first['name']}")
    link = (
        f'<link rel="stylesheet" href="{up}_static/{SHEET}?v={version}" '
        f'data-holds="{" ".join(_named(text))}" />\n'
    )
    return text[: first.start()] + link + LINK.sub("", text[first.start() :])


def _with_options(text: str, options: str) -> str:
    """Return a page's text with Sphinx's options in it, which needs no request."""
    return OPTIONS.sub(lambda _: f"<script>{options}</script>", text)


def setup(app: Sphinx) -> dict:
    """Connect to the end of the build, after rules were dropped from the sheets."""
    app.connect("build-finished", bundle, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
