"""In JupyterLab: a chapter is read, and a student does a task and validates it."""

import re
import shutil

import nbformat
import pytest
from chromium import DESK, PATIENT, ROOT, jupyter, picture, visit
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

TASK = "worst_grade"


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """A student's folder: the assignment as handed out, all done but one task.

    Returns
    -------
    Path
        The folder.
    str
        An answer to the task that is left.
    """
    import answers
    from term import demo, release

    course = tmp_path_factory.mktemp("handed-out") / "course"
    demo.new_course(course, {"metrics": ROOT / "exercises" / "source" / "metrics"})
    folder = tmp_path_factory.mktemp("work")
    shutil.copytree(release.release("metrics", course), folder / "metrics")
    path = folder / "metrics" / "metrics.ipynb"
    bank = answers.load("metrics").ALTERNATIVE
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        task = cell.metadata.get("nbgrader", {}).get("grade_id")
        if task in bank and task != TASK:
            cell.source = bank[task][0].source("")
        elif task == "judge":
            cell.source = "CRP is not the joints."
    nbformat.write(notebook, path)
    return folder, bank[TASK][0].source("")


def code_cell(page, text):
    """Return the code cell that holds `text`."""
    return page.locator(".jp-CodeCell").filter(
        has=page.locator(".cm-content", has_text=text)
    )


def run(page, cell):
    """Run a cell as a student does, and wait until the kernel has answered.

    A notebook that is still drawing itself may lose the focus between the click and
    the keys: a student sees that nothing happened, and does it again.
    """
    expect(page.locator(".jp-NotebookPanel [data-status='idle']")).to_have_count(1)
    prompt = cell.locator(".jp-InputArea-prompt")
    before = prompt.inner_text()
    for again in range(10):
        cell.locator(".cm-content").click()
        page.keyboard.press("Shift+Enter")
        try:
            expect(prompt).not_to_have_text(before, timeout=PATIENT / 20)
            break
        except AssertionError:
            picture(page, f"lab-not-run-{again}")
    expect(prompt).to_have_text(re.compile(r"\[\d+\]"))


def validate(page):
    """Press Validate and return what the dialog says."""
    page.get_by_role("button", name="Validate").click()
    dialog = page.locator(".jp-Dialog").filter(has_text="Validation Results")
    expect(dialog).to_be_visible()
    said = dialog.inner_text()
    picture(page, f"lab-validate-{'success' if 'Success' in said else 'failure'}")
    dialog.get_by_role("button").last.click()
    expect(dialog).to_have_count(0)
    return said


def test_a_student_does_a_task(browser, work, tmp_path):
    folder, answer = work
    with (
        jupyter(folder, tmp_path) as url,
        visit(browser, viewport=DESK) as seen,
    ):
        page = seen.page
        page.goto(url("lab/tree/metrics/metrics.ipynb"))
        notebook = page.locator(".jp-Notebook")
        expect(notebook.get_by_role("heading", name="Metrics")).to_be_visible()
        run(page, code_cell(page, "import matplotlib.pyplot as plt"))
        run(page, code_cell(page, 'read("acute_phase.csv")'))

        task = code_cell(page, "def worst_grade")
        check = code_cell(page, "worst_grade([1500.0")
        run(page, task)
        run(page, check)
        expect(check.locator(".jp-OutputArea")).to_contain_text("Task not done yet")
        picture(page, "lab-task-not-done")
        said = validate(page)
        assert "failed" in said
        assert "worst_grade([1500.0" in said

        task.locator(".cm-content").click()
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(answer)
        run(page, task)
        run(page, check)
        expect(check.locator(".jp-OutputArea-output")).to_have_count(0)
        picture(page, "lab-task-done")
        assert "Success! Your notebook passes all the tests." in validate(page)
        assert seen.elsewhere == []


def test_a_chapter_that_was_not_run_shows_its_figures(browser, tmp_path):
    """JupyterLab shows no drawing that it has not made itself, but the picture."""
    folder = tmp_path / "work"
    folder.mkdir()
    shutil.copy(
        ROOT / "book/metrics/01-acute-phase-reactants.ipynb", folder / "a.ipynb"
    )
    with (
        jupyter(folder, tmp_path) as url,
        visit(browser, viewport=DESK) as seen,
    ):
        page = seen.page
        page.goto(url("lab/tree/a.ipynb"))
        shown = page.locator(".jp-OutputArea-output img").first
        expect(shown).to_be_attached()
        shown.scroll_into_view_if_needed()
        expect(shown).to_be_visible()
        assert shown.evaluate("img => img.naturalWidth") > 300
        picture(page, "lab-chapter-not-run")
        assert seen.elsewhere == []
