"""Every assignment's tests can run apart from answers; the check sees what cannot."""

import nbformat
import pytest
from miniature import EXERCISES, cell, source_notebook
from term import check

SOURCES = sorted(EXERCISES.glob("source/*/*.ipynb"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_assignments_have_no_problem(path):
    assert check.problems(nbformat.read(path, as_version=4)) == []


def with_test(*tests, solution="def answer(x):\n    return x", setup="import math"):
    cells = [
        cell("code", setup, "setup", locked=True),
        cell("code", "import numpy as np\nmine = 3"),
        cell("code", solution, "solution", solution=True),
        *(cell("code", test, f"test{i}", 1) for i, test in enumerate(tests)),
    ]
    return nbformat.v4.new_notebook(cells=cells)


def test_a_good_notebook_has_none():
    assert check.problems(source_notebook()) == []
    good = "import numpy as np\nwant = np.arange(3)\nassert answer(math.pi) is not want"
    assert check.problems(with_test(good)) == []


@pytest.mark.parametrize(
    "test, says",
    [
        ("assert answer(np.pi)", "only a student's cell imports np"),
        ("assert answer(mine)", "mine comes from a cell that a student can change"),
        ("assert answer(missing)", "nothing defines missing"),
        ("answer = answer(3)\nassert answer == 3", "gives answer a value"),
        ("assert answer.__code__.co_argcount == 1", "__code__"),
        (
            "given = [1]\nkept = given.copy()\nanswer(given)\nkept.equals(given)",
            "looks whether an argument was changed",
        ),
    ],
)
def test_what_cannot_work_is_named(test, says):
    (problem,) = check.problems(with_test(test))
    assert problem.startswith("test0: ") and says in problem
