"""The ZIP file of each student, with a cohort of their own; made in parallel.

Each cohort is proved before it leaves: with it, the set-up cells, the solutions, the
looks at the data and every test that reads the cohort run through. If they do not, the
next number is drawn from, so that nobody is given data on which no answer can be right.
"""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import os
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode
from nbgrader_apart import cells, submission, tree
from nbgrader_apart.cells import CellKind, kind_of
from nbgrader_apart.tree import printable

from . import oncohort, personal, release
from .classlist import Student
from .command import CommandError
from .folders import notebook_path
from .personal import Files, Given

HIDDEN = release.SECRET[1][0]
#: So many numbers are tried for one student.
MOST_DRAWS = 20
#: The time in each ZIP file, so that the same copy has the same bytes.
NOON = (1980, 1, 1, 12, 0, 0)
#: A table of 3 MB is packed in a fifth of the default's time, and 6 % larger.
LEVEL = 4


@dataclass(frozen=True)
class Assignment:
    """What all students are given alike, and what proves a cohort.

    Parameters
    ----------
    name : str
    given : dict of str to bytes
        The released files by path.
    proof : tuple of str
        The code that has to run through.
    course : Path
    """

    name: str
    given: Files
    proof: tuple[str, ...]
    course: Path


def prepare(course: Path, name: str) -> Assignment:
    """Read what is handed out, and what proves it."""
    source = nbformat.read(notebook_path(course, "source", name), as_version=4)
    folder = notebook_path(course, "release", name).parent
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    given = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in paths
        if ".ipynb_checkpoints" not in path.parts
    }
    return Assignment(name, given, tuple(proof_of(source)), course)


def proof_of(source: NotebookNode) -> list[str]:
    """Return the code of a source notebook that a cohort can make fail."""
    reading = oncohort.tests(source)
    sources = [
        plain(cell.source)
        for cell in source.cells
        if cells.is_code(cell)
        and (
            kind_of(cell) is not CellKind.TEST
            or HIDDEN not in cell.source
            or cells.grade_id(cell) in reading
        )
    ]
    return oncohort.hanging(sources, oncohort.files(source))


def make(
    course: Path,
    name: str,
    students: Sequence[Student],
    jobs: int,
    say: Callable[[str], None] = print,
) -> Path:
    """Make the copies of a class; return their folder.

    Who was given data before gets the same again.

    Raises
    ------
    CommandError
        If a copy would hold the secret, a student's data do not come out again, or
        none can be drawn with which the solutions run through. Copies that are made
        stay.
    """
    if not students:
        raise CommandError(
            "there is no class list, so nobody to make a copy for: "
            "python -m term class list.csv"
        )
    if odd := [one.id for one in students if submission.odd_id(one.id)]:
        raise CommandError(f"{printable(odd[0])} cannot be the name of a file")
    key = personal.make_secret(course)
    known = personal.register(course, name)
    assignment = prepare(course, name)
    if held := personal.reveals(assignment.given, key, ()):
        raise CommandError(
            f"nothing is released, for {held[0]} in release/{name} holds the secret of "
            f"the course: take it out of source/{name}"
        )
    folder = personal.register_path(course, name).parent
    folder.mkdir(parents=True, exist_ok=True)
    problems = []
    # Nothing is shared with this process: what draws and runs is begun afresh.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        jobs, context, initializer=_begin, initargs=(assignment, key)
    ) as processes:
        work = {
            processes.submit(_copy_for, one.id, known.get(one.id)): one.id
            for one in students
        }
        for count, job in enumerate(as_completed(work), 1):
            made = job.result()
            if isinstance(made, str):
                problems.append(f"{printable(work[job])}: {made}")
            else:
                known[work[job]] = made
            if count % 50 == 0 or count == len(students):
                # Whoever stops it here finds what is made on the register.
                personal.write_register(course, name, known)
                say(f"  {count} of {len(students)}")
    if problems:
        shown = "\n".join(f"  {one}" for one in sorted(problems)[:10])
        raise CommandError(
            f"{len(problems)} of {len(students)} copies could not be made:\n{shown}"
        )
    return folder


# -- in a process of its own

_given: tuple[Assignment, bytes, Mapping[str, Any]]


def _begin(assignment: Assignment, key: bytes) -> None:
    global _given
    os.environ["MPLBACKEND"] = "agg"
    wanted = personal.tables(assignment.course, assignment.name)
    _given = (assignment, key, wanted)


def _copy_for(student: str, known: Given | None) -> Given | str:
    """Write the copy of one student; return what was given, or why it was not."""
    assignment, key, wanted = _given
    try:
        found = _found(student, known)
        if isinstance(found, str):
            return found
        given, own = found
        seed = personal.seed(key, assignment.name, student, given.draw)
        content = {**assignment.given, **own}
        if held := personal.reveals(content, key, [seed]):
            return f"{held[0]} would hold the secret, and is not written"
        folder = personal.register_path(assignment.course, assignment.name).parent
        path = folder / f"{student}.zip"
        part = folder / f".{student}.part"
        part.write_bytes(packed(content, assignment.name))
        part.replace(path)
        return given
    except OSError as error:
        return f"{error.strerror or error}"


def _found(student: str, known: Given | None) -> tuple[Given, Files] | str:
    """Return the data of a student: those given before, or the first that do."""
    assignment, key, wanted = _given
    why = ""
    for draw in range(MOST_DRAWS) if known is None else [known.draw]:
        seed = personal.seed(key, assignment.name, student, draw)
        own = personal.draw_files(wanted, seed)
        sum_ = personal.digest(own)
        if known is not None:
            if sum_ != known.sha256:
                return (
                    "the data that were handed out before do not come out again: are "
                    "secret, cohorts and packages those of then? To hand out others, "
                    f"remove {personal.FOLDER}/{assignment.name}"
                )
            return known, own
        why = fails(assignment, own)
        if not why:
            return Given(draw, sum_), own
    return f"in {MOST_DRAWS} draws the solutions did not run through: {why}"


def fails(assignment: Assignment, own: Mapping[str, bytes]) -> str:
    """Return why solutions and tests do not run through with a cohort, or nothing."""
    given = {k: v for k, v in assignment.given.items() if not k.endswith(".ipynb")}
    names: dict[str, Any] = {"__name__": "__main__", "display": print}
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        tree.write(Path(folder), {**given, **own})
        os.chdir(folder)
        said = io.StringIO()
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                with contextlib.redirect_stderr(said):
                    for source in assignment.proof:
                        exec(source, names)
        except Exception as error:
            return f"{type(error).__name__}: {error}"[:300]
        finally:
            os.chdir(before)
            _close_figures()
    # nbgrader takes it for a failed test.
    return f"it wrote to stderr: {said.getvalue()[:200]}" if said.getvalue() else ""


def plain(source: str) -> str:
    """Return a cell without the lines that only a notebook understands."""
    lines = source.splitlines()
    return "\n".join(one for one in lines if one.lstrip()[:1] not in ("%", "!"))


def _close_figures() -> None:
    import matplotlib.pyplot as plt

    plt.close("all")


def packed(content: Mapping[str, bytes], name: str) -> bytes:
    """Return a ZIP file with one folder, the same for the same content."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for file, data in sorted(content.items()):
            archive.writestr(
                zipfile.ZipInfo(f"{name}/{file}", NOON),
                data,
                compress_type=zipfile.ZIP_DEFLATED,
                compresslevel=LEVEL,
            )
    return written.getvalue()
