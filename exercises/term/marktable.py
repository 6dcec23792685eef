"""The marks of one assignment as tables, read from the gradebook in a few queries.

nbgrader's own objects ask the gradebook anew for each student and each cell: with
2,000 students that is tens of thousands of questions. Here each table is read once.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from nbgrader.api import (
    Assignment,
    Grade,
    Gradebook,
    GradeCell,
    MissingEntry,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
)
from nbgrader.coursedir import CourseDirectory
from nbgrader_apart import marks, released
from nbgrader_apart.outcomes import task_of
from nbgrader_apart.submission import SUFFIX
from sqlalchemy import select

from . import classlist
from .command import NotInGradebook
from .folders import settings


@dataclass(frozen=True)
class MarkTable:
    """What the gradebook holds of one assignment.

    Parameters
    ----------
    assignment : str
    tests : pandas.DataFrame
        A row for each cell with points, by its grade id, in the notebook's order:
        ``task``, ``points`` and ``by_hand``, whether a person marks it.
    points : pandas.DataFrame
        A row for each student whose hand-in was graded and could be read, a column
        for each test; nan where there is no mark yet.
    handed_in : pandas.Series
        By student of `points`: when, in UTC without a zone; missing if nobody noted it.
    names : pandas.Series
        By student of `points`: first and last name, or the id.
    sections : pandas.Series
        By student of `points`: the section on the class list, ``""`` without one.
    known : int
        How many students the gradebook knows.
    unreadable : int
        How many handed in what could not be read; they are in none of the tables.
    due : datetime or None
    """

    assignment: str
    tests: pd.DataFrame
    points: pd.DataFrame
    handed_in: pd.Series
    names: pd.Series
    sections: pd.Series
    known: int
    unreadable: int = 0
    due: datetime.datetime | None = None

    @property
    def worth(self) -> pd.Series:
        """The points of each task, in the notebook's order."""
        return self.tests.groupby("task", sort=False)["points"].sum()

    def by_task(self) -> pd.DataFrame:
        """Return each student's points by task; nan where a part has no mark yet."""
        of_tests = self.points.T.groupby(self.tests["task"], sort=False)
        return (
            of_tests.sum(min_count=1)
            .where(
                of_tests.count().eq(
                    self.tests.groupby("task", sort=False).size(), axis=0
                )
            )
            .T.astype(float)
        )


def read(course: Path, name: str) -> MarkTable:
    """Read the marks of an assignment.

    Parameters
    ----------
    course : Path
        The folder of the course.
    name : str

    Raises
    ------
    CommandError
        If the gradebook does not know the assignment.
    """
    directory = settings(course)
    directory.assignment_id = name
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        try:
            assignment = gradebook.find_assignment(name)
        except MissingEntry:
            raise NotInGradebook(name) from None
        tests = _tests(gradebook, assignment, directory)
        points = _points(gradebook, assignment, tests)
        people = _people(gradebook)
        handed_in = _handed_in(gradebook, assignment)
        due = assignment.duedate
    unreadable = [
        student
        for student in points.index[points.fillna(0).sum(axis=1) == 0]
        if marks.is_unreadable(directory, name, student)
    ]
    points = points.drop(index=unreadable)
    listed = {one.id: one.section for one in classlist.load(course)}
    sections = [listed.get(student, "") for student in points.index]
    return MarkTable(
        name,
        tests,
        points,
        pd.to_datetime(handed_in.reindex(points.index)),
        people.reindex(points.index),
        pd.Series(sections, index=points.index, dtype=object),
        len(people),
        len(unreadable),
        due,
    )


def _tests(
    gradebook: Gradebook, assignment: Assignment, directory: CourseDirectory
) -> pd.DataFrame:
    rows = [
        (notebook, cell, task_of(cell), points, kind is TaskCell or written)
        for kind in (GradeCell, TaskCell)
        for notebook, cell, points, written in gradebook.db.execute(
            select(
                Notebook.name,
                kind.name,
                kind.max_score,
                kind.cell_type == "markdown",
            )
            .join(Notebook, kind.notebook_id == Notebook.id)
            .where(Notebook.assignment_id == assignment.id)
        )
        if points
    ]
    tests = pd.DataFrame(
        rows, columns=["notebook", "test", "task", "points", "by_hand"]
    )
    source = released.source_folder(directory)
    place = {
        (notebook, cell): number
        for notebook in tests["notebook"].unique()
        for number, cell in enumerate(released.order(source / f"{notebook}{SUFFIX}"))
    }
    keys = list(zip(tests["notebook"], tests["test"], strict=True))
    tests["place"] = [place.get(key, len(place)) for key in keys]
    tests = tests.sort_values(["notebook", "place", "test"], kind="stable")
    return tests.set_index("test")[["task", "points", "by_hand"]]


def _points(
    gradebook: Gradebook, assignment: Assignment, tests: pd.DataFrame
) -> pd.DataFrame:
    cells = {
        cell: name
        for kind in (GradeCell, TaskCell)
        for cell, name in gradebook.db.execute(
            select(kind.id, kind.name)
            .join(Notebook, kind.notebook_id == Notebook.id)
            .where(Notebook.assignment_id == assignment.id)
        )
    }
    found = gradebook.db.execute(
        select(
            SubmittedAssignment.student_id,
            Grade.cell_id,
            Grade.score,
            Grade.auto_score.is_not(None) | Grade.manual_score.is_not(None),
        )
        .join(SubmittedNotebook, Grade.notebook_id == SubmittedNotebook.id)
        .join(
            SubmittedAssignment,
            SubmittedNotebook.assignment_id == SubmittedAssignment.id,
        )
        .where(SubmittedAssignment.assignment_id == assignment.id)
    )
    rows = [
        (student, cells[cell], score if marked else np.nan)
        for student, cell, score, marked in found
        if cell in cells
    ]
    grades = pd.DataFrame(rows, columns=["student", "test", "score"])
    wide = grades.pivot(index="student", columns="test", values="score")
    return wide.reindex(columns=tests.index).astype(float).sort_index()


def _people(gradebook: Gradebook) -> pd.Series:
    rows: Sequence[tuple[str, str | None, str | None]] = gradebook.db.execute(
        select(Student.id, Student.first_name, Student.last_name)
    ).all()
    names = {
        one: f"{first or ''} {last or ''}".strip() or one for one, first, last in rows
    }
    return pd.Series(names, dtype=object)


def _handed_in(gradebook: Gradebook, assignment: Assignment) -> pd.Series:
    rows = gradebook.db.execute(
        select(SubmittedAssignment.student_id, SubmittedAssignment.timestamp).where(
            SubmittedAssignment.assignment_id == assignment.id
        )
    )
    return pd.Series({student: when for student, when in rows}, dtype="datetime64[us]")
