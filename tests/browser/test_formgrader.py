"""An instructor's class: handed in and graded by the demo, looked at in formgrader."""

import base64
import re

import nbformat
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
        assert not seen.elsewhere

    with Gradebook(f"sqlite:///{graded / 'gradebook.db'}") as gradebook:
        given = {
            one.student.id: grade.manual_score
            for one in gradebook.assignment_submissions("metrics")
            for grade in one.notebooks[0].grades
            if grade.manual_score is not None
        }
    assert list(given.values()) == [3]


def test_keys_work_and_formulas_are_set_without_a_network(browser, graded, tmp_path):
    notebook = wrote_text(graded)
    with Gradebook(f"sqlite:///{graded / 'gradebook.db'}") as gradebook:
        student = gradebook.find_submission_notebook_by_id(notebook).student.id
    path = graded / "autograded" / student / "metrics" / "metrics.ipynb"
    answer = nbformat.read(path, as_version=4)
    answer.cells[0].source += "\n\nThe half-life is $\\ln 2 / k$."
    nbformat.write(answer, path)
    with (
        jupyter(graded, tmp_path) as url,
        visit(browser, viewport=DESK) as seen,
    ):
        page = seen.page
        page.goto(url("lab"))  # signs in
        page.goto(url(f"formgrader/submissions/{notebook}/"))
        page.wait_for_function("window.MathJax && MathJax.loaded === true")
        expect(page.locator("#notebook .MathJax").first).to_be_attached()
        focused = "document.activeElement.id"
        page.locator("input.score").nth(1).focus()
        first = page.evaluate(focused)
        assert first
        page.keyboard.press("Tab")
        page.wait_for_function(f"{focused} !== {first!r}")
        page.keyboard.press("Shift+Tab")
        page.wait_for_function(f"{focused} === {first!r}")
        page.keyboard.press("Escape")
        page.wait_for_function(f"{focused} !== {first!r}")
        page.keyboard.press("Enter")
        page.wait_for_function(f"{focused} === {first!r}")
        page.locator(".help").click()
        expect(page.locator(".modal-dialog")).to_contain_text(
            "Move to the same score or comment input of the next submission"
        )
        picture(page, "formgrader-without-a-network")
        assert not seen.elsewhere


def notebooks(course):
    """Return all notebooks in formgrader's order, and those with failed tests."""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        every = sorted(
            gradebook.notebook_submissions("metrics", "metrics"),
            key=lambda one: one.id,
        )
        failed = [one.id for one in every if one.failed_tests]
        return [one.id for one in every], failed


def neighbours(one, of):
    """Return what comes before and after in an order of its own."""
    order = sorted({one, *of})
    at = order.index(one)
    return order[at - 1], order[at + 1]


def pass_all_tests(course, ids):
    """Give full points to the tests of some notebooks."""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        for one in ids:
            for grade in gradebook.find_submission_notebook_by_id(one).grades:
                if grade.auto_score is not None:
                    grade.auto_score = grade.max_score
        gradebook.db.commit()


def open_now(page, notebook):
    """Wait until a notebook is open for grading, with formgrader ready for keys."""
    page.wait_for_url(re.compile(f"/submissions/{notebook}/"))
    page.wait_for_function("window.MathJax && MathJax.loaded && formgrader.loaded")
    page.wait_for_function("formgrader.grades.loaded && formgrader.comments.loaded")


def test_keys_go_from_one_hand_in_to_the_next_and_flag_it(browser, graded, tmp_path):
    every, failed = notebooks(graded)
    # One between hand-ins without a failed test, beyond which some have failed tests.
    start = every[len(every) // 2]
    before, after = neighbours(start, every)
    assert min(failed) < before and max(failed) > after
    pass_all_tests(graded, [before, after])
    every, failed = notebooks(graded)
    assert not {before, after} & set(failed)
    keys = {
        "Control+,": before,
        "Control+.": after,
        "Control+Shift+,": neighbours(start, failed)[0],
        "Control+Shift+.": neighbours(start, failed)[1],
    }
    with (
        jupyter(graded, tmp_path) as url,
        visit(browser, viewport=DESK) as seen,
    ):
        page = seen.page
        page.goto(url("lab"))  # signs in
        for number, (key, there) in enumerate(keys.items()):
            page.goto(url(f"formgrader/submissions/{start}/"))
            open_now(page, start)
            points = page.locator("input.score#judge")
            points.fill(f"{number}")
            page.keyboard.press(key)  # while the points are typed and not yet saved
            open_now(page, there)
            expect(page.locator("input.score#judge")).to_be_focused()
            assert manual(graded, start) == number, key

        page.goto(url(f"formgrader/submissions/{start}/"))
        open_now(page, start)
        for flagged in (True, False):
            with page.expect_response(lambda answer: "/flag" in answer.url) as sent:
                page.keyboard.press("Control+Shift+F")
            assert sent.value.ok
            text = "Submission flagged" if flagged else "Submission unflagged"
            expect(page.locator("#statusmessage")).to_have_text(text)
            with Gradebook(f"sqlite:///{graded / 'gradebook.db'}") as gradebook:
                kept = gradebook.find_submission_notebook_by_id(start)
                assert kept.flagged is flagged

        # The help lists these keys, and no other that is not tried here.
        page.locator(".help").click()
        listed = page.locator(".modal .shortcut-key").all_inner_texts()
        tried = {"tab", "shift-tab", "escape", "enter", "control-shift-f"}
        tried |= {key.lower().replace("+", "-") for key in keys}
        assert set(listed) == tried
        assert not seen.elsewhere


def manual(course, notebook):
    """Return the points by hand for the text of one notebook."""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        graded = gradebook.find_submission_notebook_by_id(notebook)
        return next(one.manual_score for one in graded.grades if one.name == "judge")


SCRIPT = "<script>window.top.document.title = 'RAN'; window.ran = true</script>"
#: What a student can lay beside a notebook, and what a browser takes it for.
OF_A_STUDENT = {
    "page.html": f"<!doctype html>{SCRIPT}",
    "page.xhtml": f'<html xmlns="http://www.w3.org/1999/xhtml">{SCRIPT}</html>',
    "picture.svg": f'<svg xmlns="http://www.w3.org/2000/svg">{SCRIPT}</svg>',
    "data.xml": f'<html xmlns="http://www.w3.org/1999/xhtml">{SCRIPT}</html>',
    "report.pdf": "%PDF-1.7",
    "module.mjs": "window.ran = true",
    "page": f"<!doctype html>{SCRIPT}",
    "notes.txt": f"<!doctype html>{SCRIPT}",
}
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9aw"
    "AAAABJRU5ErkJggg=="
)


def test_files_beside_a_notebook_are_shown_as_a_strangers(browser, graded, tmp_path):
    notebook = wrote_text(graded)
    with Gradebook(f"sqlite:///{graded / 'gradebook.db'}") as gradebook:
        student = gradebook.find_submission_notebook_by_id(notebook).student.id
    folder = graded / "autograded" / student / "metrics"
    for name, text in OF_A_STUDENT.items():
        (folder / name).write_text(text)
    (folder / "plot.png").write_bytes(PIXEL)
    with (
        jupyter(graded, tmp_path) as url,
        visit(browser, viewport=DESK) as seen,
    ):
        page = seen.page
        page.goto(url("lab"))  # signs in
        place = f"formgrader/submissions/{notebook}/"
        for name in OF_A_STUDENT:
            address = url(place + name)
            headers = page.request.get(address).headers
            assert headers["content-security-policy"].startswith("sandbox;"), name
            assert headers["x-content-type-options"] == "nosniff", name
            if name == "notes.txt":
                page.goto(address)
                assert page.locator("body").inner_text() == OF_A_STUDENT[name]
                continue
            with page.expect_download() as saved:
                page.evaluate("address => { window.location = address }", address)
            assert saved.value.suggested_filename.startswith(name)
            assert not page.evaluate("window.ran") and page.title() != "RAN"

        # The honest twin: a picture of the student's in the student's text.
        page.goto(url(place))
        width = page.evaluate(
            """() => new Promise((answer) => {
                 const picture = new Image();
                 picture.onload = () => answer(picture.naturalWidth);
                 picture.onerror = () => answer(0);
                 picture.src = "plot.png";
               })"""
        )
        assert width == 1
