"""The contents in the sidebar, made once for all pages.

They are the same on each page, but for two things: where links lead from there, and
which entry is the page itself. The theme makes them anew for each, which took a third
of the time in which pages are written.
"""

from __future__ import annotations

import copy
import functools
import re
from typing import Any

from bs4 import BeautifulSoup, Tag
from pydata_sphinx_theme.toctree import add_toctree_functions
from sphinx.application import Sphinx
from sphinx.util.osutil import relative_uri

#: A page that lies in the first folder and that the contents do not list.
NOWHERE = "search"
#: What the address of the page itself becomes.
HERE = "#"
ADDRESS = re.compile(r'(?<=<a class="reference internal" href=")[^"#][^"]*')


class Sidebar:
    """The theme's contents, as they stand on a page that they do not list.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The build.
    """

    def __init__(self, app: Sphinx) -> None:
        self.app = app
        self.made: dict[tuple, BeautifulSoup] = {}

    def on(self, page: str, context: dict[str, Any], **settings: Any) -> str:
        """Return the contents as they stand on a page.

        Parameters
        ----------
        page : str
            Its name.
        context : dict
            What the theme knows of any page.
        **settings
            What the theme asks for.
        """
        key = tuple(sorted(settings.items()))
        if key not in self.made:
            self.made[key] = self._made(context, settings)
        contents, own = self.made[key], self.app.builder.get_target_uri(page)
        if contents.find("a", href=own):
            contents = copy.copy(contents)
            mark(contents.find("a", href=own))
        return ADDRESS.sub(lambda to: relative_uri(own, to[0]), str(contents))

    def _made(self, context: dict[str, Any], settings: dict[str, Any]) -> BeautifulSoup:
        """Let the theme make the contents."""
        nowhere = dict(context)
        nowhere["toctree"] = lambda **asked: self.app.builder._get_local_toctree(
            NOWHERE, **asked
        )
        add_toctree_functions(self.app, NOWHERE, "", nowhere, None)
        return nowhere["generate_toctree_html"](**settings)


def mark(link: Tag) -> None:
    """Mark a link as that to the page itself, and what it stands in, as Sphinx does."""
    link["href"] = HERE
    link["class"] = ["current", *link["class"]]
    for entry in link.find_parents("li"):
        first, *others = entry["class"]
        entry["class"] = [first, "current", "active", *others]
        below = entry.find("details", recursive=False)
        if below:
            below["open"] = "open"
    for part in link.find_parents("ul"):
        part["class"] = ["current", *part.get("class", [])]


def make_once(app: Sphinx) -> None:
    """Let the templates of the theme, if it is used, have the contents from here."""
    sidebar = Sidebar(app)

    def offer(
        app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any
    ) -> None:
        add_toctree_functions(app, page, template, context, doctree)
        theirs = context["generate_toctree_html"]

        @functools.cache  # the theme renders each template twice
        def contents(**settings: Any) -> BeautifulSoup | str:
            whole = settings["kind"] == "sidebar" and settings["startdepth"] == 0
            if whole and not settings["collapse"]:
                return sidebar.on(page, context, **settings)
            return theirs(**settings)

        context["generate_toctree_html"] = contents

    # In the place of the theme's: the next one to be called renders the templates.
    listeners = app.events.listeners["html-page-context"]
    for place, listener in enumerate(listeners):
        if listener.handler is add_toctree_functions:
            listeners[place] = listener._replace(handler=offer)
