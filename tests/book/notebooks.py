"""What a test reads from a notebook of the book: its cells, its numbers, its code.

A page is named by its path in `book/`, such as ``"risk/01-infection-rates"``.
"""

import contextlib
import functools
from pathlib import Path

import matplotlib as mpl
import nbformat

BOOK = Path(__file__).resolve().parents[2] / "book"


@functools.cache
def cells(page):
    """Return the cells of a page as they are committed."""
    return nbformat.read(BOOK / f"{page}.ipynb", as_version=4).cells


@functools.cache
def glued(page):
    """Return what a page hands to its text, as it is printed, by name."""
    kind = "application/papermill.record/text/plain"
    return {
        output["metadata"]["scrapbook"]["name"]: output["data"][kind].strip("'\"")
        for cell in cells(page)
        for output in cell.get("outputs", [])
        if "scrapbook" in output.get("metadata", {})
    }


@functools.cache
def numbers(page):
    """Return the numbers among what a page hands to its text, by name."""
    found = {}
    for name, text in glued(page).items():
        with contextlib.suppress(ValueError):
            found[name] = float(text.replace(",", "").replace("−", "-"))
    return found


@functools.cache
def definitions(page, *named):
    """Run the setup cell and the named ones, and return what they define."""
    mpl.use("Agg")
    names = {}
    sources = {cell["id"]: cell.source for cell in cells(page)}
    for name in ("setup", *named):
        exec(sources[name].replace("style.use()", ""), names)
    return names
