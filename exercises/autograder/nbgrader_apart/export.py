"""``nbgrader export``: marks as a table that a spreadsheet opens without harm."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

from nbgrader.api import Assignment, Gradebook, MissingEntry, Student
from nbgrader.plugins import ExportPlugin

COLUMNS = (
    "assignment",
    "duedate",
    "timestamp",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
)
#: What a spreadsheet takes for a formula begins so.
FORMULA = re.compile(r"\s*[=+\-@]")
NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?")


def plain(value: object) -> str:
    """Return a cell that is a number or a text to every spreadsheet.

    A text that begins like a formula gets an apostrophe, by which spreadsheets know a
    text; control characters become spaces.
    """
    text = "" if value is None else str(value)
    if NUMBER.fullmatch(text):
        return text
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    return f"'{text}" if FORMULA.match(text) else text


class SafeCsvExport(ExportPlugin):  # type: ignore[misc]  # nbgrader has no types
    """nbgrader's table of marks, quoted and without formulas."""

    def export(self, gradebook: Gradebook) -> None:
        """Write a row for each student and assignment that is asked for."""
        destination = self.to or "grades.csv"
        self.log.info("Exporting grades to %s", destination)
        with open(destination, "w", encoding="utf-8", newline="") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(COLUMNS)
            for row in self._rows(gradebook):
                table.writerow(plain(row[column]) for column in COLUMNS)

    def _rows(self, gradebook: Gradebook) -> Iterator[dict[str, object]]:
        assignments, students = set(self.assignment), set(map(str, self.student))
        for assignment in gradebook.assignments:
            if assignments and assignment.name not in assignments:
                continue
            for student in gradebook.students:
                if not students or student.id in students:
                    yield _row(gradebook, assignment, student)


def _row(
    gradebook: Gradebook, assignment: Assignment, student: Student
) -> dict[str, object]:
    """Return one row; who handed nothing in has no points."""
    row = {
        "assignment": assignment.name,
        "duedate": assignment.duedate,
        "timestamp": None,
        "student_id": student.id,
        "last_name": student.last_name,
        "first_name": student.first_name,
        "email": student.email,
        "raw_score": 0.0,
        "late_submission_penalty": 0.0,
        "score": 0.0,
        "max_score": assignment.max_score,
    }
    try:
        submission = gradebook.find_submission(assignment.name, student.id)
    except MissingEntry:
        return row
    penalty = submission.late_submission_penalty
    return row | {
        "timestamp": submission.timestamp,
        "raw_score": submission.score,
        "late_submission_penalty": penalty,
        "score": max(0.0, submission.score - penalty),
    }
