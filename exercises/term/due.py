"""Say when assignments are due, and who has more time.

Without anything it shows when each is due. With an assignment and a time, which is the
local one of this computer, it sets that (23:59 if there is only a date; `none` takes it
away). With --student and --days it gives one student more time for one assignment that
was handed in; days for all assignments belong into the class list, as extra_days.
What late hand-ins lose is the rule in nbgrader_config.py; it is applied at once.
"""

from __future__ import annotations

import datetime
from argparse import ArgumentParser, Namespace
from pathlib import Path

from nbgrader.api import Assignment, Gradebook, MissingEntry
from nbgrader.coursedir import CourseDirectory
from nbgrader_apart import late, marks
from nbgrader_apart.outcomes import how_late
from nbgrader_apart.tree import printable
from traitlets import TraitError

from . import classlist
from .command import CommandError, NotInGradebook, counted
from .folders import find_course, settings

#: Years that a course may have.
YEARS = range(2000, 2100)


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("assignment", nargs="?", help="name of the assignment")
    parser.add_argument("time", nargs="?", help="2027-03-15, '2027-03-15 18:00', none")
    parser.add_argument("--student", metavar="ID", help="who gets more time")
    parser.add_argument("--days", type=float, help="how much, from the due date on")


def main(arguments: Namespace) -> int:
    """Show or set when assignments are due."""
    course = find_course()
    directory = settings(course)
    try:
        policy = late.of_course(directory)
    except TraitError as problem:
        raise CommandError(str(problem)) from None
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        if arguments.assignment is None:
            _show_all(gradebook, course)
            return 0
        try:
            assignment = gradebook.find_assignment(arguments.assignment)
        except MissingEntry:
            raise NotInGradebook(arguments.assignment) from None
        if arguments.student is not None:
            _extend(gradebook, assignment, arguments.student, arguments.days)
        elif arguments.time is not None:
            assignment.duedate = utc(arguments.time)
        for submission in assignment.submissions:
            if assignment.duedate is None:
                submission.extension = None  # there is nothing to extend
            late.record(submission, policy)
        gradebook.db.commit()
        print(f"{assignment.name}: {_local(assignment.duedate)}")
        _show_late(directory, gradebook, assignment)
    return 0


def utc(text: str) -> datetime.datetime | None:
    """Read a time of this computer's clock; return it in UTC, without a zone.

    Raises
    ------
    CommandError
        If it is none.
    """
    if text.casefold() == "none":
        return None
    try:
        time = datetime.datetime.fromisoformat(text)
        # A slip in the year would make everybody late, or nobody.
        if time.year not in YEARS:
            raise ValueError
    except ValueError:
        raise CommandError(
            f"{text!r} is no time: write 2027-03-15, or '2027-03-15 18:00'"
        ) from None
    if len(text) <= len("2027-03-15"):
        time = time.replace(hour=23, minute=59)
    return time.astimezone(datetime.UTC).replace(tzinfo=None)


def _local(time: datetime.datetime | None) -> str:
    if time is None:
        return "no due date"
    local = time.replace(tzinfo=datetime.UTC).astimezone()
    return f"due {local:%Y-%m-%d %H:%M}"


def _extend(
    gradebook: Gradebook, assignment: Assignment, student: str, days: float | None
) -> None:
    if days is None or days < 0:
        raise CommandError("how many days? Write --days 2 (0 takes them away)")
    if assignment.duedate is None:
        raise CommandError(
            f"{assignment.name} has no due date yet: python -m term due "
            f"{assignment.name} 2027-03-15"
        )
    try:
        submission = gradebook.find_submission(assignment.name, student)
    except MissingEntry:
        raise CommandError(
            f"nothing of {student} is graded yet, and the gradebook keeps extensions "
            "with hand-ins: do it afterwards, or give extra_days on the class list"
        ) from None
    submission.extension = datetime.timedelta(days=days) if days else None


def _show_all(gradebook: Gradebook, course: Path) -> None:
    for assignment in gradebook.assignments:
        print(f"{assignment.name}: {_local(assignment.duedate)}")
    for student, days in classlist.extra_days(course).items():
        print(
            f"  {printable(student)} has {counted(days, 'day')} more, for all of them"
        )


def _show_late(
    directory: CourseDirectory, gradebook: Gradebook, assignment: Assignment
) -> None:
    for mark in marks.of_class(directory, gradebook, assignment):
        if mark.late:
            lost = f", loses {counted(mark.penalty, 'point')}" if mark.penalty else ""
            print(f"  {printable(mark.student)}: {how_late(mark.late)} late{lost}")
