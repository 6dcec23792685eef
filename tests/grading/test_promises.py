"""Every test that a page names beside a promise is there."""

import ast
import re
from pathlib import Path

import pytest

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
