"""An instructor's class: handed in and graded by the demo, looked at in formgrader."""

import re

import pytest
from chromium import DESK, jupyter, picture, visit
from demo_class import STUDENTS, graded, scores
from nbgrader.api import Gradebook
from playwright.sync_api import expect

__all__ = ["graded", "scores"]

pytestmark = pytest.mark.browser


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
    with (
        jupyter(graded, tmp_path) as url,
        visit(browser, viewport=DESK) as seen,
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
