"""An instructor's class: handed in and graded by the demo, looked at in formgrader."""

import csv
import re

import pytest
from chromium import jupyter, picture, visit
from nbgrader.api import Gradebook
from playwright.sync_api import expect
from term import demo

# One class for all tests here, so one process runs them.
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("formgrader")]

STUDENTS = 10


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The folder of a graded demo course."""
    folder = tmp_path_factory.mktemp("class") / "demo"
    demo.run(folder, STUDENTS)
    return folder


@pytest.fixture(scope="module")
def scores(graded):
    with open(graded / "grades.csv") as file:
        return {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}


def wrote_text(course):
    """Return the id of a notebook whose free text waits for a grade."""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        return next(
            notebook.id
            for submission in gradebook.assignment_submissions("metrics")
            for notebook in submission.notebooks
            if notebook.needs_manual_grade
        )


def test_formgrader_shows_the_class_and_takes_a_manual_grade(
    browser, graded, scores, tmp_path
):
    size = {"width": 1300, "height": 900}
    with (
        jupyter(graded, tmp_path) as url,
        visit(browser, viewport=size) as seen,
    ):
        page = seen.page
        page.goto(url("lab"))
        page.get_by_role("menuitem", name="Nbgrader").click()
        page.get_by_role("menuitem", name="Formgrader", exact=True).click()
        grader = page.frame_locator("iframe")

        # The class: everybody with the score that was exported.
        grader.locator("a[href*='manage_submissions/metrics']").click()
        rows = grader.locator("tbody tr")
        expect(rows).to_have_count(STUDENTS)
        for row in rows.all():
            student = row.locator("td").nth(1).inner_text()
            expect(row).to_contain_text(f"{scores[student]:g} / 30")
        picture(page, "formgrader-class")

        # A manual grade for the free text of somebody who wrote one. Formgrader's
        # order of submissions differs from class to class.
        grader.get_by_role("link", name="Manual Grading").click()
        for _ in range(2):  # the assignment, then its notebook
            grader.locator("tbody").get_by_role("link", name="metrics").click()
        grader.locator(f"tbody a.name-hidden[href*='{wrote_text(graded)}']").click()
        points = grader.locator("input.score#judge")
        expect(points).to_have_class(re.compile("needs_manual_grade"))
        points.fill("3")
        with page.expect_response(lambda answer: "/api/grade/" in answer.url) as saved:
            points.press("Tab")
        assert saved.value.ok
        picture(page, "formgrader-manual-grade")
        # nbgrader's own page asks for MathJax; without it formulas stay as TeX.
        assert all("cdnjs.cloudflare.com" in address for address in seen.elsewhere)

    with Gradebook(f"sqlite:///{graded / 'gradebook.db'}") as gradebook:
        given = {
            one.student.id: grade.manual_score
            for one in gradebook.assignment_submissions("metrics")
            for grade in one.notebooks[0].grades
            if grade.manual_score is not None
        }
    assert list(given.values()) == [3]
