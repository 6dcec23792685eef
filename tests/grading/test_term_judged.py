"""``python -m term judged``: three reports drawn for a term; who knows their key."""

import re
import shutil

import nbformat
import numpy as np
import pytest
import runner
from term import folders, judged, release
from term.__main__ import main
from term.command import CommandError

MADE = shutil.ignore_patterns(
    *("release", "submitted", "autograded", "feedback", "exchange", "demo"),
    *("gradebook.db*", "*.csv", "__pycache__", ".*"),
)


def renewed(root, seed):
    """Return a copy of the course whose reports are drawn from a seed."""
    course = root / "exercises"
    shutil.copytree(runner.COURSE, course, ignore=MADE)
    shutil.copytree(runner.ROOT / "data", root / "data")
    judged.renew(course, np.random.default_rng(seed))
    return course


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return renewed(tmp_path_factory.mktemp("term"), 1)


@pytest.fixture(scope="module")
def notebook(course):
    return nbformat.read(folders.notebook_path(course, "source", "evidence"), 4)


def graded(notebook, course, tmp_path, written=None):
    for path in release.data_files("evidence", course):
        shutil.copy(path, tmp_path)
    return runner.run(notebook, tmp_path, written, {"judge_report", "in_100"})


def test_what_is_drawn_differs_and_asks_enough(course, notebook):
    now = (course.parent / "data" / judged.HANDED_OUT).read_text()
    before = (runner.ROOT / "data" / judged.HANDED_OUT).read_text()
    assert now != before and now.count("<article>") == 3
    told = judged.key_in(notebook)
    assert told != judged.key_in(runner.source("evidence"))


def test_the_solution_of_the_new_notebook_scores_in_full(course, notebook, tmp_path):
    found = graded(notebook, course, tmp_path)
    assert found.errors == {}
    full = runner.full_points(notebook)
    assert found.points == {name: full[name] for name in found.points}


def test_the_answers_to_the_old_reports_do_not_pass(course, notebook, tmp_path):
    old = {
        name: task.solution
        for name, task in runner.tasks(runner.source("evidence")).items()
        if name in ("judge_report", "in_100")
    }
    found = graded(notebook, course, tmp_path, old)
    assert {"judge_report_hidden", "in_100_hidden"} & set(found.errors)


def test_students_are_given_the_reports_and_nothing_of_the_key(course, notebook):
    folder = release.release("evidence", course, gradebook=False)
    there = {path.name for path in folder.iterdir()}
    assert "three_reports.html" in there
    assert not [name for name in there if "key" in name]
    key = (course / judged.KEY).read_text()
    reasons = re.findall(r"</td><td>([^<]{30,})</td></tr>", key)
    assert len(reasons) > 20
    lines = [
        line.strip()
        for part in judged.key_in(notebook).values()
        for line in part.splitlines()
        if ":" in line and len(line.strip()) > 8
    ]
    assert len(lines) >= 6
    for path in folder.iterdir():
        text = path.read_text(encoding="utf-8")
        assert "Planted" not in text and "key_of" not in text, path.name
        for secret in [*reasons, *lines]:
            assert secret not in text, (path.name, secret)


def test_nothing_in_the_course_tells_the_seed(course):
    """Two drawings differ, and what is written names no seed."""
    for path in (course.parent / "data" / judged.HANDED_OUT, course / judged.KEY):
        assert "seed" not in path.read_text().lower()


def test_once_somebody_handed_in_the_reports_stay(tmp_path, monkeypatch, capsys):
    course = renewed(tmp_path, 2)
    handed_in = course / "submitted" / "anna" / "evidence"
    handed_in.mkdir(parents=True)
    files = (
        course.parent / "data" / judged.HANDED_OUT,
        course / judged.KEY,
        folders.notebook_path(course, "source", "evidence"),
    )
    before = [path.read_bytes() for path in files]
    monkeypatch.chdir(course)
    assert main(["judged"]) == 1
    assert "before a term begins" in capsys.readouterr().err
    assert [path.read_bytes() for path in files] == before


def test_a_notebook_without_the_task_is_refused_and_nothing_is_written(tmp_path):
    course = renewed(tmp_path, 3)
    path = folders.notebook_path(course, "source", "evidence")
    notebook = nbformat.read(path, 4)
    notebook.cells = [cell for cell in notebook.cells if "in-100" not in cell.id]
    nbformat.write(notebook, path)
    before = (course / judged.KEY).read_bytes()
    with pytest.raises(CommandError, match="key_of_first"):
        judged.renew(course, np.random.default_rng(4))
    assert (course / judged.KEY).read_bytes() == before


@pytest.mark.parametrize("seed", range(3))
def test_no_habit_is_right_for_three_reports(seed):
    """Who marks every domain alike has fewer right than the task asks for."""
    three = judged.draw(np.random.default_rng(seed))
    marks = [mark for report in three for mark in judged.judgement(report)[:-1]]
    assert len(marks) == 15
    assert max(marks.count(habit) for habit in set(marks)) < 12
    assert sum("high" in report.key.certainties for report in three) < 2
    numbers = [judged.number(report) for report in three]
    assert min(numbers) < 0 < max(numbers)
    assert numbers != [judged.led_with(report) for report in three]
