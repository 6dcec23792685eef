"""What a reader did, kept in their browser and nowhere else.

``record.js``, on every page, is the one place that reads and writes it; the other
elements call it. ``course-items.js``, made with the book, says which self-checks,
predictions and live figures each page holds, and is fetched when something is kept.
With both, the sidebar marks the pages that are done.

The directive ``my-course`` makes the page that shows the record: what is done, what was
wrong, how far the reader's certainty can be trusted, ten questions again, and buttons
to export, import and delete::

    :::{my-course}
    :::
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

ITEMS = "course-items.js"
FOLDER = Path(__file__).parent


class my_course_node(nodes.General, nodes.Element):
    """The page's place for the record."""


class MyCourse(SphinxDirective):
    """Show what this browser has kept."""

    def run(self) -> list[nodes.Node]:
        """Return a place that the script fills."""
        # Sphinx keeps this true when a page is read again, or by another process.
        self.env.metadata[self.env.docname]["my_course"] = True
        return [my_course_node()]


def _visit_my_course(self, node: my_course_node) -> None:
    self.body.append(
        '<div class="my-course">\n<p class="my-course-without">This page needs '
        "JavaScript: what you did is kept in your browser and nowhere else.</p>\n"
    )


def _depart_my_course(self, node: my_course_node) -> None:
    self.body.append("</div>\n")


class Listed(NamedTuple):
    """What the table of contents says of a page."""

    title: str
    part: str


def listed(env: BuildEnvironment) -> dict[str, Listed]:
    """Return the pages of the table of contents by their names, in the book's order."""

    def below(page: str, part: str) -> Iterator[tuple[str, Listed]]:
        for toctree in env.tocs[page].findall(addnodes.toctree):
            caption = toctree.get("caption") or part
            for title, name in toctree["entries"]:
                if name in env.tocs:
                    yield name, Listed(title or env.titles[name].astext(), caption)
                    yield from below(name, caption)

    return dict(below(env.config.root_doc, ""))


def items(app: Sphinx) -> dict[str, dict[str, object]]:
    """Return what each page of the book asks the reader.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The build, once all pages are read.

    Returns
    -------
    dict
        Address of a page, from the book's root, to its ``title`` and the ``part`` of
        the book that it belongs to, both as in the table of contents, and its
        ``items``: names of self-checks (``sc-...``), predictions (``pr-...``) and live
        figures (``lv-...``). The pages stand in the book's order. The page of the
        record itself has only its ``items``, of which there are none, and ``home``.
    """
    asked: dict[str, list[str]] = {}
    for registry in ("predictions", "selfchecks", "live_figures"):
        for name, page in sorted(getattr(app.env, registry, {}).items()):
            asked.setdefault(page, []).append(name)
    home = {page for page, said in app.env.metadata.items() if "my_course" in said}
    pages: dict[str, dict[str, object]] = {}
    for page, (title, part) in listed(app.env).items():
        if page in home:
            entry: dict[str, object] = {"home": True, "items": []}
        elif page in asked:
            entry = {"title": title, "part": part, "items": asked[page]}
        else:
            continue
        pages[app.builder.get_target_uri(page)] = entry
    return pages


def _write_items(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.format != "html":
        return
    text = json.dumps(items(app), ensure_ascii=False, separators=(",", ":"))
    target = Path(app.outdir) / "_static" / ITEMS
    target.parent.mkdir(exist_ok=True)
    target.write_text(f"window.courseItems = {text};\n", encoding="utf-8")


def _serve(app: Sphinx) -> None:
    files = [path for path in FOLDER.iterdir() if path.suffix in (".css", ".js")]
    app.config.html_static_path = [*app.config.html_static_path, *map(str, files)]


def _show(app: Sphinx, page: str, template: str, context: dict, doctree) -> None:
    if 'class="my-course"' in context.get("body", ""):
        app.add_js_file(ITEMS, loading_method="defer", priority=400)
        app.add_js_file("my-course.js", loading_method="defer")


def setup(app: Sphinx) -> dict:
    """Register the directive, and serve the record on every page."""
    app.add_node(my_course_node, html=(_visit_my_course, _depart_my_course))
    app.add_directive("my-course", MyCourse)
    # Before the scripts of the elements that write to it, which have priority 500.
    app.add_js_file("record.js", loading_method="defer", priority=401)
    app.add_css_file("record.css", priority=801)
    app.connect("builder-inited", _serve)
    app.connect("html-page-context", _show)
    app.connect("build-finished", _write_items)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
