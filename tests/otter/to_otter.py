"""Turn an assignment and its hand-ins into what otter-grader grades.

otter runs a student's notebook, then its test files: functions that take what they
need from the notebook's names. Each test cell of nbgrader becomes one such file, with
the same points, and leaves the notebook. otter itself is not needed here.
"""

import ast
import builtins
import copy
import json
import symtable
import zipfile

import nbformat
import runner
from nbgrader_apart import notebookfile
from nbgrader_apart import submission as submissions
from nbgrader_apart.cells import grade_id, is_locked, mark
from term import release

TEST_FILE = """\
from otter.test_files import test_case

OK_FORMAT = False
name = {name!r}


{function}
"""


def test_files(source):
    """Make otter's test files of an assignment.

    Parameters
    ----------
    source : NotebookNode
        The instructor's notebook.

    Returns
    -------
    dict of str to str
        Content by name. otter runs them in the order of their names, which is that
        of the cells; each name ends in the grade id of its cell.
    """
    return {
        f"{number:03}_{grade_id(cell)}.py": test_file(cell)
        for number, cell in enumerate(source.cells)
        if runner.is_test(cell)
    }


def test_file(cell):
    """Return the test file of one test cell, its hidden tests included."""
    name, points = (mark(cell)[key] for key in ("grade_id", "points"))
    hidden = release.SECRET[1][0] in cell.source
    (function,) = ast.parse(
        f"@test_case(name={name!r}, points={points!r}, hidden={hidden})\n"
        f"def test_{name}(): pass"
    ).body
    function.body = ast.parse(cell.source).body
    # otter fills the parameters with what the notebook calls by these names.
    needs = _free_names(symtable.symtable(ast.unparse(function), name, "exec"))
    function.args.args = [ast.arg(one) for one in sorted(needs - set(dir(builtins)))]
    return TEST_FILE.format(name=name, function=ast.unparse(function))


def _free_names(table):
    free = set()
    for inner in table.get_children():
        found = (one.get_name() for one in inner.get_symbols() if one.is_global())
        free |= {*found, *_free_names(inner)}
    return free


def write_autograder(name, path):
    """Write the ``autograder.zip`` of the assignment `name`: tests, data, settings."""
    with zipfile.ZipFile(path, "w") as file:
        for test, content in test_files(runner.source(name)).items():
            file.writestr(f"tests/{test}", content)
        for data in release.data_files(name, runner.COURSE):
            file.write(data, f"files/{data.name}")
        file.writestr("otter_config.json", json.dumps({"lang": "python"}))


def submission(source, hand_in):
    """Return a hand-in as otter grades it: no tests, locked cells as they were.

    Parameters
    ----------
    source : NotebookNode
        The instructor's notebook.
    hand_in : Path
        The notebook that a student handed in.

    Raises
    ------
    notebookfile.Unreadable
        If the hand-in is no notebook.
    """
    known, tests = {}, set()
    for cell in filter(mark, copy.deepcopy(source.cells)):
        name = grade_id(cell)
        if runner.is_test(cell):
            tests.add(name)
            continue
        known[name] = cell
        if not is_locked(cell):
            cell.source = ""  # an answer that was deleted is none
    cells = notebookfile.parse(hand_in.read_bytes())
    cells = [one for one in cells if one.grade_id not in tests]
    cells = submissions.restore(cells, known).cells
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    return nbformat.v4.new_notebook(cells=cells, metadata=source.metadata)
