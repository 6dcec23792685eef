"""Every assignment's tests can run apart from answers; the check sees what cannot."""

import nbformat
import pytest
from miniature import EXERCISES, cell, source_notebook
from term import check, vacuous

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
        (
            "import numpy as np\ngiven = np.ones(3)\nkept = np.array(given)\n"
            "answer(given)\nassert np.array_equal(given, kept)",
            "looks whether an argument was changed",
        ),
        ("try:\n    answer(3)\nexcept:\n    pass", "takes every error"),
        (
            "try:\n    answer(3)\nexcept Exception as e:\n    e",
            "takes every error",
        ),
        ("assert math.pi > 3", "asks for nothing that a solution defines"),
    ],
)
def test_what_cannot_work_is_named(test, says):
    (problem,) = check.problems(with_test(test))
    assert problem.startswith("test0: ") and says in problem


@pytest.mark.parametrize(
    "test",
    [
        "try:\n    answer('x')\nexcept ValueError:\n    pass\nelse:\n    assert answer",
        "kept = [1, 2].copy()\nassert answer(kept) == [1, 2]",
        "try:\n    answer(3)\nexcept Exception:\n    raise",
        "# in place\na = [1]\nkept = a.copy()\nanswer(a)\nassert a == kept",
    ],
)
def test_what_can_work_is_left_alone(test):
    assert check.problems(with_test(test)) == []


VACUOUS = {
    "import numpy as np\nassert np.allclose(answer(3), 3)": {
        "an empty array",
        "an empty array of two dimensions",
        "an empty series",
        "an empty frame",
        "an empty list",
        "its first argument",
        "its arguments",
    },
    "assert answer(3) == 3": {
        "an object that equals everything",
        "its first argument",
    },
    "assert not answer(4) > 5": {"nan", "its first argument"},
    "assert all(part > 0 for part in answer(3))": {
        "an empty array",
        "an empty list",
        "an empty dictionary",
        "an empty text",
        "its arguments",
    },
}


@pytest.mark.parametrize("test, passed_by", VACUOUS.items())
def test_an_answer_that_is_none_is_found_to_pass(test, passed_by, tmp_path):
    found = list(vacuous.problems(with_test(test), tmp_path))
    said = {line.removeprefix("test0: passes if answer returns ") for line in found}
    assert passed_by <= said


def test_a_test_that_looks_is_passed_by_none_of_them(tmp_path):
    solution = "def answer(x):\n    return x * x"
    test = "import random\nn = random.randrange(2, 9)\ngot = answer(n)\n"
    test += "assert type(got) is int and got == n * n"
    assert list(vacuous.problems(with_test(test, solution=solution), tmp_path)) == []


def test_what_is_missing_is_found_to_pass_for_all_of_it(tmp_path):
    """pandas skips what is missing when it asks whether all are equal."""
    solution = "def answer(x):\n    return 2 * x"
    test = (
        "import pandas as pd\ngot = answer(pd.Series([1, 2]))\nassert len(got) == 2\n"
    )
    blind, seeing = "assert (got == [2, 4]).all()", "assert list(got) == [2, 4]"
    found, none = (
        list(vacuous.problems(with_test(test + last, solution=solution), tmp_path))
        for last in (blind, seeing)
    )
    missing = "test0: passes if answer returns what is right, all of it missing"
    assert missing in found and none == []
