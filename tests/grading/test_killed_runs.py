"""A run may be killed at any moment: the next one ends as if nothing had happened.

A few moments here; ``make fuzz`` kills at 50 (``KILLS=50``). What is killed is the
run's own process, which this file has started, or one of its two fork servers.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from miniature import MINI, PARTLY, RIGHT, Course
from nbgrader_apart import box

pytestmark = pytest.mark.autograder

KILLS = int(os.environ.get("KILLS", "2"))
PR_SET_CHILD_SUBREAPER = 36
#: Seconds in which everything that a killed run has started has to end.
TO_END = 30


@pytest.fixture(scope="module")
def handed_in(handed_out, tmp_path_factory):
    """A class that has handed in; nobody is graded."""
    folder = tmp_path_factory.mktemp("handed-in") / "course"
    course = Course(shutil.copytree(handed_out, folder))
    for number in range(6):
        answers = (RIGHT, PARTLY, {})[number % 3]
        course.hand_in(f"s{number}", course.filled(answers))
    course.run("collect", MINI)
    return folder


@pytest.fixture(scope="module")
def undisturbed(handed_in, tmp_path_factory):
    """What a whole run records, and how many seconds it takes."""
    folder = tmp_path_factory.mktemp("undisturbed") / "course"
    course = Course(shutil.copytree(handed_in, folder))
    began = time.monotonic()
    course.run("autograde", MINI)
    return recorded(course), time.monotonic() - began


@pytest.fixture
def orphans():
    """Make this process the one that orphans go to; return a way to name them."""
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    yield children
    libc.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def children(pid=None):
    """Return the living children of a process, by default of this one."""
    found = box.use_of(pid or os.getpid()).children
    if pid is None:
        for child in found:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(child, os.WNOHANG)
    return [child for child in found if Path(f"/proc/{child}").exists()]


def recorded(course):
    """Return everything that a run records, but for the names of rows."""
    with course.gradebook() as gradebook:
        return {
            submission.student.id: (
                submission.timestamp,
                submission.score,
                [
                    (
                        *(grade.name, grade.auto_score, grade.manual_score),
                        *(grade.needs_manual_grade, grade.failed_tests),
                    )
                    for notebook in submission.notebooks
                    for grade in sorted(notebook.grades, key=lambda one: one.name)
                ],
                [
                    (comment.name, comment.auto_comment, comment.manual_comment)
                    for notebook in submission.notebooks
                    for comment in sorted(notebook.comments, key=lambda one: one.name)
                ],
                course.autograded(submission.student.id).cells,
            )
            for submission in gradebook.assignment_submissions(MINI)
        }


@pytest.mark.parametrize("moment", range(KILLS))
@pytest.mark.parametrize("what", ["the run", "a fork server"])
def test_the_next_run_ends_as_if_undisturbed(
    handed_in, undisturbed, orphans, tmp_path, monkeypatch, moment, what
):
    wanted, seconds = undisturbed
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    course = Course(shutil.copytree(handed_in, tmp_path / "course"))
    mounts = Path("/proc/self/mounts").read_text()
    before = set(orphans())
    log = tmp_path / "log"
    with open(log, "wb") as printed:
        run = subprocess.Popen(
            [str(Path(sys.executable).parent / "nbgrader"), "autograde", MINI],
            cwd=course.folder,
            stdout=printed,
            stderr=printed,
        )
    time.sleep(seconds * (moment + 0.5) / KILLS)
    victims = [run.pid]
    if what == "a fork server":
        while not (victims := children(run.pid)) and run.poll() is None:
            time.sleep(0.01)  # nothing has been started yet
    if victims:
        with contextlib.suppress(ProcessLookupError):
            os.kill(victims[moment % len(victims)], signal.SIGKILL)
    ended = run.wait(300)
    # A run that has lost a fork server starts another one, and goes on.
    assert what == "the run" or ended == 0, log.read_text()

    until = time.monotonic() + TO_END
    while left := set(orphans()) - before:
        assert time.monotonic() < until, [
            Path(f"/proc/{pid}/cmdline").read_bytes()[:200] for pid in left
        ]
        time.sleep(0.1)
    assert Path("/proc/self/mounts").read_text() == mounts

    course.run("autograde", MINI)
    assert recorded(course) == wanted
    assert not list((tmp_path / "temporary").glob("grading-*"))
