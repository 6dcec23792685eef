"""Answers to hold an assignment against: wrong ones students give, other right ones.

``exercises/answers/<assignment>.py`` holds three dicts from task (the grade id of
its solution cell) to a list: ``OBJECTIVES``, what the task tests, by the names that
the chapters give; ``WRONG`` of `Wrong`; ``ALTERNATIVE`` of `Alternative`. A task that
is graded by hand stands only in the first. `tests/exercises` runs every answer.
"""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import nbformat
from course import objectives
from nbgrader_apart import cells

#: Where the source notebooks lie.
SOURCE = Path(__file__).resolve().parents[1] / "source"
#: The heading of a task, or of a part of one, without its points.
HEADING = re.compile(
    r"^##+ (?P<title>.+?)(?: \([^()]*points?\b[^()]*\))?$", re.MULTILINE
)


@dataclass(frozen=True)
class Wrong:
    """A wrong answer to one task, told by what differs from the solution.

    Parameters
    ----------
    name : str
        The mistake, in a few words.
    why : str
        The misconception behind it.
    swap : mapping of str to str
        What the solution says, and what the student wrote in its place. Each
        key stands exactly once in the solution cell.
    seen : bool
        Whether the visible test already tells the student. The hidden test
        refuses every wrong answer.
    read : str
        A self-check, such as ``"sc-metrics-half-life"``: its section is the one to
        read again. If it is left out: the sections whose self-checks test the
        objectives of the task.
    """

    name: str
    why: str
    swap: Mapping[str, str]
    seen: bool = True
    read: str = ""

    def source(self, solution: str) -> str:
        """Return the cell that this student handed in.

        Raises
        ------
        ValueError
            If the solution does not say, exactly once, what is to be swapped.
        """
        for right in self.swap:
            if solution.count(right) != 1:
                raise ValueError(
                    f"wrong answer {self.name!r}: the solution has {right!r} "
                    f"{solution.count(right)} times; it must be there once"
                )
        # All at once, so that two things can change places.
        pattern = "|".join(re.escape(right) for right in self.swap)
        return re.sub(pattern, lambda found: self.swap[found[0]], solution)


@dataclass(frozen=True)
class Alternative:
    """A right answer to one task, written in another way than the solution.

    Parameters
    ----------
    name : str
        What is different.
    code : str
        The whole cell.
    """

    name: str
    code: str

    def source(self, solution: str) -> str:
        """Return the cell that this student handed in."""
        return self.code.strip("\n")


def load(assignment: str) -> ModuleType:
    """Return the module of an assignment, with `WRONG` and `ALTERNATIVE`."""
    return importlib.import_module(f"{__name__}.{assignment}")


def assignments() -> list[str]:
    """Return the names of the assignments that have a bank."""
    banks = Path(__file__).parent.glob("[a-z]*.py")
    return sorted(path.stem for path in banks)


@functools.cache
def titles(assignment: str) -> dict[str, str]:
    """Return by task the heading of its section: "Task 3 · Is it a change?"."""
    path = SOURCE / assignment / f"{assignment}.ipynb"
    found: dict[str, str] = {}
    heading = ""
    for cell in nbformat.read(path, as_version=4).cells:
        if cells.is_solution(cell):
            found[cells.grade_id(cell) or ""] = heading
        elif not cells.is_code(cell) and (said := HEADING.search(cell.source)):
            heading = said["title"]
    return found


def tested(assignment: str) -> dict[str, list[str]]:
    """Return by task the names of the objectives that it tests."""
    return dict(load(assignment).OBJECTIVES)


@dataclass(frozen=True)
class Misconception:
    """What a wrong answer means.

    Parameters
    ----------
    assignment, task : str
        Whose wrong answer it is; a task is named by its solution cell.
    name : str
        The mistake, in a few words.
    why : str
        What the student does or believes.
    read : tuple of course.objectives.SelfCheck
        Each stands in a section to read again, most to the point first.
    """

    assignment: str
    task: str
    name: str
    why: str
    read: tuple[objectives.SelfCheck, ...]


def misconceptions(assignment: str) -> list[Misconception]:
    """Return what each wrong answer to an assignment means.

    Raises
    ------
    ValueError
        If a wrong answer names a self-check that the book does not have.
    """
    checks = {check.name: check for check in objectives.selfchecks()}
    found = []
    for task, wrongs in load(assignment).WRONG.items():
        for wrong in wrongs:
            if wrong.read and wrong.read not in checks:
                raise ValueError(
                    f"{assignment}, {task}, {wrong.name!r}: read={wrong.read!r} is no "
                    "self-check of the book"
                )
            read = [checks[wrong.read]] if wrong.read else _sections(assignment, task)
            found.append(
                Misconception(assignment, task, wrong.name, wrong.why, tuple(read))
            )
    return found


def _sections(assignment: str, task: str) -> list[objectives.SelfCheck]:
    """Return one self-check for each section that teaches what a task tests.

    They are those on the objective's own page, or, if it has none there, on any.
    """
    pages = {one.name: one.page for one in objectives.objectives()}
    found: dict[tuple[str, str], objectives.SelfCheck] = {}
    for name in tested(assignment)[task]:
        every = [check for check in objectives.selfchecks() if name in check.objectives]
        own = [check for check in every if check.page == pages.get(name)]
        for check in own or every:
            found.setdefault((check.page, check.section), check)
    return list(found.values())
