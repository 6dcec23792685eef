"""``term regrade``: an assignment that was changed after students handed in."""

import csv
import os
import re
import signal
import subprocess
import sys

import nbformat
import pytest
from miniature import MINI, PARTLY, RIGHT, cell
from nbgrader.api import Gradebook
from term import gradebooks
from term.__main__ import main


def source_of(course):
    return course.folder / f"source/{MINI}/{MINI}.ipynb"


def change(course, old, new):
    """Change the instructor's notebook."""
    path = source_of(course)
    notebook = nbformat.read(path, as_version=4)
    for one in notebook.cells:
        one.source = one.source.replace(old, new)
    nbformat.write(notebook, path)


def add_task(course):
    notebook = nbformat.read(source_of(course), as_version=4)
    solved = "### BEGIN SOLUTION\n    return min(values)\n    ### END SOLUTION"
    notebook.cells += [
        cell(
            "code", f"def lowest(values):\n    {solved}", "lowest_solution", None, True
        ),
        cell("code", "assert lowest([2, 1]) == 1", "lowest", 2),
    ]
    nbformat.write(notebook, source_of(course))


def files(course):
    """Return all that must stay as it is."""
    return {
        path: path.read_bytes()
        for step in ("release", "autograded", "submitted")
        for path in sorted((course.folder / step).rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def graded(new_course, monkeypatch):
    """A class of three: ada, marked by hand, is right; ben in part; cy's is damaged."""
    course = new_course
    course.hand_in("ada", course.filled(RIGHT))
    course.hand_in("ben", course.filled({**PARTLY, "judge": "It fell."}))
    course.hand_in("cy", b"oops")
    course.grade()
    with course.gradebook() as gradebook:
        grade = gradebook.find_grade("judge", MINI, MINI, "ada")
        grade.manual_score, grade.needs_manual_grade = 3, False
        gradebook.find_comment("judge", MINI, MINI, "ada").manual_comment = "Good."
        test = gradebook.find_grade("highest_hidden", MINI, MINI, "ben")
        test.manual_score, test.needs_manual_grade = 0.5, False
        gradebook.db.commit()
    monkeypatch.chdir(course.folder)
    return course


def by_hand(course):
    with course.gradebook() as gradebook:
        return {
            (grade.student.id, grade.name): (
                grade.manual_score,
                grade.needs_manual_grade,
            )
            for one in gradebook.notebook_submissions(MINI, MINI)
            for grade in one.grades
            if grade.manual_score is not None
        }, gradebook.find_comment("judge", MINI, MINI, "ada").manual_comment


def test_a_corrected_test_is_shown_first_and_then_applied(graded, capsys):
    course = graded
    before, untouched, hand = course.scores(), files(course), by_hand(course)
    # What ben wrote, 1 - hours / (2 half lives), is right by the corrected tests.
    change(course, "left_after(38, 19) == 0.25", "left_after(38, 19) == 0")
    change(course, "highest([-1, -3]) == -1", "highest([-1, -3]) == 0")
    assert main(["regrade", MINI]) == 0
    said = capsys.readouterr().out
    assert "changed: left_after_hidden" in said and "changed: highest_hidden" in said
    assert "2 of 2 marks change, 2 by hand stay" in said
    assert "ada: 8 of 9 -> 5 of 9" in said and "ben: 2.5 of 9 -> 4.5 of 9" in said
    assert re.search(
        r"left_after_hidden 0 -> 2: was failed \(AssertionError: secret.*\), passed",
        said,
    )
    assert "0.5 points by hand stay, the test alone gives 1" in said
    assert "left out: cy, not readable" in said
    assert course.scores() == before and files(course) == untouched
    old_release = (course.folder / f"release/{MINI}/{MINI}.ipynb").read_bytes()

    assert main(["regrade", MINI, "--apply"]) == 0
    said = capsys.readouterr().out
    after = course.scores()
    assert after["ben"]["left_after_hidden"] == 2
    assert after["ben"]["highest_hidden"] == 0.5  # by hand
    assert (after["ada"]["left_after_hidden"], after["ada"]["judge"]) == (0, 3)
    assert after["cy"] == before["cy"]
    assert by_hand(course) == hand
    with open(course.folder / f"{MINI}-regrade.csv", encoding="utf-8-sig") as file:
        rows = [row for row in csv.DictReader(file) if row["student"] == "ben"]
    assert {row["test"]: row["points_after"] for row in rows} == {
        "left_after_hidden": "2.0",
        "highest_hidden": "0.5",
    }
    kept = course.folder / "older" / MINI
    (release,) = kept.glob("release before *")
    assert (release / f"{MINI}.ipynb").read_bytes() == old_release
    (gradebook,) = kept.glob("gradebook before *.db")
    with Gradebook(f"sqlite:///{gradebook}") as old:
        assert old.find_submission(MINI, "ben").score == 2.5
    # The graded notebooks are those of the new tests, and autograde knows them.
    tests = [one.source for one in course.autograded("ben").cells]
    assert any("left_after(38, 19) == 0," in source for source in tests)
    course.run("autograde", MINI)
    course.run("generate_feedback", MINI, "--force")
    assert course.scores() == after
    assert by_hand(course) == hand


def test_a_task_added_after_hand_ins(graded, capsys):
    course = graded
    add_task(course)
    change(course, "Write your judgement here.", "Write your judgement here!")
    assert main(["regrade", MINI]) == 0
    said = capsys.readouterr().out
    assert "new: lowest (2 points)" in said and "the task is new" in said
    before = course.scores()
    assert main(["regrade", MINI, "--apply"]) == 0
    after = course.scores()
    assert after["ada"] == before["ada"] | {"lowest": 0}
    with course.gradebook() as gradebook:
        assert gradebook.find_assignment(MINI).max_score == 11
        assert gradebook.find_submission(MINI, "cy").max_score == 11
    assert "def lowest" in (course.folder / f"release/{MINI}/{MINI}.ipynb").read_text()
    better = course.filled({**RIGHT, "lowest_solution": "lowest = min"})
    course.hand_in("ben", better)
    course.grade()
    assert course.scores()["ben"]["lowest"] == 2


def test_other_points(graded, capsys):
    notebook = nbformat.read(source_of(graded), as_version=4)
    for one in notebook.cells:
        if one.metadata.get("nbgrader", {}).get("grade_id") == "left_after_hidden":
            one.metadata.nbgrader.points = 5
    nbformat.write(notebook, source_of(graded))
    main(["regrade", MINI])
    said = capsys.readouterr().out
    assert (
        "left_after_hidden: 2 -> 5 points" in said and "ada: 8 of 9 -> 11 of 12" in said
    )
    assert main(["regrade", MINI, "--apply"]) == 0
    assert graded.scores()["ada"]["left_after_hidden"] == 5


def test_a_task_that_is_gone_is_refused_in_one_line(graded, capsys):
    before, untouched = graded.scores(), files(graded)
    notebook = nbformat.read(source_of(graded), as_version=4)
    del notebook.cells[5:8]
    nbformat.write(notebook, source_of(graded))
    assert main(["regrade", MINI]) == 1
    said = capsys.readouterr().err
    assert said.startswith("highest") and said.count("\n") == 1
    assert "can be worth 0 points" in said
    assert (graded.scores(), files(graded)) == (before, untouched)


def test_nothing_is_applied_that_was_not_shown(graded, capsys):
    assert main(["regrade", MINI, "--apply"]) == 1
    assert "nothing was tried yet" in capsys.readouterr().err
    change(graded, "== 0.25", "== 0")
    main(["regrade", MINI])
    change(graded, "left_after(38, 19) == 0", "left_after(38, 19) == 1")
    before = graded.scores()
    assert main(["regrade", MINI, "--apply"]) == 1
    assert "have changed since it was tried" in capsys.readouterr().err
    assert graded.scores() == before
    main(["regrade", MINI])
    with graded.gradebook() as gradebook:  # somebody marks in between
        gradebook.find_grade("judge", MINI, MINI, "ben").manual_score = 1
        gradebook.db.commit()
    assert main(["regrade", MINI, "--apply"]) == 1
    assert graded.scores()["ben"]["judge"] == 1


def test_a_hand_in_that_is_not_graded_yet_is_left_out(graded, capsys):
    change(graded, "== 0.25", "== 0")
    graded.hand_in("ben", graded.filled(RIGHT))
    graded.run("collect", MINI, "--update")
    main(["regrade", MINI])
    assert "left out: ben, handed in something else since" in capsys.readouterr().out


def test_what_cannot_be_graded_again(new_course, monkeypatch, capsys):
    monkeypatch.chdir(new_course.folder)
    assert main(["regrade", MINI]) == 1
    assert "has been graded yet" in capsys.readouterr().err
    assert main(["regrade", "nonsense"]) == 1
    assert "there is no assignment" in capsys.readouterr().err


KILLED = """
import os, signal, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
from term.__main__ import main
count = 0
@event.listens_for(Engine, "before_cursor_execute")
def kill(connection, cursor, statement, *rest):
    global count
    if statement.startswith(("UPDATE", "INSERT")):
        count += 1
        if count == int(sys.argv[1]):
            os.kill(os.getpid(), signal.SIGKILL)
main(["regrade", "mini", "--apply"])
"""


@pytest.mark.parametrize("moment", [1, 3, 6])
def test_killed_in_the_middle_the_gradebook_is_as_it_was(graded, moment):
    change(graded, "left_after(38, 19) == 0.25", "left_after(38, 19) == 0")
    add_task(graded)
    main(["regrade", MINI])
    before, untouched = graded.scores(), files(graded)
    ran = subprocess.run(
        [sys.executable, "-c", KILLED, str(moment)], cwd=graded.folder, env=os.environ
    )
    assert ran.returncode == -signal.SIGKILL
    assert graded.scores() == before and files(graded) == untouched
    assert main(["regrade", MINI, "--apply"]) == 0
    assert graded.scores()["ben"]["left_after_hidden"] == 2


def test_a_copy_of_a_gradebook_is_the_same(graded, tmp_path):
    url = f"sqlite:///{graded.folder / 'gradebook.db'}"
    copied = gradebooks.copy(url, tmp_path / "copy.db")
    with Gradebook(url) as one, Gradebook(copied) as other:
        assert (
            gradebooks.read(one, MINI).digest() == gradebooks.read(other, MINI).digest()
        )
        assert [s.id for s in one.students] == [s.id for s in other.students]
