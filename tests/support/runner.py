"""Run an assignment's cells as nbgrader would, in this process, and count the points.

A kernel for each of the hundred answers in the bank would take minutes. This
runner executes the cells of the source notebook in one fresh namespace per
submission; of a submission that differs in one task only, the cells that this task
can touch. `test_release.py` checks on a few submissions that stock nbgrader gives
the same points.
"""

from __future__ import annotations

import ast
import contextlib
import io
import random
import signal
import warnings
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import answers
import matplotlib.pyplot as plt
import nbformat
import numpy as np
from nbgrader_apart import cells
from nbgrader_apart.cells import grade_id, mark
from term import folders, oncohort

plt.switch_backend("agg")

ROOT = Path(__file__).resolve().parents[2]
COURSE = ROOT / "exercises"
ASSIGNMENTS = folders.assignments(COURSE)
#: Seconds that a cell may take, each time that it runs.
PATIENCE = 300


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
    passed : Counter of str
        How often each test cell passed.
    """

    points: dict[str, float] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    passed: Counter[str] = field(default_factory=Counter)


def source(assignment: str) -> nbformat.NotebookNode:
    """Return the source notebook of an assignment."""
    path = folders.notebook_path(COURSE, "source", assignment)
    return nbformat.read(path, as_version=4)


def is_test(cell: nbformat.NotebookNode) -> bool:
    """Return whether nbgrader gives points for running this cell."""
    return cells.is_code(cell) and cells.is_test(cell)


def is_solution(cell: nbformat.NotebookNode) -> bool:
    """Return whether a student writes code here."""
    return cells.is_code(cell) and cells.is_solution(cell)


def tasks(notebook: nbformat.NotebookNode) -> dict[str, Task]:
    """Return the autograded tasks: a solution cell and the tests that follow it."""
    found: dict[str, Task] = {}
    for cell in notebook.cells:
        if is_solution(cell):
            latest = Task(grade_id(cell), cell.source, [])
            found[latest.name] = latest
        elif is_test(cell):
            latest.tests.append(grade_id(cell))
    return found


def touched(notebook: nbformat.NotebookNode, task: str, written: str) -> set[str]:
    """Return the tasks that must run to see what an answer to `task` does.

    These are the tasks that use a name which the answer binds, directly or through
    another task, and those whose names they use in turn.

    Parameters
    ----------
    notebook : NotebookNode
        The source notebook.
    task : str
        Grade id of the solution cell that is answered.
    written : str
        The answer: what stands in that cell.

    Returns
    -------
    set of str
        Grade ids of solution cells.
    """
    sources = {grade_id(cell): cell.source for cell in notebook.cells}
    parts = {
        name: [sources[name], *(sources[test] for test in each.tests)]
        for name, each in tasks(notebook).items()
    }
    parts[task][0] = written
    bound = {name: _bound(part[0]) for name, part in parts.items()}
    used = {name: _names("\n".join(part)) for name, part in parts.items()}

    found, below = {task}, {task}
    while below:
        below = {n for n in parts if any(used[n] & bound[b] for b in below)} - found
        found |= below
    above = found
    while above:
        above = {n for n in parts if any(used[a] & bound[n] for a in above)} - found
        found |= above
    return found


def tasks_on_the_cohort(notebook: nbformat.NotebookNode) -> set[str]:
    """Return the tasks with a test that reads what a locked cell made of a cohort."""
    reading = oncohort.tests(notebook)
    return {name for name, each in tasks(notebook).items() if reading & {*each.tests}}


def _names(source: str) -> set[str]:
    return {n.id for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Name)}


def _bound(source: str) -> set[str]:
    """Return the names that a cell gives a meaning outside its functions."""
    names: set[str] = set()
    for statement in ast.parse(source).body:
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            names.add(statement.name)
        elif isinstance(statement, (ast.Import, ast.ImportFrom)):
            names |= {a.asname or a.name.split(".")[0] for a in statement.names}
        else:
            names |= {
                node.id
                for node in ast.walk(statement)
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            }
    return names


@contextlib.contextmanager
def _patience(seconds: int):
    """Raise TimeoutError in what runs inside for longer."""

    def stop(number, frame):
        raise TimeoutError(f"the cell ran for more than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def drawn_from(seed: str):
    """Let everything that draws inside draw the same numbers for the same seed."""
    root = np.random.SeedSequence(zlib.crc32(seed.encode()))
    fresh = np.random.default_rng

    def default_rng(given=None):
        return fresh(root.spawn(1)[0] if given is None else given)

    before = random.getstate(), np.random.get_state()  # noqa: NPY002
    random.seed(seed)
    np.random.seed(root.generate_state(1)[0])  # noqa: NPY002 (pandas draws from it)
    np.random.default_rng = default_rng
    try:
        yield
    finally:
        np.random.default_rng = fresh
        random.setstate(before[0])
        np.random.set_state(before[1])  # noqa: NPY002


def run(
    notebook: nbformat.NotebookNode,
    folder: Path,
    written: Mapping[str, str] | None = None,
    only: set[str] | None = None,
    draws: Mapping[str, int] | None = None,
) -> Graded:
    """Grade one submission.

    The hidden tests draw new data each time, here as in a class; inside `drawn_from`
    they draw the same each time.

    Parameters
    ----------
    notebook : NotebookNode
        The source notebook: its test and locked cells are those that count.
    folder : Path
        Where the data files lie.
    written : mapping of str to str, optional
        What the student wrote, by grade id of the solution cell; the source's
        own solution elsewhere.
    only : set of str, optional
        The tasks to run, see `touched`; all of them if left out.
    draws : mapping of str to int, optional
        By grade id: how often a test cell runs, if more than once. It gives its points
        if it passed every time.

    Returns
    -------
    Graded
        With the points of the tasks that ran.
    """
    written, draws = written or {}, draws or {}
    left_out, unknown = set(), set()
    for name, each in tasks(notebook).items():
        if only is not None and name not in only:
            left_out |= {name, *each.tests}
            unknown |= _bound(each.solution)
    graded, names = Graded(), {"__name__": "__main__"}
    plt.close("all")
    with (
        contextlib.chdir(folder),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("default")
        for cell in notebook.cells:
            name = grade_id(cell) or cell.id
            if not cells.is_code(cell) or name in left_out:
                continue
            if unknown and _names(cell.source) & unknown and not mark(cell):
                continue  # it only looks at what a task would have made
            code = written.get(name, cell.source)
            passed, said = _often(code, name, names, draws.get(name, 1))
            if said:
                graded.errors[name] = said
            if is_test(cell):
                graded.passed[name] = passed
                graded.points[name] = 0 if said else mark(cell)["points"]
    plt.close("all")
    return graded


def _often(source: str, name: str, names: dict, times: int) -> tuple[int, str]:
    """Run a cell so many times; return how often it passed, and its last trouble."""
    passed, last = 0, ""
    for _ in range(times):
        with _patience(PATIENCE):
            said = trouble(source, name, names)
        passed, last = passed + (not said), said or last
        if said.startswith("TimeoutError"):
            break  # it would not end the next time either
    return passed, last


def trouble(source: str, name: str, names: dict) -> str:
    """Run a cell; return its exception, or what it wrote to stderr, or nothing."""
    code = compile(source, name, "exec")
    said, complaint = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(complaint):
        try:
            exec(code, names)
        except Exception as error:
            return f"{type(error).__name__}: {error}"
    return complaint.getvalue()


def full_points(notebook: nbformat.NotebookNode) -> dict[str, float]:
    """Return what each test cell can give, by grade id."""
    return {
        grade_id(cell): mark(cell)["points"] for cell in notebook.cells if is_test(cell)
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
