"""What became of every student's work on an assignment, collected from all places.

The gradebook knows marks, the folder of submissions what was handed in, and the
notebooks that were graded what was found there. `closing` prints it.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Assignment, Gradebook, SubmittedAssignment
from nbgrader.coursedir import CourseDirectory

from . import lookat, marks, places, released, tree
from .lookat import NOTED
from .marks import Mark, Status
from .submission import REFUSED, SUFFIX, TIMESTAMP, odd_id
from .tree import printable

#: Of each student's files no more are named.
MOST_NAMED = 20
NOT_ASKED_FOR = "not asked for"
NOT_GRADED = "is not graded yet"
NEWER = "handed in something else since, which is not graded yet"


@dataclass
class Run:
    """What one run of ``nbgrader autograde`` was to do, and what stopped it.

    Parameters
    ----------
    asked : set of str
        The students whose hand-ins it found.
    come_to : set of str
    failed : dict of str to str
        Why a student's hand-in stopped the grading.
    """

    asked: set[str] = field(default_factory=set)
    come_to: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        """Whether it came to everybody."""
        return bool(self.asked) and self.asked <= self.come_to


@dataclass(frozen=True)
class Outcome:
    """One student's work after grading.

    Parameters
    ----------
    mark : Mark
    problem : str or None
        Why what was handed in could not be graded.
    ungraded : str or None
        Why what was handed in is not graded, if nothing is wrong with it.
    share : dict of str to float or None
        Per task, the fraction of its points; None while a grader is waited for.
    refused : list of str
        What was handed in and not used: ``"data.csv is a link"``.
    notes : list of str
        What was done to it: renamed, restored, copied cells.
    look : list of str
        Why its mark is probably not what the student earned.
    """

    mark: Mark
    problem: str | None = None
    ungraded: str | None = None
    share: dict[str, float | None] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    look: list[str] = field(default_factory=list)

    @property
    def student(self) -> str:
        """The id, as it may be printed."""
        return printable(self.mark.student)

    @property
    def score(self) -> float | None:
        """The points so far, before a penalty; None if nothing was graded."""
        return self.mark.points

    @property
    def handed_in(self) -> bool:
        """Whether there is anything of this student."""
        return self.mark.status is not Status.NOT_HANDED_IN or self.problem is not None

    @property
    def graded(self) -> bool:
        """Whether it could be read and graded."""
        return self.problem is None and self.mark.points is not None

    @property
    def needs_manual_grade(self) -> bool:
        """Whether somebody has to read it."""
        return self.mark.status is Status.NOT_YET_MARKED


@dataclass(frozen=True)
class Summary:
    """The class on one assignment.

    Parameters
    ----------
    assignment : str
    max_score : float
    points : dict of str to float
        Per task, its points.
    outcomes : list of Outcome
        One for each student of the class, and for each other who handed in.
    """

    assignment: str
    max_score: float
    points: dict[str, float]
    outcomes: list[Outcome]

    def handed_in(self) -> list[Outcome]:
        """Return those who handed something in."""
        return [outcome for outcome in self.outcomes if outcome.handed_in]

    def graded(self) -> list[Outcome]:
        """Return the hand-ins that could be read and graded."""
        return [outcome for outcome in self.outcomes if outcome.graded]

    def failed(self) -> list[Outcome]:
        """Return the hand-ins that could not be graded."""
        return [outcome for outcome in self.outcomes if outcome.problem is not None]

    def shares(self) -> dict[str, float]:
        """Return the mean fraction of points per task, over the graded hand-ins.

        A task for which somebody still waits for a manual grade is left out.
        """
        means = {}
        for task in self.points:
            shares = [outcome.share[task] for outcome in self.graded()]
            known = [share for share in shares if share is not None]
            if known and len(known) == len(shares):
                means[task] = sum(known) / len(known)
        return means


def task_of(grade_id: str) -> str:
    """Return the task that a test belongs to: ``das28_esr_hidden`` → ``das28_esr``."""
    return (
        grade_id.removesuffix("_hidden").removesuffix("_visible").removesuffix("_test")
    )


def summarise(
    course: CourseDirectory, assignment: str, run: Run | None = None
) -> Summary:
    """Collect what became of every student's work on an assignment.

    Parameters
    ----------
    course : CourseDirectory
        nbgrader's own description of the course: folders and gradebook.
    assignment : str
    run : Run, optional
        The run that has just ended.

    Raises
    ------
    MissingEntry
        If the gradebook does not know the assignment.
    """
    with Gradebook(course.db_url, course.course_id) as gradebook:
        known = gradebook.find_assignment(assignment)
        reader = _Reader(course, known, run)
        outcomes = [
            reader.outcome(mark) for mark in marks.of_class(course, gradebook, known)
        ]
        outcomes += [
            reader.outcome(_unknown(known, student))
            for student in _others(course, assignment, outcomes)
        ]
        return Summary(assignment, known.max_score, reader.points, outcomes)


def _others(
    course: CourseDirectory, assignment: str, outcomes: list[Outcome]
) -> list[str]:
    """Return whose hand-ins lie there without the gradebook knowing the student."""
    pattern = course.format_path(course.submitted_directory, "*", assignment)
    below = Path(pattern).relative_to(course.root)
    known = {outcome.mark.student for outcome in outcomes}
    found = {path.parent.name for path in Path(course.root).glob(str(below))}
    return sorted(found - known)


def _unknown(assignment: Assignment, student: str) -> Mark:
    return Mark(
        *(student, "", "", "", assignment.name, Status.NOT_GRADED),
        *(None, 0.0, assignment.max_score, None, assignment.duedate),
    )


class _Reader:
    """Reads what there is of each student's work on one assignment."""

    def __init__(
        self, course: CourseDirectory, assignment: Assignment, run: Run | None
    ) -> None:
        self.course, self.assignment, self.run = course, assignment.name, run
        self.points = _points(assignment)
        self.submissions = {one.student_id: one for one in assignment.submissions}
        source = Path(course.format_path(course.source_directory, ".", assignment.name))
        self.told = {
            one.name: released.told(source / f"{one.name}{SUFFIX}")
            for one in assignment.notebooks
        }

    def outcome(self, mark: Mark) -> Outcome:
        """Return what became of one student's work."""
        student = mark.student
        notebooks = self._graded(student)
        about = [notebook["metadata"] for notebook in notebooks.values()]
        problem = next((a["unreadable"] for a in about if "unreadable" in a), None)
        ungraded = None
        if mark.status is not Status.NOT_HANDED_IN:
            folder = self._folder(self.course.submitted_directory, student)
            if not notebooks and (folder.is_dir() or folder.is_symlink()):
                problem, ungraded = self._not_graded(student)
            elif self._has_changed(student):
                ungraded = self._why_not(student) or NEWER
        submission = self.submissions.get(student)
        return Outcome(
            mark,
            problem,
            ungraded,
            _share(submission, self.points) if submission else {},
            [name for one in about for name in one.get("refused", [])],
            [note for one in about for note in _notes(one)],
            [
                reason
                for name, notebook in notebooks.items()
                for reason in lookat.reasons(notebook, self.told.get(name, ()))
            ],
        )

    def _folder(self, step: str, student: str) -> Path:
        return Path(self.course.format_path(step, student, self.assignment))

    def _graded(self, student: str) -> dict[str, Any]:
        folder = self._folder(self.course.autograded_directory, student)
        return {
            path.stem: nbformat.v4.reads(path.read_text("utf-8"))
            for path in sorted(folder.glob(f"*{SUFFIX}"))
        }

    def _has_changed(self, student: str) -> bool:
        """Say whether other files lie there than those that were graded."""
        graded = self._folder(self.course.autograded_directory, student)
        name = self.assignment
        return places.is_what_was_graded(self.course, student, name, graded) is False

    def _not_graded(self, student: str) -> tuple[str | None, str | None]:
        """Return what is wrong with a hand-in, or why it is not graded without that."""
        if reason := odd_id(student):
            return reason, None
        base, below = places.place(self.course, student, self.assignment)
        try:
            found = tree.read(base, *below, ignore=self.course.ignore)
        except OSError as error:
            return str(error), None
        if any(name.endswith(SUFFIX) and "/" not in name for name in found.files):
            if self.run and student in self.run.failed:
                return f"stopped the grading: {self.run.failed[student]}", None
            return None, self._why_not(student) or NOT_GRADED
        names = [name for name in found.files if name not in (TIMESTAMP, REFUSED)]
        named = [*names, *map(str, found.refused)][:MOST_NAMED]
        return f"handed in no notebook, but {', '.join(named) or 'nothing'}", None

    def _why_not(self, student: str) -> str | None:
        if self.run is None or student in self.run.asked:
            return None
        return NOT_ASKED_FOR


def _points(assignment: Assignment) -> dict[str, float]:
    """Return the points of each task that has any, in the notebooks' order."""
    points: dict[str, float] = {}
    for notebook in assignment.notebooks:
        for cell in [*notebook.grade_cells, *notebook.task_cells]:
            task = task_of(cell.name)
            points[task] = points.get(task, 0) + cell.max_score
    return {task: value for task, value in points.items() if value}


def _share(
    submission: SubmittedAssignment, points: dict[str, float]
) -> dict[str, float | None]:
    """Return the fraction of each task's points that a submission got."""
    got = dict.fromkeys(points, 0.0)
    waiting = set()
    for notebook in submission.notebooks:
        for grade in notebook.grades:
            task = task_of(grade.name)
            if task in points:
                got[task] += grade.score or 0
            if grade.auto_score is None and grade.manual_score is None:
                waiting.add(task)
    return {
        task: None if task in waiting else got[task] / points[task] for task in points
    }


def _notes(metadata: Mapping[str, Any]) -> list[str]:
    """Return what was done to a hand-in, from what `intake` noted."""
    noted = metadata.get(NOTED, {})
    notes = []
    if noted.get("file"):
        notes.append(f"{noted['file']} was graded under the assignment's name")
    for name, said in (("missing", "put back"), ("copied", "there twice")):
        if cells := noted.get(name):
            more = f" and {len(cells) - 3} more" if len(cells) > 3 else ""
            notes.append(f"{said}: {', '.join(cells[:3])}{more}")
    return notes


def how_late(late: datetime.timedelta) -> str:
    """Return how late a hand-in is, in the largest unit: ``2 d 3 h``."""
    minutes = int(late.total_seconds() // 60)
    days, hours = divmod(minutes // 60, 24)
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    return f"{hours} h" if hours else f"{max(minutes, 1)} min"
