"""What the course teaches and how it tests it, read from its sources.

An objective is a clause of a page's header, with a name::

    - **You will be able to** [fit a half-life]{#ob-metrics-half-life}; ...

A self-check names the objectives that it tests in its line ``:objective:``. What a task
tests stands in the bank of answers: see `answers.tested`.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: The folder of the book's pages.
BOOK = Path(__file__).resolve().parents[1]

OBJECTIVE = re.compile(r"\[(?P<words>[^\[\]]+)\]\{#(?P<name>ob-[a-z0-9-]+)\}")
CHECK = re.compile(r":::+\{selfcheck\} +(?P<name>\S+)")
OPTION = re.compile(r":(?P<option>[a-z]+):\s*(?P<value>.*)")
HEADING = re.compile(r"(?P<level>#+) +(?P<title>.+)")
TITLE = re.compile(r"^# +(?P<title>.+)", re.MULTILINE)
LISTED = re.compile(r"\bfile: +book/(\S+)")
FENCE = re.compile(r"(?P<marks>`{3,}|~{3,})")


@dataclass(frozen=True)
class Objective:
    """What a reader of a page will be able to do.

    Parameters
    ----------
    name : str
        Such as ``"ob-metrics-half-life"``; the anchor of the clause on its page.
    words : str
        The clause, in MyST Markdown.
    page : str
        The page that teaches it, as a path in the book without its ending.
    """

    name: str
    words: str
    page: str


@dataclass(frozen=True)
class SelfCheck:
    """A question of the book.

    Parameters
    ----------
    name : str
        Such as ``"sc-metrics-half-life"``; its anchor on its page.
    page : str
        The page where it stands, as a path in the book without its ending.
    section : str
        The heading that it stands below, in MyST Markdown.
    objectives : tuple of str
        The names of the objectives that it tests.
    """

    name: str
    page: str
    section: str
    objectives: tuple[str, ...]

    @property
    def heading(self) -> str:
        """The anchor of the heading that it stands below."""
        return heading_of(self.name)


def heading_of(check: str) -> str:
    """Return the anchor of the heading that a self-check stands below, by its name."""
    return f"above-{check}"


def pages(book: Path = BOOK) -> list[str]:
    """Return the pages of a book: paths in it without their endings.

    They are in the order of ``_toc.yml``, which lies beside the book; then by name.
    """
    contents, order = book.parent / "_toc.yml", {}
    if contents.is_file():
        listed = LISTED.findall(contents.read_text(encoding="utf-8"))
        order = {page: place for place, page in enumerate(listed)}
    found = [*book.glob("*/*.ipynb"), *book.glob("*/*.md")]
    inside = [path.relative_to(book).with_suffix("") for path in found]
    names = [path.as_posix() for path in inside if path.parts[0][0] not in "_."]
    return sorted(names, key=lambda page: (order.get(page, len(order)), page))


@functools.cache
def markdown(page: str, book: Path = BOOK) -> str:
    """Return the text of a page: of a notebook, its Markdown cells."""
    notebook = book / f"{page}.ipynb"
    if not notebook.is_file():
        return (book / f"{page}.md").read_text(encoding="utf-8")
    # As JSON: all that is asked is the text, and this is asked of every page.
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    texts = (cell["source"] for cell in cells if cell["cell_type"] == "markdown")
    return "\n\n".join("".join(lines) for lines in texts)


def title(page: str, book: Path = BOOK) -> str:
    """Return the title of a page, in MyST Markdown."""
    found = TITLE.search(markdown(page, book))
    return found["title"] if found else page


@functools.cache
def objectives(book: Path = BOOK) -> tuple[Objective, ...]:
    """Return every objective of a book, in the order of its pages."""
    return tuple(
        Objective(found["name"], found["words"], page)
        for page in pages(book)
        for found in OBJECTIVE.finditer(markdown(page, book))
    )


@functools.cache
def selfchecks(book: Path = BOOK) -> tuple[SelfCheck, ...]:
    """Return every self-check of a book, in the order of its pages."""
    return tuple(
        check for page in pages(book) for check in _checks(page, markdown(page, book))
    )


def _checks(page: str, text: str) -> Iterator[SelfCheck]:
    section, fence = "", ""
    lines = iter(text.splitlines())
    for line in lines:
        if mark := FENCE.match(line):
            fence = "" if fence and mark["marks"].startswith(fence) else mark["marks"]
        elif fence:
            continue
        elif heading := HEADING.match(line):
            section = heading["title"]
        elif check := CHECK.match(line):
            options = {}
            while option := OPTION.match(next(lines, "")):
                options[option["option"]] = option["value"]
            names = options.get("objective", "").split()
            yield SelfCheck(check["name"], page, section, tuple(names))
