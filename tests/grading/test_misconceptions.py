"""Misconceptions that were planted in a synthetic class are found again."""

import shutil

import answers
import learners
import nbformat
import numpy as np
import pandas as pd
import pytest
import runner
from answers import Wrong
from bs4 import BeautifulSoup
from miniature import demo
from nbgrader_apart import box
from nbgrader_apart.options import Options
from term import marktable, misconceptions, probe, release
from term.misconceptions import Diagnosis, Found

ASSIGNMENT = "metrics"
STUDENTS = 12


def handed_in(assignment, folder):
    """Return a class, and a course with what it handed in; nothing is graded."""
    class_ = learners.hand_ins(assignment, STUDENTS)
    release.copy_data(assignment, runner.COURSE)
    demo.new_course(folder, {assignment: runner.COURSE / "source" / assignment})
    demo.step(folder, "generate_assignment", assignment)
    given = folder / "release" / assignment
    released = nbformat.read(given / f"{assignment}.ipynb", as_version=4)
    solved = learners.solutions(assignment)
    for one in class_:
        theirs = folder / "submitted" / one.student / assignment
        shutil.copytree(given, theirs)
        notebook = learners.notebook(released, one, solved)
        nbformat.write(notebook, theirs / f"{assignment}.ipynb")
    return class_, folder


def looking(assignment, folder, failed):
    """Return what is found in some failed tasks."""
    bank = misconceptions.bank_of(folder, assignment)
    options = Options(box.best_level(), call_seconds=5, total_seconds=300)
    return misconceptions.Class(folder, assignment, bank, options).look(failed)


def failed_by(class_):
    return {
        one.student: [
            task
            for task, answer in one.answers.items()
            if isinstance(answer, Wrong) or answer is learners.UNDONE
        ]
        for one in class_
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return handed_in(ASSIGNMENT, tmp_path_factory.mktemp("misconceptions") / "course")


@pytest.fixture(scope="module")
def class_(made):
    return made[0]


@pytest.fixture(scope="module")
def course(made):
    return made[1]


@pytest.fixture(scope="module")
def found(made):
    class_, course = made
    return looking(ASSIGNMENT, course, failed_by(class_))


def precision_and_recall(class_, found):
    """Return the share of what is said that was planted, and of what was planted
    that is said.
    """
    planted = {
        (one.student, task): answer.name
        for one in class_
        for task, answer in one.answers.items()
        if isinstance(answer, Wrong)
    }
    said = {(one.student, one.task): one.like for one in found if one.like}
    # Two wrong answers that no test tells apart are named together: half a hit.
    hits = sum(
        (name in said.get(where, ())) / max(1, len(said.get(where, ())))
        for where, name in planted.items()
    )
    assert len(planted) > 30
    return hits / len(said), hits / len(planted)


def test_planted_misconceptions_are_found_and_no_others(class_, found):
    assert min(precision_and_recall(class_, found)) >= 0.9


@pytest.mark.autograder
@pytest.mark.parametrize(
    "assignment", [one for one in answers.assignments() if one != ASSIGNMENT]
)
def test_those_of_every_other_assignment_are_found(assignment, tmp_path):
    class_, course = handed_in(assignment, tmp_path / "course")
    seen = looking(assignment, course, failed_by(class_))
    assert min(precision_and_recall(class_, seen)) >= 0.9
    # Each can be taught again: the page names a section of the book.
    titles = answers.titles(assignment)
    markup = "".join(
        misconceptions.as_markup(Found(assignment, STUDENTS, tuple(seen)), titles)
    )
    text = BeautifulSoup(markup, "html.parser").get_text(" ")
    assert text.count("To teach again: “") == len(
        {(one.task, one.like) for one in seen if one.like}
    )


def test_what_is_left_undone_is_no_misconception(class_, found):
    undone = {
        (one.student, task)
        for one in class_
        for task, answer in one.answers.items()
        if answer is learners.UNDONE
    }
    assert undone
    assert {(one.student, one.task) for one in found if one.undone} == undone
    assert not any(one.like for one in found if one.undone)


def test_the_tests_of_the_tasks_run_to_their_ends(found):
    assert [one for one in found if one.raised not in ("", misconceptions.UNDONE)] == []


HOSTILE = {
    "worst_grade": "def worst_grade(*given, **more):\n    import os\n    os._exit(3)",
    "cdai_sdai": """
import json
def cdai(*given):
    print(json.dumps({"like": [0], "right": False, "raised": "", "gone": False}))
    return open("bank-of-answers.json").read()
sdai = cdai
""",
    "das28_fall": "def das28_fall(*given, **more):\n    while True:\n        pass",
    "crp_half_life": "this is no Python",
}


def test_a_hostile_hand_in_says_nothing_of_its_own(course):
    """It ends, hangs, prints an answer, reads the bank: nothing of it is believed."""
    folder = course / "submitted" / "mallory" / ASSIGNMENT
    shutil.copytree(course / "release" / ASSIGNMENT, folder)
    path = folder / f"{ASSIGNMENT}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = HOSTILE.get(name, cell.source)
    nbformat.write(notebook, path)
    failed = {"mallory": list(HOSTILE), "nobody": ["das28_fall"]}
    seen = looking(ASSIGNMENT, course, failed)
    assert not any(one.like for one in seen)
    said = {(one.student, one.task): one.raised for one in seen}
    hangs = "it hangs, or ends its process"
    assert said["mallory", "worst_grade"] == said["mallory", "das28_fall"] == hangs
    assert said["mallory", "cdai_sdai"] == "FileNotFoundError"
    assert said["mallory", "crp_half_life"] == "NotDefined"
    assert "nobody" in said["nobody", "das28_fall"]


# -- from marks to the page


def test_which_tasks_failed():
    bank = {"a": None, "b": None}
    tests = pd.DataFrame(
        {
            "task": ["a", "a", "b", "text"],
            "points": [1.0, 1.0, 2.0, 4.0],
            "by_hand": [False, False, False, True],
        },
        index=["a_visible", "a_hidden", "b_hidden", "text"],
    )
    rows = {"all": [1, 1, 2, 0], "some": [1, 0, 2, np.nan], "none": [0, 0, 0, 0]}
    points = pd.DataFrame.from_dict(rows, orient="index", columns=tests.index)
    no = pd.Series(dtype=object)
    marks = marktable.MarkTable("x", tests, points.astype(float), no, no, no, 3)
    failed = misconceptions.failed_tasks(marks, bank)
    assert failed == {"some": ["a"], "none": ["a", "b"]}


def test_the_page_names_share_misconception_and_section():
    bank = answers.load(ASSIGNMENT).WRONG
    task = "worst_grade"
    first = bank[task][0].name
    seen = Found(
        ASSIGNMENT,
        8,
        (
            *(Diagnosis(f"s{n}", task, (first,)) for n in range(3)),
            Diagnosis("s3", task, undone=True),
            Diagnosis("s4", task, raised="ValueError"),
        ),
    )
    titles = answers.titles(ASSIGNMENT)
    markup = "".join(misconceptions.as_markup(seen, titles))
    text = BeautifulSoup(markup, "html.parser").get_text(" ")
    assert titles[task] in text
    assert f"38 % (3 of 8): {first} ({bank[task][0].why})" in text
    assert "12 % (1 of 8) left it undone" in text
    assert "12 % (1 of 8) did something else" in text
    meant = next(one for one in answers.misconceptions(ASSIGNMENT) if one.name == first)
    assert f"“{meant.read[0].section}”" in text
    empty = Found(ASSIGNMENT, 8, ())
    assert "No task was failed" in "".join(misconceptions.as_markup(empty, titles))


def test_where_nothing_can_be_run_the_page_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(misconceptions.sys, "platform", "darwin")
    said = misconceptions.of_class(tmp_path, None)
    assert "Linux only" in said
    assert "no bank" in misconceptions.bank_of(tmp_path, "unheard_of")


# -- what is the same

FRAME = pd.DataFrame({"a": [1.0, np.nan], "b": ["x", None]})


@pytest.mark.parametrize(
    "one, other, alike",
    [
        (1.0, 1 + 1e-9, True),
        (1, np.float64(1), True),
        (float("nan"), np.nan, True),
        (1, True, False),
        (0, None, False),
        (1.0, 1.001, False),
        ([1, "a"], [1, "a"], True),
        ([1, "a"], (1, "a"), False),
        ({"a": [1]}, {"a": [1 + 1e-12]}, True),
        ({"a": 1}, {"b": 1}, False),
        (np.array([1.0, np.nan]), np.array([1.0, np.nan]), True),
        (np.array([1.0, 2]), np.array([[1.0, 2]]), False),
        (FRAME, FRAME.copy(), True),
        (FRAME, FRAME.rename(columns={"a": "c"}), False),
        (FRAME, FRAME.fillna({"a": 2.0}), False),
        (FRAME["a"], FRAME["a"].iloc[::-1], False),
    ],
)
def test_what_is_the_same(one, other, alike):
    assert probe.same(one, other) is alike


def test_of_each_bank_every_wrong_answer_can_be_made():
    for assignment in answers.assignments():
        source = runner.source(assignment)
        made = misconceptions.tasks_of(source, answers.load(assignment))
        wanted = answers.load(assignment).WRONG
        assert {task: len(one.wrong) for task, one in made.items()} == {
            task: len(wrongs) for task, wrongs in wanted.items()
        }
        for task, one in made.items():
            assert one.functions(), (assignment, task)
            assert len(one.tests) >= 2
