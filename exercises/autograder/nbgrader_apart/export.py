"""``nbgrader export``: marks as a table that a spreadsheet opens without harm."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

from nbgrader.api import Gradebook
from nbgrader.plugins import ExportPlugin

from . import marks
from .marks import Mark
from .submission import A_FORMULA
from .tree import is_written

COLUMNS = (
    "assignment",
    "duedate",
    "timestamp",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "status",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
)
FORMULA = re.compile(rf"(^|;)(?={A_FORMULA})")
NO_FORMULA = re.compile(rf"(^|;)'(?={A_FORMULA})")
NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?")


def plain(value: object) -> str:
    """Return a cell that is a number or a text to every spreadsheet.

    A text that begins like a formula gets an apostrophe, by which spreadsheets know a
    text; control characters become spaces.
    """
    text = "" if value is None else str(value)
    if NUMBER.fullmatch(text):
        return text
    return no_formula("".join(one if is_written(one) else " " for one in text))


def no_formula(text: str) -> str:
    """Return a text with an apostrophe where a formula would begin."""
    return FORMULA.sub(r"\1'", text)


def as_it_was(text: str) -> str:
    """Return a text without the apostrophes of `no_formula`."""
    return NO_FORMULA.sub(r"\1", text)


class SafeCsvExport(ExportPlugin):  # type: ignore[misc]  # nbgrader has no types
    """nbgrader's table of marks, quoted, without formulas, with the status of each."""

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
            for mark in marks.of_class(self.parent.coursedir, gradebook, assignment):
                if not students or mark.student in students:
                    yield _row(mark)


def _row(mark: Mark) -> dict[str, object]:
    """Return one row; where there is no mark there are no points, not zero."""
    graded = mark.points is not None
    return {
        "assignment": mark.assignment,
        "duedate": mark.due,
        "timestamp": mark.handed_in,
        "student_id": mark.student,
        "last_name": mark.last_name,
        "first_name": mark.first_name,
        "email": mark.email,
        "status": mark.status,
        "raw_score": mark.points,
        "late_submission_penalty": mark.penalty if graded else None,
        "score": mark.score,
        "max_score": mark.max_score,
    }
