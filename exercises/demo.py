"""A synthetic class of 30 hands in and is graded, with nbgrader's own commands.

``make demo`` runs it. All of it happens in the folder ``demo`` beside this
file, which is made anew each time: no real gradebook or hand-in is touched.
The class answers with the right and wrong answers of the bank in ``answers/``.
"""

import datetime
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import answers
import nbformat
import release
from nbformat.notebooknode import NotebookNode

HERE = Path(__file__).resolve().parent
ASSIGNMENT = "metrics"
STUDENTS = 30
NOON = datetime.datetime(2026, 3, 2, 12)
COURSE = "immune-modulators"
MADE_HERE = "# Made by exercises/demo.py"
CONFIG = f"""\
{MADE_HERE}: the course's configuration, with folders of its own.
from pathlib import Path

load_subconfig("nbgrader_config.py", path={str(HERE)!r})
here = Path(__file__).resolve().parent
c = get_config()
c.CourseDirectory.root = str(here)
c.CourseDirectory.db_url = f"sqlite:///{{here / 'gradebook.db'}}?timeout=60"
c.Exchange.root = str(here / "exchange")
c.Exchange.cache = str(here / "cache")
c.ExchangeCollect.check_owner = False  # all hand-ins come from this account
"""

Files = Mapping[str, bytes]
NAMES = (
    "Ada Amir Anna Ben Carla Chen Dina Emil Fatou Goran Hana Ines Ivan Jonas Kaya "
    "Lena Luca Maja Mei Nadia Noor Omar Pia Quinn Rosa Sami Tara Umar Vera Yuki"
).split()

# -- a course folder


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
    (folder / "nbgrader_config.py").write_text(CONFIG)
    for name, source in assignments.items():
        shutil.copytree(source, folder / "source" / name)


def nbgrader(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run one nbgrader command in a course folder; return it with all it printed."""
    return subprocess.run(
        [str(Path(sys.executable).parent / "nbgrader"), *arguments],
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def hand_in(
    folder: Path,
    student: str,
    assignment: str,
    files: Files,
    when: datetime.datetime,
) -> None:
    """Put a hand-in where ``nbgrader submit`` puts it, for ``nbgrader collect``."""
    stamp = when.strftime("%Y-%m-%d %H:%M:%S.%f UTC")
    inbound = folder / "exchange" / COURSE / "inbound"
    inside = inbound / f"{student}+{assignment}+{stamp}"
    inside.mkdir()
    (inside / "timestamp.txt").write_text(stamp)
    for name, content in files.items():
        (inside / name).write_bytes(content)


# -- the class


def hand_ins(folder: Path, students: int, seed: int = 1) -> Iterator[tuple[str, Files]]:
    """Make what a class hands in.

    Of every ten students one is right throughout, six are right in part, one
    hands in the notebook as it was handed out, and two hand in something broken.

    Parameters
    ----------
    folder : Path
        A course folder in which the assignment is generated.
    students : int
    seed : int
        Decides who answers what.

    Yields
    ------
    str
        The student: ``"s01"``, ``"s02"``, ...
    mapping of str to bytes
        The files, by name.
    """
    draw = random.Random(seed)
    source, released = (
        nbformat.read(release.notebook_path(folder, step, ASSIGNMENT), as_version=4)
        for step in ("source", "release")
    )
    broken = iter(BROKEN * students)
    for number in range(students):
        place = number % 10
        ability = {0: 1.0, 7: 0.0}.get(place, draw.uniform(0.3, 0.95))
        notebook = answered(draw, source, released, ability, tries=0.8 * (place != 7))
        spoil = next(broken) if place > 7 else as_it_is
        yield f"s{number + 1:02d}", spoil(notebook)


def roster(students: int) -> str:
    """Return the class list that ``nbgrader db student import`` reads."""
    rows = [
        f"s{number + 1:02d},{NAMES[number % len(NAMES)]},Example"
        for number in range(students)
    ]
    return "\n".join(["id,first_name,last_name", *rows, ""])


def answered(
    draw: random.Random,
    source: NotebookNode,
    released: NotebookNode,
    ability: float,
    tries: float,
) -> NotebookNode:
    """Return the notebook of one student.

    Parameters
    ----------
    draw : random.Random
    source, released : NotebookNode
        The assignment with its solutions, and as it was handed out.
    ability : float
        The probability that a task is right.
    tries : float
        The probability that a task that is not right holds one of the bank's
        wrong answers; else it is left as it was handed out.
    """
    bank = answers.load(ASSIGNMENT)
    solutions = {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in source.cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }
    notebook = nbformat.from_dict(released)
    for cell in notebook.cells:
        task = cell.metadata.get("nbgrader", {}).get("grade_id")
        right = draw.random() < ability
        if task not in solutions or not (right or draw.random() < tries):
            continue
        if cell.cell_type == "markdown":
            cell.source = FREE_TEXT[right]
            continue
        chosen = draw.choice((bank.ALTERNATIVE if right else bank.WRONG)[task])
        lines = chosen.source(solutions[task]).splitlines()
        cell.source = "\n".join(line for line in lines if " SOLUTION" not in line)
    return notebook


FREE_TEXT = {
    True: "CRP falls because the drug blocks the signal for it, whether or not the "
    "joints get better. I would count joints, and compare the arms.",
    False: "CRP fell in nearly everybody, so the drug works.",
}


def as_it_is(notebook: NotebookNode) -> Files:
    """Hand in the notebook."""
    return {f"{ASSIGNMENT}.ipynb": nbformat.writes(notebook).encode()}


def cut_off(notebook: NotebookNode) -> Files:
    """Hand in half of the file: the upload broke off."""
    (name, data), *_ = as_it_is(notebook).items()
    return {name: data[: len(data) // 2]}


def without_tests(notebook: NotebookNode) -> Files:
    """Delete the visible tests."""
    notebook.cells = [
        cell for cell in notebook.cells if not cell.id.endswith("-visible")
    ]
    return as_it_is(notebook)


def printed(notebook: NotebookNode) -> Files:
    """Hand in a PDF under the notebook's name."""
    return {f"{ASSIGNMENT}.ipynb": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"}


def downloaded_twice(notebook: NotebookNode) -> Files:
    """Hand in the notebook under the name that a browser gave it."""
    return {f"{ASSIGNMENT} (1).ipynb": nbformat.writes(notebook).encode()}


def empty(notebook: NotebookNode) -> Files:
    """Hand in a file of no bytes."""
    return {f"{ASSIGNMENT}.ipynb": b""}


def with_copies(notebook: NotebookNode) -> Files:
    """Copy some cells, grade ids and all."""
    notebook.cells += [
        nbformat.from_dict({**cell, "id": f"copy-{cell.id}"})
        for cell in notebook.cells[4:9]
    ]
    return as_it_is(notebook)


def word_document(notebook: NotebookNode) -> Files:
    """Hand in something else altogether."""
    return {f"{ASSIGNMENT}.docx": b"PK\x03\x04"}


BROKEN: list[Callable[[NotebookNode], Files]] = [
    cut_off,
    downloaded_twice,
    printed,
    without_tests,
    empty,
    word_document,
    with_copies,
]


# -- the run


def run(folder: Path, students: int = STUDENTS) -> None:
    """Let a class hand in and grade it; leave gradebook, feedback, table and chart.

    Parameters
    ----------
    folder : Path
        Made anew. A folder that this function did not make is refused.
    students : int

    Raises
    ------
    SystemExit
        If the folder is refused or a command fails; the message says which.
    """
    if folder.exists():
        config = folder / "nbgrader_config.py"
        if not config.is_file() or not config.read_text().startswith(MADE_HERE):
            sys.exit(f"{folder} was not made by `make demo`: move it out of the way")
        shutil.rmtree(folder)
    release.copy_data(ASSIGNMENT)
    new_course(folder, {ASSIGNMENT: HERE / "source" / ASSIGNMENT})
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


def step(folder: Path, *arguments: str) -> str:
    """Run one nbgrader command, keep what it says in a log, stop if it fails."""
    print("nbgrader", *arguments, flush=True)
    done = nbgrader(folder, *arguments)
    with open(folder / "nbgrader.log", "a") as log:
        log.write(done.stdout)
    if done.returncode:
        sys.exit(
            f"{done.stdout}\n`nbgrader {' '.join(arguments)}` failed in {folder}: "
            "the reason stands above"
        )
    return done.stdout


def chart(folder: Path) -> None:
    """Draw how the class did: points per student, and mean share per task."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    import summary
    from course import style
    from nbgrader.coursedir import CourseDirectory

    course = CourseDirectory(
        root=str(folder), db_url=f"sqlite:///{folder / 'gradebook.db'}"
    )
    outcome = summary.summarise(course, ASSIGNMENT)
    shares = outcome.shares()
    style.use()
    figure, (points, tasks) = plt.subplots(1, 2, figsize=(9, 3.6))
    points.hist(
        [one.score for one in outcome.graded()],
        bins=range(0, int(outcome.max_score) + 2, 2),
        color=style.BLUE,
        edgecolor="white",
    )
    points.set(
        xlabel=f"points of {outcome.max_score:g}, free text not yet graded",
        ylabel="students",
        xlim=(0, outcome.max_score),
    )
    points.yaxis.get_major_locator().set_params(integer=True)
    tasks.barh(list(shares), list(shares.values()), color=style.BLUE)
    tasks.invert_yaxis()
    tasks.set(xlabel="mean share of the task's points", xlim=(0, 1))
    figure.savefig(folder / "scores.png")


def main() -> None:
    """Run the demo in its folder and say where to look."""
    folder = HERE / "demo"
    run(folder)
    here = os.path.relpath(folder)
    print(f"Scores as a table:   {here}/grades.csv")
    print(f"Scores as a picture: {here}/scores.png")
    print(f"Feedback:            {here}/feedback/s02/{ASSIGNMENT}/{ASSIGNMENT}.html")
    print(f"Gradebook:           {here}/gradebook.db")
    print("To see the class and grade the free text:")
    print(f"  cd {here} && {os.path.relpath(sys.prefix, folder)}/bin/jupyter lab")
    print("  then choose Nbgrader, Formgrader in the menu.")


if __name__ == "__main__":
    main()
