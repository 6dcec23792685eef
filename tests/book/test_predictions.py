"""Predictions of the book: one question each, and a cover that hides the answer."""

import re
from typing import NamedTuple

import pytest
from notebooks import BOOK, cells

PREDICTION = re.compile(r"^:::\{predict\} (\S+)\n(.*?)^:::\s*$", re.M | re.S)
HEADING = re.compile(r"^(##+) (.*)$", re.M)
LABEL = re.compile(r"^\([\w-]+\)=$", re.M)
NUMBER = re.compile(r"\{(?:glue:text|truth)\}`([^`]*)`")
TAKEAWAYS = "Key takeaways"


class Asked(NamedTuple):
    """A prediction, and what its page says after it."""

    name: str
    options: str
    has_list: bool
    question: str
    shown: str
    rest: str

    @property
    def over(self):
        """How many sections are covered beside the rest of its own."""
        found = re.search(r"^:over: (\d+)", self.options, re.M)
        return int(found[1]) if found else 0

    def truth(self):
        """Return the names of the numbers that are the answer."""
        bold = re.findall(r"\*\*(.+?)\*\*", self.shown)
        return set(NUMBER.findall(" ".join(bold) or self.shown))


def predictions(page):
    """Return the predictions of a page; the code counts as words."""
    text = "\n\n".join(
        cell.source if cell.cell_type == "markdown" else "CODE" for cell in cells(page)
    )
    for found in PREDICTION.finditer(text):
        lines = found[2].splitlines()
        options = [line for line in lines if line.startswith(":")]
        shown = [line for line in lines if line.startswith(">")]
        others = [line for line in lines if line not in (*options, *shown)]
        question = "\n".join(others).strip().split("\n\n")[0]
        has_list = any(line.startswith("- [") for line in lines)
        yield Asked(
            found[1],
            "\n".join(options),
            has_list,
            question,
            "\n".join(shown),
            text[found.end() :],
        )


def visible(asked):
    """Return what stands uncovered between a prediction and the takeaways."""
    own, *later = HEADING.split(asked.rest)
    sections = list(zip(later[::3], later[1::3], later[2::3], strict=True))
    own = LABEL.sub("", PREDICTION.sub("", own)).strip()
    left = asked.over + (not own)
    shown, level = "", None
    for signs, title, body in sections:
        if title.startswith(TAKEAWAYS):
            break
        if level is None or len(signs) <= level:  # not a part of the one before
            level, left = len(signs), left - 1
        if left < 0:
            shown += body
    return shown


PAGES = {
    page
    for path in BOOK.rglob("*.ipynb")
    for page in [path.relative_to(BOOK).with_suffix("").as_posix()]
    if list(predictions(page))
}
ALL = {one.name: one for page in sorted(PAGES) for one in predictions(page)}


@pytest.mark.parametrize("name", sorted(ALL))
def test_it_asks_one_thing(name):
    """What else it asks is a paragraph of its own, and so has a field of its own."""
    asked = ALL[name]
    has_scale = re.search(r"^:(unit|from):", asked.options, re.M)
    if asked.has_list or has_scale:
        assert asked.question.count("?") <= 1


#: What the page settles at its end covers nothing.
AT_ONCE = sorted(name for name, one in ALL.items() if ":later:" not in one.options)


@pytest.mark.parametrize("name", AT_ONCE)
def test_what_follows_its_cover_does_not_give_it_away(name):
    asked = ALL[name]
    assert not asked.truth() & set(NUMBER.findall(PREDICTION.sub("", visible(asked))))
