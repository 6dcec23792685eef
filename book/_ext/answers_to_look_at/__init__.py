"""The pages *Answers to look at*, and the switch that leaves them out.

``book/answers/<assignment>.md`` answers what an assignment asks beside its graded code.
With ``answers_to_look_at: false`` in ``_config.yml`` these pages are not built, do not
stand in the table of contents, and are not linked: the card of an assignment links to
its answers only where they are built.
"""

from __future__ import annotations

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment

#: Where the pages lie.
FOLDER = "book/answers/"
#: After the table of contents has been read (900).
AFTER_CONTENTS = 950


def page(assignment: str) -> str:
    """Return the page with the answers to an assignment, as Sphinx names it."""
    return f"{FOLDER}{assignment}"


def link(env: BuildEnvironment, assignment: str) -> nodes.Node | None:
    """Return a link to the answers to an assignment, or None if they are not built."""
    env.note_dependency(env.doc2path(page(assignment)))
    if page(assignment) not in env.found_docs:
        return None
    return addnodes.pending_xref(
        "",
        nodes.inline("", "Answers to look at"),
        refdomain="std",
        reftype="doc",
        reftarget=f"/{page(assignment)}",
        refexplicit=True,
        refwarn=True,
        refdoc=env.docname,
    )


def leave_out(app: Sphinx, config: Config) -> None:
    """Take the pages out of the build and out of the contents, if they are off."""
    if config.answers_to_look_at:
        return
    config.exclude_patterns = [*config.exclude_patterns, f"{FOLDER}**"]
    # What Jupyter Book has read from _toc.yml: by page, the lists below it.
    contents = getattr(config, "external_site_map", {})
    for name in [name for name in contents if name.startswith(FOLDER)]:
        del contents[name]
    for document in contents.values():
        for tree in document.subtrees:
            tree.items = [one for one in tree.items if not str(one).startswith(FOLDER)]
        document.subtrees = [tree for tree in document.subtrees if tree.items]


def setup(app: Sphinx) -> dict:
    """Register the switch with Sphinx."""
    app.add_config_value("answers_to_look_at", True, "env", [bool])
    app.connect("config-inited", leave_out, priority=AFTER_CONTENTS)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
