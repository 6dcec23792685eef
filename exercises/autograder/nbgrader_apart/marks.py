"""The marks of a class, with what each one is: no mark is not the same as no points."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from nbgrader.api import Assignment, Gradebook, Student, SubmittedAssignment
from nbgrader.coursedir import CourseDirectory

from . import late
from .late import NO_TIME


class Status(StrEnum):
    """What there is of a student's work on one assignment."""

    MARKED = "marked"
    NOT_HANDED_IN = "not handed in"
    NOT_GRADED = "not graded yet"
    NOT_READABLE = "not readable"
    NOT_YET_MARKED = "not yet marked by hand"


@dataclass(frozen=True)
class Mark:
    """One student's mark for one assignment.

    Parameters
    ----------
    student : str
        The id.
    last_name, first_name, email : str
        Empty where the gradebook has none.
    assignment : str
    status : Status
    points : float or None
        So far, and before a penalty; None if nothing was graded.
    penalty : float
        For handing in late.
    max_score : float
    handed_in, due : datetime or None
        UTC, without a zone; `due` with this student's extension.
    late : timedelta
        How much after that it was handed in.
    """

    student: str
    last_name: str
    first_name: str
    email: str
    assignment: str
    status: Status
    points: float | None
    penalty: float
    max_score: float
    handed_in: datetime.datetime | None
    due: datetime.datetime | None
    late: datetime.timedelta = NO_TIME

    @property
    def score(self) -> float | None:
        """The mark: points after the penalty, if all of the work is marked."""
        if self.points is None or self.status is not Status.MARKED:
            return None
        return max(0.0, self.points - self.penalty)


def of_class(
    course: CourseDirectory, gradebook: Gradebook, assignment: Assignment
) -> list[Mark]:
    """Return a mark for each student whom the gradebook knows, in its order."""
    policy = late.of_course(course)
    handed_in = {one.student_id: one for one in assignment.submissions}
    return [
        _mark(course, policy, assignment, student, handed_in.get(student.id))
        for student in gradebook.students
    ]


def _mark(
    course: CourseDirectory,
    policy: late.Policy,
    assignment: Assignment,
    student: Student,
    submission: SubmittedAssignment | None,
) -> Mark:
    status = _status(course, assignment.name, student.id, submission)
    due = policy.due(submission, student.id, assignment.duedate)
    stamp = submission.timestamp if submission else None
    by = max(NO_TIME, stamp - due) if stamp and due else NO_TIME
    points, penalty = None, 0.0
    if submission and status in (Status.MARKED, Status.NOT_YET_MARKED):
        points = submission.score
        if policy.rule is None:
            penalty = submission.late_submission_penalty or 0.0
        else:
            penalty = policy.rule.penalty(points, assignment.max_score, by)
    return Mark(
        student.id,
        student.last_name or "",
        student.first_name or "",
        student.email or "",
        assignment.name,
        status,
        points,
        penalty,
        assignment.max_score,
        stamp,
        due,
        by,
    )


def _status(
    course: CourseDirectory,
    assignment: str,
    student: str,
    submission: SubmittedAssignment | None,
) -> Status:
    submitted = course.format_path(course.submitted_directory, student, assignment)
    if submission is None:
        handed_in = Path(submitted).is_dir()
        return Status.NOT_GRADED if handed_in else Status.NOT_HANDED_IN
    if is_unreadable(course, assignment, student) and not submission.score:
        return Status.NOT_READABLE  # else the mark of an earlier hand-in stays
    waiting = submission.needs_manual_grade
    return Status.NOT_YET_MARKED if waiting else Status.MARKED


def is_unreadable(course: CourseDirectory, assignment: str, student: str) -> bool:
    """Say whether the grading wrote into its copy that a file could not be read."""
    graded = course.format_path(course.autograded_directory, student, assignment)
    return any(
        "unreadable" in json.loads(path.read_text(encoding="utf-8"))["metadata"]
        for path in Path(graded).glob("*.ipynb")
    )
