"""Make the students' copies: ``python exercises/release.py [ASSIGNMENT ...]``.

For each assignment: copies the data files that its notebook names
(``metadata.course.data``) to lie beside the notebook, ``crp.csv`` from
``data/synthetic`` and ``curated/agents.csv`` from ``data/curated``; lets
nbgrader make the released copy; and refuses it if a solution or a hidden test is
still in it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat

COURSE = Path(__file__).resolve().parent
DATA = COURSE.parent / "data" / "synthetic"

#: Pairs of lines that enclose what no student may see.
SECRET = (
    ("### BEGIN SOLUTION", "### END SOLUTION"),
    ("### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"),
)


class ReleaseError(Exception):
    """The assignment cannot be handed out; the message says what to do."""


def assignments(course: Path = COURSE) -> list[str]:
    """Return the names of the assignments that have a source notebook."""
    found = (course / "source").glob("*/*.ipynb")
    return sorted(path.stem for path in found if path.stem == path.parent.name)


def notebook_path(course: Path, step: str, name: str) -> Path:
    """Return where the notebook of an assignment lies: step is source or release."""
    return course / step / name / f"{name}.ipynb"


def data_files(name: str, course: Path = COURSE, data: Path = DATA) -> list[Path]:
    """Return the data files that an assignment needs.

    Raises
    ------
    ReleaseError
        If the notebook does not say, or names a file that is not in `data`.
    """
    source = notebook_path(course, "source", name)
    needed = nbformat.read(source, as_version=4).metadata.get("course", {}).get("data")
    if needed is None:
        raise ReleaseError(
            f"{source}: the notebook's metadata has no course.data: "
            "list the data files that it reads there"
        )
    # A name with a folder starts beside `data`: curated/agents.csv.
    paths = [(data.parent if "/" in one else data) / one for one in needed]
    for filename, path in zip(needed, paths, strict=True):
        if not path.is_file():
            raise ReleaseError(
                f"{name} needs {filename}, which is not in {path.parent}: "
                "write the data with `make data`, or mend course.data in the notebook"
            )
    return paths


def copy_data(name: str, course: Path = COURSE, data: Path = DATA) -> None:
    """Put the data files of an assignment beside its source notebook."""
    beside = notebook_path(course, "source", name).parent
    wanted = data_files(name, course, data)
    for stale in beside.glob("*.csv"):
        if stale.name not in {path.name for path in wanted}:
            stale.unlink()
    for path in wanted:
        there = beside / path.name
        if not there.is_file() or there.read_bytes() != path.read_bytes():
            shutil.copyfile(path, there)


def secrets(source: str) -> tuple[set[str], set[str]]:
    """Return the lines of a cell inside and outside its secret regions, stripped."""
    inside, outside, end = set(), set(), None
    for line in map(str.strip, source.splitlines()):
        begun = [last for first, last in SECRET if first in line]
        if begun:
            end = begun[0]
        elif end and end in line:
            end = None
        else:
            (inside if end else outside).add(line)
    return inside, outside


def leaks(source: nbformat.NotebookNode, released: nbformat.NotebookNode) -> list[str]:
    """Return the secret lines of `source` that a student could read in `released`.

    A line that also stands outside the secret regions, or that is too short to
    tell anything, is no leak. Outputs count: a solution must not be seen at work.
    """
    hidden, shown = set(), set()
    for cell in source.cells:
        inside, outside = secrets(cell.source)
        hidden |= inside
        shown |= outside
    text = "\n".join(cell.source for cell in released.cells)
    readable = {line.strip() for line in text.splitlines()}
    found = sorted(line for line in (hidden - shown) & readable if len(line) > 7)
    found += [first for first, _ in SECRET if first in text]
    found += [
        f"output of cell {cell.id}" for cell in released.cells if cell.get("outputs")
    ]
    return found


def up_to_date(name: str, course: Path = COURSE, data: Path = DATA) -> bool:
    """Return whether the released copy is newer than all that it is made of."""
    released = notebook_path(course, "release", name)
    if not released.is_file() or not (course / "gradebook.db").is_file():
        return False
    beside = [released.parent / path.name for path in data_files(name, course, data)]
    if not all(path.is_file() for path in beside):
        return False
    made_of = [
        notebook_path(course, "source", name),
        Path(__file__),
        course / "nbgrader_config.py",
        *data_files(name, course, data),
    ]
    newest = max(path.stat().st_mtime for path in made_of if path.is_file())
    return released.stat().st_mtime > newest


def generate(name: str, course: Path = COURSE) -> None:
    """Let nbgrader make the released copy and enter the tasks into the gradebook.

    Raises
    ------
    ReleaseError
        With nbgrader's own words, if it fails.
    """
    # nbgrader calls alembic by name.
    beside_python = str(Path(sys.executable).parent)
    path = os.pathsep.join([beside_python, os.environ.get("PATH", "")])
    made = subprocess.run(
        [sys.executable, "-m", "nbgrader", "generate_assignment", name, "--force"],
        cwd=course,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
    )
    if made.returncode:
        raise ReleaseError(f"nbgrader could not release {name}:\n{made.stderr.strip()}")


def release(name: str, course: Path = COURSE, data: Path = DATA) -> Path:
    """Make the students' copy of one assignment and return its folder.

    Raises
    ------
    ReleaseError
        If there is no such assignment, a data file is missing, nbgrader fails,
        or a secret is still in the copy; then there is no copy.
    """
    if name not in assignments(course):
        raise ReleaseError(
            f"there is no assignment {name!r}; there are: "
            + (", ".join(assignments(course)) or "none")
        )
    copy_data(name, course, data)
    folder = notebook_path(course, "release", name).parent
    if up_to_date(name, course, data):
        return folder
    generate(name, course)
    source, released = (
        nbformat.read(notebook_path(course, step, name), as_version=4)
        for step in ("source", "release")
    )
    found = leaks(source, released)
    if found:
        shutil.rmtree(folder)
        raise ReleaseError(
            f"{name} is not released, since a student could read {found[0]!r}"
            + (f" and {len(found) - 1} more lines" if len(found) > 1 else "")
            + ": put it between the lines that mark a solution or hidden tests"
        )
    return folder


def main() -> int:
    """Release the assignments named on the command line, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="*", help="assignments (all)")
    for name in parser.parse_args().name or assignments():
        try:
            folder = release(name)
        except ReleaseError as error:
            print(error, file=sys.stderr)
            return 1
        print(f"{name}: {os.path.relpath(folder)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
