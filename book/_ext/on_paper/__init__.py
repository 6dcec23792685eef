"""Pages on paper: always in light colours, without what only a screen has use for."""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx

HERE = Path(__file__).parent
STYLE, SCRIPT = "on-paper.css", "on-paper.js"


def copy_files(app: Sphinx) -> None:
    """Serve the style sheet and the script."""
    paths = [str(HERE / name) for name in (STYLE, SCRIPT)]
    app.config.html_static_path = [*app.config.html_static_path, *paths]


def link_files(app: Sphinx, page: str, template: str, context: dict, doctree) -> None:
    """Link both on every page; a browser fetches a sheet for print last."""
    if app.builder.format != "html":
        return
    app.add_css_file(STYLE, priority=900, media="print")
    app.add_js_file(SCRIPT, loading_method="defer")


def setup(app: Sphinx) -> dict:
    """Connect to the pages as they are written."""
    app.connect("builder-inited", copy_files)
    app.connect("html-page-context", link_files)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
