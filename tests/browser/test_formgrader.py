"""An instructor's class: handed in and graded by the demo, looked at in formgrader."""

import csv

import demo
import pytest
from chromium import jupyter, picture, visit
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

STUDENTS = 10
PATIENT = 180_000  # ms


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The folder of a graded demo course, and what the run printed at its end."""
    folder = tmp_path_factory.mktemp("class") / "demo"
    demo.run(folder, STUDENTS)
    return folder


@pytest.fixture(scope="module")
def scores(graded):
    with open(graded / "grades.csv") as file:
        return {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}


def test_the_demo_leaves_grades_feedback_and_a_chart(graded, scores):
    assert len(scores) == STUDENTS  # the broken one too
    assert scores["s01"] == 27  # all but the free text, which a person grades
    assert scores["s08"] == 0  # handed in as it was handed out
    assert scores["s09"] == 0  # cut off
    assert all(0 < scores[f"s{n:02d}"] < 27 for n in (2, 3, 4, 5, 6, 7))
    pages = {path.parts[-3] for path in graded.glob("feedback/*/metrics/metrics.html")}
    assert pages == set(scores)
    chart = (graded / "scores.png").read_bytes()
    assert chart.startswith(b"\x89PNG") and len(chart) > 10_000


def test_the_demo_refuses_a_folder_that_it_did_not_make(tmp_path):
    (tmp_path / "gradebook.db").write_text("real grades")
    with pytest.raises(SystemExit, match="was not made by"):
        demo.run(tmp_path)
    assert (tmp_path / "gradebook.db").read_text() == "real grades"


def test_the_demo_class_is_the_same_each_time(graded):
    first, second = (dict(demo.hand_ins(graded, STUDENTS)) for _ in range(2))
    assert first == second


def test_formgrader_shows_the_class_and_takes_a_manual_grade(
    browser, graded, scores, tmp_path
):
    size = {"width": 1300, "height": 900}
    with (
        jupyter(graded, tmp_path) as url,
        visit(browser, viewport=size) as seen,
    ):
        page = seen.page
        page.goto(url("formgrader/manage_submissions/metrics"))
        rows = page.locator("#main_table tbody tr, table tbody tr")
        expect(rows).to_have_count(STUDENTS, timeout=PATIENT)
        picture(page, "formgrader-class")
