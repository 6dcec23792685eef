"""What a student's feedback shows, and what it does not."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import nbgrader
from nbconvert.exporters import HTMLExporter
from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbformat.notebooknode import NotebookNode
from nbgrader.api import Grade, Gradebook, SubmittedNotebook
from nbgrader.preprocessors import ClearHiddenTests, GetGrades
from traitlets import List, Unicode
from traitlets.config import Config

from . import formulas, late, released, safehtml
from .cells import is_test
from .outcomes import task_of
from .submission import GRADED, SUFFIX

TEMPLATE = "feedback_apart"
NOT_YET = "not yet marked"


def drop_data(assignment: str, student: str, notebooks: list[str]) -> None:
    """Leave the copies of files out of the feedback: it is a page to read.

    A file that was handed out may be a page itself. A post-convert hook of nbgrader,
    called after each student's feedback is made.
    """
    folder = Path(notebooks[0]).parent  # autograded/<student>/<assignment>
    copies = Path("feedback", folder.parent.name, folder.name)
    pages = {f"{Path(notebook).stem}.html" for notebook in notebooks}
    for file in Path("source", folder.name).glob("*"):
        if file.is_file() and file.name not in pages:
            (copies / file.name).unlink(missing_ok=True)
    (copies / GRADED).unlink(missing_ok=True)


class HideHiddenTests(ClearHiddenTests):  # type: ignore[misc]  # nbgrader has no types
    """Keep hidden tests out of the feedback: of a failed one, its message stays."""

    #: Set for every step, and of no use here.
    display_data_priority = List(Unicode(), config=True)

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], cell_index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Cut the hidden part of one cell and all but the message of its error.

        A student may write the words that begin and end hidden tests.
        """
        if is_test(cell) and self.begin_test_delimeter in cell.source:
            self._remove_hidden_test_region(cell)
            cell.outputs = [
                nbformat.from_dict(
                    {**output, "traceback": [f"{output.ename}: {output.evalue}"]}
                )
                for output in cell.outputs
                if output.output_type == "error"
            ]
        return cell, resources


@dataclass
class Task:
    """A task on the page.

    Parameters
    ----------
    title, anchor : str
    got, worth : float
    waits : bool
        Whether somebody has to read it.
    """

    title: str
    anchor: str
    got: float = 0.0
    worth: float = 0.0
    waits: bool = False

    @property
    def points(self) -> str:
        """What stands in the table."""
        return _points(self.got, self.worth, self.waits)


@dataclass(frozen=True)
class Page:
    """What stands on the page beside the notebook.

    Parameters
    ----------
    title, student : str
    problem : str or None
        Why the file could not be graded.
    tasks : list of Task
    titles, cells : dict of str to str
        By grade id: the title of its task, and what it got.
    penalty, total : str
    """

    title: str
    student: str
    problem: str | None = None
    tasks: list[Task] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)
    cells: dict[str, str] = field(default_factory=dict)
    penalty: str = ""
    total: str = ""


def _points(got: float, worth: float, waits: bool) -> str:
    if waits:
        return f"{NOT_YET} (of {worth:g})"
    return f"{round(got, 2):g} of {worth:g}"


def page_of(
    notebook: SubmittedNotebook, titles: dict[str, str], problem: str | None
) -> Page:
    """Return what stands on the page of a hand-in.

    Parameters
    ----------
    notebook : SubmittedNotebook
    titles : dict of str to str
        The title of each cell's task, in the order of the assignment.
    problem : str or None
    """
    student = notebook.student
    name = f"{student.first_name or ''} {student.last_name or ''}".strip()
    by_name: dict[str, Grade] = {grade.name: grade for grade in notebook.grades}
    tasks: dict[str, Task] = {}
    cells: dict[str, str] = {}
    for cell in [*(one for one in titles if one in by_name), *by_name]:
        if cell in cells:
            continue
        grade = by_name[cell]
        title = titles.get(cell) or task_of(cell)
        task = tasks.setdefault(title, Task(title, cell))
        task.got += grade.score or 0.0
        task.worth += grade.max_score
        task.waits |= grade.needs_manual_grade
        cells[cell] = _points(
            grade.score or 0.0, grade.max_score, grade.needs_manual_grade
        )
    lost = notebook.late_submission_penalty or 0.0
    so_far = any(task.waits for task in tasks.values())
    total = max(0.0, notebook.score - lost)
    return Page(
        notebook.name,
        f"{name} ({student.id})" if name else student.id,
        problem,
        list(tasks.values()),
        titles,
        {} if problem else cells,
        f"-{lost:g}" if lost else "",
        f"{round(total, 2):g} of {notebook.max_score:g} points" + " so far" * so_far,
    )


class GetPage(GetGrades):  # type: ignore[misc]
    """nbgrader's step, and what the page tells beside the notebook."""

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Find what each task got; late hand-ins lose what they lose by now."""
        where = resources["nbgrader"]
        course = self.parent.parent.coursedir
        source = Path(
            course.format_path(course.source_directory, ".", where["assignment"]),
            where["notebook"] + SUFFIX,
        )
        with Gradebook(where["db_url"], course.course_id) as gradebook:
            late.record(
                gradebook.find_submission(where["assignment"], where["student"]),
                late.of_course(course),
            )
            gradebook.db.commit()
            notebook = gradebook.find_submission_notebook(
                where["notebook"], where["assignment"], where["student"]
            )
            problem = nb.metadata.get("unreadable")
            where["page"] = page_of(notebook, released.titles(source), problem)
        stepped: tuple[NotebookNode, dict[str, Any]] = super().preprocess(nb, resources)
        return stepped


class FeedbackExporter(HTMLExporter):
    """nbconvert's pages, in the form that students get."""

    @property
    def default_config(self) -> Config:
        """Where the form lies."""
        formgrader = Path(nbgrader.__file__).parent / "server_extensions/formgrader"
        theirs = formgrader / "templates"
        styles = formgrader / "static/node_modules/bootstrap/dist/css"
        ours = Path(__file__).parent / "templates"
        own = Config()
        own.FeedbackExporter.template_name = TEMPLATE
        own.FeedbackExporter.filters = safehtml.FILTERS | {
            "strip_files_prefix": lambda html: formulas.typeset(
                safehtml.clean_markdown(html)
            )
        }
        own.FeedbackExporter.extra_template_basedirs = [str(ours), str(theirs)]
        own.FeedbackExporter.extra_template_paths = [str(theirs), str(styles)]
        own.merge(super().default_config)
        return own


#: nbgrader's own steps, with `GetPage` in place of `GetGrades`, and `HideHiddenTests`.
STEPS = [GetPage, HideHiddenTests, CSSHTMLHeaderPreprocessor]
