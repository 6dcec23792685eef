"""Every test that a page names beside a promise is there."""

import ast
import re
from pathlib import Path

import pytest
from nbgrader_apart import forkclient, notebookfile, options, safehtml, stock, tree

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PAGES = ["book/teach/grading-at-scale.md", "exercises/autograder/README.md"]
TESTS = {
    node.name
    for folder in (HERE, HERE.with_name("browser"))
    for path in folder.glob("test_*.py")
    for node in ast.walk(ast.parse(path.read_text()))
    if isinstance(node, ast.FunctionDef)
}


def promises(page):
    """Return the last cells of the rows of all tables whose last column names tests."""
    tables = re.findall(r"(?:^\|.*\n)+", (ROOT / page).read_text(), re.MULTILINE)
    rows = [
        [line.strip("|\n ").split("|")[-1] for line in table.splitlines()]
        for table in tables
    ]
    about_tests = ("shown by", "tested by")
    return [
        cell
        for head, _, *cells in rows
        if head.strip().startswith(about_tests)
        for cell in cells
    ]


@pytest.mark.parametrize("page", PAGES)
def test_every_promise_names_tests_that_are_there(page):
    found = promises(page)
    assert len(found) >= 12
    for cell in found:
        names = re.findall(r"`(test_\w+)(\.py)?`", cell)
        assert names, f"no test is named in {cell!r}"
        for name, ending in names:
            there = (HERE / f"{name}.py").is_file() if ending else name in TESTS
            assert there, f"{name}{ending} is in no file"


FILES, PROCESS = tree.LIMITS, options.Limits()
#: What the tables say of sizes, row by row, made from what the code holds hand-ins to.
NUMBERS = [
    f"{PROCESS.memory >> 30} GB, by the kernel",
    f"{forkclient.TOTAL_MEMORY >> 30} GB, looked at",
    f"a disk of {options.TOTAL_DISK >> 20} MB and {options.TOTAL_FILES:,} files",
    f"{FILES.file_bytes / 1e6:g} MB a file, {FILES.total_bytes / 1e6:g} MB, "
    f"{FILES.files:,} files and {FILES.depth} folders deep",
    f"{notebookfile.MOST_CELLS:,} cells, {notebookfile.MOST_TEXT / 1e6:g} MB of text "
    f"and {notebookfile.MOST_PICTURES / 1e6:g} MB of pasted pictures",
    f"{safehtml.MOST_MARKDOWN_IN_ONE:,} characters of a cell and "
    f"{safehtml.MOST_HTML_IN_ONE / 1e3:g} kB of HTML, "
    f"{safehtml.MOST_MARKDOWN_IN_ALL:,} and {safehtml.MOST_HTML_IN_ALL / 1e6:g} MB",
    f"{safehtml.MOST_IN_ONE / 1e6:g} MB each, {safehtml.MOST_IN_ALL / 1e6:g} MB and "
    f"{safehtml.MOST_OUTPUTS:,} a notebook",
    f"{stock.ExecuteOrSay.total_timeout.default_value:g} seconds a notebook",
]


@pytest.mark.parametrize("numbers", NUMBERS)
def test_the_page_has_the_numbers_of_the_code(numbers):
    assert numbers in (ROOT / PAGES[0]).read_text()
