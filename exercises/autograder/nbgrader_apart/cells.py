"""What a cell is for, asked of its metadata in one place.

nbgrader keeps what it knows of a cell in ``cell.metadata.nbgrader``. These
functions read it from nbformat's nodes and from plain JSON alike, and take
whatever stands there: a student's editor may have written anything. Only the
standard library is imported, so anything may import this module.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

#: A notebook's cell: a node of nbformat, or a dictionary read from JSON.
Cell = Mapping[str, Any]


class CellKind(StrEnum):
    """Where a code cell runs."""

    #: On both sides: locked cells that import modules and read data.
    SETUP = "setup"
    #: With the tests, where no line of a student runs.
    TEST = "test"
    #: With the student's code.
    STUDENT = "student"


def mark(cell: Cell) -> Mapping[str, Any]:
    """Return what nbgrader notes about a cell; nothing if that is not readable."""
    metadata = cell.get("metadata")
    found = metadata.get("nbgrader") if isinstance(metadata, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def grade_id(cell: Cell) -> str | None:
    """Return the name by which nbgrader knows a cell, or None."""
    name = mark(cell).get("grade_id")
    return name if isinstance(name, str) and name else None


def is_code(cell: Cell) -> bool:
    """Say whether it is a code cell."""
    return cell.get("cell_type") == "code"


def is_solution(cell: Cell) -> bool:
    """Say whether a student writes the answer here."""
    return bool(mark(cell).get("solution"))


def is_graded(cell: Cell) -> bool:
    """Say whether the cell has points."""
    return bool(mark(cell).get("grade"))


def is_test(cell: Cell) -> bool:
    """Say whether the cell has points for what it checks, not for its text."""
    return is_graded(cell) and not is_solution(cell)


def is_locked(cell: Cell) -> bool:
    """Say whether students may not change the cell."""
    if is_solution(cell):
        return False
    return is_graded(cell) or bool(mark(cell).get("locked"))


def kind_of(cell: Cell) -> CellKind:
    """Return where a code cell of a restored notebook runs.

    A test whose source says ``# shared kernel`` runs with the student's code:
    its author knows that it can be fooled there.
    """
    if is_test(cell):
        shared = "# shared kernel" in cell["source"]
        return CellKind.STUDENT if shared else CellKind.TEST
    return CellKind.SETUP if is_locked(cell) else CellKind.STUDENT
