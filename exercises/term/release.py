"""Make the students' copies of the assignments.

For each assignment: copies the data files that its notebook names to lie beside
the notebook; lets nbgrader make the students' copy, in the folder release/; and
refuses the copy if a solution or a hidden test can still be read in it. The tasks
are entered into the gradebook, unless only copies are asked for: who reads the book
or does the exercises changes no gradebook.

With --personal it also makes, in personal/ASSIGNMENT, a ZIP file for each student of
the class list, with a cohort that nobody else has. `nbgrader autograde` grades each on
theirs. Who was given data before gets the same again.
"""

from __future__ import annotations

import datetime
import os
import shutil
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode
from nbgrader_apart import tree

from .command import CommandError
from .folders import (
    CONFIG,
    assignments,
    find_course,
    find_data,
    notebook_path,
    require_assignment,
    settings,
)
from .submissions import OLDER

#: Pairs of lines that enclose what no student may see.
SECRET = (
    ("### BEGIN SOLUTION", "### END SOLUTION"),
    ("### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"),
)
#: Where a copy is made, until it is known to be right.
FRESH = ".releasing"
#: What nbgrader says where tasks have come or gone since hand-ins were graded.
HANDED_IN = "Cannot add or remove cells"
#: A shorter line tells a student nothing: ``else:``.
TELLING_LENGTH = 8


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "assignment", nargs="*", help="name of an assignment (without one: all)"
    )
    parser.add_argument(
        "--without-gradebook",
        action="store_true",
        help="make only the copies, and only those that are not up to date",
    )

    parser.add_argument(
        "--personal",
        action="store_true",
        help="make a copy with a cohort of its own for each student of the class list",
    )
    parser.add_argument(
        "--jobs",
        type=int,
        default=os.cpu_count() or 1,
        help="so many personal copies at a time (%(default)s)",
    )


def main(arguments: Namespace) -> int:
    """Release the assignments that are named, or all of them."""
    course = find_course()
    if arguments.personal:
        return _release_personal(course, arguments)
    for name in arguments.assignment or assignments(course):
        folder = release(name, course, gradebook=not arguments.without_gradebook)
        print(f"{name}: {os.path.relpath(folder)}")
    return 0


def _release_personal(course: Path, arguments: Namespace) -> int:
    from . import classlist, personal, personalcopies

    if not arguments.assignment or arguments.without_gradebook:
        raise CommandError(
            "name the assignments whose students are to have data of their own: "
            "python -m term release --personal metrics"
        )
    for name in arguments.assignment:
        require_assignment(course, name)
        personal.require_declared(course, name)
    for name in arguments.assignment:
        release(name, course)
        students = classlist.load(course)
        print(f"{name}: a copy for each of {len(students)} students")
        folder = personalcopies.make(course, name, students, max(1, arguments.jobs))
        print(f"{name}: {os.path.relpath(folder)}")
    print(
        f"Who has which data can be drawn again only with {personal.SECRET}: keep it, "
        "and show it to nobody."
    )
    return 0


def release(
    name: str, course: Path, data: Path | None = None, *, gradebook: bool = True
) -> Path:
    """Make the students' copy of one assignment and return its folder.

    Parameters
    ----------
    name : str
    course : Path
        The course's folder.
    data : Path, optional
        The folder with the synthetic cohorts, by default the course's own.
    gradebook : bool, optional
        Whether the tasks are entered into the gradebook. Otherwise a copy that is
        newer than all that it is made of stays as it is.

    Raises
    ------
    CommandError
        If there is no such assignment, a data file is missing, nbgrader fails,
        or a secret is still in the copy; then an earlier copy stays as it is.
    """
    require_assignment(course, name)
    copy_data(name, course, data)
    folder = notebook_path(course, "release", name).parent
    if not gradebook and is_up_to_date(name, course, data):
        return folder
    fresh = course / FRESH
    tree.remove(fresh)
    try:
        generate(name, course, gradebook=gradebook, into=fresh)
        refuse_leaks(name, course, fresh)
        replace(name, course, fresh / name)
    finally:
        tree.remove(fresh)
    return folder


def refuse_leaks(name: str, course: Path, fresh: Path) -> None:
    """Refuse a copy, in the folder `fresh`, in which a secret can be read.

    Raises
    ------
    CommandError
        Which says what can be read.
    """
    source, released = (
        nbformat.read(path, as_version=4)
        for path in (
            notebook_path(course, "source", name),
            fresh / name / f"{name}.ipynb",
        )
    )
    if found := leaks(source, released):
        raise CommandError(
            f"{name} is not released, since a student could read {found[0]!r}"
            + (f" and {len(found) - 1} more lines" if len(found) > 1 else "")
            + ": put it between the lines that mark a solution or hidden tests"
        )


def replace(name: str, course: Path, fresh: Path) -> None:
    """Put the copy in the folder `fresh` where the released one is.

    What was handed out is kept, in older/, once somebody has handed it in: their
    answers are read beside it.
    """
    here = notebook_path(course, "release", name).parent
    notebooks = [folder / f"{name}.ipynb" for folder in (here, fresh)]
    there = all(path.is_file() for path in notebooks)
    same = there and notebooks[0].read_bytes() == notebooks[1].read_bytes()
    submitted = course / settings(course).submitted_directory
    if here.is_dir() and not same and any(submitted.glob(f"*/{name}")):
        stamp = f"{datetime.datetime.now():%Y-%m-%d %H.%M.%S}"
        kept = course / OLDER / name / f"release before {stamp}"
        kept.parent.mkdir(parents=True, exist_ok=True)
        here.rename(kept)
    tree.remove(here)
    here.parent.mkdir(exist_ok=True)
    fresh.rename(here)


def data_files(name: str, course: Path, data: Path | None = None) -> list[Path]:
    """Return the data files that an assignment needs.

    The notebook lists them as ``metadata.course.data``: ``crp.csv`` lies in `data`,
    ``curated/agents.csv`` in the folder ``curated`` beside it.

    Raises
    ------
    CommandError
        If the notebook does not say, or names a file that does not exist.
    """
    data = data or find_data(course)
    source = notebook_path(course, "source", name)
    needed = nbformat.read(source, as_version=4).metadata.get("course", {}).get("data")
    if needed is None:
        raise CommandError(
            f"{source}: the notebook's metadata has no course.data: "
            "list the data files that it reads there"
        )
    paths = [(data.parent if "/" in file else data) / file for file in needed]
    for file, path in zip(needed, paths, strict=True):
        if not path.is_file():
            raise CommandError(
                f"{name} needs {file}, which is not in {path.parent}: "
                "write the data with `make data`, or mend course.data in the notebook"
            )
    return paths


def copy_data(name: str, course: Path, data: Path | None = None) -> None:
    """Put the data files of an assignment beside its source notebook."""
    beside = notebook_path(course, "source", name).parent
    wanted = data_files(name, course, data)
    for stale in (*beside.glob("*.csv"), *beside.glob("*.html")):
        if stale.name not in {path.name for path in wanted}:
            stale.unlink()
    for path in wanted:
        there = beside / path.name
        if not there.is_file() or there.read_bytes() != path.read_bytes():
            shutil.copyfile(path, there)


def is_up_to_date(name: str, course: Path, data: Path | None = None) -> bool:
    """Return whether the released copy is newer than all that it is made of."""
    released = notebook_path(course, "release", name)
    if not released.is_file():
        return False
    files = data_files(name, course, data)
    folders = (released.parent, notebook_path(course, "source", name).parent)
    if not all((f / path.name).is_file() for path in files for f in folders):
        return False
    made_of = [
        notebook_path(course, "source", name),
        Path(__file__),
        course / CONFIG,
        *files,
    ]
    newest = max(path.stat().st_mtime for path in made_of if path.is_file())
    return released.stat().st_mtime > newest


def generate(
    name: str, course: Path, *, gradebook: bool = True, into: Path | None = None
) -> None:
    """Let nbgrader make the released copy, and enter the tasks into the gradebook.

    Parameters
    ----------
    name : str
    course : Path
    gradebook : bool, optional
    into : Path, optional
        The folder for the copy, by default the course's ``release``.

    Raises
    ------
    CommandError
        With nbgrader's own words, if it fails.
    """
    # nbgrader calls alembic by name.
    beside_python = str(Path(sys.executable).parent)
    path = os.pathsep.join([beside_python, os.environ.get("PATH", "")])
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", name, "--force"]
    if into is not None:
        command.append(f"--CourseDirectory.release_directory={into}")
    made = subprocess.run(
        command if gradebook else [*command, "--no-db"],
        cwd=course,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
    )
    if HANDED_IN in made.stderr:
        raise CommandError(
            f"{name} has other cells than those that were handed in, and is not "
            f"released: `python -m term regrade {name}` shows what would change"
        )
    if made.returncode:
        raise CommandError(f"nbgrader could not release {name}:\n{made.stderr.strip()}")


def secrets(source: str) -> tuple[set[str], set[str]]:
    """Return the lines of a cell inside and outside its secret regions, stripped."""
    inside: set[str] = set()
    outside: set[str] = set()
    end = None  # the line that ends the region, while in one
    for line in map(str.strip, source.splitlines()):
        begun = [last for first, last in SECRET if first in line]
        if begun:
            end = begun[0]
        elif end and end in line:
            end = None
        else:
            (inside if end else outside).add(line)
    return inside, outside


def leaks(source: NotebookNode, released: NotebookNode) -> list[str]:
    """Return the secret lines of `source` that a student could read in `released`.

    A line that also stands outside the secret regions, or that is too short to
    tell anything, is no leak. Outputs count: a solution must not be seen at work.
    """
    hidden: set[str] = set()
    shown: set[str] = set()
    for cell in source.cells:
        inside, outside = secrets(cell.source)
        hidden |= inside
        shown |= outside
    text = "\n".join(cell.source for cell in released.cells)
    readable = {line.strip() for line in text.splitlines()}
    secret_lines = (hidden - shown) & readable
    return [
        *sorted(line for line in secret_lines if len(line) >= TELLING_LENGTH),
        *(first for first, _ in SECRET if first in text),
        *(
            f"output of cell {cell.id}"
            for cell in released.cells
            if cell.get("outputs")
        ),
    ]
