"""What an instructor has handed out: the assignment that hand-ins are graded as."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import find_all_files

from .cells import Cell, grade_id, mark
from .submission import SUFFIX, new_cell


@dataclass(frozen=True)
class Released:
    """An assignment as it was handed out.

    Parameters
    ----------
    cells : mapping of str to mapping of str to NotebookNode
        By the name of the notebook, then by grade id and in the notebook's order:
        nbgrader's cells as the gradebook knows them, hidden tests included.
    files : frozenset of str
        The paths of the files beside the notebooks, with slashes.
    told : mapping of str to frozenset of str
        By the name of the notebook: the text of cells that nbgrader does not know.
    """

    cells: Mapping[str, Mapping[str, NotebookNode]]
    files: frozenset[str]
    told: Mapping[str, frozenset[str]]


def read(course: CourseDirectory) -> Released:
    """Return the assignment that a command of nbgrader works on.

    Raises
    ------
    NbGraderException
        If the gradebook does not know it.
    """
    source = source_folder(course)
    with Gradebook(course.db_url, course.course_id) as gradebook:
        try:
            names = [
                notebook.name
                for notebook in gradebook.find_assignment(
                    course.assignment_id
                ).notebooks
            ]
        except MissingEntry:
            raise NbGraderException(
                f"{course.assignment_id} is not in the gradebook: run "
                f"`nbgrader generate_assignment {course.assignment_id}` first"
            ) from None
        cells = {
            name: released_cells(
                gradebook, name, course.assignment_id, order(source / f"{name}{SUFFIX}")
            )
            for name in names
        }
    files = find_all_files(str(source), [*course.ignore, f"*{SUFFIX}"])
    return Released(
        cells,
        frozenset(Path(file).relative_to(source).as_posix() for file in files),
        {name: told(source / f"{name}{SUFFIX}") for name in names},
    )


def source_folder(course: CourseDirectory) -> Path:
    """Return the folder with the instructor's version of the assignment."""
    return Path(course.format_path(course.source_directory, ".", course.assignment_id))


def order(source: Path) -> list[str]:
    """Return the grade ids of an instructor's notebook in their order."""
    return [name for cell in _cells(source) if (name := grade_id(cell))]


def told(source: Path) -> frozenset[str]:
    """Return the text of an instructor's cells that nbgrader does not know."""
    texts = ("".join(cell["source"]) for cell in _cells(source) if not mark(cell))
    return frozenset(text.strip() for text in texts)


def titles(source: Path) -> dict[str, str]:
    """Return by grade id the heading that each of an instructor's cells stands below.

    Without the points that it tells, which the gradebook knows better. A heading may
    stand in a cell that nbgrader locks, as demands of a text do; not in an answer.
    """
    found, title = {}, ""
    for cell in _cells(source):
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown" and not mark(cell).get("solution"):
            for line in re.findall(r"^#{1,6}\s+(.+)$", text, re.MULTILINE):
                title = re.sub(r"\s*\([\d.]+ points?.*\)\s*$", "", line).strip()
        if name := grade_id(cell):
            found[name] = title
    return found


def _cells(source: Path) -> list[Cell]:
    if not source.is_file():
        return []
    cells: list[Cell] = json.loads(source.read_text("utf-8"))["cells"]
    return cells


def released_cells(
    gradebook: Gradebook, notebook: str, assignment: str, order: Sequence[str]
) -> dict[str, NotebookNode]:
    """Return nbgrader's cells of a notebook as the gradebook knows them.

    Parameters
    ----------
    gradebook : Gradebook
    notebook, assignment : str
    order : sequence of str
        The grade ids in the order of the notebook; the gradebook has none.

    Returns
    -------
    dict of str to NotebookNode
        By grade id, hidden tests included.
    """
    known = gradebook.find_notebook(notebook, assignment)
    points = {
        cell.name: cell.max_score for cell in [*known.grade_cells, *known.task_cells]
    }
    tasks = {cell.name for cell in known.task_cells}
    solutions = {cell.name for cell in known.solution_cells}
    cells = {}
    for source in known.source_cells:
        cell = new_cell(source.cell_type, source.source)
        cell.metadata.nbgrader = nbformat.from_dict(
            {
                "schema_version": 3,
                "grade_id": source.name,
                "cell_type": source.cell_type,
                "checksum": source.checksum,
                "locked": source.locked,
                "grade": source.name in points and source.name not in tasks,
                "solution": source.name in solutions,
                "task": source.name in tasks,
            }
        )
        if source.name in points:
            cell.metadata.nbgrader.points = points[source.name]
        cells[source.name] = cell
    place = {name: index for index, name in enumerate(order)}
    return dict(sorted(cells.items(), key=lambda item: place.get(item[0], len(place))))
