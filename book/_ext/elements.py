"""What page elements share: how they are served, write Markdown, and pack downloads.

An element is a folder beside this file: its directive or role in ``__init__.py``, its
style and its script, and its tests. CONTRIBUTING.md says how one is made.
"""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
from course import picture, style
from docutils import nodes
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

LOGGER = logging.getLogger(__name__)


def serve(app: Sphinx, folder: Path, sign: str) -> None:
    """Serve an element's style and script on the pages that hold the element.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The build.
    folder : pathlib.Path
        The element's folder: every ``.css`` and ``.js`` file in it is served.
    sign : str
        What the HTML of a page with the element holds, such as
        ``'class="selfcheck"'``.
    """
    styles, scripts = sorted(folder.glob("*.css")), sorted(folder.glob("*.js"))

    def copy_files(app: Sphinx) -> None:
        paths = [str(path) for path in [*styles, *scripts]]
        app.config.html_static_path = [*app.config.html_static_path, *paths]

    def link_files(
        app: Sphinx, page: str, template: str, context: dict, doctree
    ) -> None:
        if sign not in context.get("body", ""):
            return
        for path in styles:
            # After the book's own style sheet, which has priority 800.
            app.add_css_file(path.name, priority=801)
        for path in scripts:
            app.add_js_file(path.name, loading_method="defer")

    app.connect("builder-inited", copy_files)
    app.connect("html-page-context", link_files)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return files as a ZIP file, the same bytes for the same files.

    Parameters
    ----------
    files : mapping of str to bytes
        The contents, by path in the ZIP file.
    """
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for inside in sorted(files):
            # The earliest date that the format knows: no trace of the build's time.
            entry = zipfile.ZipInfo(inside, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[inside])
    return packed.getvalue()


class Names:
    """The names of one kind of element, each of which may stand once in the book.

    Parameters
    ----------
    kind : str
        What the element is called in a message, such as ``"self-check"``.
    prefix : str
        What its names begin with, such as ``"sc"``.
    attribute : str
        Where the build keeps them: ``env.<attribute>`` maps a name to its page.
    """

    def __init__(self, kind: str, prefix: str, attribute: str) -> None:
        self.kind, self.prefix, self.attribute = kind, prefix, attribute

    def taken(self, env: BuildEnvironment) -> dict[str, str]:
        """Return the names that are taken, each with its page."""
        if not hasattr(env, self.attribute):
            setattr(env, self.attribute, {})
        return getattr(env, self.attribute)

    def claim(self, env: BuildEnvironment, name: str) -> str:
        """Note a name of the page that is read.

        Returns
        -------
        str
            What is wrong with the name, for a message; empty if nothing.
        """
        if not re.fullmatch(rf"{self.prefix}-[a-z0-9]+(-[a-z0-9]+)*", name):
            return (
                f"has a name that is not allowed: write {self.prefix}-<chapter>-"
                "<topic> with small letters, digits and hyphens"
            )
        taken = self.taken(env)
        if name in taken:
            return (
                f"has a name that {taken[name]!r} uses already: every {self.kind} "
                "needs its own"
            )
        taken[name] = env.docname
        return ""

    def keep(self, app: Sphinx) -> None:
        """Keep the names true while pages are read again, and in parallel."""
        app.connect("env-purge-doc", self._purge)
        app.connect("env-merge-info", self._merge)

    def _purge(self, app: Sphinx, env: BuildEnvironment, docname: str) -> None:
        taken = self.taken(env)
        for name in [name for name, page in taken.items() if page == docname]:
            del taken[name]

    def _merge(
        self,
        app: Sphinx,
        env: BuildEnvironment,
        docnames: set[str],
        other: BuildEnvironment,
    ) -> None:
        taken = self.taken(env)
        for name, page in self.taken(other).items():
            if page not in docnames:
                continue
            if name in taken:
                LOGGER.warning(
                    "%s %r is in %r and in %r", self.kind, name, taken[name], page
                )
            taken[name] = page


class LinkRole(SphinxRole):
    """A role that links to a label made from its text."""

    def shown(self) -> nodes.Node:
        """Return what the reader sees of the link."""
        raise NotImplementedError

    def label(self) -> str:
        """Return the label that the link leads to."""
        raise NotImplementedError

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return a reference that Sphinx resolves, or warns about."""
        link = addnodes.pending_xref(
            "",
            self.shown(),
            refdomain="std",
            reftype="ref",
            reftarget=self.label(),
            refexplicit=True,
            refwarn=True,
            refdoc=self.env.docname,
        )
        self.set_source_info(link)
        return [link], []


class MarkdownDirective(SphinxDirective):
    """A directive that writes MyST Markdown, with pictures that it draws."""

    def parsed(self, lines: list[str]) -> list[nodes.Node]:
        """Return lines of Markdown as nodes; headings in them become sections."""
        parent = nodes.section()
        source = StringList(lines, source=self.get_source_info()[0])
        self.state.nested_parse(source, self.content_offset, parent, match_titles=True)
        return parent.children

    def address(self, path: Path) -> str:
        """Return the address of a file as Sphinx wants it: from the source folder."""
        relative = os.path.relpath(
            Path(path).resolve(), Path(self.env.srcdir).resolve()
        )
        return "/" + Path(relative).as_posix()

    def drawn(self, name: str, draw: Callable[[], plt.Figure]) -> str:
        """Keep the figure that `draw` returns as a drawing, in the book's style.

        Parameters
        ----------
        name : str
            Name of the picture, once in the book, without an ending.
        draw : callable
            Takes nothing and returns a figure.

        Returns
        -------
        str
            The address of the picture, for a ``figure`` directive.
        """
        path = Path(self.env.doctreedir).parent / "pictures" / f"{name}.svg"
        path.parent.mkdir(parents=True, exist_ok=True)
        with mpl.rc_context():
            style.use()
            figure = draw()
            path.write_text(picture.svg(figure), encoding="utf-8")
            plt.close(figure)
        return self.address(path)
