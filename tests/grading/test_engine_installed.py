"""The engine in another course: installed by pip, switched on by one line.

The environment is fresh but for what the engine depends on, which is read from the
environment of these tests: so it is made in seconds, and neither this course nor
its packages are in it.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader_apart.cells import grade_id

pytestmark = pytest.mark.autograder

ENGINE = Path(__file__).parents[2] / "exercises/autograder"
SWITCH = """
import nbgrader_apart

nbgrader_apart.use(c)
"""
#: The tests of nbgrader's own example, with their points.
POINTS = {
    "correct_squares": 1,
    "squares_invalid_input": 1,
    "correct_sum_of_squares": 0.5,
    "sum_of_squares_uses_squares": 0.5,
}
#: Passes every test that shares a process with it.
ATTACK = """
import ast

class Drop(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()
    def visit_Raise(self, node):
        return ast.Pass()

get_ipython().ast_transformers.append(Drop())

def squares(n):
    return []
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """The interpreter of an environment with stock nbgrader and the engine."""
    folder = tmp_path_factory.mktemp("environment")
    make = [sys.executable, "-m", "venv", "--without-pip", folder]
    subprocess.run(make, check=True)
    interpreter = folder / "bin/python"
    ours = sysconfig.get_path("purelib")
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    said = subprocess.run([interpreter, "-c", ask], capture_output=True, text=True)
    # A path that is added so brings its packages, but not what it has linked to.
    Path(said.stdout.strip(), "dependencies.pth").write_text(f"{ours}\n")
    source = shutil.copytree(
        ENGINE,
        folder / "engine",
        ignore=shutil.ignore_patterns("*.egg-info", "build", "__pycache__"),
    )
    install = [sys.executable, "-m", "pip", "--python", interpreter, "install"]
    quiet = ["--quiet", "--no-deps", "--no-build-isolation", source]
    subprocess.run([*install, *quiet], check=True)
    shutil.rmtree(source)
    return interpreter


def run(python, course, *command):
    # What stock nbgrader starts by name, and where it looks for kernels.
    scripts = [str(python.parent), str(Path(sys.executable).parent)]
    environment = {
        "PATH": os.pathsep.join([*scripts, os.environ["PATH"]]),
        "HOME": str(course.parent),
        "JUPYTER_PATH": str(Path(sys.prefix, "share/jupyter")),
    }
    done = subprocess.run(
        [python, "-m", "nbgrader", *command],
        cwd=course if course.exists() else course.parent,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def write_answers(path, solutions):
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.source = solutions.get(grade_id(cell), cell.source)
    nbformat.write(notebook, path)


@pytest.fixture(scope="module")
def course(python, tmp_path_factory):
    """A course as nbgrader makes it, with an honest and a hostile hand-in, graded."""
    course = tmp_path_factory.mktemp("stock") / "course"
    run(python, course, "quickstart", "course")
    with open(course / "nbgrader_config.py", "a") as config:
        config.write(SWITCH)
    # This test of the example deletes a function of the student.
    source = course / "source/ps1/problem1.ipynb"
    shared = "# shared kernel\n"
    for cell in nbformat.read(source, as_version=4).cells:
        if grade_id(cell) == "sum_of_squares_uses_squares":
            write_answers(source, {grade_id(cell): shared + cell.source})
    run(python, course, "generate_assignment", "ps1", "--create")
    for student in ("honest", "untouched", "hostile"):
        shutil.copytree(course / "release/ps1", course / f"submitted/{student}/ps1")
    honest = course / "submitted/honest/ps1/problem1.ipynb"
    right = "def squares(n):\n    if n < 1:\n        raise ValueError(n)\n"
    right += "    return [i**2 for i in range(1, n + 1)]"
    total = "def sum_of_squares(n):\n    return sum(squares(n))"
    write_answers(honest, {"squares": right, "sum_of_squares": total})
    hostile = course / "submitted/hostile/ps1/problem1.ipynb"
    write_answers(hostile, {"squares": ATTACK, "sum_of_squares": "sum_of_squares = 0"})
    said = run(python, course, "autograde", "ps1", "--create")
    run(python, course, "generate_feedback", "ps1")
    return course, said


def marks(course, student):
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        found = gradebook.find_submission_notebook("problem1", "ps1", student)
        return {grade.name: grade.auto_score for grade in found.grades}


def test_it_is_the_installed_one_that_runs(python, course):
    ask = "import nbgrader_apart; print(nbgrader_apart.__file__)"
    said = subprocess.run([python, "-c", ask], capture_output=True, text=True)
    assert said.stdout.startswith(str(python.parents[1]))
    absent = subprocess.run([python, "-c", "import term"], capture_output=True)
    assert absent.returncode != 0
    assert "Students' code runs in a box of level" in course[1], course[1]


def test_an_honest_hand_in_gets_its_points(course):
    got = marks(course[0], "honest")
    assert {name: got[name] for name in POINTS} == POINTS


@pytest.mark.parametrize("student", ["untouched", "hostile"])
def test_no_other_gets_any(course, student):
    got = marks(course[0], student)
    # Where a test asks for the student's process, the student decides.
    apart = set(POINTS) - {"sum_of_squares_uses_squares"}
    assert {got[name] for name in apart} == {0}


def test_feedback_is_made_and_names_no_hidden_folder(course):
    for student in ("honest", "hostile"):
        pages = list((course[0] / f"feedback/{student}/ps1").glob("*.html"))
        assert len(pages) == 2
