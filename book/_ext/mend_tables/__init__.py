"""Tables as a reader expects them: text left, numbers right, heads that say of what.

pandas writes for a notebook: every cell to the right, the names of rows on a line of
their own, `NaN` for what is missing. The cell stays as it is; its table on the page
gets one head, columns aligned by what they hold (numbers at the point), the sign minus
before what is negative, a dash for a missing value and the scope that a screen reader
needs. Tables of prose get the scope.
"""

from __future__ import annotations

import re

from bs4 import BeautifulSoup, Tag
from sphinx.application import Sphinx

FRAME = re.compile(
    r"(?:<style scoped>(?:(?!</style>).)*</style>\s*)?"
    r'(?P<table><table [^>]*class="dataframe">.*?</table>)',
    re.DOTALL,
)
PROSE_HEAD = re.compile(r'<th class="(?P<kind>head|stub)')
EMPTY_HEAD = re.compile(r"<th\b[^>]*>(<p>\s*</p>)?</th>")
NUMBER = re.compile(r"[-+−]?[\d,]*\d(?P<decimals>\.\d+)?(?:e[-+]?\d+)?(?P<unit>\s?%)?")
MISSING = {"NaN", "nan", "<NA>", "NaT", "None"}
#: As wide as a digit, and as wide as a point.
DIGIT_WIDE, POINT_WIDE = "\u2007", "\u2008"


def mend_tables(app: Sphinx, page: str, template: str, context: dict, doctree) -> None:
    """Mend the tables of one page before it is written."""
    if app.builder.format != "html" or doctree is None:
        return
    body = FRAME.sub(lambda found: mend_frame(found["table"]), context["body"])
    body = EMPTY_HEAD.sub("<td></td>", body)
    context["body"] = PROSE_HEAD.sub(_with_scope, body)


def mend_frame(html: str) -> str:
    """Return the table that a data frame wrote, as a reader expects it.

    Parameters
    ----------
    html : str
        One ``table`` element, as ``pandas.DataFrame.to_html`` writes it.

    Returns
    -------
    str
        The same cells in the same order, in one ``table`` element.
    """
    table = BeautifulSoup(html, "html.parser").table
    del table["border"]
    _join_names(table)
    for row in table.select("tr"):
        del row["style"]
    _give_scope(table)
    _mark_missing(table)
    _align(table)
    return str(table)


def _with_scope(found: re.Match) -> str:
    """Say of a head that Markdown wrote whether it stands for a column or a row."""
    scope = "col" if found["kind"] == "head" else "row"
    return f'<th scope="{scope}" class="{found["kind"]}'


def _join_names(table: Tag) -> None:
    """Write the names of rows and of columns into one line, if they stand in two."""
    rows = table.select("thead tr")
    if len(rows) < 2:
        return
    last, above = (row.find_all("th") for row in (rows[-1], rows[-2]))
    names = [cell for cell in last if cell.get_text(strip=True)]
    same_width = len(last) == len(above) == _width(rows[-2])
    if not same_width or names != last[: len(names)]:
        return
    # With several names of rows, the name of the columns stands above the last.
    for name, cell in zip(names, above, strict=False):
        columns = cell.get_text(strip=True)
        row_name = name.get_text(strip=True)
        cell.string = f"{row_name}, by {columns}" if columns else row_name
    rows[-1].decompose()


def _width(row: Tag) -> int:
    """Return how many columns a row spans."""
    return sum(int(cell.get("colspan", 1)) for cell in row.find_all(["th", "td"]))


def _give_scope(table: Tag) -> None:
    """Say of each head whether it stands for a column or a row; empty ones are none."""
    for cell in table.select("th"):
        if not cell.get_text(strip=True):
            cell.name = "td"
            continue
        of_column = cell.find_parent("thead") is not None
        spans = int(cell.get("colspan" if of_column else "rowspan", 1)) > 1
        scope = ("col" if of_column else "row") + ("group" if spans else "")
        cell["scope"] = scope
        del cell["halign"], cell["valign"]


def _mark_missing(table: Tag) -> None:
    """Show a dash for each value that is missing."""
    for cell in table.select("tbody td"):
        if cell.get_text(strip=True) in MISSING:
            cell.string = "–"
            cell["class"] = "missing"


def _align(table: Tag) -> None:
    """Set columns of numbers right, each number with its point below the others."""
    rows = [row.find_all("td") for row in table.select("tbody tr")]
    width = max(map(len, rows), default=0)
    heads = [row.find_all(["th", "td"]) for row in table.select("thead tr")]
    # Counted from the right: heads of rows may span several rows, and then are absent.
    for from_right in range(1, width + 1):
        column = [row[-from_right] for row in rows if len(row) >= from_right]
        values = [cell for cell in column if cell.get("class") != "missing"]
        found = [NUMBER.fullmatch(cell.get_text(strip=True)) for cell in values]
        if not found or not all(found):
            continue
        longest = max(len(number["decimals"] or "") for number in found)
        for cell, number in zip(values, found, strict=True):
            written = re.sub("^-", "−", number.group(0))
            cell.string = written + _padding(number["decimals"] or "", longest)
        for cell in column:
            cell["class"] = [*cell.get_attribute_list("class"), "number"]
            cell["class"] = " ".join(name for name in cell["class"] if name)
        head = heads[-1]
        if len(head) >= from_right:
            head[-from_right]["class"] = "number"


def _padding(decimals: str, longest: int) -> str:
    """Return the blanks that stand for the decimals that a number lacks."""
    point = POINT_WIDE if longest and not decimals else ""
    digits = longest - len(decimals) - bool(point)
    return point + DIGIT_WIDE * digits


def setup(app: Sphinx) -> dict:
    """Connect to the pages as they are written."""
    app.connect("html-page-context", mend_tables, priority=890)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
