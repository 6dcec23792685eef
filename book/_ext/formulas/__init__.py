"""Formulas are typeset when the reader comes near one.

MathJax weighs more than the rest of a page together. The script ``formulas.js``
fetches it from the book itself; without a script, a formula is read as TeX.
"""

from pathlib import Path

from elements import serve
from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict:
    """Serve the script where there is a formula."""
    serve(app, Path(__file__).parent, 'class="math')
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
