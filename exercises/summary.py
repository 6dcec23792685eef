"""What happened to every hand-in: printed when ``nbgrader autograde`` ends.

``python summary.py metrics`` prints it again at any time.
"""

import json
import logging
import sys
from pathlib import Path
from typing import NamedTuple

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.coursedir import CourseDirectory


class Submission(NamedTuple):
    """One student's hand-in after grading."""

    student: str
    score: float | None
    needs_manual_grade: bool
    problem: str | None
    share: dict[str, float | None]
    """Per task, the fraction of its points; None while a grader is waited for."""


class Summary(NamedTuple):
    """All hand-ins of one assignment."""

    assignment: str
    max_score: float
    points: dict[str, float]
    """Per task, its points."""
    submissions: list[Submission]
    quarantined: list[str]
    """Students' files that were moved away: ``"s01: data.csv"``."""

    def graded(self) -> list[Submission]:
        """Return the hand-ins that could be read and graded."""
        return [one for one in self.submissions if one.problem is None]

    def shares(self) -> dict[str, float]:
        """Return the mean fraction of points per task, over the graded hand-ins.

        A task for which somebody still waits for a manual grade is left out.
        """
        found = {
            task: [one.share[task] for one in self.graded()] for task in self.points
        }
        return {
            task: sum(shares) / len(shares)
            for task, shares in found.items()
            if shares and None not in shares
        }


def task_of(grade_id: str) -> str:
    """Return the task that a test belongs to: ``das28_esr_hidden`` → ``das28_esr``."""
    return (
        grade_id.removesuffix("_hidden").removesuffix("_visible").removesuffix("_test")
    )


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
        cells = [
            cell
            for notebook in known.notebooks
            for cell in notebook.grade_cells + notebook.task_cells
        ]
        points: dict[str, float] = {}
        for cell in cells:
            points[task_of(cell.name)] = (
                points.get(task_of(cell.name), 0) + cell.max_score
            )
        points = {task: value for task, value in points.items() if value}
        submissions = [
            _submission(course, gradebook, assignment, folder, points)
            for folder in folders
        ]
        aside = Path(course.root, "quarantine")
        quarantined = [
            f"{path.relative_to(aside).parts[0]}: "
            f"{Path(*path.relative_to(aside).parts[2:])}"
            for path in sorted(aside.glob(f"*/{assignment}/**/*"))
            if path.is_symlink() or not path.is_dir()
        ]
        return Summary(assignment, known.max_score, points, submissions, quarantined)


def _submission(course, gradebook, assignment, folder, points) -> Submission:
    student = folder.parent.name
    graded = Path(course.format_path(course.autograded_directory, student, assignment))
    problem = _problem(folder, graded)
    try:
        submission = gradebook.find_submission(assignment, student)
    except MissingEntry:
        return Submission(student, None, False, problem or "is not graded yet", {})
    got = dict.fromkeys(points, 0.0)
    waiting = set()
    for notebook in submission.notebooks:
        for grade in notebook.grades:
            task = task_of(grade.name)
            if task in points:
                got[task] += grade.score or 0
            if grade.auto_score is None and grade.manual_score is None:
                waiting.add(task)
    share = {
        task: None if task in waiting else got[task] / points[task] for task in points
    }
    return Submission(
        student, submission.score, submission.needs_manual_grade, problem, share
    )


def _problem(folder: Path, graded: Path) -> str | None:
    for path in sorted(graded.glob("*.ipynb")):
        problem = json.loads(path.read_text())["metadata"].get("unreadable")
        if problem:
            return problem
    if graded.is_dir():
        return None
    if not list(folder.glob("*.ipynb")):
        names = sorted(
            path.name for path in folder.iterdir() if path.name != "timestamp.txt"
        )
        return f"handed in no notebook, but {', '.join(names) or 'nothing'}"
    return "stopped the grading: its messages are above, under the student's name"


def as_text(summary: Summary) -> str:
    """Return the closing table."""
    graded = summary.graded()
    waiting = [one.student for one in graded if one.needs_manual_grade]
    failed = [one for one in summary.submissions if one.problem]
    lines = [
        "",
        f"{summary.assignment}: {len(summary.submissions)} handed in",
        f"  {len(graded):4d} graded"
        + (
            f", mean {sum(one.score for one in graded) / len(graded):.1f} "
            f"of {summary.max_score:g} points" + (" so far" if waiting else "")
            if graded
            else ""
        ),
        f"  {len(waiting):4d} of them need{'s' * (len(waiting) == 1)} a manual grade: "
        "formgrader, Manual Grading"
        if waiting
        else "     0 need a manual grade",
        f"  {len(failed):4d} could not be graded",
    ]
    width = max((len(one.student) for one in failed), default=0)
    lines += [f"       {one.student:<{width}}  {one.problem}" for one in failed]
    if summary.quarantined:
        count = len(summary.quarantined)
        lines.append(f"  {count:4d} file{'s' * (count != 1)} in quarantine/")
        lines += [f"       {one}" for one in summary.quarantined]
    if graded:
        shares = summary.shares()
        width = max(len(task) for task in summary.points)
        lines += ["", f"  {'task':<{width}}  points  mean share of points"]
        lines += [
            f"  {task:<{width}}  {points:6g}  "
            + (f"{shares[task]:5.0%}" if task in shares else "   to be graded by hand")
            for task, points in summary.points.items()
        ]
    return "\n".join([*lines, ""])


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
            record.msg = (
                f"{self.reason}. No mark is lost. See that no other program holds the "
                "gradebook and that the disk has room, then run the same command "
                "again (with --debug it says more)."
            )
        return not record.exc_info  # nbgrader says it twice


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


def print_closing(app) -> None:
    """Print the table for the assignment that the nbgrader command worked on."""
    if app.coursedir is None or not app.coursedir.assignment_id:
        return
    try:
        print(as_text(summarise(app.coursedir, app.coursedir.assignment_id)))
    except MissingEntry:
        pass  # nbgrader has said so


def main() -> int:
    """Print the closing table of the assignment named on the command line."""
    if len(sys.argv) != 2:
        print("name the assignment: python summary.py metrics", file=sys.stderr)
        return 2
    from nbgrader.apps import NbGraderApp

    app = NbGraderApp()
    app.initialize([])
    app.coursedir.assignment_id = sys.argv[1]
    try:
        print(as_text(summarise(app.coursedir, sys.argv[1])))
    except MissingEntry:
        print(
            f"{sys.argv[1]} is not in the gradebook: run "
            f"`nbgrader generate_assignment {sys.argv[1]}` first",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
