"""The page *Formulas*: what stands there, and which task sends a reader to it.

Each formula has a name and an anchor, ``| [Half-life]{#fo-half-life} | ...``. A task
names what it needs as ``*half-life* on the page *Formulas*``: a notebook does not know
where its reader has the book. The card of the assignment turns the names into links.
"""

from __future__ import annotations

import re
from pathlib import Path

from nbformat.notebooknode import NotebookNode

from .objectives import BOOK

#: The page, as a path in the book without its ending.
PAGE = "reference/formulas"
FORMULA = re.compile(r"\[(?P<name>[^\[\]]+)\]\{#(?P<anchor>fo-[a-z0-9-]+)\}")
MENTION = re.compile(r"\*(?P<name>[^*\n]+)\* on the page \*Formulas\*")


def anchors(book: Path = BOOK) -> dict[str, str]:
    """Return the anchor of each formula, by its name in small letters.

    Raises
    ------
    ValueError
        If a name or an anchor stands there twice.
    """
    text = (book / f"{PAGE}.md").read_text(encoding="utf-8")
    pairs = [(one["name"].lower(), one["anchor"]) for one in FORMULA.finditer(text)]
    for part in zip(*pairs, strict=True):
        if len(set(part)) < len(part):
            twice = sorted({one for one in part if part.count(one) > 1})
            raise ValueError(f"{PAGE}.md has {', '.join(twice)} twice")
    return dict(pairs)


def named(notebook: NotebookNode) -> list[str]:
    """Return the formulas that a notebook names, each once, in its order."""
    found = [
        one["name"]
        for cell in notebook.cells
        if cell.cell_type == "markdown"
        for one in MENTION.finditer(cell.source)
    ]
    return list(dict.fromkeys(found))
