"""Two gradebooks beside each other: what is recorded, copied, compared, taken over.

nbgrader's own methods commit after every step. What is taken over here is taken over
in one transaction: whoever stops it in the middle finds the gradebook as it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.api import (
    Assignment,
    Base,
    Comment,
    Grade,
    Gradebook,
    GradeCell,
    Notebook,
    SolutionCell,
    SourceCell,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
)
from nbgrader_apart import late
from sqlalchemy import create_engine, inspect, make_url, select, text
from sqlalchemy.orm import object_session, selectinload

#: Where something stands: the name of its notebook, and of its cell.
Place = tuple[str, str]


@dataclass(frozen=True)
class Cell:
    """A cell of an assignment that a gradebook knows.

    Parameters
    ----------
    kind : str
        ``code`` or ``markdown``.
    source, checksum : str
    locked, is_solution, is_task : bool
    worth : float or None
        None if it has no points.
    """

    kind: str
    source: str
    checksum: str | None
    locked: bool
    is_solution: bool
    is_task: bool
    worth: float | None


@dataclass(frozen=True)
class Recorded:
    """What is recorded of a student in one cell."""

    auto: float | None
    manual: float | None
    extra: float | None
    waits: bool

    @property
    def points(self) -> float:
        """The points that count: those by hand before those of the test."""
        given = self.auto if self.manual is None else self.manual
        return 0.0 if given is None else given + (self.extra or 0.0)


@dataclass(frozen=True)
class State:
    """What a gradebook holds of one assignment.

    Parameters
    ----------
    cells : mapping of Place to Cell
    recorded : mapping of str to mapping of Place to Recorded
        By student.
    remarks : mapping of str to mapping of Place to str or None
        By student: what the grading itself remarked on an answer.
    """

    cells: Mapping[Place, Cell]
    recorded: Mapping[str, Mapping[Place, Recorded]]
    remarks: Mapping[str, Mapping[Place, str | None]]

    def digest(self) -> str:
        """Return a text that is the same for the same state."""
        parts = [repr(sorted(self.cells.items()))]
        for student, places in sorted(self.recorded.items()):
            parts.append(repr((student, sorted(places.items()))))
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _submissions(gradebook: Gradebook, name: str) -> list[SubmittedAssignment]:
    of_notebook = selectinload(SubmittedAssignment.notebooks)
    query = (
        select(SubmittedAssignment)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .where(Assignment.name == name)
        .options(
            of_notebook.selectinload(SubmittedNotebook.grades),
            of_notebook.selectinload(SubmittedNotebook.comments),
        )
    )
    return list(gradebook.db.execute(query).scalars())


def read(gradebook: Gradebook, name: str) -> State:
    """Return what a gradebook holds of an assignment.

    Raises
    ------
    MissingEntry
        If it does not know the assignment.
    """
    cells = {
        (notebook.name, cell): found
        for notebook in gradebook.find_assignment(name).notebooks
        for cell, found in _cells(notebook)
    }
    recorded: dict[str, dict[Place, Recorded]] = {}
    remarks: dict[str, dict[Place, str | None]] = {}
    for submission in _submissions(gradebook, name):
        student = submission.student_id
        for notebook in submission.notebooks:
            for one in notebook.grades:
                recorded.setdefault(student, {})[notebook.name, one.name] = Recorded(
                    one.auto_score,
                    one.manual_score,
                    one.extra_credit,
                    one.needs_manual_grade,
                )
            for one in notebook.comments:
                place = notebook.name, one.name
                remarks.setdefault(student, {})[place] = one.auto_comment
    return State(cells, recorded, remarks)


def _cells(notebook: Notebook) -> Iterator[tuple[str, Cell]]:
    tasks = {cell.name for cell in notebook.task_cells}
    worth = {
        cell.name: cell.max_score
        for cell in (*notebook.grade_cells, *notebook.task_cells)
    }
    solutions = {cell.name for cell in notebook.solution_cells}
    for cell in notebook.source_cells:
        yield (
            cell.name,
            Cell(
                *(cell.cell_type, cell.source, cell.checksum, cell.locked),
                *(cell.name in solutions, cell.name in tasks, worth.get(cell.name)),
            ),
        )


def copy(url: str, path: Path) -> str:
    """Copy a whole gradebook, on whatever server it is, into a file; return its URL."""
    path.unlink(missing_ok=True)
    copied = f"sqlite:///{path}"
    source, target = create_engine(url), create_engine(copied)
    Base.metadata.create_all(target)
    with source.connect() as there, target.begin() as here:
        for table in Base.metadata.sorted_tables:
            rows = [dict(row) for row in there.execute(select(table)).mappings()]
            if rows:
                here.execute(table.insert(), rows)
        # alembic's own table, by which nbgrader knows the form of the others
        version = there.execute(text("SELECT version_num FROM alembic_version"))
        here.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        insert = text("INSERT INTO alembic_version VALUES (:version)")
        here.execute(insert, {"version": version.scalar_one()})
    source.dispose()
    target.dispose()
    return copied


def is_there(url: str) -> bool:
    """Say whether there is a gradebook with tables in it."""
    path = make_url(url).database
    if url.startswith("sqlite:") and not (path and Path(path).is_file()):
        return False  # looking would make the file
    engine = create_engine(url)
    try:
        return "student" in inspect(engine).get_table_names()
    finally:
        engine.dispose()


def digest(url: str) -> str:
    """Return a text that is the same for two gradebooks that hold the same."""
    engine = create_engine(url)
    summed = hashlib.sha256()
    with engine.connect() as there:
        for table in Base.metadata.sorted_tables:
            rows = sorted(repr(tuple(row)) for row in there.execute(select(table)))
            summed.update(f"{table.name} {rows}".encode())
    engine.dispose()
    return summed.hexdigest()


def empty(url: str) -> None:
    """Forget everything: the file is removed; on a server the tables are emptied."""
    path = make_url(url).database
    if url.startswith("sqlite:") and path:
        for name in (path, f"{path}-journal", f"{path}-wal", f"{path}-shm"):
            Path(name).unlink(missing_ok=True)
        return
    engine = create_engine(url)
    with engine.begin() as there:
        for table in reversed(Base.metadata.sorted_tables):
            there.execute(table.delete())
    engine.dispose()


def take_over(
    gradebook: Gradebook,
    name: str,
    fresh: State,
    students: Collection[str],
    policy: late.Policy,
) -> None:
    """Record a new grading of an assignment, as one transaction.

    Marks and comments by hand stay, and nobody is asked again for those.

    Parameters
    ----------
    gradebook : Gradebook
    name : str
        The assignment.
    fresh : State
        Its cells as they are now, and what came of the hand-ins.
    students : collection of str
        Whose grading is taken over.
    policy : Policy
        What late hand-ins lose of the new points.
    """
    with gradebook.db.no_autoflush:
        submissions = _submissions(gradebook, name)
        for notebook in gradebook.find_assignment(name).notebooks:
            of_students = [
                one
                for submission in submissions
                for one in submission.notebooks
                if one.notebook_id == notebook.id
            ]
            for (where, cell), known in fresh.cells.items():
                if where == notebook.name:
                    _define(notebook, cell, known, of_students)
    gradebook.db.flush()
    for submission in submissions:
        student = submission.student_id
        if student in students and student in fresh.recorded:
            for one in submission.notebooks:
                _record(one, fresh, student)
    gradebook.db.flush()
    gradebook.db.expire_all()  # sums are computed by the database
    for submission in _submissions(gradebook, name):
        late.record(submission, policy)
    gradebook.db.commit()


def _define(
    notebook: Notebook,
    name: str,
    known: Cell,
    of_students: Collection[SubmittedNotebook],
) -> None:
    """Let a notebook have a cell as it is now; one that is new has no marks yet."""
    values: dict[str, Any] = {"cell_type": known.kind, "source": known.source}
    values |= {"checksum": known.checksum, "locked": known.locked}
    _set(notebook.source_cells, SourceCell, notebook, name, values)
    if known.worth is not None:
        kind, there = (
            (TaskCell, notebook.task_cells)
            if known.is_task
            else (GradeCell, notebook.grade_cells)
        )
        worth = {"max_score": known.worth, "cell_type": known.kind}
        if cell := _set(there, kind, notebook, name, worth):
            for one in of_students:
                one.grades.append(Grade(cell=cell, needs_manual_grade=False))
                if known.is_task:
                    one.comments.append(Comment(cell=cell))
    if known.is_solution:
        cell = _set(notebook.solution_cells, SolutionCell, notebook, name, {})
        if cell:
            for one in of_students:
                one.comments.append(Comment(cell=cell))


def _set(
    there: Collection[Any],
    kind: Any,
    notebook: Notebook,
    name: str,
    values: Mapping[str, Any],
) -> Any | None:
    """Change a cell that is there, or make it; return it if it was made."""
    for cell in there:
        if cell.name == name:
            for attribute, value in values.items():
                setattr(cell, attribute, value)
            return None
    made = kind(name=name, notebook=notebook, **values)
    if (session := object_session(notebook)) is not None:
        session.add(made)  # a notebook does not bring its new cells along
    return made


def _record(submitted: SubmittedNotebook, fresh: State, student: str) -> None:
    for grade in submitted.grades:
        new = fresh.recorded[student].get((submitted.name, grade.name))
        if new is not None:
            grade.auto_score = new.auto
            if grade.manual_score is None:
                grade.needs_manual_grade = new.waits
    for comment in submitted.comments:
        remarks = fresh.remarks.get(student, {})
        comment.auto_comment = remarks.get(
            (submitted.name, comment.name), comment.auto_comment
        )
