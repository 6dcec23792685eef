"""Whole runs of ``nbgrader autograde`` with the autograder: as stock, but faster."""

import contextlib
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from miniature import MINI, PARTLY, RIGHT, Course, cell, source_notebook
from nbgrader_apart import cells, config, plan, stock
from nbgrader_apart.cells import CellKind
from nbgrader_apart.execute import RunAhead
from nbgrader_apart.options import Level, Role
from traitlets import TraitError
from traitlets.config import Config

pytestmark = pytest.mark.autograder


def command(course):
    """Start grading; return the process."""
    nbgrader = str(Path(sys.executable).parent / "nbgrader")
    return subprocess.Popen(
        [nbgrader, "autograde", MINI],
        cwd=course.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def a_class(course, students=6):
    for number in range(students):
        answers = (RIGHT, PARTLY, {})[number % 3]
        course.hand_in(f"s{number}", course.filled(answers))
    course.run("collect", MINI, "--update")


def test_the_helpers_of_the_pages_can_be_used_and_nothing_else_of_ours(new_course):
    """A student who works in the course's environment finds them there, too."""
    uses = "from course import scores\n\ndef highest(values):\n    {}\n    return {}"
    helpers = {
        "anna": ("scores.das28_crp", "max(values)"),
        "bo": ("import answers", "max(values)"),
    }
    for student, parts in helpers.items():
        answer = {"highest_solution": uses.format(*parts)}
        new_course.hand_in(student, new_course.filled(RIGHT | answer))
    new_course.grade()
    scores = new_course.scores()
    assert scores["anna"]["highest"] == scores["anna"]["highest_hidden"] == 1
    assert scores["bo"]["highest"] == scores["bo"]["highest_hidden"] == 0


def test_scores_and_outputs_are_those_of_stock(new_course, monkeypatch):
    a_class(new_course)
    shows = new_course.filled(RIGHT)
    shows.cells.insert(2, cell("code", "import pandas as pd\npd.Series([1, 2])"))
    shows.cells.insert(3, cell("code", "print('said')\n1 / 0"))
    shows.cells.insert(
        4, cell("code", "from matplotlib import pyplot as plt\nplt.plot(1)")
    )
    new_course.hand_in("shows", shows)
    new_course.grade()
    nbformat.validate(new_course.autograded("shows"))  # nbconvert is not asked to
    ours, seen = new_course.scores(), outputs(new_course.autograded("shows"))
    monkeypatch.setenv("AUTOGRADER", "off")
    new_course.grade("--force")
    assert new_course.scores() == ours
    assert outputs(new_course.autograded("shows")) == seen
    assert len(seen) == 5  # a table, a print, an error, a value and a figure


def outputs(notebook):
    """Return what a reader sees, without numbers that differ from run to run."""
    found = []
    for output in [o for one in notebook.cells for o in one.get("outputs", [])]:
        kind = output.output_type
        if kind == "error":
            found.append((kind, output.ename, output.evalue))
        elif kind == "stream":
            found.append((kind, output.name, output.text))
        else:
            texts = {k: v for k, v in output.data.items() if k == "text/html"}
            found.append((kind, sorted(output.data), texts))
    return found


@pytest.mark.parametrize("seed", range(2))
def test_a_killed_run_started_again_ends_as_if_undisturbed(new_course, seed):
    a_class(new_course)
    moments = random.Random(seed)
    for _ in range(2):
        run = command(new_course)
        for line in run.stdout:  # kill somewhere in what it prints about a student
            if "Sanitizing" in line or "Writing" in line or "Setting" in line:
                if moments.random() < 0.3:
                    break
        time.sleep(moments.uniform(0, 0.1))
        run.send_signal(signal.SIGKILL)
        run.wait()
        run.stdout.close()
    new_course.run("autograde", MINI)
    full = {"left_after": 1, "left_after_hidden": 2, "highest": 1, "highest_hidden": 1}
    half = dict.fromkeys(full, 0) | {"left_after": 1, "highest": 1}
    nothing = dict.fromkeys(full, 0)
    for number in range(6):
        got = new_course.scores()[f"s{number}"]
        assert {name: got[name] for name in full} == (full, half, nothing)[number % 3]
        made = new_course.folder / f"autograded/s{number}/{MINI}/{MINI}.ipynb"
        assert nbformat.read(made, as_version=4)


def test_links_and_pipes_are_not_opened(new_course, tmp_path):
    a_class(new_course, 2)
    secret = tmp_path / "secret.csv"
    secret.write_text("not for students")
    folder = new_course.folder / f"submitted/s0/{MINI}"
    (folder / "data.csv").symlink_to(secret)
    os.mkfifo(folder / "pipe.csv")
    (folder / "more").mkdir()
    (folder / "more/data.csv").symlink_to(secret)  # of the same name
    printed = new_course.run("autograde", MINI)
    assert "s0: data.csv is a link, and is not used" in printed
    assert "s0: pipe.csv is not an ordinary file, and is not used" in printed
    assert "   3 files not used\n       s0: data.csv is a link\n" in printed
    assert "       s0: more/data.csv is a link\n" in printed
    made = new_course.folder / f"autograded/s0/{MINI}"
    assert not (made / "data.csv").exists() and not (made / "pipe.csv").exists()
    assert new_course.scores()["s0"]["left_after"] == 1


def test_a_locked_gradebook_is_a_clear_message(new_course):
    a_class(new_course, 2)
    settings = new_course.folder / "nbgrader_config.py"
    settings.write_text(settings.read_text().replace("timeout=60", "timeout=1"))
    holder = sqlite3.connect(new_course.folder / "gradebook.db")
    holder.execute("BEGIN EXCLUSIVE")
    printed = new_course.run("autograde", MINI, status=1)
    holder.close()
    assert "The gradebook cannot be written: database is locked" in printed
    assert "upgraded" not in printed
    new_course.run("autograde", MINI)
    assert new_course.scores()["s0"]["left_after"] == 1


def test_a_damaged_gradebook_is_a_clear_message(new_course):
    a_class(new_course, 1)
    path = new_course.folder / "gradebook.db"
    path.write_bytes(path.read_bytes()[:50_000])
    printed = new_course.run("autograde", MINI, status=1)
    assert "The gradebook cannot be read: database disk image is malformed" in printed
    assert "Traceback" not in printed


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of its own, of 8 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True)
    if done.returncode:
        if os.environ.get("CI") == "true":
            pytest.fail(f"no disk can be mounted here: {done.stderr}")
        pytest.skip(f"only root can mount a disk: {done.stderr}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("room", [0, 40_000])
def test_a_full_disk_is_a_clear_message(handed_out, small_disk, room):
    course = Course(shutil.copytree(handed_out, small_disk / "course"))
    a_class(course, 3)
    filler = small_disk / "filler"
    with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    os.truncate(filler, filler.stat().st_size - room)
    printed = course.run("autograde", MINI, status=1)
    assert "Traceback" not in printed
    assert re.search("disk is full|No space left", printed)
    assert "No mark is lost" in printed
    filler.unlink()
    course.run("autograde", MINI)
    scores = course.scores()
    assert [sum(scores[f"s{number}"].values()) for number in range(3)] == [5, 2, 0]


def test_a_students_process_is_planned_without_tests_and_solutions(tmp_path):
    source = source_notebook()
    for one in source.cells:
        mark = one.metadata.get("nbgrader", {})
        if one.cell_type == "code" and mark.get("solution"):
            one.source = f"import colorsys\n{one.source}  # secret"
        elif one.cell_type == "code" and mark.get("grade"):
            one.source = f"import zipfile\n{one.source}  # secret"
    source.cells.append(nbformat.v4.new_code_cell("plain = 1"))
    nbformat.write(source, tmp_path / "mini.ipynb")
    released = {
        one.metadata.nbgrader.grade_id: one
        for one in source.cells
        if "nbgrader" in one.metadata
    }
    made = plan.make(tmp_path / "mini.ipynb", released)
    assert "secret" in str(made.known[Role.TESTS])
    assert "secret" not in str((made.known[Role.STUDENT], made.prefix, made.files))
    assert "plain = 1" in made.known[Role.STUDENT]
    assert "colorsys" in made.imports[Role.STUDENT]
    assert "zipfile" not in made.imports[Role.STUDENT]


def test_a_test_may_ask_for_the_students_kernel():
    """The marker opens a hole, knowingly: this test runs with the student's code."""
    kind = cells.kind_of
    tested = cell("code", "assert mine is mine", "t", points=1)
    assert kind(tested) is CellKind.TEST
    tested.source = "# shared kernel\n" + tested.source
    assert kind(tested) is CellKind.STUDENT


def test_a_misspelt_level_is_named():
    """It must not silently mean that there is no box."""
    assert RunAhead(level="landlock").options().level is Level.LANDLOCK
    with pytest.raises(TraitError, match="bubblewrap.*bwrap|bwrap.*bubblewrap"):
        RunAhead(level="bubblewrap")


def test_a_misspelt_limit_is_named():
    assert RunAhead(limits={"memory": 1 << 30}).limits == {"memory": 1 << 30}
    with pytest.raises(TraitError, match="has no 'memroy', but cpu, memory"):
        RunAhead(limits={"memroy": 1 << 30})


def test_where_it_cannot_run_stock_stays(monkeypatch):
    """nbgrader's own step runs the notebooks, but for what it says of a time-out."""
    monkeypatch.setattr(sys, "platform", "darwin")
    c = Config()
    assert config.use(c) == "this needs Linux, and here is darwin"
    steps = c.Autograde.autograde_preprocessors
    assert stock.ExecuteOrSay in steps
    assert not any(issubclass(step, RunAhead) for step in steps)
    assert config.use(c, apart=False) == "this is switched off"


def test_programs_that_nbgrader_starts_read_utf8_in_an_ascii_locale(tmp_path):
    """Alembic reads the environment's path in the locale's encoding."""
    (tmp_path / "alembic.ini").write_text("für", encoding="utf-8")
    child = "open('alembic.ini', encoding='locale').read()"
    code = (
        "import subprocess, sys; from nbgrader_apart import patches; "
        "patches.read_any_path(); "
        f'subprocess.run([sys.executable, "-c", "{child}"], check=True)'
    )
    ascii_only = os.environ | {"LC_ALL": "C"}
    subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=ascii_only, check=True
    )
