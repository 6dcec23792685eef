"""A figure opens at its full size: by a tap on it, or by the button in its corner.

On a phone a figure is drawn half as wide as it was made, and its letters are small.
``enlarge.js`` shows it in a window of its own, where it can be moved; without a script
the figure stays as it is.
"""

from __future__ import annotations

from pathlib import Path

from elements import serve
from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict:
    """Serve style and script on the pages that have a picture."""
    serve(app, Path(__file__).parent, "<img ")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
