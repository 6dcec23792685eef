"""How fast a class is graded: by ours, stock nbgrader and otter-grader.

``make bench PART=grading`` prints ``name | ours | compared
with | ratio``. What is compared is the time on the clock of one whole ``nbgrader
autograde`` of the same hand-ins, and the scores of everybody. Ours runs before and
after each of the others, since a machine is not equally fast all the time. ``otter
run`` gets a few of these hand-ins (5; with 0 it is left out) from all over the class,
one at a time, with the same tests (``tests/otter``), in an environment that is
installed at first use.
"""

import copy
import datetime
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import to_otter
from nbgrader_apart import notebookfile
from nbgrader_apart.cells import grade_id
from term import demo, folders, release
from to_otter import runner

ROOT = Path(__file__).resolve().parents[1]
NAME = demo.ASSIGNMENT
OTTER_VENV = ROOT / "_build/otter-venv"


def hand_in_all(folder, students):
    """Make a course folder with the hand-ins of a class, collected."""
    course = folders.find_course()
    release.copy_data(NAME, course)
    demo.new_course(folder, {NAME: course / "source" / NAME})
    for step in (["generate_assignment", NAME], ["release_assignment", NAME]):
        assert demo.nbgrader(folder, *step).returncode == 0
    for number, (student, files) in enumerate(demo.hand_ins(folder, students)):
        when = demo.NOON + number * datetime.timedelta(minutes=1)
        demo.hand_in(folder, student, NAME, files, when)
    assert demo.nbgrader(folder, "collect", NAME).returncode == 0


def grade(folder, switch):
    """Grade a class; return seconds on the clock and the scores."""
    from nbgrader.api import Gradebook

    began = time.monotonic()
    nbgrader = str(Path(sys.executable).parent / "nbgrader")
    done = subprocess.run(
        [nbgrader, "autograde", NAME],
        cwd=folder,
        env=os.environ | {"AUTOGRADER": switch},
        capture_output=True,
        text=True,
    )
    seconds = time.monotonic() - began
    assert done.returncode == 0, done.stderr
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        scores = {
            (submission.student.id, grade.name): grade.score
            for submission in gradebook.assignment_submissions(NAME)
            for notebook in submission.notebooks
            for grade in notebook.grades
        }
    return seconds, scores


FLOOR = """
import os
os.environ["OPENBLAS_NUM_THREADS"] = "1"
import pathlib
import bench_grading
print(*bench_grading.cells_alone(pathlib.Path({folder!r})))
"""


def floor(folder):
    """Return the CPU seconds of a submission's cells alone, all imports made.

    Returns
    -------
    float, float
        Of the model solution, and on average of the hand-ins that can be read.
    """
    code = FLOOR.format(folder=str(folder))
    search = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": search},
        capture_output=True,
        text=True,
        check=True,
    )
    return tuple(map(float, done.stdout.split()[-2:]))


def cells_alone(course):
    """Run the cells of a class in this process; see `floor`."""
    beside, source = course / "source" / NAME, runner.source(NAME)
    for _ in range(3):  # the first runs fill caches
        solution = seconds_of_cells(source, beside)
    hand_ins = []
    for path in sorted(course.glob(f"submitted/*/{NAME}/{NAME}.ipynb")):
        try:
            hand_ins.append(seconds_of_cells(answered(source, path), beside))
        except notebookfile.Unreadable:
            continue
    return solution, statistics.mean(hand_ins)


def seconds_of_cells(notebook, beside):
    """Run the cells of one notebook in this process; return the seconds of CPU."""
    began = time.process_time()
    runner.run(notebook, beside)
    return time.process_time() - began


def answered(source, path):
    """Return the instructor's notebook with the answers of a hand-in."""
    texts = {one.grade_id: one.source for one in notebookfile.parse(path.read_bytes())}
    notebook = copy.deepcopy(source)
    for cell in notebook.cells:
        if runner.is_solution(cell):
            cell.source = texts.get(grade_id(cell), cell.source)
    return notebook


def otter_command():
    """Return the command ``otter`` of its own environment, installed if need be.

    Raises
    ------
    subprocess.CalledProcessError
        If it cannot be installed.
    """
    pins, versions = ROOT / "tests/otter/requirements.txt", ROOT / "requirements.txt"
    wanted = pins.read_text() + versions.read_text()
    ready = OTTER_VENV / ".ready"
    if not ready.is_file() or ready.read_text() != wanted:
        shutil.rmtree(OTTER_VENV, ignore_errors=True)
        pip = [OTTER_VENV / "bin/python", "-m", "pip", "install", "--quiet"]
        pip += ["--disable-pip-version-check", "--retries", "1", "-r", pins]
        for step in [
            [sys.executable, "-m", "venv", OTTER_VENV],
            [*pip, "-c", versions],
        ]:
            subprocess.run(step, check=True, capture_output=True, text=True)
        ready.write_text(wanted)
    return OTTER_VENV / "bin/otter"


def otter_run(otter, notebook, folder):
    """Grade one notebook with ``otter run``; return seconds and points by test."""
    nbformat.write(notebook, folder / "submission.ipynb")
    command = [otter, "run", "-a", "autograder.zip", "-o", ".", "submission.ipynb"]
    began = time.monotonic()
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT / "data")},  # the package cohorts
        capture_output=True,
        text=True,
    )
    seconds = time.monotonic() - began
    assert done.returncode == 0, done.stderr
    results = json.loads((folder / "results.json").read_text())["tests"]
    return seconds, {one["name"]: one["score"] for one in results if "score" in one}


def against_otter(course, ours, scores, hand_ins=5):
    """Print how fast ``otter run`` is on some hand-ins, and where its points differ.

    Parameters
    ----------
    course : Path
        The course folder with the hand-ins collected.
    ours : callable
        Returns the submissions a minute that ours grades, here and now.
    scores : dict of (str, str) to float
        What ours gave, by student and grade id.
    hand_ins : int
        How many of the readable hand-ins otter grades, at equal distances.

    Returns
    -------
    list
        Student and grade id of each score that is not ours.
    """
    try:
        otter = otter_command()
    except subprocess.CalledProcessError as error:
        why = (error.stderr or error.stdout).strip().splitlines()[-1:]
        print(
            "submissions a minute, against otter run | not measured: otter-grader "
            "could not be installed. Is there a network, or a package mirror in "
            f"pip's configuration? {''.join(why)}"
        )
        return []
    source = runner.source(NAME)
    readable = {}
    for path in sorted(course.glob(f"submitted/*/{NAME}/{NAME}.ipynb")):
        try:
            readable[path.parts[-3]] = to_otter.submission(source, path)
        except notebookfile.Unreadable:
            continue
    chosen = list(readable)[:: max(1, len(readable) // hand_ins)][:hand_ins]
    rates, seconds, theirs = [ours()], 0, {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        to_otter.write_autograder(NAME, folder / "autograder.zip")
        # The first run fills caches and is not timed: the solution, for all points.
        solution = to_otter.submission(
            source, folders.notebook_path(runner.COURSE, "source", NAME)
        )
        _, points = otter_run(otter, solution, folder)
        assert points == runner.full_points(source), points
        for student in chosen:
            took, points = otter_run(otter, readable[student], folder)
            seconds += took
            theirs |= {(student, test): score for test, score in points.items()}
            rates.append(ours())
    rate, slow = statistics.harmonic_mean(rates), len(chosen) / seconds * 60
    print(
        f"submissions a minute, against otter run | {rate:.2f} | {slow:.2f} | "
        f"{rate / slow:.2f}"
    )
    unlike = [key for key, score in theirs.items() if scores.get(key) != score]
    print(f"scores unlike otter's | {len(unlike)} | {len(theirs)} scores | -")
    return unlike


def main(students=30, otter=5):
    """Print the table; `otter` hand-ins are graded with ``otter run`` too."""
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch, "fresh")
        hand_in_all(fresh, students)

        def graded(switch):
            folder = Path(scratch, f"{switch}-{len(list(Path(scratch).iterdir()))}")
            return grade(shutil.copytree(fresh, folder), switch)

        first, (stock, same), (last, scores) = map(graded, ("on", "off", "on"))
        ours = (first[0] + last) / 2
        solution, least = floor(fresh)
        print(
            f"submissions a minute | {students / ours * 60:.2f} | "
            f"{students / stock * 60:.2f} | {stock / ours:.2f}"
        )
        for what, seconds in (("hand-ins'", least), ("model solution's", solution)):
            print(
                f"seconds a submission, against the {what} cells' own CPU | "
                f"{ours / students:.2f} | {seconds:.2f} | "
                f"{seconds / (ours / students):.2f}"
            )
        unlike = {key for key in scores | same if scores.get(key) != same.get(key)}
        print(f"scores unlike stock's | {len(unlike)} | {len(same)} scores | -")
        if otter:
            against_otter(fresh, lambda: students / graded("on")[0] * 60, scores, otter)
    return ours, stock, unlike


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
