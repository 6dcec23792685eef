"""Run an assignment's cells as nbgrader would, in this process, and count the points.

A kernel for each of the hundred answers in the bank would take minutes. This
runner executes the cells of the source notebook in one fresh namespace per
submission. `test_release.py` checks on a few submissions that stock nbgrader
gives the same points.
"""

from __future__ import annotations

import contextlib
import io
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import nbformat

ROOT = Path(__file__).resolve().parents[2]
COURSE = ROOT / "exercises"
sys.path.insert(0, str(COURSE))

import answers  # noqa: E402
import release  # noqa: E402

ASSIGNMENTS = release.assignments()


@dataclass
class Task:
    """One autograded task: the grade ids and sources of its cells."""

    name: str
    solution: str
    tests: list[str]


@dataclass
class Graded:
    """What a submission got.

    Parameters
    ----------
    points : dict of str to float
        Points of each test cell, by grade id.
    errors : dict of str to str
        For each cell that failed, type and message of its exception; or what it
        wrote to stderr, which nbgrader takes for a failure too.
    """

    points: dict[str, float] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def source(assignment: str) -> nbformat.NotebookNode:
    """Return the source notebook of an assignment."""
    path = release.notebook_path(COURSE, "source", assignment)
    return nbformat.read(path, as_version=4)


def flags(cell: nbformat.NotebookNode) -> dict:
    """Return nbgrader's metadata of a cell; empty if it has none."""
    return cell.metadata.get("nbgrader", {})


def is_test(cell: nbformat.NotebookNode) -> bool:
    """Return whether nbgrader gives points for running this cell."""
    has = flags(cell)
    return cell.cell_type == "code" and has.get("grade", False) and not has["solution"]


def is_solution(cell: nbformat.NotebookNode) -> bool:
    """Return whether a student writes code here."""
    return cell.cell_type == "code" and flags(cell).get("solution", False)


def tasks(notebook: nbformat.NotebookNode) -> dict[str, Task]:
    """Return the autograded tasks: a solution cell and the tests that follow it."""
    found: dict[str, Task] = {}
    for cell in notebook.cells:
        if is_solution(cell):
            latest = Task(flags(cell)["grade_id"], cell.source, [])
            found[latest.name] = latest
        elif is_test(cell):
            latest.tests.append(flags(cell)["grade_id"])
    return found


def run(
    notebook: nbformat.NotebookNode,
    folder: Path,
    written: Mapping[str, str] | None = None,
) -> Graded:
    """Grade one submission.

    Parameters
    ----------
    notebook : NotebookNode
        The source notebook: its test and locked cells are those that count.
    folder : Path
        Where the data files lie.
    written : mapping of str to str, optional
        What the student wrote, by grade id of the solution cell; the source's
        own solution elsewhere.

    Returns
    -------
    Graded
    """
    written = written or {}
    graded, names = Graded(), {"__name__": "__main__"}
    plt.close("all")
    with contextlib.chdir(folder), warnings.catch_warnings():
        warnings.simplefilter("default")
        for cell in notebook.cells:
            if cell.cell_type != "code":
                continue
            name = flags(cell).get("grade_id", cell.id)
            said, complaint = io.StringIO(), io.StringIO()
            with (
                contextlib.redirect_stdout(said),
                contextlib.redirect_stderr(complaint),
            ):
                try:
                    exec(compile(written.get(name, cell.source), name, "exec"), names)
                except Exception as error:
                    graded.errors[name] = f"{type(error).__name__}: {error}"
            if complaint.getvalue():
                graded.errors.setdefault(name, complaint.getvalue())
            if is_test(cell):
                passed = name not in graded.errors
                graded.points[name] = flags(cell)["points"] if passed else 0
    plt.close("all")
    return graded


def full_points(notebook: nbformat.NotebookNode) -> dict[str, float]:
    """Return what each test cell can give, by grade id."""
    return {
        flags(cell)["grade_id"]: flags(cell)["points"]
        for cell in notebook.cells
        if is_test(cell)
    }


def bank(assignment: str) -> list[tuple[str, answers.Wrong | answers.Alternative]]:
    """Return all answers of an assignment's bank, each with its task."""
    module = answers.load(assignment)
    return [
        (task, answer)
        for kind in (module.WRONG, module.ALTERNATIVE)
        for task, given in kind.items()
        for answer in given
    ]
