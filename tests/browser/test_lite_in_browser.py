"""JupyterLab in the browser: a chapter runs through; an assignment is done and graded.

Heavy: `make lite-test PYODIDE=folder`. What that folder does not have is not tried:
statsmodels, and so the chapters that import it. See `local_pyodide`.
"""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import answers
import local_pyodide
import nbformat
import pytest
from chromium import DESK, ROOT, picture, visit
from course import live
from nbgrader.api import Gradebook
from nbgrader_apart.cells import grade_id
from playwright.sync_api import expect
from serving import served
from term import demo, release

pytestmark = pytest.mark.lite

BOOT = 600_000  # ms: Python is fetched, compiled and started in the page
#: Two tasks that are done; the others are left as they are handed out.
TASKS = ("worst_grade", "das28_fall")
CHAPTERS = [
    "start/what-is-an-immune-modulator",  # curated tables
    "metrics/02-lymphocyte-subsets",  # the largest cohort, scikit-learn, live figures
    "context/01-cells-and-signals",  # networkx
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a lab that was built with the Pyodide of this machine."""
    given = local_pyodide.given()
    if given is None or local_pyodide.missing(given):
        lacks = given and sorted(local_pyodide.missing(given))
        what = f"{given} lacks {', '.join(lacks)}" if given else "no Pyodide is here"
        # Not even the test server has one: it lies on no package registry as such.
        pytest.skip(
            f"{what}: make lite-test PYODIDE=folder; see {local_pyodide.__file__}"
        )
    site = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "lite.build", "--to", site / "lab"]
    subprocess.run(
        [*command, "--pyodide", "pyodide/pyodide.js"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT / "book" / "_ext")},
        check=True,
    )
    local_pyodide.completed(given, site / "lab" / "pyodide")
    with served(site) as address:
        yield site / "lab", f"{address}/lab/lab/index.html"


def open_notebook(page, address, path):
    """Open a notebook of the lab."""
    page.goto(f"{address}?path={path}")
    expect(page.locator(".jp-NotebookPanel")).to_be_visible(timeout=BOOT)
    wait_until_ready(page)


def wait_until_ready(page):
    """Wait until Python is there: until then a notebook takes the keyboard away."""
    expect(page.locator(".jp-Notebook h1").first).to_be_visible(timeout=BOOT)
    idle = page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]")
    expect(idle).to_have_count(1, timeout=BOOT)


def menu(page, name, item):
    """Choose an item of a menu."""
    page.get_by_role("menuitem", name=name, exact=True).click()
    choose(page, item)


def choose(page, item):
    """Choose an item of the menu that stands open."""
    items = page.locator(".lm-Menu-itemLabel")
    items.get_by_text(item, exact=True).click()
    # Where the menu still stands, the next click on its name only closes it.
    expect(items).to_have_count(0)


def wait_until_idle(page):
    """Wait until no cell is waiting or running."""
    page.wait_for_function(
        """() => {
            const prompts = [...document.querySelectorAll(
                '.jp-CodeCell .jp-InputPrompt')].map(one => one.innerText);
            return prompts.some(text => /\\d/.test(text))
                && !prompts.some(text => text.includes('*'));
        }""",
        timeout=BOOT,
        polling=1000,
    )


def save(page):
    """Save the notebook, as the lab keeps it in the browser."""
    menu(page, "File", "Save Notebook")
    expect(page.locator(".lm-TabBar-tab.jp-mod-dirty")).to_have_count(0)


def in_the_list(page, name):
    """Return a file or folder in the list on the left."""
    return page.locator(".jp-DirListing-itemName").get_by_text(name, exact=True)


def downloaded(page, name, to):
    """Return the notebook as a student gets it who saves and downloads it.

    The menu *File* of this JupyterLab has no *Download*; that of the list has.
    """
    save(page)
    in_the_list(page, name).click(button="right")
    with page.expect_download() as download:
        choose(page, "Download")
    assert download.value.suggested_filename == name
    download.value.save_as(to)
    return nbformat.read(to, as_version=4)


def test_the_lab_holds_no_solution_and_no_hidden_test(lab):
    folder = lab[0] / "files" / "exercises"
    for name in answers.assignments():
        source = ROOT / "exercises" / "source" / name / f"{name}.ipynb"
        there = nbformat.read(folder / name / f"{name}.ipynb", as_version=4)
        assert not release.leaks(nbformat.read(source, as_version=4), there)
        tests = [
            cell.source
            for cell in there.cells
            if cell.cell_type == "code"
            and cell.metadata.get("nbgrader", {}).get("grade")
        ]
        assert any("assert" in source for source in tests)
    wheels = sorted((lab[0] / "pypi").glob("immune_modulators_*.whl"))
    inside = {
        name.split("/")[0]
        for wheel in wheels
        for name in zipfile.ZipFile(wheel).namelist()
        if not name.split("/")[0].endswith(".dist-info")
    }
    assert inside == {"cohorts", "course"}


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_runs_through(browser, lab, chapter, tmp_path):
    folder, address = lab
    path = f"chapters/{chapter}.ipynb"
    shipped = nbformat.read(folder / "files" / path, as_version=4)
    with visit(browser, viewport=DESK) as seen:
        page = seen.page
        open_notebook(page, address, path)
        menu(page, "Run", "Run All Cells")
        wait_until_idle(page)
        picture(page, f"lite-{chapter.replace('/', '-')}")
        ran = downloaded(page, Path(path).name, tmp_path / "ran.ipynb")
        assert not seen.elsewhere
    code = [cell for cell in ran.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code if cell.source)
    outputs = [output for cell in code for output in cell.outputs]
    errors = [output for output in outputs if output.output_type == "error"]
    assert not errors, errors[0]

    def figures(notebook):
        """Return the kind of each output that is a figure; beside Vega-Lite's own the
        lab keeps a picture of what it drew."""
        outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
        kinds = (live.MIME, "image/svg+xml")
        held = [[one for one in kinds if one in out.get("data", {})] for out in outputs]
        return [found[0] for found in held if found]

    assert figures(ran) == figures(shipped)


def cell_of(page, text):
    """Return the code cell that holds `text`."""
    return page.locator(".jp-CodeCell").filter(
        has=page.locator(".cm-content", has_text=text)
    )


def enter(cell):
    """Put the cursor into a cell."""
    cell.locator(".cm-content").click()
    expect(cell.locator(".cm-editor.cm-focused")).to_have_count(1)


def run(page, cell):
    """Run one cell."""
    enter(cell)
    page.keyboard.press("Shift+Enter")
    prompt = cell.locator(".jp-InputPrompt")
    expect(prompt).to_have_text(re.compile(r"\[\d+\]"), timeout=BOOT)


def write(page, cell, text):
    """Write into a cell in place of what stands there."""
    enter(cell)
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)
    expect(cell.locator(".cm-content")).to_contain_text(text.splitlines()[-1].strip())


def open_from_the_list(page, path):
    """Open a notebook as a student does who comes back: by the list of files."""
    for name in path.split("/"):
        in_the_list(page, name).dblclick(timeout=BOOT)
    wait_until_ready(page)


def points(course, student):
    """Return what the gradebook says of a hand-in: points and their most, by test."""
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        found = gradebook.find_submission_notebook("metrics", "metrics", student)
        return {one.name: (one.auto_score, one.max_score) for one in found.grades}


def test_a_student_does_tasks_keeps_them_hands_in_and_is_graded(browser, lab, tmp_path):
    _, address = lab
    right = {name: answers.load("metrics").ALTERNATIVE[name][0] for name in TASKS}
    written = {name: answer.source("") for name, answer in right.items()}
    path = "exercises/metrics/metrics.ipynb"
    with visit(browser, viewport=DESK) as seen:
        page = seen.page
        open_notebook(page, address, path)
        run(page, cell_of(page, "import matplotlib.pyplot as plt"))
        run(page, cell_of(page, 'read("acute_phase.csv")'))
        first = TASKS[0]
        check = cell_of(page, f"{first}([1500.0")
        run(page, cell_of(page, f"def {first}"))
        run(page, check)
        expect(check.locator(".jp-OutputArea")).to_contain_text("Task not done yet")
        for name in TASKS:
            task = cell_of(page, f"def {name}")
            write(page, task, written[name])
            run(page, task)
        run(page, check)
        expect(check.locator(".jp-OutputArea-output")).to_have_count(0)
        picture(page, "lite-task-done")
        save(page)
        # The address no longer names the notebook, and the lab opens none by itself.
        page.reload()
        open_from_the_list(page, path)
        for name in TASKS:
            last = written[name].splitlines()[-1].strip()
            expect(cell_of(page, f"def {name}")).to_contain_text(last, timeout=BOOT)
        picture(page, "lite-task-kept")
        done = downloaded(page, "metrics.ipynb", tmp_path / "metrics.ipynb")
        assert not seen.elsewhere
    sources = [cell.source for cell in done.cells]
    assert all(answer in sources for answer in written.values())
    assert set(TASKS) <= {grade_id(cell) for cell in done.cells}

    course = tmp_path / "course"
    demo.new_course(course, {"metrics": ROOT / "exercises" / "source" / "metrics"})
    release.release("metrics", course)
    handed_in = course / "submitted" / "ada" / "metrics"
    handed_in.mkdir(parents=True)
    (tmp_path / "metrics.ipynb").rename(handed_in / "metrics.ipynb")
    demo.step(course, "autograde", "metrics")
    graded = points(course, "ada")
    full = {name for name, (score, most) in graded.items() if score and score == most}
    assert full == {
        f"{name}_{kind}" for name in TASKS for kind in ("visible", "hidden")
    }
    assert not any(score for name, (score, _) in graded.items() if name not in full)
