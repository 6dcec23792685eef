"""One name for each page, wherever the book speaks of it.

`_toc.yml` gives a page its number and name (``3.1 Preventing rejection``), the page
itself opens on its question. The name stands above the question, in the sidebar, in the
links to the page before and the page after, in the search and in the browser's tab.
"""

from __future__ import annotations

import html
import re
from pathlib import Path

import sections
from docutils import nodes
from elements import serve
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

NUMBER = re.compile(r"\d+\.\d+")


def name_pages(app: Sphinx, env: BuildEnvironment) -> None:
    """Let Sphinx call each page by its name in the table of contents."""
    for page in sections.pages(env):
        name = sections.name(env, page)
        env.titles[page] = nodes.title("", name)
        env.longtitles[page] = env.titles[page]


def above(name: str, title: str) -> str:
    """Return what stands above a page's title: its name, or what the title lacks of it.

    Parameters
    ----------
    name : str
        The page's name in the table of contents.
    title : str
        The title on the page.

    Returns
    -------
    str
        ``"3.1 Preventing rejection"``; the number alone where the title begins with
        the rest; empty where it is the name.
    """
    number = NUMBER.match(name)
    rest = name[number.end() :].strip() if number else name
    if title.startswith(rest):
        return number[0] if number else ""
    return name


def show_name(app: Sphinx, page: str, template: str, context: dict, doctree) -> None:
    """Write the page's name above its title."""
    if app.builder.format != "html" or page not in sections.pages(app.env):
        return
    found = sections.pages(app.env)[page].sections
    words = above(sections.name(app.env, page), found[0].title) if found else ""
    if words:
        line = f'<p class="page-name">{html.escape(words)}</p>\n<h1>'
        context["body"] = context["body"].replace("<h1>", line, 1)


def setup(app: Sphinx) -> dict:
    """Name the pages once all are read, and show each its name."""
    app.setup_extension("sections")
    app.connect("env-updated", name_pages)
    app.connect("html-page-context", show_name, priority=400)
    serve(app, Path(__file__).parent, 'class="page-name"')
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
