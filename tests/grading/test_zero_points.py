"""A visible test may be worth nothing: it still runs, and is shown to the student."""

import re

import nbformat
import pytest
from bs4 import BeautifulSoup
from miniature import MINI, PARTLY, RIGHT, Course, demo, source_notebook
from nbgrader_apart.cells import grade_id


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A class whose first task is graded by its hidden test alone."""
    folder = tmp_path_factory.mktemp("zero") / "course"
    source = folder.with_name("source")
    source.mkdir()
    notebook = source_notebook()
    for cell in notebook.cells:
        if grade_id(cell) == "left_after":
            cell.metadata.nbgrader.points = 0
    nbformat.write(notebook, source / f"{MINI}.ipynb")
    demo.new_course(folder, {MINI: source})
    course = Course(folder)
    course.run("generate_assignment", MINI)
    course.run("release_assignment", MINI)
    crashes = {**RIGHT, "left_after_solution": "def left_after(hours):\n    return 1"}
    for student, answers in {
        "right": RIGHT,
        "partly": PARTLY,
        "crashes": crashes,
    }.items():
        course.hand_in(student, course.filled(answers))
    course.printed = course.grade()
    course.run("generate_feedback", MINI)
    return course


def test_the_hidden_test_alone_decides(graded):
    scores = {
        student: (points["left_after"], points["left_after_hidden"])
        for student, points in graded.scores().items()
    }
    # PARTLY is right where it is seen and wrong where it is not.
    assert scores == {"right": (0, 2), "partly": (0, 0), "crashes": (0, 0)}


def test_the_closing_table_counts_the_points_that_there_are(graded):
    closing = graded.printed[graded.printed.rindex("mean share") :]
    assert re.search(rf"left_after +2 +{1 / 3:.0%}", closing)


def test_what_formgrader_lists_has_the_points_that_there_are(graded):
    with graded.gradebook() as gradebook:
        by_student = {
            row["student"]: (row["code_score"], row["max_code_score"])
            for row in gradebook.notebook_submission_dicts(MINI, MINI)
        }
    assert by_student["right"] == (4, 4)
    assert by_student["crashes"] == (2, 4)


def test_feedback_shows_the_test_that_is_worth_nothing_and_failed(graded):
    path = graded.folder / f"feedback/crashes/{MINI}/{MINI}.html"
    page = BeautifulSoup(path.read_text(), "html.parser")
    text = " ".join(page.get_text(" ").split())
    assert "TypeError" in text
    assert "0 of 0 (Top)" in text
    assert "2 of 8 points" in text  # of the whole


def test_validate_names_the_test_that_is_worth_nothing_and_fails(graded, tmp_path):
    """What a student presses before handing in."""
    notebook = graded.filled(
        {**RIGHT, "left_after_solution": "def left_after(*given):\n    return 1"}
    )
    nbformat.write(notebook, tmp_path / "mine.ipynb")
    said = graded.run("validate", str(tmp_path / "mine.ipynb"))
    assert "assert left_after(19, 19) == 0.5" in said
    assert "1 CELL" in said.upper() or "FAILED ON 1" in said.upper()
