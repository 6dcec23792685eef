"""The book builds faster: what others do again and again is done once, on all cores.

sphinxcontrib-bibtex asks pybtex for its writer of plain text at every citation, and
pybtex reads the metadata of every installed package to find it: most of the time that
the citations of the book took. It reads the LaTeX of a name at each citation, too, and
of an entry twice, and sets each entry twice: for the list, and for the tip at its
links, in the same words. Sphinx loads a whole page again for each number of a figure
that is referred to. The theme makes the contents anew for each page: see `sidebar`.

Sphinx reads pages in several processes if all extensions say that it may. Two that
Jupyter Book always loads say nothing. sphinx-multitoc-numbering numbers the table of
contents when all pages are read, if that asks for numbers; this book's does not
(``use_multitoc_numbering`` in ``_config.yml``). sphinx-jupyterbook-latex changes what
is written for LaTeX, which this book is not. `share` says how the pages are shared out.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from pybtex import plugin
from pybtex.richtext import Text
from pybtex.style.formatting import BaseStyle
from sphinx.application import Sphinx
from sphinx.domains.std import StandardDomain
from sphinx.environment import BuildEnvironment

from . import share, sidebar

SILENT = ("sphinx_multitoc_numbering", "sphinx_jupyterbook_latex")


def allow_processes(app: Sphinx) -> None:
    """Let pages be read in several processes."""
    for name in SILENT:
        if name in app.extensions:
            app.extensions[name].parallel_read_safe = True


class PagesKept:
    """Sphinx's environment, which loads a page once for all that is asked of it.

    Only for who looks at pages: one that somebody changed would stay changed.
    """

    def __init__(self, env: BuildEnvironment) -> None:
        self.env = env
        self.get_doctree = functools.lru_cache(maxsize=4)(env.get_doctree)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.env, name)


kept = functools.lru_cache(maxsize=1)(PagesKept)


def load_once(number: Callable) -> Callable:
    """Return Sphinx's function for the number of a figure; a page is loaded once."""

    @functools.wraps(number)
    def with_pages_kept(domain: StandardDomain, env: BuildEnvironment, *of: Any) -> Any:
        return number(domain, kept(env), *of)

    return with_pages_kept


def set_once(format_entry: Callable) -> Callable:
    """Return pybtex's function that sets an entry; twice in a row it does so once."""
    asked: list[tuple[Any, str, Any]] = []
    made: list[Any] = []

    @functools.wraps(format_entry)
    def with_last_kept(style: Any, label: str, entry: Any, *more: Any) -> Any:
        if more:
            return format_entry(style, label, entry, *more)
        last = asked[-1] if asked else (None, "", None)
        if last[0] is not style or last[1] != label or last[2] is not entry:
            made[:] = [format_entry(style, label, entry)]
            asked[:] = [(style, label, entry)]
        return made[0]

    return with_last_kept


def ask_once() -> None:
    """Let plug-ins be looked for, LaTeX read, entries set and pages loaded once."""
    if hasattr(plugin.find_plugin, "cache_info"):
        return  # by another build in this process
    plugin.find_plugin = functools.cache(plugin.find_plugin)
    Text.from_latex = functools.cache(Text.from_latex)  # a text is never changed
    BaseStyle.format_entry = set_once(BaseStyle.format_entry)
    StandardDomain._resolve_numref_xref = load_once(StandardDomain._resolve_numref_xref)


def setup(app: Sphinx) -> dict:
    """Connect to the build."""
    ask_once()
    app.connect("builder-inited", allow_processes)
    app.connect("builder-inited", sidebar.make_once, priority=900)
    app.connect("builder-inited", share.take_over, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
