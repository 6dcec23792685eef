"""How fast a class is graded: ours and stock nbgrader in turn, on the same hand-ins.

``python tests/bench_grading.py [students]`` prints ``name | ours | compared with |
ratio``. What is compared is the time on the clock of one whole ``nbgrader
autograde``, and the scores of everybody.
"""

import datetime
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "exercises"), str(ROOT / "tests/exercises")]

import demo  # noqa: E402
import release  # noqa: E402

NAME = demo.ASSIGNMENT


def hand_in_all(folder, students):
    """Make a course folder with the hand-ins of a class, collected."""
    release.copy_data(NAME)
    demo.new_course(folder, {NAME: demo.HERE / "source" / NAME})
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
import os, sys, time
sys.path.insert(0, {exercises!r})
import runner
os.environ["OPENBLAS_NUM_THREADS"] = "1"
notebook = runner.source({name!r})
for _ in range(3):
    began = time.process_time()
    runner.run(notebook, __import__("pathlib").Path({folder!r}))
print(time.process_time() - began)
"""


def floor(folder):
    """Return the CPU seconds of one submission's cells alone, all imports made."""
    code = FLOOR.format(
        exercises=str(ROOT / "tests/exercises"),
        name=NAME,
        folder=str(folder / "source" / NAME),
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    return float(done.stdout.split()[-1])


def main(students=30):
    """Print the table."""
    with tempfile.TemporaryDirectory() as scratch:
        fresh, made = Path(scratch, "fresh"), {}
        hand_in_all(fresh, students)
        for switch in ("on", "off"):
            made[switch] = grade(shutil.copytree(fresh, Path(scratch, switch)), switch)
        (ours, scores), (stock, same) = made["on"], made["off"]
        least = floor(fresh)
    print(
        f"submissions a minute | {students / ours * 60:.2f} | "
        f"{students / stock * 60:.2f} | {stock / ours:.2f}"
    )
    print(
        f"seconds a submission, against the cells' own CPU (floor) | "
        f"{ours / students:.2f} | {least:.2f} | {least / (ours / students):.2f}"
    )
    unlike = {key for key in scores | same if scores.get(key) != same.get(key)}
    print(f"scores unlike stock's | {len(unlike)} | {len(same)} scores | -")
    return ours, stock, unlike


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
