"""What nbgrader takes from a hand-in, and what it puts back.

Of a student's notebook only the text of its cells is used, with their kind and
their grade ids. All the rest (tests, locked cells, points, tags, kernel) comes
from the gradebook. So a deleted, copied, moved or relabelled cell has no
effect beyond itself, and whatever a student's editor wrote into the file
cannot stop a run.

A file that cannot be read is graded as an empty notebook: the student gets
feedback that says what is wrong with it, marks already on record stay, and
everybody else is graded as usual.

``nbgrader_config.py`` hooks these pieces into nbgrader's own commands.
"""

import copy
import json
import os
import shutil
import stat
from pathlib import Path

import nbformat
from nbconvert.exporters import NotebookExporter
from nbconvert.preprocessors import ClearMetadataPreprocessor, CSSHTMLHeaderPreprocessor
from nbformat.notebooknode import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearHiddenTests,
    Execute,
    GetGrades,
    IgnorePattern,
    LimitOutput,
    SaveAutoGrades,
)
from nbgrader.utils import is_grade
from traitlets import List
from traitlets.log import get_logger

#: A hand-in has no reason to be larger (its outputs included).
MAX_MEGABYTES = 50


def new_cell(kind: str, source: str) -> NotebookNode:
    """Return a cell; nbformat's own makers check each one for a millisecond."""
    cell = NotebookNode(cell_type=kind, id="cell", source=source)
    cell.metadata = NotebookNode()
    if kind == "code":
        cell.update(outputs=[], execution_count=None)
    return cell


class Unreadable(Exception):
    """A file that is no notebook; the message completes "The file ..."."""


def read_cells(path: Path) -> list[NotebookNode]:  # noqa: C901
    """Read the cells of a submitted notebook: kind, text, grade id, pasted pictures.

    Parameters
    ----------
    path : Path
        The file handed in.

    Returns
    -------
    list of NotebookNode
        New cells. ``metadata.grade_id`` is there if the cell had one.

    Raises
    ------
    Unreadable
        If it is not a notebook; the message is for the student.

    """
    if path.is_symlink() or not path.is_file():
        raise Unreadable("is a link or a folder, not a file: hand in the file itself")
    if path.stat().st_size > MAX_MEGABYTES * 1e6:
        raise Unreadable(
            f"is larger than {MAX_MEGABYTES} MB: clear its outputs and hand it in again"
        )
    data = path.read_bytes()
    if not data.strip():
        raise Unreadable("is empty")
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Unreadable(
            f"is not UTF-8 text (byte {error.start + 1}): hand in the .ipynb file that "
            "JupyterLab saved, not another document under its name"
        ) from None
    except json.JSONDecodeError as error:
        raise Unreadable(
            f"is damaged or not a notebook (not JSON, line {error.lineno}): "
            "open it in JupyterLab, save it, and hand it in again"
        ) from None
    except RecursionError:
        raise Unreadable("is not a notebook (its JSON is nested too deeply)") from None
    version = content.get("nbformat") if isinstance(content, dict) else None
    if not isinstance(version, int):
        raise Unreadable("is JSON, but not a notebook (it names no nbformat)")
    if version > 4:
        raise Unreadable(
            f"has notebook format {version}; up to 4 can be read: save it with the "
            "JupyterLab of this course"
        )
    if version < 4:
        try:
            content = nbformat.convert(nbformat.from_dict(content), 4)
        except Exception as error:
            raise Unreadable(
                f"has the old notebook format {version} and cannot be converted "
                f"({error}): open it in JupyterLab, save it, and hand it in again"
            ) from None
    if not isinstance(content.get("cells"), list):
        raise Unreadable("is JSON, but not a notebook (it has no list of cells)")
    return [_plain(cell) for cell in content["cells"] if isinstance(cell, dict)]


def _plain(cell: dict) -> NotebookNode:
    source = cell.get("source")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    elif not isinstance(source, str):
        source = ""
    # JSON can hold half a surrogate pair, a file cannot.
    source = source.encode("utf-8", "replace").decode("utf-8")
    kind = cell.get("cell_type")
    plain = new_cell(kind if kind in ("code", "markdown") else "raw", source)
    pictures = cell.get("attachments")
    if kind == "markdown" and isinstance(pictures, dict):
        plain.attachments = nbformat.from_dict(
            {name: one for name, one in pictures.items() if _is_picture(one)}
        )
    metadata = cell.get("metadata")
    mark = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    if isinstance(mark, dict) and isinstance(mark.get("grade_id"), str):
        plain.metadata.grade_id = mark["grade_id"]
    return plain


def _is_picture(attachment: object) -> bool:
    """Say whether it is what an editor attaches: encoded data by mime type."""
    return isinstance(attachment, dict) and all(
        isinstance(data, str) for data in attachment.values()
    )


def released_cells(
    gradebook: Gradebook, notebook: str, assignment: str, order: list[str]
) -> dict[str, NotebookNode]:
    """Return nbgrader's cells of a notebook as the gradebook knows them.

    Parameters
    ----------
    gradebook : Gradebook
    notebook, assignment : str
    order : list of str
        The grade ids in the order of the notebook; the gradebook has none.

    Returns
    -------
    dict of str to NotebookNode
        By grade id, hidden tests included.

    """
    known = gradebook.find_notebook(notebook, assignment)
    points = {
        cell.name: cell.max_score for cell in known.grade_cells + known.task_cells
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


def order(source: Path) -> list[str]:
    """Return the grade ids of an instructor's notebook in their order."""
    if not source.is_file():
        return []
    cells = json.loads(source.read_text("utf-8"))["cells"]
    marks = [cell["metadata"].get("nbgrader", {}) for cell in cells]
    return [mark["grade_id"] for mark in marks if mark.get("grade_id")]


def restore(
    cells: list[NotebookNode], released: dict[str, NotebookNode]
) -> tuple[list[NotebookNode], list[str]]:
    """Put a student's text into the released cells, and missing cells back.

    Parameters
    ----------
    cells : list of NotebookNode
        As `read_cells` gives them.
    released : dict of str to NotebookNode
        As `released_cells` gives them.

    Returns
    -------
    list of NotebookNode
        The student's cells in their order. Of a cell that occurs twice the last
        one counts, as in nbgrader; the other stays as an ordinary cell.
    list of str
        The grade ids that had to be put back, each behind its predecessor.

    """
    ids = [cell.metadata.pop("grade_id", None) for cell in cells]
    last = {name: index for index, name in enumerate(ids) if name in released}
    restored = [
        _filled(released[name], cell) if last.get(name) == index else cell
        for index, (name, cell) in enumerate(zip(ids, cells, strict=True))
    ]
    missing = [name for name in released if name not in last]
    behind = -1  # the position of the predecessor
    for name, cell in released.items():
        if name in last:
            behind = next(
                index
                for index, present in enumerate(restored)
                if present.metadata.get("nbgrader", {}).get("grade_id") == name
            )
        else:
            behind += 1
            restored.insert(behind, copy.deepcopy(cell))
    return restored, missing


def _filled(released: NotebookNode, student: NotebookNode) -> NotebookNode:
    cell = copy.deepcopy(released)
    if not cell.metadata.nbgrader.locked:
        cell.source = student.source
        if cell.cell_type == "markdown" and "attachments" in student:
            cell.attachments = student.attachments
    return cell


def unwanted(path: Path) -> str | None:
    """Return why a file or folder that was handed in should not be opened, or None."""
    state = path.lstat()
    if stat.S_ISDIR(state.st_mode):
        return None
    if not stat.S_ISREG(state.st_mode):
        return "is a link" if path.is_symlink() else "is no ordinary file"
    if state.st_size > MAX_MEGABYTES * 1e6:
        return f"is larger than {MAX_MEGABYTES} MB"
    return None


def quarantine(converter: Autograde) -> None:
    """Move away what nbgrader should not open, before it copies what was handed in.

    Links, pipes, devices and files that are too large go to the folder
    ``quarantine``. Notebooks stay: `read_cells` says what is wrong with them.
    """
    for submitted in map(Path, converter.assignments):
        for path in sorted(submitted.rglob("*")):
            reason = unwanted(path)
            if not reason or path.suffix == ".ipynb":
                continue
            student, name = submitted.parent.name, path.relative_to(submitted)
            away = Path(converter.coursedir.root, "quarantine", student)
            away = away / submitted.name / name
            away.parent.mkdir(parents=True, exist_ok=True)
            os.replace(path, away)
            converter.log.warning(
                "%s: %s %s, and is in quarantine", student, name, reason
            )


def _note(text: str) -> NotebookNode:
    return nbformat.v4.new_markdown_cell(f"> **Note from the grading.** {text}")


class SubmissionExporter(NotebookExporter):
    """Reads a hand-in for ``nbgrader autograde``, restores it, notes what was wrong."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self._released = {}  # one exporter serves one run
        if isinstance(self.parent, Autograde):
            quarantine(self.parent)

    def from_filename(self, filename, resources=None, **kw):
        """Return the notebook to grade in place of the file as it is."""
        if not isinstance(self.parent, Autograde) or not self.parent._sanitizing:
            return super().from_filename(filename, resources, **kw)  # already ours
        path = Path(filename)
        name, assignment, student = (
            resources["nbgrader"][key] for key in ("notebook", "assignment", "student")
        )
        notebook = nbformat.v4.new_notebook()
        try:
            cells = read_cells(path)
        except Unreadable as problem:
            cells = []
            notebook.metadata.unreadable = f"{path.name} {problem}"
            self.log.warning("%s: %s", student, notebook.metadata.unreadable)
        if (name, assignment) not in self._released:
            with Gradebook(resources["nbgrader"]["db_url"]) as gradebook:
                self._released[name, assignment] = released_cells(
                    gradebook, name, assignment, self._order(name, assignment)
                )
        notebook.cells, missing = restore(cells, self._released[name, assignment])
        if "unreadable" in notebook.metadata:
            notebook.cells.insert(
                0,
                _note(
                    f"Your file could not be graded. {notebook.metadata.unreadable}. "
                    "Below is the assignment as it was handed out."
                ),
            )
        elif missing:
            self.log.warning(
                "%s: put back missing cells %s", student, ", ".join(missing)
            )
            notebook.cells.insert(
                0,
                _note(
                    "These cells were missing from your notebook and were put back: "
                    + ", ".join(f"`{name}`" for name in missing)
                    + "."
                ),
            )
        for number, cell in enumerate(notebook.cells):
            cell.id = f"cell-{number}"  # the same hand-in, the same bytes
        return self.from_notebook_node(notebook, resources, **kw)

    def _order(self, notebook: str, assignment: str) -> list[str]:
        course = self.parent.coursedir
        folder = course.format_path(course.source_directory, ".", assignment)
        return order(Path(folder, f"{notebook}.ipynb"))


def adopt_misnamed(assignment: str, student: str, notebooks: list[str]) -> None:
    """Grade ``metrics (1).ipynb`` as ``metrics.ipynb`` if the latter is missing.

    A pre-convert hook of nbgrader, called before each submission is read. The
    notebook with most of nbgrader's cells is copied to the name asked for; the
    student's own file stays as it is. `notebooks` is nbgrader's own list, so
    changing it in place changes what is graded.
    """
    folder = Path(notebooks[0]).parent
    wanted = [path.name for path in Path("source", folder.name).glob("*.ipynb")]
    if len(wanted) != 1 or (folder / wanted[0]).exists():
        return
    best = max(
        sorted(notebooks), key=lambda path: Path(path).read_bytes().count(b"grade_id")
    )
    shutil.copyfile(best, folder / wanted[0])
    notebooks[:] = [str(folder / wanted[0])]
    get_logger().warning(
        "%s: graded %s, for there is no %s",
        folder.parent.name,
        Path(best).name,
        wanted[0],
    )


def drop_data(assignment, student, notebooks):
    """Leave the copies of the data out of the feedback: it is a page to read.

    A post-convert hook of nbgrader, called after each student's feedback is made.
    """
    folder = Path(notebooks[0]).parent  # autograded/<student>/<assignment>
    for data in Path("source", folder.name).glob("*.csv"):
        copy_of = Path("feedback", folder.parent.name, folder.name, data.name)
        copy_of.unlink(missing_ok=True)


class SaveGrades(SaveAutoGrades):
    """Record marks, with two differences from nbgrader's own step.

    A file that could not be read leaves marks on record as they are. A warning
    on standard error in a test cell does not count as a failed test.
    """

    def preprocess(self, nb, resources):
        """Record the marks of one notebook."""
        if "unreadable" in nb.metadata and self._on_record(resources["nbgrader"]):
            self.log.warning(
                "%s: the marks on record stay", resources["nbgrader"]["student"]
            )
            return nb, resources
        return super().preprocess(nb, resources)

    def preprocess_cell(self, cell, resources, cell_index):
        """Record the mark of one cell."""
        if is_grade(cell) and cell.cell_type == "code":
            for output in cell.outputs:
                if output.output_type == "stream":
                    output.name = "stdout"
        return super().preprocess_cell(cell, resources, cell_index)

    @staticmethod
    def _on_record(where: dict) -> bool:
        with Gradebook(where["db_url"]) as gradebook:
            submission = gradebook.find_submission_notebook(
                where["notebook"], where["assignment"], where["student"]
            )
            return any(
                score is not None
                for grade in submission.grades
                for score in (grade.auto_score, grade.manual_score)
            )


class HideHiddenTests(ClearHiddenTests):
    """Keep hidden tests out of the feedback: of a failed one, its message stays."""

    display_data_priority = List(config=True)  # set for every step; of no use here

    def preprocess_cell(self, cell, resources, cell_index):
        """Cut the hidden part of one cell and all but the message of its error."""
        if self.begin_test_delimeter in cell.source:
            self._remove_hidden_test_region(cell)
            cell.outputs = [
                nbformat.from_dict(
                    {**output, "traceback": [f"{output.ename}: {output.evalue}"]}
                )
                for output in cell.outputs
                if output.output_type == "error"
            ]
        return cell, resources


#: nbgrader's own steps, with `SaveGrades` in place of `SaveAutoGrades`.
AUTOGRADE = [
    Execute,
    IgnorePattern,
    ClearMetadataPreprocessor,
    LimitOutput,
    SaveGrades,
    AssignLatePenalties,
    CheckCellMetadata,
]
#: nbgrader's own steps, and `HideHiddenTests`.
FEEDBACK = [GetGrades, HideHiddenTests, CSSHTMLHeaderPreprocessor]
