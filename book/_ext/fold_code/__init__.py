"""Code on a page: what teaches is shown, how a figure is drawn is folded.

One rule, for every cell of every chapter: from the first statement that draws to the
end of the cell, code is folded; what stands before it is shown. Cells that a chapter
hides by a tag (`hide-cell`, `hide-input`) are folded in the same way. A switch at the
top of the page folds all code, and the browser remembers it.
"""

from __future__ import annotations

import ast
from pathlib import Path

from docutils import nodes
from elements import serve
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxTranslator

HERE = Path(__file__).parent
#: What a chapter draws on or with: matplotlib's names by convention, and Altair's.
DRAWN_WITH = {"plt", "fig", "ax", "axes", "alt", "live"}
DRAWING, HIDDEN, SHOWN = "Code of the figure", "More code", "Code"


class FoldedCode(nodes.General, nodes.Element):
    """Code that a reader can fold: `says` is its summary, `open` how it begins."""


def drawing_starts(source: str) -> int | None:
    """Return the line on which a cell begins to draw.

    Parameters
    ----------
    source : str
        The cell's code.

    Returns
    -------
    int or None
        How many lines stand before it, those of comments above the statement not
        counted; None if nothing is drawn, or if the cell is not plain Python.
    """
    try:
        statements = ast.parse(source).body
    except SyntaxError:
        return None
    lines = source.splitlines()
    for statement in statements:
        if not _draws(statement):
            continue
        decorators = getattr(statement, "decorator_list", [])
        line = min([statement.lineno, *(one.lineno for one in decorators)]) - 1
        while line and lines[line - 1].lstrip().startswith("#"):
            line -= 1
        return line
    return None


def _draws(statement: ast.stmt) -> bool:
    """Return whether a statement draws, or defines what does."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return False
    names = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
    return bool(names & DRAWN_WITH)


class FoldCode(SphinxPostTransform):
    """Fold code in HTML, before MyST-NB would hide it in its own way."""

    default_priority = 198
    formats = ("html",)

    def run(self, **kwargs) -> None:
        """Fold the cells of one page."""
        for cell in list(self.document.findall(nodes.container)):
            if cell.get("nb_element") == "cell_code" and cell.children:
                self._fold(cell)

    def _fold(self, cell: nodes.container) -> None:
        """Fold what one cell has to fold."""
        source = cell.children[0]
        block = next(iter(source.findall(nodes.literal_block)), None)
        if source.get("nb_element") != "cell_code_source" or block is None:
            return
        if cell.get("hide_mode") in ("all", "input"):
            if cell.attributes.pop("hide_mode") == "all":
                cell[:] = [_folded(HIDDEN, list(cell.children))]
            else:
                cell[0] = _folded(HIDDEN, [source])
            return
        start = drawing_starts(block.astext())
        if start is None:
            cell[0] = _folded(SHOWN, [source], opened=True)
        elif start == 0:
            cell[0] = _folded(DRAWING, [source])
        else:
            cell[0:1] = _split(source, block, start)


def _split(source: nodes.Element, block: nodes.Element, start: int) -> list[nodes.Node]:
    """Return the code before a line, shown, and the code from it on, folded."""
    lines = block.astext().splitlines()
    parts = []
    for text in ("\n".join(lines[:start]).rstrip(), "\n".join(lines[start:])):
        part, piece = source.copy(), block.copy()
        piece.rawsource = text
        piece += nodes.Text(text)
        part += piece
        parts.append(part)
    parts[1]["ids"], parts[1]["names"] = [], []
    return [
        _folded(SHOWN, [parts[0]], opened=True),
        _folded(DRAWING, [parts[1]]),
    ]


def _folded(says: str, children: list[nodes.Node], opened: bool = False) -> FoldedCode:
    node = FoldedCode("", says=says, open=opened)
    node += children
    return node


def visit_html(self: SphinxTranslator, node: FoldedCode) -> None:
    """Write a disclosure; one that begins open can be closed by the page's switch."""
    kind = "code-shown" if node["open"] else "code-folded"
    state = " open" if node["open"] else ""
    self.body.append(f'<details class="code-part {kind}"{state}>\n')
    self.body.append(f"<summary>{node['says']}</summary>\n")


def depart_html(self: SphinxTranslator, node: FoldedCode) -> None:
    """Close the disclosure."""
    self.body.append("</details>\n")


def setup(app: Sphinx) -> dict:
    """Register the transform, the node and its files."""
    app.add_node(FoldedCode, html=(visit_html, depart_html))
    app.add_post_transform(FoldCode)
    serve(app, HERE, 'class="code-part')
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
