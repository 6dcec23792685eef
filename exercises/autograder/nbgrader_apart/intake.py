"""How ``nbgrader autograde`` takes a hand-in.

Of a student's notebook only the text of its cells is used, with their kind and
their grade ids. All the rest (tests, locked cells, points, tags, kernel) comes
from the gradebook. So a deleted, copied, moved or relabelled cell has no
effect beyond itself, and whatever a student's editor wrote into the file
cannot stop a run.

`submission` reads what a student handed in, once; here nbgrader is given what was
read, wherever it would open the student's files itself. What cannot be read is graded
as an empty notebook: the student gets feedback that says what is wrong with it, marks
already on record stay, and everybody else is graded as usual.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbconvert.preprocessors import ClearMetadataPreprocessor
from nbformat.notebooknode import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.converters.base import BaseConverter, NbGraderException
from nbgrader.preprocessors import (
    CheckCellMetadata,
    Execute,
    IgnorePattern,
    LimitOutput,
    SaveAutoGrades,
)
from nbgrader.utils import is_grade
from traitlets import Any as AnyTrait
from traitlets import List, TraitError, Unicode

from . import (
    closing,
    late,
    lookat,
    places,
    released,
    safehtml,
    submission,
    supplies,
    tree,
)
from .cells import grade_id
from .explain import FOR_EVERYBODY
from .late import LatePenalties
from .lookat import NOTED
from .outcomes import Run
from .released import Released
from .submission import GRADED, SUFFIX, TIMESTAMP, Restored, Submission
from .tree import printable

# -- nbgrader's converter


class _GivenFiles(BaseConverter):  # type: ignore[misc]  # nbgrader has no types
    """Stands between nbgrader's `Autograde` and what it inherits."""

    submission: Submission

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        """Write the files that were read, where nbgrader would copy a student's."""
        files = dict(self.submission.files)
        if self.submission.timestamp:
            files[TIMESTAMP] = self.submission.timestamp.isoformat(" ").encode()
        files[GRADED] = self.submission.digest.encode()
        tree.write(Path(self._format_dest(assignment_id, student_id)), files)


class AutogradeReadOnce(Autograde, _GivenFiles):  # type: ignore[misc]
    """nbgrader's `Autograde`, which opens nothing that a student handed in.

    It asks its exporter for the `Submission` of each student that it comes to.
    """

    data_folders = List(
        Unicode(), help="where the files are that notebooks name as course.data"
    ).tag(config=True)

    own_data = AnyTrait(
        None,
        allow_none=True,
        help="called with the course's directory when a run begins; returns what gives "
        "a student's own data files, by id, or None if all were given the same",
    ).tag(config=True)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.run_of = Run()
        self.is_same = False
        self.late_policy = late.Policy(None, {})
        self._own: Callable[[str], Mapping[str, bytes]] | None = None

    @property
    def is_personal(self) -> bool:
        """Whether students were given data of their own."""
        return self._own is not None

    def own_files(self, student: str) -> Mapping[str, bytes]:
        """Return the files that a student was given in the place of the course's."""
        return {} if self._own is None else self._own(student)

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        """Lay a student's own data beside the notebook, over the course's."""
        super().init_assignment(assignment_id, student_id)
        if own := self.own_files(student_id):
            tree.write(Path(self._format_dest(assignment_id, student_id)), dict(own))

    def init_notebooks(self) -> None:
        """Find the hand-ins; leave out folders that no student has.

        Raises
        ------
        NbGraderException
            If something is missing without which nobody can be graded.
        """
        closing.begin(self.parent, self.run_of)
        self._check()
        super().init_notebooks()
        for folder in list(self.assignments):
            student = Path(folder).parent.name
            if reason := submission.odd_id(student):
                self.log.warning("%s %s, and is not graded", printable(student), reason)
                del self.assignments[folder]
        self.run_of.asked |= {Path(folder).parent.name for folder in self.assignments}

    def _check(self) -> None:
        """Read the rule for late hand-ins, and see that data are there."""
        try:
            self.late_policy = late.of_course(self.coursedir)
            put_back = supplies.provide(self.coursedir, self.data_folders)
            if self.own_data is not None:
                self._own = self.own_data(self.coursedir)
        except (TraitError, NbGraderException) as problem:
            self.log.error("%s", problem)
            raise NbGraderException(str(problem)) from None
        for file in put_back:
            self.log.warning(
                "%s was missing beside the assignment's source, and was put back",
                file,
                extra={FOR_EVERYBODY: True},
            )

    def is_wanted(self, student: str) -> bool:
        """Say whether a student's hand-in is to be graded (again)."""
        assignment = self.coursedir.assignment_id
        graded = self._format_dest(assignment, student)
        if self.force or not Path(graded).exists():
            return True
        handed_in = places.timestamp(
            self.coursedir, self._format_source(assignment, student)
        )
        before = places.timestamp(self.coursedir, graded)
        if handed_in is not None and before is not None and handed_in > before:
            return True
        return self._has_changed(student, Path(graded))

    def _has_changed(self, student: str, graded: Path) -> bool:
        """Say whether other files lie there than those that were graded."""
        course = self.coursedir
        name = course.assignment_id
        return places.is_what_was_graded(course, student, name, graded) is False

    def convert_single_notebook(self, notebook_filename: str) -> None:
        """Grade one notebook; remember what stopped it."""
        student = self.submission.student
        try:
            super().convert_single_notebook(notebook_filename)
        except BaseException as error:
            said = str(error).strip().splitlines() or [""]
            self.run_of.failed[student] = f"{type(error).__name__}: {said[0]}"
            raise

    def init_destination(self, assignment_id: str, student_id: str) -> bool:
        """Read what a student handed in; say whether there is something to grade.

        What is on record stays if there is not.
        """
        self.run_of.come_to.add(student_id)
        is_wanted = self.is_wanted(student_id)
        graded = Path(self._format_dest(assignment_id, student_id))
        self.is_same = bool(
            places.is_what_was_graded(self.coursedir, student_id, assignment_id, graded)
        )
        if is_wanted:
            try:
                self.submission = self.exporter.submission(student_id)
            except tree.Unopened as problem:
                self.log.warning(
                    "%s: not graded, for %s", printable(student_id), problem
                )
                return False
            if not self.submission.notebooks:
                self.log.warning("%s: no notebook to grade", printable(student_id))
                return False
            source = self._format_source(assignment_id, student_id)
            self.notebooks = [
                str(Path(source, name + SUFFIX)) for name in self.submission.notebooks
            ]
        return self._clear_destination(assignment_id, student_id, is_wanted)

    def _clear_destination(
        self, assignment: str, student: str, is_wanted: bool
    ) -> bool:
        """Let nbgrader remove what was graded before, if it is to be graded again.

        It asks only whether the time stamps tell so.
        """
        force: bool = self.force
        self.set_trait("force", force or is_wanted)
        try:
            wanted: bool = super().init_destination(assignment, student)
        finally:
            self.set_trait("force", force)
        return wanted


# -- nbgrader's exporter


def _note(text: str) -> NotebookNode:
    return submission.new_cell("markdown", f"> **Note from the grading.** {text}")


class SubmissionExporter(NotebookExporter):
    """Gives ``nbgrader autograde`` the notebooks to grade, and notes what was wrong."""

    parent: Any

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)  # type: ignore[no-untyped-call]
        self._reading = threading.Lock()
        self._released: Released | None = None

    @property
    def released(self) -> Released:
        """The assignment; read when it is first needed, for one exporter serves a run.

        A gradebook that cannot be read then is reported as nbgrader does.
        """
        with self._reading:
            if self._released is None:
                self._released = released.read(self.parent.coursedir)
            return self._released

    def read(self, student: str) -> Submission:
        """Read what a student handed in.

        Raises
        ------
        tree.Unopened
            If the folder is not there, or reached by a link.
        """
        course = self.parent.coursedir
        base, below = places.place(course, student, course.assignment_id)
        return submission.read(
            base,
            student,
            course.assignment_id,
            self.released.cells,
            below=below,
            reserved=self.released.files,
            ignore=course.ignore,
        )

    def submission(self, student: str) -> Submission:
        """Return what a student handed in, when nbgrader comes to it."""
        found = self.read(student)
        self.tell(found)
        return found

    def tell(self, found: Submission) -> None:
        """Log what is odd about a hand-in."""
        for name, notebook in found.notebooks.items():
            if notebook.file != name + SUFFIX:
                self.log.warning(
                    "%s: graded %s, for there is no %s",
                    printable(found.student),
                    printable(notebook.file),
                    name + SUFFIX,
                )
            if notebook.problem:
                self.log.warning(
                    "%s: %s %s",
                    printable(found.student),
                    printable(notebook.file),
                    notebook.problem,
                )
        for refusal in found.refused:
            self.log.warning("%s: %s, and is not used", found.student, refusal)

    def restored(self, name: str) -> Restored:
        """Return one of the notebooks that nbgrader has come to, as it is graded."""
        found: Submission = self.parent.submission
        return found.restored(name, self.released.cells[name])

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[Any, dict[str, Any]]:
        """Return the notebook to grade in place of the file as it is."""
        if (
            not isinstance(self.parent, Autograde)
            or not self.parent._sanitizing
            or resources is None
        ):
            return super().from_filename(filename, resources, **kw)  # written by us
        name = resources["nbgrader"]["notebook"]
        notebook = self._notebook(name, self.parent.submission, self.restored(name))
        made: tuple[Any, dict[str, Any]]
        made = self.from_notebook_node(notebook, resources, **kw)  # type: ignore[no-untyped-call]
        return made

    def _notebook(
        self, name: str, found: Submission, restored: Restored
    ) -> NotebookNode:
        """Return a notebook with the notes that its student reads on top."""
        notebook: NotebookNode = nbformat.v4.new_notebook()
        handed_in = found.notebooks[name]
        notebook.metadata[NOTED] = self._noted(name, found, restored)
        notes = []
        if handed_in.problem:
            notebook.metadata.unreadable = (
                f"{printable(handed_in.file)} {handed_in.problem}"
            )
            notes.append(
                f"Your file could not be graded. {notebook.metadata.unreadable}. "
                "Below is the assignment as it was handed out."
            )
        elif restored.missing:
            missing = ", ".join(restored.missing)
            self.log.warning("%s: put back missing cells %s", found.student, missing)
            notes.append(
                "These cells were missing from your notebook and were put back: "
                + ", ".join(f"`{cell}`" for cell in restored.missing)
                + "."
            )
        if found.refused:
            notebook.metadata.refused = [str(refusal) for refusal in found.refused]
            notes.append(
                "Of what you handed in, this was not used: "
                + "; ".join(str(refusal).replace("`", "'") for refusal in found.refused)
                + "."
            )
        notebook.cells = [*map(_note, notes), *restored.cells]
        for number, cell in enumerate(notebook.cells):
            cell.id = f"cell-{number}"  # the same hand-in, the same bytes
        return notebook

    def _noted(
        self, name: str, found: Submission, restored: Restored
    ) -> dict[str, Any]:
        """Return what the closing table says of a notebook besides its marks."""
        handed_in = found.notebooks[name]
        noted: dict[str, Any] = {}
        if handed_in.file != name + SUFFIX:
            noted["file"] = printable(handed_in.file)
        if restored.missing and not handed_in.problem:
            noted["missing"] = restored.missing
        if restored.copied:
            noted["copied"] = restored.copied
        if look := list(self.others(name, found, restored)):
            noted["look"] = look
        return noted

    def others(self, name: str, found: Submission, restored: Restored) -> Iterator[str]:
        """Name the other copies of a notebook in which more is answered."""
        here = lookat.answered(restored.cells)
        for other in found.others:
            cells = submission.restore(other.cells, self.released.cells[name]).cells
            if (there := lookat.answered(cells)) > here:
                yield (
                    f"{printable(other.file)}, handed in with it, answers {there} "
                    f"tasks, and this one {here}"
                )


# -- nbgrader's steps


class SaveGrades(SaveAutoGrades):  # type: ignore[misc]  # nbgrader has no types
    """Record marks, with some differences from nbgrader's own step.

    A file that could not be read leaves marks on record as they are. A warning
    on standard error in a test cell does not count as a failed test. What somebody
    marked by hand stays marked while the hand-in is the same. And a hand-in that
    somebody should look at is flagged, which formgrader shows.
    """

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Record the marks of one notebook."""
        if "unreadable" in nb.metadata and self._on_record(resources["nbgrader"]):
            self.log.warning(
                "%s: the marks on record stay", resources["nbgrader"]["student"]
            )
            return nb, resources
        saved: tuple[NotebookNode, dict[str, Any]] = super().preprocess(nb, resources)
        where = resources["nbgrader"]
        if lookat.reasons(nb, self.parent.released.told[where["notebook"]]):
            with Gradebook(where["db_url"]) as gradebook:
                gradebook.find_submission_notebook(
                    where["notebook"], where["assignment"], where["student"]
                ).flagged = True
                gradebook.db.commit()
        return saved

    def _add_score(self, cell: NotebookNode, resources: dict[str, Any]) -> None:
        """Record a score; do not ask again for what was marked by hand."""
        grade = self.gradebook.find_grade(
            grade_id(cell), self.notebook_id, self.assignment_id, self.student_id
        )
        marked = grade.manual_score is not None and not grade.needs_manual_grade
        super()._add_score(cell, resources)
        if marked and self.parent.parent.is_same:
            grade.needs_manual_grade = False
            self.gradebook.db.commit()

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], cell_index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Record the mark of one cell."""
        if is_grade(cell) and cell.cell_type == "code":
            for output in cell.outputs:
                if output.output_type == "stream":
                    output.name = "stdout"
        saved: tuple[NotebookNode, dict[str, Any]]
        saved = super().preprocess_cell(cell, resources, cell_index)
        return saved

    @staticmethod
    def _on_record(where: dict[str, str]) -> bool:
        with Gradebook(where["db_url"]) as gradebook:
            submitted = gradebook.find_submission_notebook(
                where["notebook"], where["assignment"], where["student"]
            )
            return any(
                score is not None
                for grade in submitted.grades
                for score in (grade.auto_score, grade.manual_score)
            )


#: nbgrader's own steps, with `SaveGrades` in place of `SaveAutoGrades` and
#: `LatePenalties` in that of `AssignLatePenalties`; and at the end, when marks are
#: recorded, `Plain` takes from the outputs what cannot be shown.
AUTOGRADE = [
    Execute,
    IgnorePattern,
    ClearMetadataPreprocessor,
    LimitOutput,
    SaveGrades,
    LatePenalties,
    CheckCellMetadata,
    safehtml.Plain,
]
