"""What became of every hand-in: the table that ends ``nbgrader autograde``."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import Assignment, Gradebook, MissingEntry, SubmittedAssignment
from nbgrader.apps import NbGrader
from nbgrader.coursedir import CourseDirectory

from . import tree
from .intake import place
from .submission import REFUSED, SUFFIX, TIMESTAMP
from .tree import printable

#: Of each student's files no more are named.
MOST_NAMED = 20


@dataclass(frozen=True)
class Outcome:
    """One student's hand-in after grading.

    Parameters
    ----------
    student : str
    score : float or None
        None if there is no mark.
    needs_manual_grade : bool
    problem : str or None
        Why it could not be graded.
    share : dict of str to float or None
        Per task, the fraction of its points; None while a grader is waited for.
    refused : list of str
        What was handed in and not used: ``"data.csv is a link"``.
    """

    student: str
    score: float | None
    needs_manual_grade: bool
    problem: str | None
    share: dict[str, float | None]
    refused: list[str]


@dataclass(frozen=True)
class Summary:
    """All hand-ins of one assignment.

    Parameters
    ----------
    assignment : str
    max_score : float
    points : dict of str to float
        Per task, its points.
    outcomes : list of Outcome
        One for each student who handed in.
    """

    assignment: str
    max_score: float
    points: dict[str, float]
    outcomes: list[Outcome]

    def graded(self) -> list[Outcome]:
        """Return the hand-ins that could be read and graded."""
        return [outcome for outcome in self.outcomes if outcome.problem is None]

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


# -- collecting


def summarise(course: CourseDirectory, assignment: str) -> Summary:
    """Collect what became of every hand-in of an assignment.

    Parameters
    ----------
    course : CourseDirectory
        nbgrader's own description of the course: folders and gradebook.
    assignment : str

    Raises
    ------
    MissingEntry
        If the gradebook does not know the assignment.

    """
    pattern = Path(course.format_path(course.submitted_directory, "*", assignment))
    folders = sorted(Path(course.root).glob(str(pattern.relative_to(course.root))))
    with Gradebook(course.db_url, course.course_id) as gradebook:
        known = gradebook.find_assignment(assignment)
        points = _points(known)
        return Summary(
            assignment,
            known.max_score,
            points,
            [_outcome(course, gradebook, folder, points) for folder in folders],
        )


def _points(assignment: Assignment) -> dict[str, float]:
    """Return the points of each task that has any, in the notebooks' order."""
    points: dict[str, float] = {}
    for notebook in assignment.notebooks:
        for cell in [*notebook.grade_cells, *notebook.task_cells]:
            task = task_of(cell.name)
            points[task] = points.get(task, 0) + cell.max_score
    return {task: value for task, value in points.items() if value}


def _outcome(
    course: CourseDirectory,
    gradebook: Gradebook,
    folder: Path,
    points: dict[str, float],
) -> Outcome:
    student, assignment = folder.parent.name, folder.name
    graded = Path(course.format_path(course.autograded_directory, student, assignment))
    notebooks = [
        json.loads(path.read_text())["metadata"]
        for path in sorted(graded.glob("*.ipynb"))
    ]
    refused = [name for notebook in notebooks for name in notebook.get("refused", [])]
    problem = next(
        (found["unreadable"] for found in notebooks if "unreadable" in found), None
    )
    if not notebooks:
        problem = _not_graded(course, student, assignment)
    name = printable(student)
    try:
        submission = gradebook.find_submission(assignment, student)
    except MissingEntry:
        problem = problem or "is not graded yet"
        return Outcome(name, None, False, problem, {}, refused)
    return Outcome(
        name,
        submission.score,
        submission.needs_manual_grade,
        problem,
        _share(submission, points),
        refused,
    )


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


def _not_graded(course: CourseDirectory, student: str, assignment: str) -> str:
    """Return why a hand-in has not been graded at all."""
    base, below = place(course, student, assignment)
    try:
        found = tree.read(base, *below, ignore=course.ignore)
    except OSError as error:
        return str(error)
    if any(name.endswith(SUFFIX) and "/" not in name for name in found.files):
        return "stopped the grading: its messages are above, under the student's name"
    names = [name for name in found.files if name not in (TIMESTAMP, REFUSED)]
    named = [*names, *map(str, found.refused)][:MOST_NAMED]
    return f"handed in no notebook, but {', '.join(named) or 'nothing'}"


# -- printing


def as_text(summary: Summary) -> str:
    """Return the closing table."""
    lines = ["", f"{summary.assignment}: {len(summary.outcomes)} handed in"]
    lines += [
        _count(len(summary.graded()), f"graded{_mean(summary)}"),
        _waiting(summary),
        _count(len(summary.failed()), "could not be graded"),
        *_names(summary.failed()),
    ]
    refused = [
        f"{outcome.student}: {file}"
        for outcome in summary.outcomes
        for file in outcome.refused[:MOST_NAMED]
    ]
    if refused:
        count = len(refused)
        lines.append(_count(count, f"file{'s' * (count != 1)} not used"))
        lines += [f"       {file}" for file in refused]
    if summary.graded():
        lines += _tasks(summary)
    return "\n".join([*lines, ""])


def _count(number: int, what: str) -> str:
    return f"  {number:4d} {what}"


def _mean(summary: Summary) -> str:
    graded = summary.graded()
    if not graded:
        return ""
    mean = sum(outcome.score or 0 for outcome in graded) / len(graded)
    so_far = any(outcome.needs_manual_grade for outcome in graded)
    return f", mean {mean:.1f} of {summary.max_score:g} points" + " so far" * so_far


def _waiting(summary: Summary) -> str:
    count = sum(outcome.needs_manual_grade for outcome in summary.graded())
    if not count:
        return _count(0, "need a manual grade")
    need = "needs" if count == 1 else "need"
    return _count(count, f"of them {need} a manual grade: formgrader, Manual Grading")


def _names(failed: Iterable[Outcome]) -> list[str]:
    failed = list(failed)
    width = max((len(outcome.student) for outcome in failed), default=0)
    return [f"       {one.student:<{width}}  {one.problem}" for one in failed]


def _tasks(summary: Summary) -> list[str]:
    shares = summary.shares()
    width = max(len(task) for task in summary.points)
    lines = ["", f"  {'task':<{width}}  points  mean share of points"]
    for task, points in summary.points.items():
        share = f"{shares[task]:5.0%}" if task in shares else "   to be graded by hand"
        lines.append(f"  {task:<{width}}  {points:6g}  {share}")
    return lines


def print_closing(app: NbGrader) -> None:
    """Print the table for the assignment that the nbgrader command worked on."""
    if app.coursedir is None or not app.coursedir.assignment_id:
        return
    try:
        print(as_text(summarise(app.coursedir, app.coursedir.assignment_id)))
    except MissingEntry:
        pass  # nbgrader has said so


# -- explaining

#: What could command a terminal, or turn the direction of writing; not ends of lines.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Harmless(logging.Filter):
    """Escapes in a log what a student's file name, or error, may hold."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through, without control characters."""
        text = record.getMessage()
        if CONTROL.search(text):
            record.msg = CONTROL.sub(
                lambda found: found[0].encode("unicode_escape").decode(), text
            )
            record.args = ()
        return True


HARMLESS = Harmless()


#: A gradebook that is locked, a disk that is full: nobody's hand-in.
OF_THE_MACHINE = re.compile(
    r"gradebook cannot be written|OSError|Errno|No space|disk|Permission"
)


class Explain(logging.Filter):
    """Puts the reason of a failure where nbgrader has a traceback, or a guess."""

    reason = ""

    def filter(self, record: logging.LogRecord) -> bool:
        """Reduce a traceback to its reason; say at the end what to do."""
        text = str(record.msg)
        if text.startswith("Traceback"):
            logging.getLogger(record.name).debug("The whole of it:\n%s", text)
            self.reason = reason_of(text)
            record.msg = self.reason
        elif "recently upgraded nbgrader" in text or "the above traceback" in text:
            record.msg = f"{self.reason}. No mark is lost. {self._what_to_do()}"
        return not record.exc_info  # nbgrader says it twice

    def _what_to_do(self) -> str:
        again = "run the same command again (with --debug it says more)."
        if OF_THE_MACHINE.search(self.reason):
            return (
                "See that no other program holds the gradebook and that the disk has "
                f"room, then {again}"
            )
        return f"The others are graded. To try once more, {again}"


#: One for all logs: a second one would find nothing left to explain.
EXPLAIN = Explain()


def reason_of(traceback: str) -> str:
    """Return what a traceback ends with, in plain words if it is the gradebook."""
    lines = [line for line in traceback.splitlines() if line.strip()]
    for line in lines:
        if line.startswith("sqlalchemy.exc.OperationalError"):
            said = line.split("OperationalError)")[-1].strip()
            return f"The gradebook cannot be written: {said}"
    return lines[-1]
