"""The header of a chapter: one line of facts, and the rest folded below it.

A page opens on its question. Between the title and the first sentence stands only what
a reader looks for before they begin: how long it takes, what data it reads, which tasks
belong to it. What they will be able to do, and what they need first, unfolds.

A chapter writes its header as a list in the block ``chapter-header``; CONTRIBUTING.md
has its form.
"""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from elements import serve
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxTranslator

HERE = Path(__file__).parent
CLASS = "chapter-header"
SUMMARY = "What you will learn, and need first"
#: How the items begin that are folded; all others are facts.
FOLDED = ("You will be able to", "You need first")


class FoldedItems(nodes.General, nodes.Element):
    """What a header folds: a disclosure with a list in it."""


class FoldHeader(SphinxPostTransform):
    """Part the list of a header into its facts and what is folded."""

    # Before the links that run a page are put into the header.
    default_priority = 390
    formats = ("html",)

    def run(self, **kwargs) -> None:
        """Part the header of one page, if it has one."""
        for box in list(self.document.findall(nodes.container)):
            if CLASS in box["classes"]:
                part(box)


def part(box: nodes.container) -> None:
    """Part a header's list into facts, shown in a line, and items that are folded.

    Parameters
    ----------
    box : docutils.nodes.container
        The block ``chapter-header``; changed in place. One without a list stays.
    """
    listed = next(iter(box.findall(nodes.bullet_list)), None)
    if listed is None:
        return
    folded = [item for item in listed if item.astext().startswith(FOLDED)]
    for item in folded:
        listed.remove(item)
    listed["classes"].append("chapter-facts")
    if folded:
        box += FoldedItems("", nodes.bullet_list("", *folded))


def visit_html(self: SphinxTranslator, node: FoldedItems) -> None:
    """Begin the disclosure."""
    self.body.append(f"<details>\n<summary>{SUMMARY}</summary>\n")


def depart_html(self: SphinxTranslator, node: FoldedItems) -> None:
    """End the disclosure."""
    self.body.append("</details>\n")


def setup(app: Sphinx) -> dict:
    """Register the transform, the node and its style."""
    app.add_node(FoldedItems, html=(visit_html, depart_html))
    app.add_post_transform(FoldHeader)
    serve(app, HERE, f'class="{CLASS}')
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
