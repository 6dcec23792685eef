"""The assignment that otter-grader is timed on is ours: the same tests and points."""

import ast
import contextlib
import inspect
import sys
import types
import warnings
import zipfile

import nbformat
import pytest
import to_otter
from nbgrader_apart.cells import grade_id
from term import release, synthetic_class
from to_otter import runner

each_assignment = pytest.mark.parametrize("assignment", runner.ASSIGNMENTS)


@pytest.fixture
def no_otter(monkeypatch):
    """Stand in for otter's decorator: it keeps what the tests are declared with."""

    def test_case(**declared):
        return lambda function: types.SimpleNamespace(**declared, run=function)

    stand_in = types.ModuleType("otter.test_files")
    stand_in.test_case = test_case
    monkeypatch.setitem(sys.modules, "otter", types.ModuleType("otter"))
    monkeypatch.setitem(sys.modules, "otter.test_files", stand_in)


def loaded(content):
    """Run a test file as otter does; return its one test."""
    names = {}
    exec(compile(content, "test file", "exec"), names)
    assert names["OK_FORMAT"] is False
    (test,) = [v for v in names.values() if isinstance(v, types.SimpleNamespace)]
    assert test.name == names["name"]
    return test


@each_assignment
def test_each_test_cell_is_there_whole_with_its_points(assignment, no_otter):
    source = runner.source(assignment)
    cells = {grade_id(one): one.source for one in source.cells if runner.is_test(one)}
    points = {}
    for content in to_otter.test_files(source).values():
        test = loaded(content)
        points[test.name] = test.points
        (function,) = (
            one for one in ast.parse(content).body if isinstance(one, ast.FunctionDef)
        )
        whole = ast.parse(cells[test.name])
        assert ast.dump(ast.Module(function.body, [])) == ast.dump(whole)
        assert test.hidden == ("### BEGIN HIDDEN TESTS" in cells[test.name])
    assert points == runner.full_points(source)
    assert list(points) == list(cells), "the order of the cells"


def test_autograder_holds_tests_and_data(tmp_path):
    to_otter.write_autograder("metrics", tmp_path / "autograder.zip")
    with zipfile.ZipFile(tmp_path / "autograder.zip") as file:
        names = set(file.namelist())
    tests = to_otter.test_files(runner.source("metrics"))
    data = {one.name for one in release.data_files("metrics", runner.COURSE)}
    wanted = {f"tests/{one}" for one in tests} | {f"files/{one}" for one in data}
    assert names == wanted | {"otter_config.json"}


@pytest.fixture
def submission(tmp_path):
    """Return a function from files handed in to the notebook that otter grades."""

    def converted(files):
        (tmp_path / "handed-in.ipynb").write_bytes(files["metrics.ipynb"])
        source = runner.source("metrics")
        return to_otter.submission(source, tmp_path / "handed-in.ipynb")

    return converted


@pytest.mark.parametrize(
    "spoil",
    [
        synthetic_class.as_it_is,
        synthetic_class.without_tests,
        synthetic_class.with_copies,
    ],
)
def test_submission_holds_no_test_and_every_answer(spoil, submission):
    notebook = runner.source("metrics")
    tests = {one.source for one in notebook.cells if runner.is_test(one)}
    answers = [one.source for one in notebook.cells if runner.is_solution(one)]
    made = submission(spoil(notebook))
    nbformat.validate(made)
    sources = [one.source for one in made.cells]
    assert not tests & set(sources)
    assert set(answers) <= set(sources)


def test_submission_restores_locked_cells_and_no_solution(submission):
    notebook = runner.source("metrics")
    source = {grade_id(one): one.source for one in notebook.cells}
    notebook.cells = [
        one for one in notebook.cells if grade_id(one) not in ("data", "worst_grade")
    ]
    sources = [
        one.source for one in submission(synthetic_class.as_it_is(notebook)).cells
    ]
    assert source["data"] in sources
    assert source["worst_grade"] not in sources


def test_right_answers_pass_and_a_wrong_one_fails(submission, no_otter, tmp_path):
    notebook = runner.source("metrics")
    for cell in notebook.cells:
        if grade_id(cell) == "worst_grade":
            cell.source = "def worst_grade(counts, lln=1000):\n    return 7"
    for data in release.data_files("metrics", runner.COURSE):
        (tmp_path / data.name).symlink_to(data)
    names, lost = {"__name__": "__main__"}, set()
    with contextlib.chdir(tmp_path), warnings.catch_warnings():
        warnings.simplefilter("default")
        for cell in submission(synthetic_class.as_it_is(notebook)).cells:
            if cell.cell_type == "code":
                exec(cell.source, names)
        for content in to_otter.test_files(notebook).values():
            test = loaded(content)
            wanted = inspect.signature(test.run).parameters
            try:
                test.run(**{one: names.get(one) for one in wanted})
            except AssertionError:
                lost.add(test.name)
    runner.plt.close("all")
    assert lost == {"worst_grade_visible", "worst_grade_hidden"}
