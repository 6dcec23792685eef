"""``term items``: what the marks say, held against other ways to compute it."""

import datetime
import re
from xml.etree import ElementTree

import nbformat
import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from miniature import MINI, RIGHT
from nbclient import NotebookClient
from nbgrader_apart.kernels import OwnFilesAsync
from scipy import stats
from scipy.optimize import brentq
from sqlalchemy import event, insert
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm
from term import classlist, items, itemstats, marktable
from term.__main__ import main
from term.classlist import Student
from term.marktable import MarkTable

TASKS = ["left_after", "highest", "judge"]


# -- the statistics


def marks_of(students=200, tasks=7, noise=1.0, seed=1):
    rng = np.random.default_rng(seed)
    able = rng.normal(size=(students, 1))
    return pd.DataFrame(able + noise * rng.normal(size=(students, tasks)))


def test_alpha_is_hoyts_reliability_of_an_analysis_of_variance():
    marks = marks_of(60, 5)
    long = marks.reset_index().melt("index", var_name="task", value_name="points")
    table = anova_lm(ols("points ~ C(index) + C(task)", long).fit())["mean_sq"]
    found = itemstats.reliability(marks)
    assert found.alpha == pytest.approx(1 - table["Residual"] / table["C(index)"])
    assert (found.students, found.tasks) == (60, 5)


def test_the_interval_is_near_that_of_another_formula():
    """By the logarithm of 1 - alpha, as R's statpsych has it: .05, .85, 7, 89.

    Its example gives 0.7971254 to 0.8931436.
    """
    own = marks_of(89, 7)
    mean = own.mean(axis=1)

    def with_more_in_common(weight):
        return own.add(weight * mean, axis=0)

    weight = brentq(
        lambda w: itemstats.reliability(with_more_in_common(w)).alpha - 0.85, -0.9, 9
    )
    found = itemstats.reliability(with_more_in_common(weight))
    assert found.low == pytest.approx(0.7971254, abs=5e-4)
    assert found.high == pytest.approx(0.8931436, abs=5e-4)


def test_the_interval_covers_the_truth():
    """Parallel tasks of reliability 1/2 each: alpha of five is 5/6."""
    hits = 0
    for seed in range(400):
        found = itemstats.reliability(marks_of(40, 5, seed=seed))
        hits += found.low < 5 / 6 < found.high
    assert stats.binomtest(hits, 400, 0.95).pvalue > 0.001


def test_discrimination_follows_from_covariances_and_an_intercept_of_fisher():
    marks = marks_of(80, 4, seed=3)
    found = itemstats.discrimination(marks)
    covariance = marks.cov().to_numpy()
    for task in marks:
        rest = [other for other in marks if other != task]
        together = covariance[task, rest].sum()
        spread = covariance[np.ix_(rest, rest)].sum()
        r = together / np.sqrt(covariance[task, task] * spread)
        width = 1.959964 / np.sqrt(80 - 3)
        expected = [r, np.tanh(np.arctanh(r) - width), np.tanh(np.arctanh(r) + width)]
        assert found.loc[task].to_numpy() == pytest.approx(expected, abs=1e-6)


def test_what_no_number_can_be_said_of():
    few = marks_of(itemstats.FEWEST - 1)
    assert itemstats.reliability(few) is None
    assert itemstats.discrimination(few).isna().all(axis=None)
    same = marks_of().assign(same=1.0)
    assert np.isnan(itemstats.discrimination(same).loc["same", "r"])
    assert itemstats.reliability(pd.DataFrame(np.ones((50, 3)))) is None
    assert itemstats.reliability(pd.DataFrame({"only": np.arange(50.0)})) is None
    assert itemstats.reliability(pd.DataFrame()) is None


def test_who_waits_for_a_mark_counts_where_there_is_one():
    marks = marks_of(50, 3)
    marks.loc[:9, 2] = np.nan
    marks["waits"] = np.nan
    worth = pd.Series({0: 2.0, 1: 2.0, 2: 4.0, "waits": 1.0})
    shares = itemstats.difficulty(marks, worth)
    assert shares[2] == pytest.approx(marks.loc[10:, 2].mean() / 4)
    assert np.isnan(shares["waits"])
    assert itemstats.reliability(marks).students == 40


# -- the page


def table_of(by_task, sections=None, handed_in=None, due=None):
    """Return marks with one test for each task of the small assignment."""
    points = pd.DataFrame(by_task, dtype=float)
    students = points.index
    tests = pd.DataFrame(
        {"task": TASKS, "points": [3.0, 2.0, 4.0], "by_hand": [False, False, True]},
        index=TASKS,
    )
    none = pd.Series(pd.NaT, index=students)
    return MarkTable(
        MINI,
        tests,
        points,
        none if handed_in is None else handed_in,
        pd.Series([f"Name {one}" for one in students], index=students, dtype=object),
        pd.Series("" if sections is None else sections, index=students, dtype=object),
        len(students) + 2,
        due=due,
    )


def a_class(students=40, seed=5, **more):
    rng = np.random.default_rng(seed)
    able = rng.normal(size=students)
    points = pd.DataFrame(
        {
            task: most * (able + rng.normal(size=students) > edge)
            for task, most, edge in zip(TASKS, (3, 2, 4), (-0.5, 0, 0.5), strict=True)
        },
        index=[f"s{number}" for number in range(students)],
    )
    return table_of(points, **more)


def written(folder, marks, names=False):
    items.write(folder, marks, "They were left out.", names)
    return BeautifulSoup((folder / "index.html").read_text("utf-8"), "html.parser")


def test_the_page_stands_alone_and_says_what_its_figures_show(tmp_path):
    start = pd.Timestamp("2027-03-01 12:00")
    marks = a_class(
        sections=["Mon", "Tue"] * 20,
        handed_in=pd.Series(
            [start + datetime.timedelta(hours=n) for n in range(40)],
            index=[f"s{number}" for number in range(40)],
        ),
        due=datetime.datetime(2027, 3, 2, 12),
    )
    page = written(tmp_path, marks)
    assert page.find("meta", attrs={"name": "viewport"})
    assert not page.find_all(["script", "link", "iframe"])
    loaded = [one.get("src") or one.get("href") for one in page.find_all(True)]
    assert all(one.startswith("data:") for one in loaded if one)
    pictures = page.find_all("img")
    assert len(pictures) == 3
    totals = marks.by_task().sum(axis=1)
    said = pictures[0]["alt"]
    assert f"40 hand-ins: mean {totals.mean():.1f} points of 9" in said
    assert f"lowest {totals.min():g}, highest {totals.max():g}" in said
    shares = marks.points.mean() / marks.tests["points"]
    assert f"Lowest: {shares.idxmin()}, {shares.min():.0%}" in pictures[1]["alt"]
    assert "15 after it" in pictures[2]["alt"]
    text = page.get_text(" ")
    found = itemstats.reliability(marks.by_task())
    assert f"alpha): {found.alpha:.2f}, 95 % interval {found.low:.2f}" in text
    for student in marks.points.index:
        assert not re.search(rf"\b{student}\b", text)
    columns = [one.get_text() for one in page.find_all("th", scope="col")]
    assert {"Mon", "Tue"} <= set(columns)


def test_names_only_if_they_are_asked_for_and_as_text(tmp_path):
    marks = a_class()
    marks.names["s0"] = "<script>alert(1)</script>"
    marks.sections["s1"] = "<b>"
    assert "alert" not in (written(tmp_path, marks)).get_text()
    page = written(tmp_path, marks, names=True)
    assert not page.find_all(["script", "b"])
    assert "alert(1)" in page.get_text()


def test_no_cell_of_the_marks_is_a_formula(tmp_path):
    marks = a_class(3, sections=["=1+1", "@x", "Tue"])
    marks.points.index = marks.names.index = marks.sections.index = ["a;=1", "b", "c"]
    marks.handed_in.index = marks.points.index
    items.write(tmp_path, marks, "They were left out.", True)
    table = pd.read_csv(tmp_path / "marks.csv", dtype={"section": str})
    assert list(table["student"]) == ["a;'=1", "b", "c"]
    assert list(table["section"]) == ["'=1+1", "'@x", "Tue"]


@pytest.mark.parametrize("students", [0, 1, 2])
def test_a_class_of_nobody_or_hardly_anybody(tmp_path, students):
    text = written(tmp_path, a_class(students)).get_text(" ")
    assert f"{students} hand-ins graded" in text
    assert "nan" not in text.lower().replace("naming", "")


def test_a_half_graded_class(tmp_path):
    marks = a_class()
    marks.points.loc["s0":"s9", "judge"] = np.nan
    text = written(tmp_path, marks).get_text(" ")
    assert "10 hand-ins wait for a mark by hand" in text
    assert "30 hand-ins: mean" in text
    marks.points["judge"] = np.nan
    text = written(tmp_path, marks).get_text(" ")
    assert "40 hand-ins: mean" in text and "of the 5 marked so far" in text


def test_tests_that_everybody_passes_and_a_task_that_does_not_go_along(tmp_path):
    rng = np.random.default_rng(2)
    able = rng.normal(size=80)
    points = pd.DataFrame(
        {
            "left_after": 3.0,
            "highest": 2.0 * (able > 0),
            "judge": 4.0 * (able + 0.1 * rng.normal(size=80) < 0),
        }
    )
    lines = items.remarks(table_of(points))
    assert any("everybody passes: left_after" in line for line in lines)
    assert any(line.startswith("judge: discrimination -0.9") for line in lines)
    assert not any("wait" in line for line in lines)


def test_the_notebook_runs_and_stays(tmp_path):
    items.write(tmp_path, a_class(), "They were left out.", False)
    path = tmp_path / "look.ipynb"
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook,
        kernel_manager_class=OwnFilesAsync,
        resources={"metadata": {"path": str(tmp_path)}},
    ).execute()
    outputs = [str(cell.get("outputs")) for cell in notebook.cells]
    found = itemstats.reliability(a_class().by_task())
    assert any(f"{found.alpha}"[:8] in output for output in outputs)
    assert "s10" not in (tmp_path / "marks.csv").read_text()
    path.write_text("mine")
    items.write(tmp_path, a_class(), "They were left out.", False)
    assert path.read_text() == "mine"


def test_a_figure_is_a_picture(tmp_path):
    import base64

    data = written(tmp_path, a_class()).find("img")["src"].partition(",")[2]
    assert ElementTree.fromstring(base64.b64decode(data)).tag.endswith("}svg")


# -- the gradebook


def test_the_gradebook_as_it_is(new_course, monkeypatch, capsys):
    course = new_course
    monkeypatch.chdir(course.folder)
    assert main(["items", "nothing"]) == 1
    assert "not in the gradebook" in capsys.readouterr().err
    assert main(["items", MINI, "--quick"]) == 0  # nobody is there yet
    classlist.store(course.folder, [Student("anna", "Anna", "Li", section="Tue")])
    course.hand_in("anna", course.filled(RIGHT))
    course.hand_in("bo", b"no notebook")
    course.grade()
    marks = marktable.read(course.folder, MINI)
    assert list(marks.points.index) == ["anna"]
    assert (marks.unreadable, marks.sections["anna"]) == (1, "Tue")
    assert list(marks.tests.index) == [
        *("left_after", "left_after_hidden", "highest", "highest_hidden", "judge")
    ]
    assert marks.worth.to_dict() == {"left_after": 3, "highest": 2, "judge": 4}
    by_task = marks.by_task()
    assert by_task.loc["anna", ["left_after", "highest"]].tolist() == [3, 2]
    assert np.isnan(by_task.loc["anna", "judge"])
    assert main(["items", MINI]) == 0
    page = (course.folder / "items" / MINI / "index.html").read_text("utf-8")
    assert "1 not readable" in page and "no bank of answers" in page


def filled(gradebook, students, rng):
    """Enter the marks of a large class, in few statements."""
    from nbgrader import api

    assignment = gradebook.find_assignment(MINI)
    notebook = gradebook.find_notebook(MINI, MINI)
    ids = [f"s{number:04d}" for number in students]
    rows = {
        api.Student: [{"id": one} for one in ids],
        api.SubmittedAssignment: [
            {
                "id": f"a{one}",
                "assignment_id": assignment.id,
                "student_id": one,
                "timestamp": datetime.datetime(2027, 3, 1),
            }
            for one in ids
        ],
        api.SubmittedNotebook: [
            {"id": f"n{one}", "assignment_id": f"a{one}", "notebook_id": notebook.id}
            for one in ids
        ],
        api.Grade: [
            {
                "id": f"{one}{cell.name}",
                "notebook_id": f"n{one}",
                "cell_id": cell.id,
                "auto_score": cell.max_score * float(rng.random() < 0.7),
                "needs_manual_grade": False,
            }
            for one in ids
            for cell in notebook.grade_cells
        ],
    }
    for table, content in rows.items():
        gradebook.db.execute(insert(table.__table__), content)
    gradebook.db.commit()


def test_two_thousand_students_take_as_many_questions_as_two(new_course, tmp_path):
    course = new_course
    counts = {}
    for first, students in ((0, 2), (2, 2000)):
        with course.gradebook() as gradebook:
            filled(gradebook, range(first, students), np.random.default_rng(1))
        counts[students] = questions(course.folder)
    assert counts[2000] == counts[2] < 30
    marks = marktable.read(course.folder, MINI)
    assert len(marks.points) == 2000
    text = written(tmp_path, marks).get_text(" ")
    assert "2000 hand-ins graded" in text


def questions(folder):
    from sqlalchemy.engine import Engine

    asked = []

    def note(*arguments):
        asked.append(arguments[2])

    event.listen(Engine, "before_cursor_execute", note)
    try:
        marktable.read(folder, MINI)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    return len(asked)
