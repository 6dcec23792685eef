"""Hand in, grade and chart a synthetic class of 30.

All of it is done with nbgrader's own commands in the folder demo/ of the course,
which is made anew each time: no real gradebook and no real hand-in is touched.
The class answers the assignment on metrics, in part rightly.
"""

import datetime
import os
import shutil
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from pathlib import Path

from . import release
from .command import CommandError
from .folders import CONFIG, find_course
from .synthetic_class import ASSIGNMENT, Files, hand_ins, roster

STUDENTS = 30
NOON = datetime.datetime(2026, 3, 2, 12)
COURSE_ID = "immune-modulators"
#: Stands in the configuration of a folder that `run` made and may make anew.
MADE_HERE = "the course's configuration, with folders of its own"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes: nothing."""


def main(arguments: Namespace) -> int:
    """Run the demo in its folder and say where to look."""
    folder = find_course() / "demo"
    run(folder)
    here = os.path.relpath(folder)
    print(f"Scores as a table:   {here}/grades.csv")
    print(f"Scores as a picture: {here}/scores.png")
    print(f"Feedback:            {here}/feedback/s02/{ASSIGNMENT}/{ASSIGNMENT}.html")
    print(f"Gradebook:           {here}/gradebook.db")
    print("To see the class and grade the free text:")
    print(f"  cd {here} && {os.path.relpath(sys.prefix, folder)}/bin/jupyter lab")
    print("  then choose Nbgrader, Formgrader in the menu.")
    return 0


def run(folder: Path, students: int = STUDENTS) -> None:
    """Let a class hand in and grade it; leave gradebook, feedback, table and chart.

    Parameters
    ----------
    folder : Path
        Made anew. A folder that this function did not make is refused.
    students : int

    Raises
    ------
    CommandError
        If the folder is refused or a command fails; the message says which.
    """
    if folder.exists():
        config = folder / CONFIG
        if not config.is_file() or MADE_HERE not in config.read_text():
            raise CommandError(
                f"{folder} was not made by `make demo`: move it out of the way"
            )
        shutil.rmtree(folder)
    course = find_course()
    release.copy_data(ASSIGNMENT, course)
    new_course(folder, {ASSIGNMENT: course / "source" / ASSIGNMENT})
    step(folder, "generate_assignment", ASSIGNMENT)
    step(folder, "release_assignment", ASSIGNMENT)
    (folder / "class.csv").write_text(roster(students))
    step(folder, "db", "student", "import", "class.csv")
    for number, (student, files) in enumerate(hand_ins(folder, students)):
        when = NOON + number * datetime.timedelta(minutes=1)
        hand_in(folder, student, ASSIGNMENT, files, when)
    step(folder, "collect", ASSIGNMENT)
    print(f"  ({students} hand-ins; a few seconds each)", flush=True)
    said = step(folder, "autograde", ASSIGNMENT)
    step(folder, "generate_feedback", ASSIGNMENT)
    step(folder, "export", "--to", "grades.csv")
    chart(folder)
    print(said[said.rindex(f"\n{ASSIGNMENT}: ") :])


def settings(course: Path) -> str:
    """Return a configuration: that of `course`, with the folder it lies in as root."""
    return f"""\
# Made by `make demo`: {MADE_HERE}.
from pathlib import Path

load_subconfig("nbgrader_config.py", path={str(course)!r})
here = Path(__file__).resolve().parent
c = get_config()
c.CourseDirectory.root = str(here)
c.CourseDirectory.db_url = f"sqlite:///{{here / 'gradebook.db'}}?timeout=60"
c.Exchange.root = str(here / "exchange")
c.Exchange.cache = str(here / "cache")
c.ExchangeCollect.check_owner = False  # all hand-ins come from this account
"""


def new_course(folder: Path, assignments: Mapping[str, Path]) -> None:
    """Make a course folder that uses this course's configuration.

    Parameters
    ----------
    folder : Path
        Must not exist.
    assignments : mapping of str to Path
        Each assignment's source folder.
    """
    (folder / "exchange").mkdir(parents=True)
    (folder / CONFIG).write_text(settings(find_course()))
    for name, source in assignments.items():
        shutil.copytree(source, folder / "source" / name)


def nbgrader(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one nbgrader command in a course folder; return it with all it printed."""
    return subprocess.run(
        [str(Path(sys.executable).parent / "nbgrader"), *arguments],
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def step(folder: Path, *arguments: str) -> str:
    """Run one nbgrader command, keep what it says in a log, stop if it fails."""
    print("nbgrader", *arguments, flush=True)
    done = nbgrader(folder, *arguments)
    with open(folder / "nbgrader.log", "a") as log:
        log.write(done.stdout)
    if done.returncode:
        raise CommandError(
            f"{done.stdout}\n`nbgrader {' '.join(arguments)}` failed in {folder}: "
            "the reason stands above"
        )
    return done.stdout


def hand_in(
    folder: Path,
    student: str,
    assignment: str,
    files: Files,
    when: datetime.datetime,
) -> None:
    """Put a hand-in where ``nbgrader submit`` puts it, for ``nbgrader collect``."""
    stamp = when.strftime("%Y-%m-%d %H:%M:%S.%f UTC")
    inbound = folder / "exchange" / COURSE_ID / "inbound"
    inside = inbound / f"{student}+{assignment}+{stamp}"
    inside.mkdir()
    (inside / "timestamp.txt").write_text(stamp)
    for name, content in files.items():
        (inside / name).write_bytes(content)


def chart(folder: Path) -> None:
    """Draw how the class did: points per student, and mean share per task."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from course import style
    from nbgrader.coursedir import CourseDirectory
    from nbgrader_apart import outcomes

    course = CourseDirectory(
        root=str(folder), db_url=f"sqlite:///{folder / 'gradebook.db'}"
    )
    summary = outcomes.summarise(course, ASSIGNMENT)
    shares = summary.shares()
    style.use()
    figure, (points, tasks) = plt.subplots(1, 2, figsize=(9, 3.6))
    points.hist(
        [outcome.score for outcome in summary.graded()],
        bins=range(0, int(summary.max_score) + 2, 2),
        color=style.BLUE,
        edgecolor="white",
    )
    points.set(
        xlabel=f"points of {summary.max_score:g}, free text not yet graded",
        ylabel="students",
        xlim=(0, summary.max_score),
    )
    points.yaxis.get_major_locator().set_params(integer=True)
    tasks.barh(list(shares), list(shares.values()), color=style.BLUE)
    tasks.invert_yaxis()
    tasks.set(xlabel="mean share of the task's points", xlim=(0, 1))
    figure.savefig(folder / "scores.png")
